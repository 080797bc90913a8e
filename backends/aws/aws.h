/* SPDX-License-Identifier: MIT */
/*
 * The EC2 backend: screenshots and console output of Amazon EC2 instances.
 *
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/, version 2016-11-15.
 */
#ifndef CFS_BACKENDS_AWS_AWS_H
#define CFS_BACKENDS_AWS_AWS_H

#include "backends/contract/backend.h"

extern const struct cfs_backend cfs_aws_backend;

#endif
