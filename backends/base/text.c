/* SPDX-License-Identifier: MIT */
#include "backends/base/text.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static bool is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* RFC 3629, section 4: the ranges of the second byte are what excludes overlong forms, surrogates
 * and values past U+10FFFF. */
size_t cfs_text_utf8_length(const unsigned char *text, size_t len)
{
	unsigned char first = text[0], low = 0x80, high = 0xbf;
	size_t n;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (n > len)
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if (!is_tail(text[i]))
			return 0;
	}
	return n;
}

int cfs_text_add_utf8(struct cfs_buf *buf, const char *text, size_t len)
{
	size_t before = buf->len, good = 0, n;
	int r = 0;

	/* Runs of good text are appended whole. */
	for (size_t i = 0; i < len; i += n) {
		n = cfs_text_utf8_length((const unsigned char *)text + i, len - i);
		if (n > 0)
			continue;
		n = 1;
		r = cfs_buf_add(buf, text + good, i - good);
		if (r == 0)
			r = cfs_buf_adds(buf, REPLACEMENT);
		if (r < 0)
			goto out;
		good = i + 1;
	}
	r = cfs_buf_add(buf, len ? text + good : "", len - good);
out:
	if (r < 0 && buf->data) {
		buf->len = before;
		buf->data[before] = '\0';
	}
	return r;
}

/* Three bytes of UTF-8: line and paragraph separators (U+2028, U+2029), and what reorders the text
 * around it (U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069). */
static bool is_format(const unsigned char *c)
{
	if (c[0] != 0xe2)
		return false;
	return (c[1] == 0x80 && ((c[2] >= 0xa8 && c[2] <= 0xae) || c[2] == 0x8e || c[2] == 0x8f)) ||
		(c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
}

bool cfs_text_is_control(const unsigned char *c, size_t n)
{
	switch (n) {
	case 1:
		return c[0] < 0x20 || c[0] == 0x7f;
	case 2:
		/* And the one mark that reorders text and has two bytes, U+061C. */
		return (c[0] == 0xc2 && c[1] < 0xa0) || (c[0] == 0xd8 && c[1] == 0x9c);
	case 3:
		return is_format(c);
	default:
		return false;
	}
}

/* What has general category Cc, Cf, Zl or Zp in Unicode 17.0: UnicodeData.txt, third field. */
static const struct {
	uint32_t first, last;
} unprintable[] = {
	{0x0, 0x1f},
	{0x7f, 0x9f},
	{0xad, 0xad},
	{0x600, 0x605},
	{0x61c, 0x61c},
	{0x6dd, 0x6dd},
	{0x70f, 0x70f},
	{0x890, 0x891},
	{0x8e2, 0x8e2},
	{0x180e, 0x180e},
	{0x200b, 0x200f},
	{0x2028, 0x202e},
	{0x2060, 0x2064},
	{0x2066, 0x206f},
	{0xfeff, 0xfeff},
	{0xfff9, 0xfffb},
	{0x110bd, 0x110bd},
	{0x110cd, 0x110cd},
	{0x13430, 0x1343f},
	{0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a},
	{0xe0001, 0xe0001},
	{0xe0020, 0xe007f},
};

#define N_UNPRINTABLE (sizeof(unprintable) / sizeof(unprintable[0]))

uint32_t cfs_text_code_point(const unsigned char *c, size_t n)
{
	static const unsigned char bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t point = c[0] & bits[n];

	for (size_t i = 1; i < n; i++)
		point = point << 6 | (c[i] & 0x3f);
	return point;
}

bool cfs_text_is_unprintable(const unsigned char *c, size_t n)
{
	uint32_t point = cfs_text_code_point(c, n);
	size_t low = 0, high = N_UNPRINTABLE;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (point > unprintable[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < N_UNPRINTABLE && point >= unprintable[low].first;
}

void cfs_text_line(char *out, size_t size, const char *text, size_t len)
{
	const unsigned char *in = (const unsigned char *)text;
	size_t used = 0, n;

	for (size_t i = 0; i < len; i += n) {
		bool shown;

		n = cfs_text_utf8_length(in + i, len - i);
		shown = n > 0 && !cfs_text_is_unprintable(in + i, n);
		if (n == 0)
			n = 1;
		if ((shown ? n : 1) >= size - used)
			break;
		if (shown) {
			memcpy(out + used, in + i, n);
			used += n;
		} else {
			out[used++] = '?';
		}
	}
	out[used] = '\0';
}

size_t cfs_text_before_secret(const char *text, size_t len)
{
	size_t start = 0, run = 0; /* where the word begins; the run of letters and digits in it */

	for (size_t i = 0; i < len; i++) {
		run = cfs_text_is_token(text + i, 1, 1, "") ? run + 1 : 0;
		if (!cfs_text_is_token(text + i, 1, 1, "+/=_-.%"))
			start = i + 1;
		else if (run == CFS_TEXT_SIGNATURE_MIN || i + 1 - start == CFS_TEXT_SECRET_MIN)
			return start;
	}
	return len;
}

void cfs_text_said(char *out, size_t size, const char *text, size_t len)
{
	cfs_text_line(out, size, text, cfs_text_before_secret(text, len));
}

bool cfs_text_is_token(const char *text, size_t len, size_t max, const char *also)
{
	if (len < 1 || len > max)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		/* Not isalnum: it asks the locale. */
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
			continue;
		if (c == '\0' || !strchr(also, c))
			return false;
	}
	return true;
}

bool cfs_text_is_graphic(const char *text, size_t len, const char *but)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~' || strchr(but, text[i]))
			return false;
	}
	return true;
}

int cfs_text_encode(struct cfs_buf *buf, const char *text, size_t len, const char *also)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		char escape[3] = {'%', digits[c >> 4], digits[c & 15]};

		if (cfs_text_is_token(&text[i], 1, 1, "-._~") || (c != '\0' && strchr(also, c)))
			cfs_buf_addc(buf, text[i]);
		else
			cfs_buf_add(buf, escape, sizeof(escape));
	}
	return cfs_buf_error(buf);
}

int cfs_text_add_lower(struct cfs_buf *buf, const char *text)
{
	for (; *text; text++)
		cfs_buf_addc(buf, *text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text);
	return cfs_buf_error(buf);
}
