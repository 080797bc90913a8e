/* SPDX-License-Identifier: MIT */
/*
 * Checks before a mount is tried that it can succeed, so that the user reads what is wrong and what
 * to do.
 */
#ifndef CFS_FS_PROGRAM_MOUNTPOINT_H
#define CFS_FS_PROGRAM_MOUNTPOINT_H

#include "backends/base/buf.h"

/* 0 and the mount point's absolute path, the caller's to free; a negative errno with a sentence in
 * why. */
int cfs_mountpoint_check(const char *path, char **ret_path, struct cfs_buf *why);
/* The same for a mount that another process has made and left to this one: its /dev/fuse is the
 * descriptor fd. *ret_path is /dev/fd/N, as libfuse knows it. */
int cfs_mountpoint_check_handed(int fd, char **ret_path, struct cfs_buf *why);

#endif
