/* SPDX-License-Identifier: MIT */
/* backends/base/hex.h: hexadecimal digits, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/hex.h"

static void bytes_are_two_digits_each(void **state)
{
	static const unsigned char bytes[] = {0x00, 0x09, 0xa0, 0xff, 0x5c};
	char hex[2 * sizeof(bytes) + 1];

	(void)state;
	cfs_hex_encode(bytes, sizeof(bytes), hex);
	assert_string_equal(hex, "0009a0ff5c");
	cfs_hex_encode(bytes, 0, hex);
	assert_string_equal(hex, "");
}

static void a_digit_is_of_either_case_and_nothing_else_is_one(void **state)
{
	static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

	(void)state;
	for (int c = 0; c < 256; c++) {
		const char *place = c ? strchr(lower, c) : NULL;
		int value = place ? (int)(place - lower) : -1;

		place = c ? strchr(upper, c) : NULL;
		if (place)
			value = (int)(place - upper);
		assert_int_equal(cfs_hex_value((char)c), value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_two_digits_each),
		cmocka_unit_test(a_digit_is_of_either_case_and_nothing_else_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
