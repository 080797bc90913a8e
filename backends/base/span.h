/* SPDX-License-Identifier: MIT */
/*
 * A part of a longer text: where it begins, and how long it is. Owns nothing.
 */
#ifndef CFS_BACKENDS_BASE_SPAN_H
#define CFS_BACKENDS_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>

struct cfs_span {
	const char *at;
	size_t len;
};

/* The white space that most formats agree on: JSON, base64, HTTP headers, shell words. */
static inline bool cfs_span_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without the bytes of `blanks` at its beginning and its end. */
struct cfs_span cfs_span_trim(struct cfs_span span, const char *blanks);

bool cfs_span_equal(struct cfs_span span, const char *text);

#endif
