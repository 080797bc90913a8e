/*
 * Shows a value that somebody typed, in a message about what is wrong with it: 'useast1'.
 */
#ifndef CFS_FS_BASE_QUOTE_H
#define CFS_FS_BASE_QUOTE_H

#include <stddef.h>

#include "backends/base/buf.h"

/* Bytes of a value that are shown, "..." standing for the rest. Keys of clouds are longer, so that
 * one that was put in the wrong place is not shown whole: messages end up in logs. */
#define CFS_QUOTE_MAX 31

/* Appends the value between single quotes, as text fit for a terminal (see cfs_text_line). Errors
 * are those of cfs_buf_add. */
int cfs_quote_add(struct cfs_buf *buf, const char *value, size_t len);

#endif
