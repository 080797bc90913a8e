/* SPDX-License-Identifier: MIT */
/*
 * Untrusted text: checks that it is UTF-8, and makes it safe to show.
 */
#ifndef CFS_BACKENDS_BASE_TEXT_H
#define CFS_BACKENDS_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/base/buf.h"

/*
 * Length in bytes of the well-formed UTF-8 sequence at text[0..len), or 0 if there is none
 * (overlong forms, surrogates and values past U+10FFFF are not well-formed; RFC 3629). len > 0.
 */
size_t cfs_text_utf8_length(const unsigned char *text, size_t len);

/*
 * Appends text with every byte that is not part of well-formed UTF-8 replaced by U+FFFD.
 * Control characters are kept. Errors are those of cfs_buf_add, and what does not fit changes
 * nothing.
 */
int cfs_text_add_utf8(struct cfs_buf *buf, const char *text, size_t len);

/*
 * Copies text into out as one line fit for a terminal and a log: ill-formed bytes and unprintable
 * characters become '?'. Cut at a character's edge to fit size bytes, NUL included. size > 0.
 */
void cfs_text_line(char *out, size_t size, const char *text, size_t len);

/*
 * How many bytes of an untrusted text come before the first word that may be a secret: some
 * services quote back all that they were sent, a session token included. Such a word is one of
 * CFS_TEXT_SECRET_MIN or more letters, digits and "+/=_-.%"; or one of these with as many letters
 * and digits in a row as a signature has.
 */
#define CFS_TEXT_SECRET_MIN 100
#define CFS_TEXT_SIGNATURE_MIN 64
size_t cfs_text_before_secret(const char *text, size_t len);

/* cfs_text_line of what an answer says, up to the first word that may be a secret. */
void cfs_text_said(char *out, size_t size, const char *text, size_t len);

/* Whether the well-formed character of n bytes may change what a terminal does, where a line ends,
 * or in which order text is shown: C0, DEL, C1, line and paragraph separators, marks that reorder.
 */
bool cfs_text_is_control(const unsigned char *c, size_t n);

/* The code point of a well-formed character of n bytes. */
uint32_t cfs_text_code_point(const unsigned char *c, size_t n);

/* Whether the well-formed character of n bytes is a control or format character, or a line or
 * paragraph separator (general categories Cc, Cf, Zl and Zp of Unicode 17.0). Beside those above,
 * these are the zero-width ones, the byte order mark and the tags: two names that differ by one of
 * them look the same. */
bool cfs_text_is_unprintable(const unsigned char *c, size_t n);

/* Whether text[0..len) is 1..max bytes of ASCII letters, digits and the bytes of `also`. */
bool cfs_text_is_token(const char *text, size_t len, size_t max, const char *also);

/* Whether text[0..len) is graphic ASCII: no blank, no control byte, and none of the bytes of `but`.
 * So is an empty text. */
bool cfs_text_is_graphic(const char *text, size_t len, const char *but);

/* Appends text percent-encoded: all but letters, digits, '-', '.', '_', '~' (RFC 3986,
 * "unreserved") and the bytes of `also`. What cfs_buf_error says. */
int cfs_text_encode(struct cfs_buf *buf, const char *text, size_t len, const char *also);

/* Appends text with the capital letters of ASCII made small. What cfs_buf_error says. */
int cfs_text_add_lower(struct cfs_buf *buf, const char *text);

#endif
