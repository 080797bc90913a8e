/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/base64.h"
#include "tests/unit/support/repeats.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *text, *bytes;
} good[] = {
	/* RFC 4648, section 10 */
	{"", ""},
	{"Zg==", "f"},
	{"Zm8=", "fo"},
	{"Zm9v", "foo"},
	{"Zm9vYg==", "foob"},
	{"Zm9vYmE=", "fooba"},
	{"Zm9vYmFy", "foobar"},
	{"+/+/", "\xfb\xff\xbf"},
	{"Zm9v\r\nYmFy\r\n", "foobar"},
	{"Zm8\n=\n", "fo"},
	{" \r\n\t", ""},
};

static const char *const bad[] = {
	"Z",
	"Zg",
	"Zg=",
	"Zm9",
	"Zm9vY",
	"=",
	"==",
	"====",
	"Z===",
	"Zg===",
	"Zg==Zg==",
	"Zg==x",
	"Zm9v=",
	"Zg=g",
	"Zm9-",
	"Zm9_",
	"Zm9v-",
	"Zm9v\v",
	"Zm9v\xc3\xa9",
	"Zm9v*",
	"Zh==",
	"Zm9=",
	"Zm9v YmFy Z",
	"data:,Zm9v",
};

/* Decodes text[0..len) in two pieces. */
static int decode(const char *text, size_t len, size_t split, struct cfs_buf *content)
{
	struct cfs_base64 decoder = {0};
	int r = cfs_base64_feed(&decoder, text, split, content);

	if (r == 0)
		r = cfs_base64_feed(&decoder, text + split, len - split, content);
	return r == 0 ? cfs_base64_end(&decoder) : r;
}

static void test_known_answers_at_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++) {
		size_t len = strlen(good[i].text);

		for (size_t split = 0; split <= len; split++) {
			struct cfs_buf content = CFS_BUF_INIT(64);

			assert_int_equal(decode(good[i].text, len, split, &content), 0);
			assert_string_equal(cfs_buf_text(&content), good[i].bytes);
			cfs_buf_finish(&content);
		}
	}
}

static void test_what_is_no_base64_is_refused_at_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		size_t len = strlen(bad[i]);

		for (size_t split = 0; split <= len; split++) {
			struct cfs_buf content = CFS_BUF_INIT(64);

			assert_int_equal(decode(bad[i], len, split, &content), -EBADMSG);
			cfs_buf_finish(&content);
		}
	}
}

static void test_nul_is_no_end(void **state)
{
	struct cfs_buf content = CFS_BUF_INIT(64);

	(void)state;
	assert_int_equal(decode("Zm9v\0", 5, 2, &content), -EBADMSG);
	cfs_buf_finish(&content);
}

static void test_an_error_is_final(void **state)
{
	struct cfs_base64 decoder = {0};
	struct cfs_buf content = CFS_BUF_INIT(64);

	(void)state;
	assert_int_equal(cfs_base64_feed(&decoder, "Zm9v!", 5, &content), -EBADMSG);
	assert_int_equal(cfs_base64_feed(&decoder, "Zm9v", 4, &content), -EBADMSG);
	assert_int_equal(cfs_base64_end(&decoder), -EBADMSG);
	cfs_buf_finish(&content);
}

static void test_the_content_has_a_limit(void **state)
{
	struct cfs_buf content = CFS_BUF_INIT(5);

	(void)state;
	assert_int_equal(decode("Zm9vYmFy", 8, 8, &content), -EFBIG);
	cfs_buf_finish(&content);
	content = CFS_BUF_INIT(6);
	assert_int_equal(decode("Zm9vYmFy", 8, 8, &content), 0);
	cfs_buf_finish(&content);
}

