/*
 * The FUSE operations. Most are answered at once; those that may wait for a cloud are in pending.c.
 */
#ifndef CFS_FS_FUSE_OPERATIONS_H
#define CFS_FS_FUSE_OPERATIONS_H

#include "fs/fuse/mount.h"

extern const struct fuse_lowlevel_ops cfs_operations;

/* Answers every request that waits with ENOTCONN, at once, cancelling what it waits for, and lets
 * go of what is open. */
void cfs_operations_abandon(struct cfs_mount *mount);

#endif
