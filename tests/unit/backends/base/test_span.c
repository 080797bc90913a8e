/* SPDX-License-Identifier: MIT */
/* backends/base/span.h: parts of a text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/span.h"

static struct cfs_span span_of(const char *text)
{
	return (struct cfs_span){text, strlen(text)};
}

static void trimming_takes_blanks_from_both_ends(void **state)
{
	(void)state;
	assert_true(cfs_span_equal(cfs_span_trim(span_of("  a b "), " "), "a b"));
	assert_true(cfs_span_equal(cfs_span_trim(span_of("\t a\t"), " "), "\t a\t"));
	assert_true(cfs_span_equal(cfs_span_trim(span_of("\t a\t"), " \t"), "a"));
	assert_true(cfs_span_equal(cfs_span_trim(span_of("a"), " \t"), "a"));
	assert_true(cfs_span_equal(cfs_span_trim(span_of(" \t "), " \t"), ""));
	assert_true(cfs_span_equal(cfs_span_trim(span_of(""), " \t"), ""));
	assert_true(cfs_span_equal(cfs_span_trim(span_of(" a "), ""), " a "));
}

static void a_nul_is_no_blank(void **state)
{
	struct cfs_span span = cfs_span_trim((struct cfs_span){"\0a\0", 3}, " \t");

	(void)state;
	assert_int_equal(span.len, 3);
	assert_false(cfs_span_is_blank('\0'));
}

static void a_span_equals_only_the_whole_text(void **state)
{
	(void)state;
	assert_true(cfs_span_equal((struct cfs_span){"abc", 2}, "ab"));
	assert_false(cfs_span_equal((struct cfs_span){"abc", 2}, "abc"));
	assert_false(cfs_span_equal((struct cfs_span){"abc", 3}, "ab"));
	assert_false(cfs_span_equal((struct cfs_span){"abc", 3}, "abd"));
	assert_true(cfs_span_equal((struct cfs_span){"", 0}, ""));
}

static void white_space_is_of_four_kinds(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++)
		assert_int_equal(
			cfs_span_is_blank((char)c), c != 0 && strchr(" \t\r\n", c) != NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trimming_takes_blanks_from_both_ends),
		cmocka_unit_test(a_nul_is_no_blank),
		cmocka_unit_test(a_span_equals_only_the_whole_text),
		cmocka_unit_test(white_space_is_of_four_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
