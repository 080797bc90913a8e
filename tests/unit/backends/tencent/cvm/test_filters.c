/* SPDX-License-Identifier: MIT */
/* backends/tencent/cvm/filters.h: filters as they are configured and as the API takes them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/tencent/cvm/filters.h"

static void assert_sends(const char *text, const char *json)
{
	cJSON *array = cJSON_CreateArray();
	char *printed;

	assert_null(cfs_tencent_filters_check(text));
	assert_int_equal(cfs_tencent_filters_add(array, text), 0);
	printed = cJSON_PrintUnformatted(array);
	assert_string_equal(printed, json);
	cJSON_free(printed);
	cJSON_Delete(array);
}

static void a_filter_is_a_name_and_its_values(void **state)
{
	(void)state;
	assert_sends(
		"zone=ap-guangzhou-6", "[{\"Name\":\"zone\",\"Values\":[\"ap-guangzhou-6\"]}]");
	assert_sends(
		"tag:env=prod,test", "[{\"Name\":\"tag:env\",\"Values\":[\"prod\",\"test\"]}]");
	assert_sends(" tag:a b = c d , e ", "[{\"Name\":\"tag:a b\",\"Values\":[\"c d\",\"e\"]}]");
	assert_sends("tag:k=v=w", "[{\"Name\":\"tag:k\",\"Values\":[\"v=w\"]}]");
	assert_sends("tag:\xe9\x83\xa8=\"\\",
		"[{\"Name\":\"tag:\xe9\x83\xa8\",\"Values\":"
		"[\"\\\"\\\\\"]}]");
	assert_sends("instance-state=a,b,c,d,e",
		"[{\"Name\":\"instance-state\",\"Values\":"
		"[\"a\",\"b\",\"c\",\"d\",\"e\"]}]");
}

static void another_filter_is_refused_with_a_reason(void **state)
{
	static const char *const bad[] = {"", "zone", "=", "=x", " =x",
		"zone=", "zone= ", "zone=a,", "zone=,a", "zone=a,,b", "zone=a,b,c,d,e,f",
		"zone=a\nb", "zone=\x7f", "zone=\xff", "tag:\xed\xa0\x80=x"};
	char endless[CFS_TENCENT_FILTER_TEXT_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!cfs_tencent_filters_check(bad[i]))
			fail_msg("%s is taken", bad[i]);
	}
	memset(endless, 'x', sizeof(endless) - 1);
	memcpy(endless, "zone=", strlen("zone="));
	endless[sizeof(endless) - 1] = '\0';
	assert_non_null(cfs_tencent_filters_check(endless));
	endless[CFS_TENCENT_FILTER_TEXT_MAX] = '\0';
	assert_null(cfs_tencent_filters_check(endless));
}

static void filters_by_id_are_recognised(void **state)
{
	(void)state;
	assert_true(cfs_tencent_filters_by_id("instance-id=ins-r9hr2upy"));
	assert_true(cfs_tencent_filters_by_id(" instance-id = ins-r9hr2upy"));
	assert_false(cfs_tencent_filters_by_id("instance-ids=ins-r9hr2upy"));
	assert_false(cfs_tencent_filters_by_id("instance-i=x"));
	assert_false(cfs_tencent_filters_by_id("zone=instance-id"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_is_a_name_and_its_values),
		cmocka_unit_test(another_filter_is_refused_with_a_reason),
		cmocka_unit_test(filters_by_id_are_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
