/* SPDX-License-Identifier: MIT */
/*
 * Lookups, looks and opens of the kernel, which may have to wait for a cloud. Each function answers its
 * request, at once or later.
 */
#ifndef CFS_FS_FUSE_PENDING_H
#define CFS_FS_FUSE_PENDING_H

#include "fs/fuse/mount.h"

void cfs_pending_lookup(fuse_req_t req, struct cfs_node *directory, const char *name);
/* Whether a lookup in that directory waits. */
bool cfs_pending_looks_up(const struct cfs_mount *mount, const struct cfs_node *directory);
void cfs_pending_opendir(
	fuse_req_t req, struct cfs_node *directory, const struct fuse_file_info *fi);
/* What stat says of a still file. */
void cfs_pending_getattr(fuse_req_t req, struct cfs_node *node);
/* Opens a file that cfs_tree_may_open lets pass. */
void cfs_pending_open(fuse_req_t req, struct cfs_node *file, const struct fuse_file_info *fi);
/* Answers every request that waits with ENOTCONN, at once, cancelling what it waits for. */
void cfs_pending_abandon(struct cfs_mount *mount);

#endif
