/* SPDX-License-Identifier: MIT */
/*
 * Parses INI text: our own configuration file, and the clouds' configuration and credential files.
 *
 * Why not inih: as Debian builds it, a line of more than 200 bytes is silently split (a session
 * token is longer than that), an empty section is not reported, and comments begin differently.
 *
 * The text: `[section]` headers, `key = value` (or `key: value`) pairs; the first separator counts.
 * Lines whose first byte that is not a blank is `#` or `;` are comments, and so is what follows a
 * value or a header and a blank and then `#` or `;` (as AWS documents it; botocore itself would
 * keep that, so that a value comes with and without it). LF and CRLF both end a line; a UTF-8 byte
 * order mark at the beginning is skipped. Keys, values and section names are trimmed, of wide
 * blanks too, and their case is kept. A section may come twice.
 */
#ifndef CFS_BACKENDS_BASE_INI_H
#define CFS_BACKENDS_BASE_INI_H

#include <stdbool.h>
#include <stddef.h>

#define CFS_INI_LINE_MAX 32768

struct cfs_ini_item {
	const char *section; /* "" before the first header */
	const char *key;     /* NULL: this is the section's header itself */
	const char *value;   /* without a comment; NULL with key NULL */
	const char *whole;   /* with what would be one; NULL with key NULL */
	unsigned line;       /* of the header, or of the line on which the pair begins; from 1 */
};

/* Returns 0 to continue; any other value ends the parse, which returns it. The texts are valid only
 * during the call. */
typedef int cfs_ini_fn(void *arg, const struct cfs_ini_item *item);

/*
 * Calls fn for each header and pair in order. With `nested`, which is the AWS format and that of
 * Python's configparser, a line indented deeper than the pair before it continues its value, joined
 * by '\n'; what follows a header's bracket is ignored; a section may have no name, "", and a NUL
 * becomes '\x01'; a CR alone ends a line too. Without, indentation means nothing.
 *
 * Returns 0; -EINVAL for a line that is none of the above, -EFBIG for one over
 * CFS_INI_LINE_MAX, -ENOMEM; or what fn returned. *ret_line (set in every case but 0) is the line
 * it stopped at.
 */
int cfs_ini_parse(
	const char *text, size_t len, bool nested, cfs_ini_fn *fn, void *arg, unsigned *ret_line);

#endif
