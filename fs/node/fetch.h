/* SPDX-License-Identifier: MIT */
/*
 * Fetching a live file: the API call behind an open.
 *
 * A node has at most one fetch under way. Its first open begins it; opens of the same node that
 * come meanwhile wait for it too; when the last of them gives up, the call is cancelled at once.
 */
#ifndef CFS_FS_NODE_FETCH_H
#define CFS_FS_NODE_FETCH_H

#include "fs/base/wait.h"
#include "fs/node/node.h"

/*
 * Fetches the content of a live file's node, which is opened and not filled, or joins the fetch
 * under way. 0 or -ENOMEM. After 0, fn(arg, result) follows from the loop, unless cfs_fetch_leave
 * comes before: with result 0 the node is filled; a negative errno is open's. When the call fails,
 * a live file that is a web page is filled with one that says why.
 */
int cfs_fetch(
	struct cfs_node *node, struct cfs_wait *wait, void (*fn)(void *arg, int result), void *arg);
/* One open gives up. */
void cfs_fetch_leave(struct cfs_node *node, struct cfs_wait *wait);

#endif
