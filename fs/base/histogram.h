/*
 * Histograms of durations, in buckets that are fixed beforehand.
 */
#ifndef CFS_FS_BASE_HISTOGRAM_H
#define CFS_FS_BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define CFS_HISTOGRAM_MAX 12 /* buckets, the one without an upper bound not counted */

/* Upper bounds of buckets, in ascending order. */
struct cfs_histogram_bounds {
	size_t n;
	struct {
		int64_t us;       /* microseconds */
		const char *text; /* the same in seconds */
	} at[CFS_HISTOGRAM_MAX];
};

/* Of API calls: 50 ms to 1 min. Of turns of the loop: 0.1 ms to 1 s. */
extern const struct cfs_histogram_bounds cfs_histogram_calls;
extern const struct cfs_histogram_bounds cfs_histogram_turns;

/* A value: copied by assignment. Zeroed at first, but for the bounds. */
struct cfs_histogram {
	const struct cfs_histogram_bounds *bounds;
	/* By bucket, what is in no smaller one; the last has what is beyond all bounds. */
	uint64_t counts[CFS_HISTOGRAM_MAX + 1];
	uint64_t sum_us;
};

/* Counts a duration. One below 0 counts as 0. */
void cfs_histogram_add(struct cfs_histogram *histogram, int64_t us);
/* Adds another's counts, which is of the same bounds. */
void cfs_histogram_merge(struct cfs_histogram *histogram, const struct cfs_histogram *other);

#endif
