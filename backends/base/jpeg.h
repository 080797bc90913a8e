/* SPDX-License-Identifier: MIT */
/*
 * Tells whether bytes are a whole JPEG picture, without decoding it: its structure from the first
 * marker to the last, a frame with a size, and data. What a decoder would make of the data is not
 * looked at. The source is ITU-T T.81, annex B.
 */
#ifndef CFS_BACKENDS_BASE_JPEG_H
#define CFS_BACKENDS_BASE_JPEG_H

#include <stddef.h>

#define CFS_JPEG_COMPONENTS_MAX 4 /* of a picture: as many as CMYK has */

/* NULL if it is one, otherwise what is wrong with it, to follow "it" ("it has no size"). Bytes after
 * the end of the picture are allowed, as every viewer ignores them. */
const char *cfs_jpeg_check(const char *bytes, size_t len);

#endif
