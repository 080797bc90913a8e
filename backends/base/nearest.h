/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean regions?": finds the word that a mistyped one was probably meant to be.
 *
 * The words are offered one by one, from whatever table holds them; the nearest is kept. Nearness
 * is an edit distance (optimal string alignment: a letter inserted, left out, replaced, or swapped
 * with its neighbour counts 1) that overlooks the case of ASCII letters. At most a third of the
 * word may differ, so that no far-fetched word is suggested.
 */
#ifndef CFS_BACKENDS_BASE_NEAREST_H
#define CFS_BACKENDS_BASE_NEAREST_H

#include <stddef.h>

#include "backends/base/buf.h"

/* Bytes of a word. A longer one is near to nothing: the cost of comparing is bounded. */
#define CFS_NEAREST_MAX 64

struct cfs_nearest {
	const char *text; /* as it was typed; borrowed, not NUL-terminated */
	size_t len;
	const char *word; /* the nearest so far, borrowed; NULL: none is near */
	size_t distance;  /* of that word */
};

void cfs_nearest_init(struct cfs_nearest *nearest, const char *text, size_t len);
/* Considers a word. Of two that are equally near the first is kept. */
void cfs_nearest_offer(struct cfs_nearest *nearest, const char *word);
/* Appends " (did you mean WORD?)", or nothing if no word is near. Errors are those of cfs_buf_add. */
int cfs_nearest_add(const struct cfs_nearest *nearest, struct cfs_buf *buf);

#endif
