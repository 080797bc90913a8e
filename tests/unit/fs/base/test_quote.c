/* SPDX-License-Identifier: MIT */
/* fs/base/quote.h: quotes a value in an error message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/quote.h"

static void assert_shown(const char *value, const char *shown)
{
	struct cfs_buf buf = CFS_BUF_INIT(256);

	assert_int_equal(cfs_quote_add(&buf, value, strlen(value)), 0);
	assert_string_equal(cfs_buf_text(&buf), shown);
	cfs_buf_finish(&buf);
}

static void a_value_is_shown_between_quotes(void **state)
{
	(void)state;
	assert_shown("us-east-1", "'us-east-1'");
	assert_shown("", "''");
	assert_shown("caf\xc3\xa9", "'caf\xc3\xa9'");
}

static void what_a_terminal_would_obey_is_not_shown(void **state)
{
	(void)state;
	assert_shown("a\x1b[2J\nb\xff", "'a?[2J?b?'");
}

/* The shortest secret key of a cloud has 32 bytes. */
static void a_secret_is_never_shown_whole(void **state)
{
	(void)state;
	assert_shown("0123456789012345678901234567890", "'0123456789012345678901234567890'");
	assert_shown("01234567890123456789012345678901", "'0123456789012345678901234567890'...");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_shown_between_quotes),
		cmocka_unit_test(what_a_terminal_would_obey_is_not_shown),
		cmocka_unit_test(a_secret_is_never_shown_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
