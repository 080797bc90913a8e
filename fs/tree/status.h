/* SPDX-License-Identifier: MIT */
/*
 * The files `info.json` and `error` of an instance, and `status` of a cloud: text made from what is
 * in memory, without an API call.
 */
#ifndef CFS_FS_TREE_STATUS_H
#define CFS_FS_TREE_STATUS_H

#include "fs/node/node.h"

/* Each appends the file's content as it is now. 0, -ENOMEM or -EFBIG. */
int cfs_status_render_info(const struct cfs_node *node, struct cfs_buf *buf);
int cfs_status_render_error(const struct cfs_node *node, struct cfs_buf *buf);
int cfs_status_render(const struct cfs_node *node, struct cfs_buf *buf);

/* When the listing last said something new of the instance. */
struct timespec cfs_status_info_changed(const struct cfs_node *node);
/* When the instance's last failure was; without one, when it was first known. */
struct timespec cfs_status_error_changed(const struct cfs_node *node);

#endif
