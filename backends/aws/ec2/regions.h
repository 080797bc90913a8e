/*
 * Reads the answer of DescribeRegions.
 */
#ifndef CFS_BACKENDS_AWS_EC2_REGIONS_H
#define CFS_BACKENDS_AWS_EC2_REGIONS_H

#include <stdbool.h>

#include "backends/aws/api/grammar.h"
#include "backends/contract/backend.h"

/* To be treated as opaque. Owns nothing. */
struct cfs_aws_regions {
	struct cfs_sink *sink;
	char name[CFS_REGION_MAX]; /* of the region under way, "" for one that is no name */
	bool out;                  /* the account may not use it */
	unsigned n;
};

/* The sink is borrowed for as long as the reader is used. */
void cfs_aws_regions_init(struct cfs_aws_regions *regions, struct cfs_sink *sink);

void cfs_aws_regions_begin(struct cfs_aws_regions *regions, enum cfs_aws_place place);
/* An element ends; with this text if it is a leaf. 0, or what the sink returned. */
int cfs_aws_regions_end(
	struct cfs_aws_regions *regions, enum cfs_aws_place place, const char *text);

/* The whole document has been read: what is wrong with it, CFS_OK for nothing. */
void cfs_aws_regions_judge(const struct cfs_aws_regions *regions, struct cfs_error *ret_error);

#endif
