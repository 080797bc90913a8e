/* SPDX-License-Identifier: MIT */
/* backends/base/text.h: text from strangers is well-formed and harmless once it is shown. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/text.h"

#define FFFD "\xef\xbf\xbd"

/* Encodes a value as a sequence of n bytes, whether or not that is the right n. */
static void encode(uint32_t value, size_t n, unsigned char *out)
{
	static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	if (n == 1) {
		out[0] = (unsigned char)value;
		return;
	}
	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (unsigned char)(0x80 | (value & 0x3f));
		value >>= 6;
	}
	out[0] = (unsigned char)(first[n] | value);
}

static void every_scalar_value_is_well_formed_in_its_shortest_form_only(void **state)
{
	(void)state;
	for (uint32_t value = 0; value < 0x200000; value++) {
		size_t right = value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;

		if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
			right = 0;
		for (size_t n = 2; n <= 4; n++) {
			unsigned char bytes[4];

			if (value >> (n == 2 ? 11 : n == 3 ? 16 : 21))
				continue;
			encode(value, n, bytes);
			if (cfs_text_utf8_length(bytes, n) != (n == right ? n : 0))
				fail_msg("U+%x as %zu bytes", value, n);
			if (n == right && cfs_text_utf8_length(bytes, n - 1) != 0)
				fail_msg("U+%x cut to %zu bytes", value, n - 1);
		}
	}
	for (unsigned c = 0; c < 256; c++) {
		unsigned char byte = (unsigned char)c;

		assert_int_equal(cfs_text_utf8_length(&byte, 1), c < 0x80 ? 1 : 0);
	}
}

static void a_sequence_takes_no_byte_that_is_not_its_own(void **state)
{
	(void)state;
	assert_int_equal(cfs_text_utf8_length((const unsigned char *)"\xe2\x82 ", 3), 0);
	assert_int_equal(cfs_text_utf8_length((const unsigned char *)"\xf0\x9f\x98 ", 4), 0);
	assert_int_equal(cfs_text_utf8_length((const unsigned char *)"\xc3\xc3", 2), 0);
}

static void assert_utf8(const char *in, size_t len, const char *out)
{
	struct cfs_buf buf = CFS_BUF_INIT(256);

	assert_int_equal(cfs_text_add_utf8(&buf, in, len), 0);
	assert_int_equal(buf.len, strlen(out));
	assert_string_equal(cfs_buf_text(&buf), out);
	cfs_buf_finish(&buf);
}

static void ill_formed_bytes_are_replaced_one_by_one(void **state)
{
	(void)state;
	assert_utf8(NULL, 0, "");
	assert_utf8("plain \x1b\n", 8, "plain \x1b\n");
	assert_utf8("\xf0\x9f\x98\x80\xc3\xa9", 6, "\xf0\x9f\x98\x80\xc3\xa9");
	assert_utf8("\xff", 1, FFFD);
	assert_utf8("a\xc0\xaf"
		    "b",
		4, "a" FFFD FFFD "b");
	assert_utf8("\xed\xa0\x80", 3, FFFD FFFD FFFD);
	assert_utf8("x\xe2\x82", 3, "x" FFFD FFFD);
}

static void text_that_does_not_fit_changes_nothing(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(8);

	(void)state;
	assert_int_equal(cfs_text_add_utf8(&buf, "\xff\xff\xff", 3), -EFBIG);
	assert_string_equal(cfs_buf_text(&buf), "");
	assert_int_equal(buf.len, 0);
	assert_int_equal(cfs_text_add_utf8(&buf, "ab\xff", 3), 0);
	assert_int_equal(cfs_text_add_utf8(&buf, "c\xff", 2), -EFBIG);
	assert_string_equal(cfs_buf_text(&buf), "ab" FFFD);
	assert_int_equal(cfs_text_add_utf8(&buf, "\xff", 1), 0);
	assert_int_equal(buf.len, 8);
	cfs_buf_finish(&buf);
}

static void assert_line(const char *in, size_t len, size_t size, const char *out)
{
	char line[64];

	memset(line, '#', sizeof(line));
	cfs_text_line(line, size, in, len);
	assert_string_equal(line, out);
	assert_int_equal(line[size], '#');
}

