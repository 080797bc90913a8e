/*
 * Extended attributes: where the bytes of an open live file came from.
 *
 * They belong to the snapshot, so an inode has them while it is open: fgetxattr(2), or by the path
 * of the descriptor in /proc/self/fd. By its path in the mount a file is a fresh node, without any.
 *
 *     user.consolefs.fetched      when, as in RFC 3339, UTC
 *     user.consolefs.region       the region that was asked
 *     user.consolefs.request_id   the cloud's own number of the request, if it gave one
 *     user.consolefs.woken        1 if the display was woken for it, else 0
 */
#ifndef CFS_FS_TREE_XATTR_H
#define CFS_FS_TREE_XATTR_H

#include "fs/tree/node.h"

#define CFS_XATTRS_MAX 4096 /* bytes of a value, and of all names together */

/* Appends the value. -ENODATA: there is no such attribute. -EOPNOTSUPP: nor will there ever be, as
 * it is no user's (security.capability, ...): programs take that for an answer about every file
 * here, and ask no more. -ENOMEM. */
int cfs_xattr_get(const struct cfs_node *node, const char *name, struct cfs_buf *buf);
/* Appends the names, each with its NUL. -ENOMEM. */
int cfs_xattr_list(const struct cfs_node *node, struct cfs_buf *buf);

#endif
