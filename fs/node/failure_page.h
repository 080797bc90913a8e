/* SPDX-License-Identifier: MIT */
/*
 * The web page that is served in place of a live one when its call has failed, and says why.
 *
 * A browser that cannot open a file does not say why; so the file opens, and says it.
 */
#ifndef CFS_FS_NODE_FAILURE_PAGE_H
#define CFS_FS_NODE_FAILURE_PAGE_H

#include "fs/client/failure.h"
#include "fs/node/node.h"

/* Appends the page for a live file's node whose call failed. Errors are those of
 * cfs_buf_add. */
int cfs_failure_page(
	const struct cfs_node *node, const struct cfs_failure *failure, struct cfs_buf *buf);

#endif