static void test_large_content(void **state)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	enum { SIZE = 100000 };
	struct cfs_buf text = CFS_BUF_INIT(2 * SIZE), content = CFS_BUF_INIT(SIZE);
	unsigned char *bytes = malloc(SIZE);

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (unsigned char)(i * 2654435761u >> 13);
	for (size_t i = 0; i + 2 < SIZE; i += 3) {
		uint32_t bits =
			(uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			assert_int_equal(cfs_buf_addc(&text, digits[bits >> shift & 63]), 0);
		if (i % 57 == 0)
			assert_int_equal(cfs_buf_adds(&text, "\r\n"), 0);
	}
	assert_int_equal(decode(text.data, text.len, 12345, &content), 0);
	assert_int_equal(content.len, SIZE / 3 * 3);
	assert_memory_equal(content.data, bytes, content.len);
	free(bytes);
	cfs_buf_finish(&text);
	cfs_buf_finish(&content);
}

/* Decodes text[0..len) in pieces of that size. */
static int decode_by(const char *text, size_t len, size_t piece, struct cfs_buf *content)
{
	struct cfs_base64 decoder = {0};
	int r = 0;

	for (size_t at = 0; r == 0 && at < len; at += piece)
		r = cfs_base64_feed(
			&decoder, text + at, len - at < piece ? len - at : piece, content);
	return r == 0 ? cfs_base64_end(&decoder) : r;
}

/* Runs of digits are decoded many at a time, but never when they come one byte at a time. */
static void assert_as_single_bytes(const char *text, size_t len, size_t split)
{
	struct cfs_buf whole = CFS_BUF_INIT(len), single = CFS_BUF_INIT(len);
	int r = decode_by(text, len, 1, &single);

	assert_int_equal(decode(text, len, split, &whole), r);
	if (r == 0) {
		assert_int_equal(whole.len, single.len);
		assert_string_equal(cfs_buf_text(&whole), cfs_buf_text(&single));
	}
	cfs_buf_finish(&whole);
	cfs_buf_finish(&single);
}

enum { RUN = 2 * 64 + 32 + 4 };

static void fill(char text[RUN])
{
	for (unsigned i = 0; i < RUN; i++)
		text[i] = good[6].text[i % 8];
}

static void test_every_length_and_split_of_a_run(void **state)
{
	char text[RUN];

	(void)state;
	fill(text);
	for (size_t len = 0; len <= RUN; len++) {
		for (size_t split = 0; split <= len; split += step_over(len))
			assert_as_single_bytes(text, len, split);
	}
}

static void test_every_byte_everywhere_in_a_run(void **state)
{
	char text[RUN];

	(void)state;
	fill(text);
	for (size_t at = 0; at < RUN; at++) {
		char digit = text[at];

		for (size_t c = 0; c < 256; c += step_over(256)) {
			text[at] = (char)c;
			assert_as_single_bytes(text, RUN, at / 2);
		}
		text[at] = digit;
	}
}

/* As much of a run as there is room for is content before the error, as by single bytes. */
static void test_a_run_is_limited_as_single_bytes_are(void **state)
{
	char text[RUN];

	(void)state;
	fill(text);
	for (size_t max = 0; max <= RUN / 4 * 3; max++) {
		struct cfs_buf whole = CFS_BUF_INIT(max), single = CFS_BUF_INIT(max);
		int r = decode_by(text, RUN, 1, &single);

		assert_int_equal(r, max < RUN / 4 * 3 ? -EFBIG : 0);
		assert_int_equal(decode_by(text, RUN, RUN, &whole), r);
		assert_int_equal(whole.len, single.len);
		assert_string_equal(cfs_buf_text(&whole), cfs_buf_text(&single));
		cfs_buf_finish(&whole);
		cfs_buf_finish(&single);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers_at_every_split),
		cmocka_unit_test(test_what_is_no_base64_is_refused_at_every_split),
		cmocka_unit_test(test_nul_is_no_end),
		cmocka_unit_test(test_an_error_is_final),
		cmocka_unit_test(test_the_content_has_a_limit),
		cmocka_unit_test(test_large_content),
		cmocka_unit_test(test_every_length_and_split_of_a_run),
		cmocka_unit_test(test_every_byte_everywhere_in_a_run),
		cmocka_unit_test(test_a_run_is_limited_as_single_bytes_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
