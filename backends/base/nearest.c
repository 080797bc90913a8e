/* SPDX-License-Identifier: MIT */
#include "backends/base/nearest.h"

#include <string.h>

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The optimal string alignment distance of two texts of at most CFS_NEAREST_MAX bytes. Three rows
 * of the usual matrix are enough: a swap looks back two. */
static size_t distance_of(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][CFS_NEAREST_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		last[j] = before[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			char x = fold(a[i - 1]), y = fold(b[j - 1]);

			row[j] = smaller(smaller(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == fold(b[j - 2]) && y == fold(a[i - 2]))
				row[j] = smaller(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = oldest;
	}
	return last[b_len];
}

void cfs_nearest_init(struct cfs_nearest *nearest, const char *text, size_t len)
{
	*nearest = (struct cfs_nearest){.text = text, .len = len};
}

void cfs_nearest_offer(struct cfs_nearest *nearest, const char *word)
{
	size_t len = strlen(word), limit = (len + 1) / 3, distance;

	if (len > CFS_NEAREST_MAX || nearest->len > len + limit || nearest->len + limit < len ||
		nearest->len > CFS_NEAREST_MAX)
		return;
	distance = distance_of(nearest->text, nearest->len, word, len);
	if (distance > limit || (nearest->word && distance >= nearest->distance))
		return;
	nearest->word = word;
	nearest->distance = distance;
}

int cfs_nearest_add(const struct cfs_nearest *nearest, struct cfs_buf *buf)
{
	return nearest->word ? cfs_buf_addf(buf, " (did you mean %s?)", nearest->word) : 0;
}
