/* SPDX-License-Identifier: MIT */
/* backends/base/filter.h: filters of a listing as people write them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/filter.h"

static void assert_parts(const char *text, const char *name, const char *values)
{
	struct cfs_span value;
	const char *place = NULL;
	char joined[256] = "";
	size_t n = 77, seen = 0;

	assert_null(cfs_filter_check(text, &n));
	assert_true(cfs_span_equal(cfs_filter_name(text), name));
	for (; cfs_filter_next(text, &place, &value); seen++)
		snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "<%.*s>",
			(int)value.len, value.at);
	assert_string_equal(joined, values);
	assert_int_equal(seen, n);
	/* It stays at its end. */
	assert_false(cfs_filter_next(text, &place, &value));
}

static void a_filter_is_a_name_and_its_values(void **state)
{
	(void)state;
	assert_parts("zone=a", "zone", "<a>");
	assert_parts("tag:env=prod,test", "tag:env", "<prod><test>");
	assert_parts("  tag:a b = c d ,e ", "tag:a b", "<c d><e>");
	assert_parts("tag:k=v=w,=", "tag:k", "<v=w><=>");
	assert_parts("tag:\xe9\x83\xa8=\"\\", "tag:\xe9\x83\xa8", "<\"\\>");
}

static void another_text_is_refused_with_a_reason(void **state)
{
	static const char *const bad[] = {"", "zone", "=", "=x", " =x", "zone,x",
		"zone=", "zone= ", "zone=,", "zone=a,", "zone=,a", "zone=a,,b", "zone=a, ,b",
		"zone=a\nb", "zone=a\tb", "\tzone=a", "zone=\x7f", "zone=\xff",
		"tag:\xed\xa0\x80=x"};
	size_t n = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!cfs_filter_check(bad[i], &n))
			fail_msg("%s is taken", bad[i]);
		assert_int_equal(n, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_is_a_name_and_its_values),
		cmocka_unit_test(another_text_is_refused_with_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
