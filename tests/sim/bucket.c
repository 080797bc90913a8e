/* SPDX-License-Identifier: MIT */
#include "bucket.h"

#include <string.h>

static const struct rate {
	enum sim_cloud cloud;
	const char *action;
	bool plain;
	double burst;
	double per_second;
} rates[] = {
	{SIM_AWS, "DescribeInstances", true, 50, 10},
	{SIM_AWS, "DescribeInstances", false, 100, 20},
	{SIM_AWS, "DescribeRegions", false, 100, 20},
	{SIM_AWS, "GetConsoleScreenshot", false, 100, 20},
	{SIM_AWS, "GetConsoleOutput", false, 100, 20},
	{SIM_TENCENT, "DescribeInstances", false, 40, 40},
	{SIM_TENCENT, "DescribeRegions", false, 20, 20},
	{SIM_TENCENT, "DescribeInstanceVncUrl", false, 10, 10},
};

_Static_assert(sizeof(rates) / sizeof(rates[0]) == SIM_BUCKET_ROWS, "one cell per row");

bool sim_bucket_take(struct sim_buckets *buckets, enum sim_cloud cloud, unsigned region,
	const char *action, bool plain, int64_t now_ms)
{
	if (buckets->scale <= 0 || region >= SIM_REGIONS_MAX)
		return true;
	for (size_t row = 0; row < SIM_BUCKET_ROWS; row++) {
		const struct rate *rate = &rates[row];
		if (rate->cloud != cloud || rate->plain != plain ||
			strcmp(rate->action, action) != 0)
			continue;
		struct sim_bucket *bucket = &buckets->cells[row][region];
		double burst = rate->burst * buckets->scale;
		if (burst < 1)
			burst = 1;
		if (bucket->filled_ms == 0)
			bucket->tokens = burst;
		else
			bucket->tokens += (double)(now_ms - bucket->filled_ms) / 1000 *
				rate->per_second * buckets->scale;
		if (bucket->tokens > burst)
			bucket->tokens = burst;
		bucket->filled_ms = now_ms;
		if (bucket->tokens < 1)
			return false;
		bucket->tokens -= 1;
		return true;
	}
	return true;
}
