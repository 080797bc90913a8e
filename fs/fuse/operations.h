/* SPDX-License-Identifier: MIT */
/*
 * The FUSE operations: each takes a request of the kernel to the tree. Lookups and opens, which may
 * have to wait for a cloud, go by way of pending.h.
 */
#ifndef CFS_FS_FUSE_OPERATIONS_H
#define CFS_FS_FUSE_OPERATIONS_H

#include "fs/fuse/mount.h"

extern const struct fuse_lowlevel_ops cfs_operations;

/* Answers every request that waits with ENOTCONN, at once, cancelling what it waits for, and closes
 * the directories that are open. */
void cfs_operations_abandon(struct cfs_mount *mount);

#endif