static void a_line_shows_no_control_character(void **state)
{
	(void)state;
	assert_line("", 0, 16, "");
	assert_line(NULL, 0, 1, "");
	assert_line("a\tb\r\n\x7f\x1b[0m", 10, 32, "a?b????[0m");
	assert_line("nul\0nul", 7, 32, "nul?nul");
	assert_line("\xc2\x80\xc2\x9f\xc2\xa0", 6, 32, "??\xc2\xa0");
	assert_line("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaf", 12, 32,
		"\xe2\x80\xa7??\xe2\x80\xaf");
	assert_line("\xff\xc3\xc3\xa9", 4, 32, "??\xc3\xa9");
}

static void a_line_is_cut_at_the_edge_of_a_character(void **state)
{
	(void)state;
	assert_line("abcd", 4, 5, "abcd");
	assert_line("abcd", 4, 4, "abc");
	assert_line("abcd", 4, 1, "");
	assert_line("ab\xc3\xa9", 4, 5, "ab\xc3\xa9");
	assert_line("ab\xc3\xa9", 4, 4, "ab");
	/* What follows a character that did not fit must not take its place. */
	assert_line("a\xf0\x9f\x98\x80z", 6, 4, "a");
	assert_line("a\n\n\n", 4, 3, "a?");
}

static void a_token_is_of_ascii_letters_and_digits(void **state)
{
	(void)state;
	assert_true(cfs_text_is_token("aZ09", 4, 4, ""));
	assert_false(cfs_text_is_token("aZ09", 4, 3, ""));
	assert_false(cfs_text_is_token("", 0, 4, "-"));
	assert_true(cfs_text_is_token("us-east-1", 9, 32, "-"));
	assert_false(cfs_text_is_token("us-east-1", 9, 32, "_."));
	assert_false(cfs_text_is_token("a\0b", 3, 32, "-"));
	assert_false(cfs_text_is_token("../x", 4, 32, "-"));
	assert_false(cfs_text_is_token("\xc3\xa9", 2, 32, "-"));
	assert_false(cfs_text_is_token("a ", 2, 32, "-"));
}

static void a_line_is_shown_in_its_own_order(void **state)
{
	static const char text[] = "a\u202eb\u2066c\u200fd\u00e9";
	char out[64];

	(void)state;
	cfs_text_line(out, sizeof(out), text, strlen(text));
	assert_string_equal(out, "a?b?c?d\u00e9");
}

static void a_line_has_nothing_that_is_not_seen(void **state)
{
	static const char text[] = "a\u200bb\ufeffc\u00add\U000e0041e\U0001f525";
	char out[64];

	(void)state;
	cfs_text_line(out, sizeof(out), text, strlen(text));
	assert_string_equal(out, "a?b?c?d?e\U0001f525");
}

/* Every character that Unicode gives the property Bidi_Control, and no neighbour of theirs. */
static void marks_that_reorder_text_are_controls(void **state)
{
	static const uint32_t marks[] = {0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d,
		0x202e, 0x2066, 0x2067, 0x2068, 0x2069};
	static const uint32_t others[] = {
		0x61b, 0x61d, 0x200d, 0x2010, 0x2027, 0x202f, 0x2065, 0x206a, 0xa0, 0x65c, 0x1061c};
	unsigned char bytes[4];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		n = marks[i] < 0x800 ? 2 : 3;
		encode(marks[i], n, bytes);
		if (!cfs_text_is_control(bytes, n))
			fail_msg("U+%x", marks[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		n = others[i] < 0x800 ? 2 : others[i] < 0x10000 ? 3 : 4;
		encode(others[i], n, bytes);
		if (cfs_text_is_control(bytes, n))
			fail_msg("U+%x", others[i]);
	}
}

static void a_word_that_may_be_a_secret_ends_what_is_shown(void **state)
{
	char token[2 * CFS_TEXT_SECRET_MIN], text[4 * CFS_TEXT_SECRET_MIN];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(token); i++)
		token[i] = "aZ09+/=_-.%"[i % 11];
	for (int n = CFS_TEXT_SECRET_MIN - 1; n <= (int)sizeof(token); n++) {
		len = (size_t)snprintf(text, sizeof(text), "of:%.*s: it is", n, token);
		assert_int_equal(
			cfs_text_before_secret(text, len), n < CFS_TEXT_SECRET_MIN ? len : 3);
		/* At the end of the text, and as all of it. */
		assert_int_equal(cfs_text_before_secret(text, (size_t)n + 3),
			n < CFS_TEXT_SECRET_MIN ? (size_t)n + 3 : 3);
		assert_int_equal(cfs_text_before_secret(token, (size_t)n),
			n < CFS_TEXT_SECRET_MIN ? (size_t)n : 0);
	}
	assert_int_equal(cfs_text_before_secret("", 0), 0);
}

