/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/base64.h"
#include "backends/base/base64_simd.h"
#include "tests/unit/support/repeats.h"

enum { DIGITS = 3 * 64, BYTES = DIGITS / 4 * 3, UNTOUCHED = 0x5a };

/* Every digit at every place of a vector, sooner or later. */
static void fill(char text[DIGITS], unsigned seed)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (unsigned i = 0; i < DIGITS; i++)
		text[i] = digits[(i * 37 + seed) % 64];
}

/* What one byte at a time gives: the decoder as it is without blocks. */
static size_t decode_singly(const char *text, size_t len, char *out)
{
	struct cfs_buf content = CFS_BUF_INIT(BYTES);
	struct cfs_base64 decoder = {0};
	size_t n;

	for (size_t i = 0; i < len; i++) {
		if (cfs_base64_feed(&decoder, text + i, 1, &content) < 0)
			break;
	}
	n = content.len;
	if (n > 0)
		memcpy(out, content.data, n);
	cfs_buf_finish(&content);
	return n;
}

/* Returns how many digits it decoded, which are those of the beginning, as bytes `want`, and
 * touched nothing behind. */
static size_t decode(
	const struct cfs_base64_simd *simd, const char *text, size_t len, const char *want)
{
	unsigned char out[BYTES + 64];
	size_t done;

	memset(out, UNTOUCHED, sizeof(out));
	done = simd->decode(text, len, (char *)out);
	assert_true(done <= len && done % 4 == 0);
	assert_memory_equal(out, want, done / 4 * 3);
	for (size_t i = done / 4 * 3; i < sizeof(out); i++)
		assert_int_equal(out[i], UNTOUCHED);
	return done;
}

static void each(void (*test)(const struct cfs_base64_simd *simd))
{
	for (const struct cfs_base64_simd *simd = cfs_base64_simds; simd->name; simd++) {
		if (simd->supported())
			test(simd);
		else
			print_message("%s: not of this processor\n", simd->name);
	}
}

static void every_length(const struct cfs_base64_simd *simd)
{
	char text[DIGITS], want[BYTES];

	for (size_t seed = 0; seed < 64; seed += step_over(64)) {
		fill(text, (unsigned)seed);
		assert_int_equal(decode_singly(text, DIGITS, want), BYTES);
		for (size_t len = 0; len <= DIGITS; len++)
			assert_true(len - decode(simd, text, len, want) < 64);
	}
}

static void every_byte_everywhere(const struct cfs_base64_simd *simd)
{
	char text[DIGITS], want[BYTES];
	size_t good, done;

	for (size_t at = 0; at < DIGITS; at++) {
		for (size_t c = 0; c < 256; c += step_over(256)) {
			fill(text, (unsigned)c);
			text[at] = (char)c;
			good = decode_singly(text, DIGITS, want) == BYTES;
			done = decode(simd, text, DIGITS, want);
			if (good)
				assert_int_equal(done, DIGITS);
			else
				assert_true(done <= at && at - done < 64);
		}
	}
}

static void test_every_length_is_decoded_as_by_single_bytes(void **state)
{
	(void)state;
	each(every_length);
}

static void test_a_block_ends_at_every_byte_that_is_not_a_digit(void **state)
{
	(void)state;
	each(every_byte_everywhere);
}

static void test_the_best_that_is_supported_is_chosen(void **state)
{
	const struct cfs_base64_simd *best = cfs_base64_simds;
	char text[DIGITS], want[BYTES], out[BYTES];

	(void)state;
	fill(text, 0);
	assert_int_equal(decode_singly(text, DIGITS, want), BYTES);
	while (best->name && !best->supported())
		best++;
	assert_int_equal(cfs_base64_simd_decode(text, DIGITS, out), best->name ? DIGITS : 0);
	if (best->name)
		assert_memory_equal(out, want, BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length_is_decoded_as_by_single_bytes),
		cmocka_unit_test(test_a_block_ends_at_every_byte_that_is_not_a_digit),
		cmocka_unit_test(test_the_best_that_is_supported_is_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
