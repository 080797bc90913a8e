/*
 * The live files of an EC2 instance: its screenshot and its console log.
 */
#ifndef CFS_BACKENDS_AWS_EC2_LIVE_H
#define CFS_BACKENDS_AWS_EC2_LIVE_H

#include "backends/contract/backend.h"

/* Rows of the table of live files. */
enum cfs_aws_live { CFS_AWS_LIVE_SCREENSHOT, CFS_AWS_LIVE_LOG, CFS_AWS_N_LIVE };

extern const struct cfs_live cfs_aws_live[CFS_AWS_N_LIVE];

#endif