/* Of letters and digits alone, as a signature is in hexadecimal. */
static void a_text_ends_before_what_may_be_a_signature(void **state)
{
	char text[256], out[256], digits[CFS_TEXT_SIGNATURE_MIN + 1] = "";

	(void)state;
	for (size_t i = 0; i < CFS_TEXT_SIGNATURE_MIN; i++)
		digits[i] = "0a1b2c3d4e5f6789"[i % 16];
	snprintf(text, sizeof(text), "Got, Signature=%s.", digits);
	cfs_text_said(out, sizeof(out), text, strlen(text));
	assert_string_equal(out, "Got, ");
	snprintf(text, sizeof(text), "a role/%.*s/%.30s is", CFS_TEXT_SIGNATURE_MIN - 1, digits,
		digits);
	cfs_text_said(out, sizeof(out), text, strlen(text));
	assert_string_equal(out, text);
}

static void all_but_unreserved_bytes_and_those_named_is_percent_encoded(void **state)
{
	static const char text[] = "aZ09-._~ /%\x00\xe2\x82\xac";
	struct cfs_buf buf = CFS_BUF_INIT(100);

	(void)state;
	assert_int_equal(cfs_text_encode(&buf, text, sizeof(text) - 1, ""), 0);
	assert_string_equal(cfs_buf_text(&buf), "aZ09-._~%20%2F%25%00%E2%82%AC");
	cfs_buf_clear(&buf);
	assert_int_equal(cfs_text_encode(&buf, text, sizeof(text) - 1, "/"), 0);
	assert_string_equal(cfs_buf_text(&buf), "aZ09-._~%20/%25%00%E2%82%AC");
	cfs_buf_finish(&buf);
}

static void capital_letters_of_ascii_are_made_small(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(100);

	(void)state;
	assert_int_equal(cfs_text_add_lower(&buf, "X-Amz-@AZ[\xc3\x84"), 0);
	assert_string_equal(cfs_buf_text(&buf), "x-amz-@az[\xc3\x84");
	cfs_buf_finish(&buf);
}

static void graphic_bytes_are_those_that_one_can_see(void **state)
{
	(void)state;
	assert_true(cfs_text_is_graphic("", 0, ""));
	assert_true(cfs_text_is_graphic("!a~", 3, ""));
	assert_true(cfs_text_is_graphic("ab c", 2, ""));
	assert_false(cfs_text_is_graphic("ab c", 4, ""));
	assert_false(cfs_text_is_graphic("a\0b", 3, ""));
	assert_false(cfs_text_is_graphic("a\x7f", 2, ""));
	assert_false(cfs_text_is_graphic("a\t", 2, ""));
	assert_false(cfs_text_is_graphic("\xc3\xa9", 2, ""));
	assert_false(cfs_text_is_graphic("a\"b", 3, "<\""));
	assert_true(cfs_text_is_graphic("a'b", 3, "<\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(graphic_bytes_are_those_that_one_can_see),
		cmocka_unit_test(every_scalar_value_is_well_formed_in_its_shortest_form_only),
		cmocka_unit_test(a_sequence_takes_no_byte_that_is_not_its_own),
		cmocka_unit_test(ill_formed_bytes_are_replaced_one_by_one),
		cmocka_unit_test(text_that_does_not_fit_changes_nothing),
		cmocka_unit_test(a_line_shows_no_control_character),
		cmocka_unit_test(a_line_is_cut_at_the_edge_of_a_character),
		cmocka_unit_test(a_token_is_of_ascii_letters_and_digits),
		cmocka_unit_test(a_word_that_may_be_a_secret_ends_what_is_shown),
		cmocka_unit_test(a_line_is_shown_in_its_own_order),
		cmocka_unit_test(a_line_has_nothing_that_is_not_seen),
		cmocka_unit_test(marks_that_reorder_text_are_controls),
		cmocka_unit_test(a_text_ends_before_what_may_be_a_signature),
		cmocka_unit_test(all_but_unreserved_bytes_and_those_named_is_percent_encoded),
		cmocka_unit_test(capital_letters_of_ascii_are_made_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
