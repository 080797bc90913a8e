/* SPDX-License-Identifier: MIT */
/*
 * Commas in the settings of clouds, as people write them: `-o aws.regions=us-east-1,us-west-2`.
 *
 * For libfuse a comma ends an option, unless a backslash stands before it. Here a setting that is a
 * list gets back what follows it: each piece without a '=' that is neither a mount option nor
 * SECTION.KEY. Double quotes may stand around a comma too, `aws.filter="tag:env=prod,dev"`: mount(8)
 * knows those, and no backslash. What may be one or the other is refused, with what to write.
 */
#ifndef CFS_FS_PROGRAM_COMMAS_H
#define CFS_FS_PROGRAM_COMMAS_H

#define FUSE_USE_VERSION 314
#include <fuse_opt.h>
#include <stdbool.h>

#include "backends/base/buf.h"
#include "backends/base/nearest.h"

/* Whether a piece, "name" or "name=value", is a mount option. If it is not, all that are one are
 * offered to nearest (or NULL). */
typedef bool cfs_commas_is_option(const char *piece, struct cfs_nearest *nearest);

/* Copies the command line, the options in it so written that libfuse splits them rightly. The caller
 * frees *ret_args. -EINVAL with a sentence in why, -ENOMEM. */
int cfs_commas_settle(int argc, char **argv, cfs_commas_is_option *is_option,
	struct fuse_args *ret_args, struct cfs_buf *why);

#endif
