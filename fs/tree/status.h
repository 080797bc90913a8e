/*
 * Rendered files: text made from what is in memory. No API call.
 */
#ifndef CFS_RENDER_H
#define CFS_RENDER_H

#include "fs/tree/node.h"

/* Each appends the file's content as it is now. 0, -ENOMEM or -EFBIG. */
int cfs_render_info(const struct cfs_node *node, struct cfs_buf *buf);
int cfs_render_error(const struct cfs_node *node, struct cfs_buf *buf);
int cfs_render_status(const struct cfs_node *node, struct cfs_buf *buf);

#endif
