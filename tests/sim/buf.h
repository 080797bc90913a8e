/* SPDX-License-Identifier: MIT */
/*
 * A growing byte buffer. An append that fails (no memory, or past SIM_BUF_MAX) marks the buffer as
 * failed and every later append is ignored, so a writer checks `failed` once, at its end.
 */
#ifndef SIM_BUF_H
#define SIM_BUF_H

#include <stdbool.h>
#include <stddef.h>

/* No answer that is built in memory is larger; longer lists are streamed (see answer.h). */
#define SIM_BUF_MAX ((size_t)96 << 20)

struct sim_buf {
	char *data; /* NUL-terminated when not NULL */
	size_t len;
	size_t cap;
	bool failed;
};

void sim_buf_finish(struct sim_buf *buf);
void sim_buf_reset(struct sim_buf *buf); /* empties, keeps the memory */
void sim_buf_add(struct sim_buf *buf, const void *data, size_t len);
void sim_buf_adds(struct sim_buf *buf, const char *text);
void sim_buf_addf(struct sim_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void sim_buf_fill(struct sim_buf *buf, char byte, size_t count);

/* For XML text: the five special characters as entities, other control bytes as references. */
void sim_buf_add_xml(struct sim_buf *buf, const char *text);
/* As a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void sim_buf_add_json(struct sim_buf *buf, const char *text);
/* Percent-encodes all but RFC 3986's unreserved characters. */
void sim_buf_add_percent(struct sim_buf *buf, const char *text);
/* Base64; with wrap != 0 a newline follows every wrap characters, and the end. */
void sim_buf_add_base64(struct sim_buf *buf, const void *data, size_t len, unsigned wrap);

#endif
