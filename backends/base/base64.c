/* SPDX-License-Identifier: MIT */
/*
 * A screenshot is a hundred kilobytes of base64 without a blank. So runs of digits are decoded by
 * vector instructions, what those leave of a run is decoded by table, a group at a time, and
 * everything else (blanks, padding, what is invalid, a group that a piece breaks off) byte by byte.
 * All must give the same result for every text.
 */
#include "backends/base/base64.h"

#include <errno.h>
#include <stdbool.h>

#include "backends/base/base64_simd.h"
#include "backends/base/span.h"

#define GROUP_DIGITS 4
#define GROUP_BYTES 3

/* The value of a digit at each place of its group: its bits, and above them a mark that it is a
 * digit, which other bytes do not have. */
#define MARK 24
#define ALL_MARKS 0xf
#define DIGIT(value, place) \
	((uint32_t)(value) << (18 - 6 * (place)) | UINT32_C(1) << (MARK + (place)))
#define DIGITS_AT(p) \
	{ \
		['A'] = DIGIT(0, p), ['B'] = DIGIT(1, p), ['C'] = DIGIT(2, p), \
		['D'] = DIGIT(3, p), ['E'] = DIGIT(4, p), ['F'] = DIGIT(5, p), \
		['G'] = DIGIT(6, p), ['H'] = DIGIT(7, p), ['I'] = DIGIT(8, p), \
		['J'] = DIGIT(9, p), ['K'] = DIGIT(10, p), ['L'] = DIGIT(11, p), \
		['M'] = DIGIT(12, p), ['N'] = DIGIT(13, p), ['O'] = DIGIT(14, p), \
		['P'] = DIGIT(15, p), ['Q'] = DIGIT(16, p), ['R'] = DIGIT(17, p), \
		['S'] = DIGIT(18, p), ['T'] = DIGIT(19, p), ['U'] = DIGIT(20, p), \
		['V'] = DIGIT(21, p), ['W'] = DIGIT(22, p), ['X'] = DIGIT(23, p), \
		['Y'] = DIGIT(24, p), ['Z'] = DIGIT(25, p), ['a'] = DIGIT(26, p), \
		['b'] = DIGIT(27, p), ['c'] = DIGIT(28, p), ['d'] = DIGIT(29, p), \
		['e'] = DIGIT(30, p), ['f'] = DIGIT(31, p), ['g'] = DIGIT(32, p), \
		['h'] = DIGIT(33, p), ['i'] = DIGIT(34, p), ['j'] = DIGIT(35, p), \
		['k'] = DIGIT(36, p), ['l'] = DIGIT(37, p), ['m'] = DIGIT(38, p), \
		['n'] = DIGIT(39, p), ['o'] = DIGIT(40, p), ['p'] = DIGIT(41, p), \
		['q'] = DIGIT(42, p), ['r'] = DIGIT(43, p), ['s'] = DIGIT(44, p), \
		['t'] = DIGIT(45, p), ['u'] = DIGIT(46, p), ['v'] = DIGIT(47, p), \
		['w'] = DIGIT(48, p), ['x'] = DIGIT(49, p), ['y'] = DIGIT(50, p), \
		['z'] = DIGIT(51, p), ['0'] = DIGIT(52, p), ['1'] = DIGIT(53, p), \
		['2'] = DIGIT(54, p), ['3'] = DIGIT(55, p), ['4'] = DIGIT(56, p), \
		['5'] = DIGIT(57, p), ['6'] = DIGIT(58, p), ['7'] = DIGIT(59, p), \
		['8'] = DIGIT(60, p), ['9'] = DIGIT(61, p), ['+'] = DIGIT(62, p), \
		['/'] = DIGIT(63, p), \
	}

static const uint32_t digits[GROUP_DIGITS][256] = {
	DIGITS_AT(0), DIGITS_AT(1), DIGITS_AT(2), DIGITS_AT(3)};

