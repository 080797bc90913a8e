/* SPDX-License-Identifier: MIT */
/*
 * A byte buffer that grows up to a limit given when it is created.
 *
 * The bytes are always followed by a NUL that `len` does not count, so text can be read in place.
 * An append that would pass the limit changes nothing and returns -EFBIG; one that finds no memory
 * changes nothing and returns -ENOMEM.
 *
 * The buffer remembers the first append that failed. So text can be built by a row of calls without
 * checking each result, and the error is checked once, at the end:
 *
 *     cfs_buf_adds(buf, "<p>");
 *     cfs_html_add(buf, text);
 *     cfs_buf_adds(buf, "</p>");
 *     return cfs_buf_error(buf);
 *
 * After an error the text has a gap where the append failed, and is of no use: throw it away, or
 * cut it back to where the row began. Cutting, clearing, wiping and finishing forget the error.
 */
#ifndef CFS_BACKENDS_BASE_BUF_H
#define CFS_BACKENDS_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct cfs_buf {
	char *data;     /* NULL until the first append */
	size_t len;     /* bytes held */
	size_t cap;     /* bytes allocated */
	size_t max;     /* the limit of len */
	size_t touched; /* bytes that may have been written, and so are wiped */
	int error;      /* of the first append that failed, 0 when none did */
};

#define CFS_BUF_INIT(limit) ((struct cfs_buf){.max = (limit)})

void cfs_buf_init(struct cfs_buf *buf, size_t max);
void cfs_buf_finish(struct cfs_buf *buf);
/* Finishes a buffer that held a secret: its bytes are overwritten first, those it outgrew too. */
void cfs_buf_wipe(struct cfs_buf *buf);
/* The same, but keeps the memory. */
void cfs_buf_wipe_held(struct cfs_buf *buf);
/* Empties the buffer and keeps its memory. */
void cfs_buf_clear(struct cfs_buf *buf);
/* Takes back what was added since the buffer held len bytes, and the error with it. */
void cfs_buf_cut(struct cfs_buf *buf, size_t len);
/* Makes room for `more` bytes beyond len, to be written at data + len by the caller. A failure is
 * not remembered: nothing is missing from the text. */
int cfs_buf_reserve(struct cfs_buf *buf, size_t more);
/* Allocates room for size bytes at once. Pages that are never written cost no memory, and are not
 * touched by wiping either. */
int cfs_buf_presize(struct cfs_buf *buf, size_t size);

/* 0, -EFBIG or -ENOMEM, of this append alone. */
int cfs_buf_add(struct cfs_buf *buf, const void *bytes, size_t len);
int cfs_buf_adds(struct cfs_buf *buf, const char *text);
int cfs_buf_addc(struct cfs_buf *buf, char c);
int cfs_buf_addf(struct cfs_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int cfs_buf_vaddf(struct cfs_buf *buf, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* The error of the first append that failed, 0 when none did. */
int cfs_buf_error(const struct cfs_buf *buf);

/* The text held, "" when there is none. Valid until the next change. */
const char *cfs_buf_text(const struct cfs_buf *buf);

#endif
