/* SPDX-License-Identifier: MIT */
/*
 * Gets files of the tree without a mount, for containers and machines that have no /dev/fuse:
 * `consolefs --get PATH...` and `consolefs --list PATH...`.
 *
 * A path is that of a mount, from its top: aws/i-0abc/screenshot.jpg. Its parts may be patterns as a
 * shell's (glob(7)), which match the names that a directory shows. Several files are got at once, as
 * fast as the rates of the clouds allow.
 */
#ifndef CFS_FS_GET_GET_H
#define CFS_FS_GET_GET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "fs/cloud/clouds.h"
#include "fs/cloud/config.h"

struct cfs_get_request {
	char *const *paths;
	size_t n_paths;
	const char *into; /* the directory below which each file is put at its path; NULL: all go to
			     stdout, in the order of the paths */
	mode_t umask;     /* of files and directories that are made */
	bool list;        /* print the paths that directories show, and get nothing */
	bool wake;        /* the screenshots wake their displays */
};

/*
 * Runs the loop until all is done. What cannot be had is told on stderr, one line each. 1: there was
 * nothing to tell; 0: there was; -EINTR: the loop was stopped; -EPIPE: nobody reads stdout any more;
 * or why stdout, or the directory, cannot be written.
 */
int cfs_get(const struct cfs_runtime *runtime, const struct cfs_clouds *clouds,
	const struct cfs_mount_config *config, const struct cfs_get_request *request);

#endif
