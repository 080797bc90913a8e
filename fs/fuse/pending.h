/*
 * Requests that may have to wait for a cloud. Each function answers, at once or later.
 */
#ifndef CFS_FS_FUSE_PENDING_H
#define CFS_FS_FUSE_PENDING_H

#include "fs/fuse/mount.h"

/* Looks up a name of at most NAME_MAX bytes in a directory of cfs_pending_opendir's kinds. */
void cfs_pending_lookup(fuse_req_t req, struct cfs_node *directory, const char *name);
/* Opens a directory that shows what is listed: a cloud, by-name, by-region or a region in it. */
void cfs_pending_opendir(fuse_req_t req, struct cfs_node *node, const struct fuse_file_info *fi);
/* Opens a live file. */
void cfs_pending_open(fuse_req_t req, struct cfs_node *node, const struct fuse_file_info *fi);
/* Answers every request that waits with ENOTCONN, at once, cancelling what it waits for. */
void cfs_pending_abandon(struct cfs_mount *mount);

#endif
