/* SPDX-License-Identifier: MIT */
/*
 * Reads the answer of DescribeRegions: gives each region that the account may use to a sink.
 */
#ifndef CFS_BACKENDS_AWS_EC2_REGIONS_H
#define CFS_BACKENDS_AWS_EC2_REGIONS_H

#include <stdbool.h>

#include "backends/aws/api/grammar.h"
#include "backends/contract/backend.h"

/* Private to regions.c. Owns nothing. */
struct cfs_aws_regions {
	struct cfs_sink *sink;
	char name[CFS_REGION_MAX]; /* of the current region, "" if it is not a valid name */
	bool out;                  /* the account has not opted in to it */
	unsigned n;
};

/* Borrows the sink for as long as the reader is used. */
void cfs_aws_regions_init(struct cfs_aws_regions *regions, struct cfs_sink *sink);

void cfs_aws_regions_begin(struct cfs_aws_regions *regions, enum cfs_aws_place place);
/* An element ends. If it is a leaf, this is its text. 0, or what the sink returned. */
int cfs_aws_regions_end(
	struct cfs_aws_regions *regions, enum cfs_aws_place place, const char *text);

/* The document has ended: what is wrong with it, CFS_OK for nothing. */
void cfs_aws_regions_judge(const struct cfs_aws_regions *regions, struct cfs_error *ret_error);

#endif
