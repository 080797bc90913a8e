/* SPDX-License-Identifier: MIT */
#include "fs/base/histogram.h"

const struct cfs_histogram_bounds cfs_histogram_calls = {
	.n = 11,
	.at = {{50000, "0.05"}, {100000, "0.1"}, {250000, "0.25"}, {500000, "0.5"}, {1000000, "1"},
		{2500000, "2.5"}, {5000000, "5"}, {10000000, "10"}, {20000000, "20"},
		{30000000, "30"}, {60000000, "60"}},
};

const struct cfs_histogram_bounds cfs_histogram_turns = {
	.n = 9,
	.at = {{100, "0.0001"}, {500, "0.0005"}, {1000, "0.001"}, {5000, "0.005"}, {10000, "0.01"},
		{50000, "0.05"}, {100000, "0.1"}, {500000, "0.5"}, {1000000, "1"}},
};

void cfs_histogram_add(struct cfs_histogram *histogram, int64_t us)
{
	size_t i = 0;

	if (us < 0)
		us = 0;
	while (i < histogram->bounds->n && us > histogram->bounds->at[i].us)
		i++;
	histogram->counts[i]++;
	histogram->sum_us += (uint64_t)us;
}

void cfs_histogram_merge(struct cfs_histogram *histogram, const struct cfs_histogram *other)
{
	for (size_t i = 0; i <= histogram->bounds->n; i++)
		histogram->counts[i] += other->counts[i];
	histogram->sum_us += other->sum_us;
}
