/*
 * The files `info.json` and `error` of an instance, and `status` of a cloud: text made from what is
 * in memory, without an API call.
 */
#ifndef CFS_FS_TREE_STATUS_H
#define CFS_FS_TREE_STATUS_H

#include "fs/tree/node.h"

/* Each appends the file's content as it is now. 0, -ENOMEM or -EFBIG. */
int cfs_status_render_info(const struct cfs_node *node, struct cfs_buf *buf);
int cfs_status_render_error(const struct cfs_node *node, struct cfs_buf *buf);
int cfs_status_render(const struct cfs_node *node, struct cfs_buf *buf);

#endif
