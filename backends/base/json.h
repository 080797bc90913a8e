/* SPDX-License-Identifier: MIT */
/*
 * Parses and prints untrusted JSON: cJSON behind limits.
 *
 * cJSON alone nests a thousand deep, spends 64 bytes of memory on each byte of `[0,0,0...`, ends a
 * string at an embedded NUL, and fails a whole document for half a surrogate pair. So a document is
 * scanned before it is parsed: depth and number of values are limited; raw control bytes are
 * refused, as RFC 8259 has it; and an escape that no C string can hold (\u0000, a lone surrogate)
 * is replaced by U+FFFD, so that an odd name of one instance does not hide all the others in a
 * listing.
 */
#ifndef CFS_BACKENDS_BASE_JSON_H
#define CFS_BACKENDS_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "backends/base/buf.h"

#define CFS_JSON_DEPTH_MAX 32
/* A page of 100 instances has some 10,000 values; cJSON takes about 100 bytes for each. */
#define CFS_JSON_VALUES_MAX 200000

/* Parses the whole text, which is changed where an escape is replaced. The caller owns *ret_tree.
 * -EBADMSG for text that is not a JSON document or exceeds a limit (cJSON reports a lack of memory
 * the same way). */
int cfs_json_parse(struct cfs_buf *text, cJSON **ret_tree);

/* Parses a copy of text[0..len) that is one object and may hold secrets: the copy is wiped. The
 * caller owns *ret_object. -EBADMSG as above and for anything but an object, -ENOMEM. */
int cfs_json_parse_object(const char *text, size_t len, cJSON **ret_object);

/* Appends the tree as text, of which no copy stays on the heap. -EFBIG past the buffer's limit,
 * -ENOMEM. */
int cfs_json_print(const cJSON *tree, struct cfs_buf *ret_text);

/* Appends JSON with each unprintable character (text.h) in its strings as \uXXXX, so that it can be
 * shown on a terminal. It means the same. What cfs_buf_error says. */
int cfs_json_add_printable(struct cfs_buf *ret_text, const char *json);

/* Deletes the tree after wiping every text in it. NULL is accepted. */
void cfs_json_wipe(cJSON *tree);

/* Members by name; of a repeated name the first. NULL when it is missing or of another type, and
 * when `object` is NULL or not an object. The text belongs to the tree. */
const cJSON *cfs_json_object(const cJSON *object, const char *name);
const cJSON *cfs_json_array(const cJSON *object, const char *name);
const char *cfs_json_text(const cJSON *object, const char *name);
/* The same, but NULL for an empty text too. */
const char *cfs_json_filled(const cJSON *object, const char *name);

/* The member if it is a whole number from 0 to max. */
bool cfs_json_count(const cJSON *object, const char *name, int64_t max, int64_t *ret_count);

#endif
