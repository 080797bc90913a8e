/* SPDX-License-Identifier: MIT */
/*
 * Builds web pages that show untrusted text.
 *
 * All text in a page goes through cfs_html_add. And each page has a content security policy that
 * forbids everything it does not need, so that even a missing escape could not run a script.
 */
#ifndef CFS_BACKENDS_BASE_HTML_H
#define CFS_BACKENDS_BASE_HTML_H

#include "backends/base/buf.h"

/*
 * Appends text as it may stand in an element or in a quoted attribute. The five characters that
 * mean something there are escaped; line breaks and tabs become spaces; other characters that
 * change how text is shown (control characters, marks that reorder it) and invalid bytes become
 * U+FFFD. Errors are those of cfs_buf_error.
 */
int cfs_html_add(struct cfs_buf *buf, const char *text);
/* Appends markup, text as cfs_html_add does, and markup. */
int cfs_html_add_in(struct cfs_buf *buf, const char *before, const char *text, const char *after);
/* Appends a name as one step of a relative URL, for a quoted attribute: everything but unreserved
 * characters (RFC 3986, section 2.3) is percent-encoded. */
int cfs_html_add_step(struct cfs_buf *buf, const char *name);

/*
 * A small page: one column with a heading, styled for light and dark. Nothing is loaded and no
 * script runs in it. `head` is markup for the end of the head element; title is text.
 */
int cfs_html_begin(struct cfs_buf *buf, const char *title, const char *head);
int cfs_html_end(struct cfs_buf *buf);

#endif
