#include "backends/base64.h"

#include <errno.h>
#include <stdbool.h>

#define GROUP_DIGITS 4
#define CHUNK 3072 /* decoded bytes collected before they are appended */

/* The value of a digit, or -1. */
static int digit_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	if (c == '/')
		return 63;
	return -1;
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes one byte that is no blank. Whether it may stand there. */
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

/* Writes the whole group's bytes and makes room for the next one. */
static bool flush_group(struct cfs_base64 *decoder, unsigned char *out, size_t *used)
{
	uint32_t bits = decoder->bits;
	unsigned n = 3 - decoder->padding, i;

	if (n < 3 && (bits & ((1u << (8 * (3 - n))) - 1)) != 0)
		return false; /* bits left over that no encoder sets */
	for (i = 0; i < n; i++)
		out[(*used)++] = (unsigned char)(bits >> (16 - 8 * i));
	decoder->bits = 0;
	/* After padding `digits` stays at a whole group, so that nothing can follow. */
	if (!decoder->padding)
		decoder->digits = 0;
	return true;
}

int cfs_base64_feed(
	struct cfs_base64 *decoder, const char *text, size_t len, struct cfs_buf *content)
{
	unsigned char out[CHUNK];
	size_t used = 0, i;

	for (i = 0; i < len && !decoder->failed; i++) {
		unsigned char c = (unsigned char)text[i];

		if (is_blank(c))
			continue;
		if (decoder->digits == GROUP_DIGITS || !take(decoder, c))
			decoder->failed = -EBADMSG;
		else if (decoder->digits == GROUP_DIGITS && !flush_group(decoder, out, &used))
			decoder->failed = -EBADMSG;
		if (used > sizeof(out) - 3) {
			int r = cfs_buf_add(content, out, used);

			if (r < 0 && !decoder->failed)
				decoder->failed = r;
			used = 0;
		}
	}
	if (!decoder->failed && used > 0)
		decoder->failed = cfs_buf_add(content, out, used);
	return decoder->failed;
}

int cfs_base64_end(const struct cfs_base64 *decoder)
{
	if (decoder->failed)
		return decoder->failed;
	return decoder->digits == 0 || decoder->digits == GROUP_DIGITS ? 0 : -EBADMSG;
}
