/* SPDX-License-Identifier: MIT */
#include "buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_buf_finish(struct sim_buf *buf)
{
	if (!buf)
		return;
	free(buf->data);
	*buf = (struct sim_buf){0};
}

void sim_buf_reset(struct sim_buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data)
		buf->data[0] = '\0';
}

/* Makes room for len more bytes and the closing NUL. */
static bool reserve(struct sim_buf *buf, size_t len)
{
	if (buf->failed)
		return false;
	if (len > SIM_BUF_MAX - buf->len) {
		buf->failed = true;
		return false;
	}
	size_t need = buf->len + len + 1;
	if (need <= buf->cap)
		return true;
	size_t cap = buf->cap ? buf->cap : 256;
	while (cap < need)
		cap *= 2;
	char *data = realloc(buf->data, cap);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->cap = cap;
	return true;
}

void sim_buf_add(struct sim_buf *buf, const void *data, size_t len)
{
	if (!reserve(buf, len))
		return;
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void sim_buf_adds(struct sim_buf *buf, const char *text)
{
	sim_buf_add(buf, text, strlen(text));
}

void sim_buf_addf(struct sim_buf *buf, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0) {
		buf->failed = true;
		return;
	}
	if (!reserve(buf, (size_t)len))
		return;
	va_start(args, format);
	vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
	va_end(args);
	buf->len += (size_t)len;
}

void sim_buf_fill(struct sim_buf *buf, char byte, size_t count)
{
	if (!reserve(buf, count))
		return;
	memset(buf->data + buf->len, byte, count);
	buf->len += count;
	buf->data[buf->len] = '\0';
}

void sim_buf_add_xml(struct sim_buf *buf, const char *text)
{
	for (const char *p = text; *p; p++) {
		switch (*p) {
		case '&':
			sim_buf_adds(buf, "&amp;");
			break;
		case '<':
			sim_buf_adds(buf, "&lt;");
			break;
		case '>':
			sim_buf_adds(buf, "&gt;");
			break;
		case '"':
			sim_buf_adds(buf, "&quot;");
			break;
		case '\'':
			sim_buf_adds(buf, "&apos;");
			break;
		case '\t':
		case '\n':
		case '\r':
			sim_buf_addf(buf, "&#%d;", *p);
			break;
		default:
			/* XML 1.0 has no way to write the other control characters. */
			if ((unsigned char)*p < 0x20)
				sim_buf_adds(buf, "\xef\xbf\xbd");
			else
				sim_buf_add(buf, p, 1);
		}
	}
}

/* Length of the valid UTF-8 sequence at p, 0 if there is none. */
static size_t utf8_length(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t len = 0;
	uint32_t code = 0, least = 0;
	if (p[0] < 0x80)
		return 1;
	if ((p[0] & 0xe0) == 0xc0) {
		len = 2, code = p[0] & 0x1f, least = 0x80;
	} else if ((p[0] & 0xf0) == 0xe0) {
		len = 3, code = p[0] & 0x0f, least = 0x800;
	} else if ((p[0] & 0xf8) == 0xf0) {
		len = 4, code = p[0] & 0x07, least = 0x10000;
	} else {
		return 0;
	}
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return len;
}

void sim_buf_add_json(struct sim_buf *buf, const char *text)
{
	sim_buf_add(buf, "\"", 1);
	for (const char *p = text; *p;) {
		size_t len = utf8_length(p);
		if (len == 0) {
			sim_buf_adds(buf, "\xef\xbf\xbd");
			p++;
			continue;
		}
		if (*p == '"' || *p == '\\')
			sim_buf_addf(buf, "\\%c", *p);
		else if ((unsigned char)*p < 0x20 || *p == 0x7f)
			sim_buf_addf(buf, "\\u%04x", (unsigned)(unsigned char)*p);
		else
			sim_buf_add(buf, p, len);
		p += len;
	}
	sim_buf_add(buf, "\"", 1);
}

void sim_buf_add_percent(struct sim_buf *buf, const char *text)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
	for (const char *p = text; *p; p++) {
		if (strchr(plain, *p))
			sim_buf_add(buf, p, 1);
		else
			sim_buf_addf(buf, "%%%02X", (unsigned)(unsigned char)*p);
	}
}

void sim_buf_add_base64(struct sim_buf *buf, const void *data, size_t len, unsigned wrap)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = data;
	unsigned column = 0;
	if (!reserve(buf, len / 3 * 4 + 4))
		return;
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t bits = (uint32_t)p[i] << 16;
		if (n > 1)
			bits |= (uint32_t)p[i + 1] << 8;
		if (n > 2)
			bits |= p[i + 2];
		char quad[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
			n > 1 ? digits[bits >> 6 & 63] : '=', n > 2 ? digits[bits & 63] : '='};
		sim_buf_add(buf, quad, sizeof(quad));
		column += 4;
		if (wrap && column >= wrap) {
			sim_buf_add(buf, "\n", 1);
			column = 0;
		}
	}
	if (wrap && column)
		sim_buf_add(buf, "\n", 1);
}
