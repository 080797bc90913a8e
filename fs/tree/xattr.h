/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes: where the bytes of an open live file came from.
 *
 * They belong to the snapshot, so a node has them while it is open: for fgetxattr(2), or by the
 * path of the descriptor in /proc/self/fd. The path of the file in the mount leads to a fresh node,
 * which has none; but that of a still file to the one that is held.
 *
 *     user.consolefs.fetched      when, as in RFC 3339, UTC
 *     user.consolefs.region       the region that was asked
 *     user.consolefs.request_id   the cloud's own number of the request, if it gave one
 *     user.consolefs.woken        1 if the display was woken for it, else 0
 */
#ifndef CFS_FS_TREE_XATTR_H
#define CFS_FS_TREE_XATTR_H

#include "fs/node/node.h"

#define CFS_XATTRS_MAX 4096 /* bytes of a value, and of all names together */

/* Appends the value. -ENODATA: there is no such attribute. -EOPNOTSUPP: there can be none, as its
 * name does not begin with "user." (security.capability, ...); programs then stop asking about the
 * other files here. -ENOMEM. */
int cfs_xattr_get(const struct cfs_node *node, const char *name, struct cfs_buf *buf);
/* Appends the names, each with its NUL. -ENOMEM. */
int cfs_xattr_list(const struct cfs_node *node, struct cfs_buf *buf);

#endif
