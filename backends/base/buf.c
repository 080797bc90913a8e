/* SPDX-License-Identifier: MIT */
#include "backends/base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

void cfs_buf_init(struct cfs_buf *buf, size_t max)
{
	*buf = CFS_BUF_INIT(max);
}

void cfs_buf_finish(struct cfs_buf *buf)
{
	if (!buf)
		return;
	free(buf->data);
	*buf = CFS_BUF_INIT(buf->max);
}

/* Not OPENSSL_cleanse, which takes four times as long for as much as a screenshot. */
static void wipe(struct cfs_buf *buf)
{
	explicit_bzero(buf->data, buf->touched);
}

void cfs_buf_wipe(struct cfs_buf *buf)
{
	if (!buf)
		return;
	if (buf->data)
		wipe(buf);
	cfs_buf_finish(buf);
}

void cfs_buf_wipe_held(struct cfs_buf *buf)
{
	buf->error = 0;
	if (!buf->data)
		return;
	wipe(buf);
	buf->len = 0;
	buf->touched = 1;
}

void cfs_buf_clear(struct cfs_buf *buf)
{
	cfs_buf_cut(buf, 0);
}

void cfs_buf_cut(struct cfs_buf *buf, size_t len)
{
	buf->error = 0;
	buf->len = len;
	if (buf->data)
		buf->data[len] = '\0';
}

/* Makes room for `need` bytes, the NUL among them. */
static int grow(struct cfs_buf *buf, size_t need)
{
	size_t cap = buf->cap ? buf->cap : FIRST_CAPACITY;
	char *data;

	while (cap < need)
		cap *= 2;
	if (cap > buf->max + 1)
		cap = buf->max + 1;
	/* Not realloc: what the buffer outgrows may be a secret, and must not stay on the heap. */
	data = malloc(cap);
	if (!data)
		return -ENOMEM;
	if (buf->data) {
		memcpy(data, buf->data, buf->len);
		/* All of it: the buffer may have held more before it was cleared. */
		wipe(buf);
		free(buf->data);
	}
	data[buf->len] = '\0';
	buf->data = data;
	buf->cap = cap;
	buf->touched = buf->len + 1;
	return 0;
}

int cfs_buf_reserve(struct cfs_buf *buf, size_t more)
{
	size_t need;
	int r;

	if (more > buf->max - buf->len)
		return -EFBIG;
	need = buf->len + more + 1;
	if (need > buf->cap) {
		r = grow(buf, need);
		if (r < 0)
			return r;
	}
	if (need > buf->touched)
		buf->touched = need;
	return 0;
}

int cfs_buf_presize(struct cfs_buf *buf, size_t size)
{
	if (size > buf->max)
		return -EFBIG;
	return size < buf->cap ? 0 : grow(buf, size + 1);
}

static int remember(struct cfs_buf *buf, int error)
{
	if (buf->error == 0)
		buf->error = error;
	return error;
}

int cfs_buf_add(struct cfs_buf *buf, const void *bytes, size_t len)
{
	int r;

	r = cfs_buf_reserve(buf, len);
	if (r < 0)
		return remember(buf, r);
	if (len)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return 0;
}

int cfs_buf_adds(struct cfs_buf *buf, const char *text)
{
	return cfs_buf_add(buf, text, strlen(text));
}

int cfs_buf_addc(struct cfs_buf *buf, char c)
{
	return cfs_buf_add(buf, &c, 1);
}

int cfs_buf_vaddf(struct cfs_buf *buf, const char *format, va_list args)
{
	va_list again;
	int len, r;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	r = len < 0 ? -EINVAL : cfs_buf_reserve(buf, (size_t)len);
	if (r == 0) {
		vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
		buf->len += (size_t)len;
	}
	va_end(again);
	return r < 0 ? remember(buf, r) : 0;
}

int cfs_buf_addf(struct cfs_buf *buf, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = cfs_buf_vaddf(buf, format, args);
	va_end(args);
	return r;
}

int cfs_buf_error(const struct cfs_buf *buf)
{
	return buf->error;
}

const char *cfs_buf_text(const struct cfs_buf *buf)
{
	return buf->data ? buf->data : "";
}
