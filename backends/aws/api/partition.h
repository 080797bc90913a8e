/* SPDX-License-Identifier: MIT */
/*
 * Partitions: the clouds of AWS that share no accounts, no credentials and no domain.
 *
 * Source: partitions.json of botocore, "AWS partitions" in the general reference; for the consoles,
 * the endpoint rules of the sign-in service in botocore.
 */
#ifndef CFS_BACKENDS_AWS_API_PARTITION_H
#define CFS_BACKENDS_AWS_API_PARTITION_H

#include <stdbool.h>

struct cfs_aws_partition {
	const char *name;        /* as in an ARN: "aws-cn" */
	const char *prefix;      /* of its regions' names */
	const char *suffix;      /* of its host names */
	const char *dual_suffix; /* of those that have IPv6 as well */
	const char *console;     /* the domain of its console, where people sign in */
	const char *region;      /* where to ask when no region is known */
	bool plain_fips;         /* its endpoints are FIPS ones, and have no name of their own */
};

/* Names of regions, NULL-terminated. No list of them is complete: there are always new ones. */
extern const char *const cfs_aws_partition_regions[];

/* The partition of a region. One that no partition claims is taken for the commercial cloud's. */
const struct cfs_aws_partition *cfs_aws_partition_of_region(const char *region);
/* The partition of an ARN, NULL when that is none, or of an unknown one. */
const struct cfs_aws_partition *cfs_aws_partition_of_arn(const char *arn);

#endif
