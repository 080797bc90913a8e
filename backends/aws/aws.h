/*
 * The EC2 backend: screenshots and console output of Amazon EC2 instances.
 *
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/, version 2016-11-15.
 */
#ifndef CFS_BACKENDS_AWS_AWS_H
#define CFS_BACKENDS_AWS_AWS_H

#include "backends/contract/backend.h"

/* Rows of the table of live files. */
enum cfs_aws_live { CFS_AWS_LIVE_SCREENSHOT, CFS_AWS_LIVE_LOG, CFS_AWS_N_LIVE };

extern const struct cfs_live cfs_aws_live[CFS_AWS_N_LIVE];

extern const struct cfs_backend cfs_aws_backend;

#endif
