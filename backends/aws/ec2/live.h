/* SPDX-License-Identifier: MIT */
/*
 * The live files of an EC2 instance: a screenshot and the console log.
 */
#ifndef CFS_BACKENDS_AWS_EC2_LIVE_H
#define CFS_BACKENDS_AWS_EC2_LIVE_H

#include "backends/contract/backend.h"

/* Rows of the table of live files. */
enum cfs_aws_live { CFS_AWS_LIVE_SCREENSHOT, CFS_AWS_LIVE_LOG, CFS_AWS_N_LIVE };

extern const struct cfs_live cfs_aws_live[CFS_AWS_N_LIVE];

/*
 * Which live files an instance has, as bits of CFS_AWS_LIVE_*. EC2 makes screenshots only of running
 * and stopping instances, and of none whose type is *.metal or whose processor is Arm. It has console
 * output of an instance from its first start until it is terminated.
 */
uint32_t cfs_aws_live_offers(
	enum cfs_power power, const char *state, const char *type, const char *architecture);

#endif
