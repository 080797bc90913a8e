/* SPDX-License-Identifier: MIT */
/* backends/base/secret.h: the one type that holds secrets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/secret.h"

static void a_secret_is_a_copy(void **state)
{
	char text[] = "hush\0hush";
	struct cfs_secret secret = {0};

	(void)state;
	assert_int_equal(cfs_secret_set(&secret, text, 9), 0);
	/* cppcheck-suppress unreadVariable ; a copy that were none would show it */
	text[0] = 'X';
	assert_int_equal(secret.len, 9);
	assert_memory_equal(secret.data, "hush\0hush", 10);
	assert_int_equal(cfs_secret_set(&secret, "", 0), 0);
	assert_int_equal(secret.len, 0);
	assert_string_equal(secret.data, "");
	cfs_secret_finish(&secret);
	assert_null(secret.data);
	assert_int_equal(secret.len, 0);
	cfs_secret_finish(&secret);
	cfs_secret_finish(NULL);
}

static void a_secret_may_be_set_from_itself(void **state)
{
	struct cfs_secret secret = {0};

	(void)state;
	assert_int_equal(cfs_secret_set(&secret, "0123456789", 10), 0);
	assert_int_equal(cfs_secret_set(&secret, secret.data + 5, 5), 0);
	assert_string_equal(secret.data, "56789");
	cfs_secret_finish(&secret);
}

static void a_secret_over_its_limit_is_refused(void **state)
{
	struct cfs_secret secret = {0};
	char *big = malloc(CFS_SECRET_MAX + 1);

	(void)state;
	assert_non_null(big);
	memset(big, 's', CFS_SECRET_MAX + 1);
	assert_int_equal(cfs_secret_set(&secret, "kept", 4), 0);
	assert_int_equal(cfs_secret_set(&secret, big, CFS_SECRET_MAX + 1), -EFBIG);
	assert_string_equal(secret.data, "kept");
	assert_int_equal(cfs_secret_set(&secret, big, CFS_SECRET_MAX), 0);
	assert_int_equal(secret.len, CFS_SECRET_MAX);
	cfs_secret_finish(&secret);
	free(big);
}

/* KiB of this process that are locked in memory. */
static long locked(void)
{
	char line[256];
	long kib = -1;
	FILE *status = fopen("/proc/self/status", "re");

	assert_non_null(status);
	while (kib < 0 && fgets(line, sizeof(line), status))
		if (strncmp(line, "VmLck:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	fclose(status);
	return kib;
}

static void a_secret_is_locked_in_memory_until_it_is_finished(void **state)
{
	static const char big[CFS_SECRET_MAX];
	struct cfs_secret first = {0}, second = {0};
	long before = locked(), page = sysconf(_SC_PAGESIZE) / 1024;
	char probe = 0;

	(void)state;
	/* Sanitizers lock nothing, and another limit is none of ours. */
	if (mlock(&probe, sizeof(probe)) < 0 || locked() == before)
		skip();
	assert_int_equal(munlock(&probe, sizeof(probe)), 0);
	assert_int_equal(cfs_secret_set(&first, "first", 5), 0);
	assert_int_equal(cfs_secret_set(&second, big, sizeof(big)), 0);
	assert_int_equal(locked() - before, page + (CFS_SECRET_MAX / 1024 / page + 1) * page);
	cfs_secret_finish(&second);
	assert_int_equal(locked() - before, page);
	assert_int_equal(cfs_secret_set(&first, "again", 5), 0);
	assert_int_equal(locked() - before, page);
	cfs_secret_finish(&first);
	assert_int_equal(locked(), before);
}

static void finished_keys_hold_nothing_and_do_not_expire(void **state)
{
	struct cfs_keys keys = CFS_KEYS_INIT;

	(void)state;
	assert_int_equal(cfs_secret_set(&keys.id, "AKID", 4), 0);
	assert_int_equal(cfs_secret_set(&keys.secret, "secret", 6), 0);
	assert_int_equal(cfs_secret_set(&keys.token, "token", 5), 0);
	keys.expires = 1234;
	cfs_keys_finish(&keys);
	cfs_keys_finish(&keys);
	assert_null(keys.id.data);
	assert_null(keys.secret.data);
	assert_null(keys.token.data);
	assert_true(keys.expires == INT64_MAX);
	cfs_keys_finish(NULL);
}

static void keys_are_set_from_texts(void **state)
{
	struct cfs_keys keys = CFS_KEYS_INIT;
	char *big = malloc(CFS_SECRET_MAX + 2);

	(void)state;
	assert_int_equal(cfs_keys_set(&keys, "AKID", "secret", NULL), 0);
	assert_string_equal(keys.id.data, "AKID");
	assert_string_equal(keys.secret.data, "secret");
	assert_null(keys.token.data);
	assert_true(keys.expires == INT64_MAX);
	assert_int_equal(cfs_keys_set(&keys, "AKID", "secret", "token"), 0);
	assert_string_equal(keys.token.data, "token");
	assert_non_null(big);
	memset(big, 's', CFS_SECRET_MAX + 1);
	big[CFS_SECRET_MAX + 1] = '\0';
	assert_int_equal(cfs_keys_set(&keys, "AKID", "secret", big), -EFBIG);
	cfs_keys_finish(&keys);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_a_copy),
		cmocka_unit_test(a_secret_may_be_set_from_itself),
		cmocka_unit_test(a_secret_over_its_limit_is_refused),
		cmocka_unit_test(a_secret_is_locked_in_memory_until_it_is_finished),
		cmocka_unit_test(keys_are_set_from_texts),
		cmocka_unit_test(finished_keys_hold_nothing_and_do_not_expire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