/* The value of a digit, or -1. */
static int digit_value(unsigned char c)
{
	return digits[3][c] ? (int)(digits[3][c] & 63) : -1;
}

/* Takes one byte that is not a blank. Returns whether it is allowed there. */
static bool take(struct cfs_base64 *decoder, unsigned char c)
{
	int value = 0;

	if (c == '=') {
		if (decoder->digits < 2 || decoder->padding == 2)
			return false;
		decoder->padding++;
	} else {
		value = digit_value(c);
		if (value < 0 || decoder->padding > 0)
			return false;
	}
	decoder->bits = decoder->bits << 6 | (unsigned)value;
	decoder->digits++;
	return true;
}

/* Appends the whole group's bytes and makes room for the next one. */
static int flush_group(struct cfs_base64 *decoder, struct cfs_buf *content)
{
	uint32_t bits = decoder->bits;
	unsigned n = GROUP_BYTES - decoder->padding;
	unsigned char out[GROUP_BYTES] = {
		(unsigned char)(bits >> 16), (unsigned char)(bits >> 8), (unsigned char)bits};

	if (n < GROUP_BYTES && (bits & ((1u << (8 * (GROUP_BYTES - n))) - 1)) != 0)
		return -EBADMSG; /* bits left over that no encoder sets */
	decoder->bits = 0;
	/* After padding `digits` stays at a whole group, so that nothing can follow. */
	if (!decoder->padding)
		decoder->digits = 0;
	return cfs_buf_add(content, out, n);
}

/* Decodes whole groups from the beginning of the text, until one is not all digits. Returns the
 * number of digits decoded. */
static size_t decode_groups(const char *text, size_t len, char *out)
{
	const unsigned char *from = (const unsigned char *)text;
	size_t done = 0;
	uint32_t bits;

	for (; len - done >= GROUP_DIGITS; done += GROUP_DIGITS, from += GROUP_DIGITS) {
		bits = digits[0][from[0]] | digits[1][from[1]] | digits[2][from[2]] |
			digits[3][from[3]];
		if (bits >> MARK != ALL_MARKS)
			break;
		*out++ = (char)(bits >> 16);
		*out++ = (char)(bits >> 8);
		*out++ = (char)bits;
	}
	return done;
}

/* Decodes the run of whole groups at the beginning of the text, as far as there is room for it.
 * Returns how many bytes of the text it is. */
static size_t decode_run(const char *text, size_t len, struct cfs_buf *content)
{
	size_t groups = len / GROUP_DIGITS, room = (content->max - content->len) / GROUP_BYTES;
	size_t done;
	char *out;

	if (groups > room)
		groups = room;
	if (groups == 0 || cfs_buf_reserve(content, groups * GROUP_BYTES) < 0)
		return 0;
	len = groups * GROUP_DIGITS;
	out = content->data + content->len;
	done = cfs_base64_simd_decode(text, len, out);
	done += decode_groups(text + done, len - done, out + done / GROUP_DIGITS * GROUP_BYTES);
	content->len += done / GROUP_DIGITS * GROUP_BYTES;
	content->data[content->len] = '\0';
	return done;
}

int cfs_base64_feed(
	struct cfs_base64 *decoder, const char *text, size_t len, struct cfs_buf *content)
{
	for (size_t i = 0; i < len && !decoder->failed; i++) {
		if (decoder->digits == 0) {
			i += decode_run(text + i, len - i, content);
			if (i == len)
				break;
		}
		if (cfs_span_is_blank(text[i]))
			continue;
		if (decoder->digits == GROUP_DIGITS || !take(decoder, (unsigned char)text[i]))
			decoder->failed = -EBADMSG;
		else if (decoder->digits == GROUP_DIGITS)
			decoder->failed = flush_group(decoder, content);
	}
	return decoder->failed;
}

int cfs_base64_end(const struct cfs_base64 *decoder)
{
	if (decoder->failed)
		return decoder->failed;
	return decoder->digits == 0 || decoder->digits == GROUP_DIGITS ? 0 : -EBADMSG;
}
