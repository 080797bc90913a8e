/*
 * The page that stands where a live page was asked for and the cloud refused.
 *
 * A browser that cannot open a file says nothing of why; so the file opens, and says it.
 */
#ifndef CFS_FS_TREE_FAILURE_PAGE_H
#define CFS_FS_TREE_FAILURE_PAGE_H

#include "fs/client/failure.h"
#include "fs/tree/node.h"

/* Appends the page that says why the call behind a live file's node failed. Errors are those of
 * cfs_buf_add. */
int cfs_failure_page(
	const struct cfs_node *node, const struct cfs_failure *failure, struct cfs_buf *buf);

#endif
