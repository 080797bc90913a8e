/* SPDX-License-Identifier: MIT */
/*
 * Quotes a value from the user in an error message: 'useast1'.
 */
#ifndef CFS_FS_BASE_QUOTE_H
#define CFS_FS_BASE_QUOTE_H

#include <stddef.h>

#include "backends/base/buf.h"

/* A longer value is cut to this many bytes, followed by "...". Secret keys of clouds are longer, so
 * one that was put in the wrong place is never shown whole: messages end up in logs. */
#define CFS_QUOTE_MAX 31

/* Appends the value in single quotes, made safe for a terminal (see cfs_text_line). Errors are
 * those of cfs_buf_add. */
int cfs_quote_add(struct cfs_buf *buf, const char *value, size_t len);

#endif
