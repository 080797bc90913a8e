/* SPDX-License-Identifier: MIT */
/*
 * Generating a large rendered file: some of it in each turn of the loop, so that nothing else waits
 * until it is done.
 *
 * A node is generated once for all opens that wait for it, as a live file is fetched (fetch.h).
 */
#ifndef CFS_FS_NODE_GENERATE_H
#define CFS_FS_NODE_GENERATE_H

#include "fs/base/wait.h"
#include "fs/node/node.h"

/*
 * Generates the content of a node that is opened and not filled, whose file has a generator; or
 * joins the generating under way. 1: the node is filled. 0: fn(arg, result) follows from the loop,
 * unless cfs_generate_leave comes before: with result 0 the node is filled; a negative errno is
 * open's. A negative errno: it failed at once.
 */
int cfs_generate(
	struct cfs_node *node, struct cfs_wait *wait, void (*fn)(void *arg, int result), void *arg);
/* One open gives up. The last of them ends the generating. */
void cfs_generate_leave(struct cfs_node *node, struct cfs_wait *wait);

#endif
