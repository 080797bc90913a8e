/* SPDX-License-Identifier: MIT */
/*
 * The documented request rates: one token bucket per cloud, region and action.
 *
 * EC2: 100 tokens and 20/s, 50 and 10/s for a DescribeInstances without page or filter.
 * CVM: DescribeInstances 40/s, DescribeInstanceVncUrl 10/s, DescribeRegions 20/s.
 */
#ifndef SIM_BUCKET_H
#define SIM_BUCKET_H

#include "fleet.h"

#include <stdbool.h>
#include <stdint.h>

#define SIM_BUCKET_ROWS 8

struct sim_bucket {
	double tokens;
	int64_t filled_ms; /* 0: never used, so full */
};

struct sim_buckets {
	double scale; /* of every rate; 0: no limit */
	struct sim_bucket cells[SIM_BUCKET_ROWS][SIM_REGIONS_MAX];
};

/* Takes a token. plain: an unpaginated and unfiltered listing, where EC2 is stricter. */
bool sim_bucket_take(struct sim_buckets *buckets, enum sim_cloud cloud, unsigned region,
	const char *action, bool plain, int64_t now_ms);

#endif
