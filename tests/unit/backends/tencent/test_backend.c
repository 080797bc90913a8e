/* SPDX-License-Identifier: MIT */
/* backends/tencent/tencent.h: the backend as the filesystem sees it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/tencent/tencent.h"

static const struct cfs_backend *const backend = &cfs_tencent_backend;

static void every_mandatory_slot_is_filled(void **state)
{
	(void)state;
	assert_string_equal(backend->name, "tencent");
	assert_non_null(backend->live);
	assert_non_null(backend->settings);
	assert_non_null(backend->demo);
	assert_non_null(backend->providers);
	assert_non_null(backend->account_create);
	assert_non_null(backend->account_destroy);
	assert_non_null(backend->account_ca_file);
	assert_non_null(backend->account_region);
	assert_non_null(backend->valid_id);
	assert_non_null(backend->valid_region);
	assert_non_null(backend->action);
	assert_non_null(backend->permission);
	assert_non_null(backend->rate);
	assert_non_null(backend->request);
	assert_non_null(backend->reader_create);
	assert_non_null(backend->reader_feed);
	assert_non_null(backend->reader_finish);
	assert_non_null(backend->reader_destroy);
	backend->account_destroy(NULL);
	backend->reader_destroy(NULL);
}

/* vnc_url and vnc.html: nominal size 16 KiB; a backend without wake has no such file. */
static void vnc_url_and_its_page_are_the_live_files(void **state)
{
	(void)state;
	assert_int_equal(backend->n_live, 2);
	assert_string_equal(backend->live[0].name, "vnc_url");
	assert_string_equal(backend->live[0].action, "DescribeInstanceVncUrl");
	assert_int_equal(backend->live[0].nominal, 16 * 1024);
	assert_false(backend->live[0].wakes);
	assert_false(backend->live[0].page);
	assert_string_equal(backend->live[1].name, "vnc.html");
	assert_string_equal(backend->live[1].action, "DescribeInstanceVncUrl");
	assert_int_equal(backend->live[1].nominal, 16 * 1024);
	assert_false(backend->live[1].wakes);
	assert_true(backend->live[1].page);
}

static void questions_have_action_permission_and_rate(void **state)
{
	const struct cfs_question list = {.verb = CFS_LIST}, find = {.verb = CFS_FIND},
				  fetch = {.verb = CFS_FETCH, .live = backend->live},
				  probe = {.verb = CFS_PROBE, .live = backend->live},
				  regions = {.verb = CFS_REGIONS}, whoami = {.verb = CFS_WHOAMI};

	(void)state;
	assert_string_equal(backend->action(&list), "DescribeInstances");
	assert_string_equal(backend->action(&find), "DescribeInstances");
	assert_string_equal(backend->action(&fetch), "DescribeInstanceVncUrl");
	assert_string_equal(backend->permission(&list), "cvm:DescribeInstances");
	assert_string_equal(backend->permission(&find), "cvm:DescribeInstances");
	assert_string_equal(backend->permission(&fetch), "cvm:DescribeInstanceVncUrl");
	assert_string_equal(backend->action(&probe), "DescribeInstanceVncUrl");
	assert_string_equal(backend->permission(&probe), "cvm:DescribeInstanceVncUrl");
	assert_string_equal(backend->action(&regions), "DescribeRegions");
	assert_string_equal(backend->permission(&regions), "region:DescribeRegions");
	assert_string_equal(backend->action(&whoami), "GetCallerIdentity");
	assert_string_equal(backend->permission(&whoami), "sts:GetCallerIdentity");
	assert_true(backend->rate(&probe).per_second == 10);
	assert_true(backend->rate(&regions).per_second == 20);
	assert_true(backend->rate(&whoami).per_second == 20);
	assert_true(backend->rate(&list).per_second == 40);
	assert_true(backend->rate(&find).burst == 40);
	assert_true(backend->rate(&fetch).per_second == 10);
	assert_true(backend->rate(&fetch).burst == 1);
}

static void ids_have_the_form_of_ids(void **state)
{
	static const char *const good[] = {
		"ins-r9hr2upy", "ins-00000000", "ins-abcdef", "ins-0123456789abcdef"};
	static const char *const bad[] = {"", "ins", "ins-", "ins-abcde", "ins-0123456789abcdef0",
		"ins-R9HR2UPY", "ins-r9hr2up/", "ins-r9hr2up.", "ins-r9hr2upy ", " ins-r9hr2upy",
		"INS-r9hr2upy", "i-0123456789abcdef0", "lhins-r9hr2upy", "../ins-r9hr2upy",
		"ins-r9hr2upy\n", "ins-r9hr\xc3\xa9"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(backend->valid_id(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(backend->valid_id(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mandatory_slot_is_filled),
		cmocka_unit_test(vnc_url_and_its_page_are_the_live_files),
		cmocka_unit_test(questions_have_action_permission_and_rate),
		cmocka_unit_test(ids_have_the_form_of_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
