/* SPDX-License-Identifier: MIT */
/*
 * Histograms: count durations in fixed buckets, as Prometheus expects them.
 */
#ifndef CFS_FS_BASE_HISTOGRAM_H
#define CFS_FS_BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define CFS_HISTOGRAM_MAX 12 /* buckets, not counting the last, which has no upper bound */

/* Upper bounds of buckets, in ascending order. */
struct cfs_histogram_bounds {
	size_t n;
	struct {
		int64_t us;       /* microseconds */
		const char *text; /* the same in seconds */
	} at[CFS_HISTOGRAM_MAX];
};

/* For API calls: 50 ms to 1 min. For turns of the event loop: 0.1 ms to 1 s. */
extern const struct cfs_histogram_bounds cfs_histogram_calls;
extern const struct cfs_histogram_bounds cfs_histogram_turns;

/* Initialise with the bounds and zeroes. May be copied by assignment. */
struct cfs_histogram {
	const struct cfs_histogram_bounds *bounds;
	/* Durations in each bucket and no smaller one; the last counts those above all bounds. */
	uint64_t counts[CFS_HISTOGRAM_MAX + 1];
	uint64_t sum_us;
};

/* Counts a duration. A negative one counts as 0. */
void cfs_histogram_add(struct cfs_histogram *histogram, int64_t us);
/* Adds the counts of another histogram, which must have the same bounds. */
void cfs_histogram_merge(struct cfs_histogram *histogram, const struct cfs_histogram *other);

#endif
