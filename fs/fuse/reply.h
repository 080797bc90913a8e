/* SPDX-License-Identifier: MIT */
/*
 * Answers to the kernel: the only file that calls fuse_reply_*. Each function answers its request,
 * once, and the request is gone afterwards.
 */
#ifndef CFS_FS_FUSE_REPLY_H
#define CFS_FS_FUSE_REPLY_H

#include "fs/fuse/mount.h"

/* The mount that the request is for. */
struct cfs_mount *cfs_reply_mount(fuse_req_t req);

/* A negative errno, or 0 where success needs no more. */
void cfs_reply_result(fuse_req_t req, int r);
/* A lookup's node. The lookup is counted in it, and forgotten if the kernel does not take the
 * answer. */
void cfs_reply_entry(fuse_req_t req, struct cfs_node *node);
/* Fills in what the kernel is told of a node that was looked up. 0 or a negative errno. */
int cfs_reply_describe(
	fuse_req_t req, const struct cfs_node *node, struct fuse_entry_param *ret_entry);
/* Names of a directory, some with nodes, as fuse_add_direntry_plus writes them. The nodes' lookups are
 * counted, and forgotten if the kernel does not take the answer. */
void cfs_reply_entries(fuse_req_t req, const char *entries, size_t len);
void cfs_reply_attr(fuse_req_t req, const struct cfs_node *node);
/* An open of a file, which is counted in its node and as the user's whom fi->fh names, and released
 * if the kernel does not take the answer. */
void cfs_reply_open(fuse_req_t req, struct cfs_node *node, struct fuse_file_info *fi);
/* An open of a directory. The dirlist is destroyed if the kernel does not take the answer. */
void cfs_reply_opendir(fuse_req_t req, struct cfs_dirlist *dirlist, struct fuse_file_info *fi);
void cfs_reply_bytes(fuse_req_t req, const char *bytes, size_t len);
/* An extended attribute's value, or the list of their names, for a caller with room for `size`
 * bytes. 0: the caller asks how many there are. */
void cfs_reply_xattr(fuse_req_t req, const struct cfs_buf *value, size_t size);
/* Where a symbolic link leads. */
void cfs_reply_target(fuse_req_t req, const char *target);
void cfs_reply_written(fuse_req_t req, size_t len);
void cfs_reply_none(fuse_req_t req);

#endif
