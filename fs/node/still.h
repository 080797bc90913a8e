/* SPDX-License-Identifier: MIT */
/*
 * Still files: live files whose snapshot is held, so that what stat says before the open is exact.
 *
 * bsdtar, cpio, tarfile, git, curl -F and every filesystem above another trust the size that stat
 * gives. In a still tree (CLOUD/.still; with -o still all of it) a live file is therefore fetched
 * when it is first looked at, and everybody who looks at it or opens it then is given that snapshot:
 *
 *   - for still_ttl after it was fetched, once it has been opened;
 *   - for CFS_STILL_UNOPENED times as long while nobody has: tar and rsync look at a whole tree
 *     before they open the first file;
 *   - as long as somebody has it open. A mapping counts as an open: it has the file open;
 *   - and CFS_STILL_LOOK_MS after a look: whoever was told a size is to find it when it opens. Only
 *     an open by the thread that looked ends that time. A thread that looks for several, as that of a
 *     filesystem above may do, counts as one: for them a size is exact only until still_ttl ends.
 *
 * After that it is wiped, and the next look fetches. A write to the instance's `wake` makes the next
 * look fetch too. A failure is what every look returns for CFS_STILL_FAILURE_MS.
 *
 * However many look at once, there is one call; it is cancelled when the last of them gives up.
 * What is held has at most still_max bytes: beyond that the oldest go, except those that are open.
 * One that went between a look and the open is fetched again by the open.
 *
 * What is held is an ordinary open file: the node has one lookup and one open more than the kernel
 * knows of, so neither its number nor its snapshot goes when the kernel forgets it. The kernel's own
 * pages need no care here. It drops those of a file at every open, unless it is told to keep them;
 * so they can only be of the snapshot that is open, and that is never replaced.
 */
#ifndef CFS_FS_NODE_STILL_H
#define CFS_FS_NODE_STILL_H

#include "fs/base/wait.h"
#include "fs/cloud/config.h"
#include "fs/node/node.h"

#define CFS_STILL_UNOPENED 10     /* times still_ttl */
#define CFS_STILL_LOOK_MS 1000    /* or a twentieth of still_ttl, if that is shorter */
#define CFS_STILL_LOOKERS 8       /* threads that are told apart */
#define CFS_STILL_FAILURE_MS 5000 /* for which a failure is not tried again */

struct cfs_loop;

/* All that is held in one mount. It costs nothing until a still file is looked at. */
struct cfs_still {
	struct cfs_loop *loop;
	const struct cfs_mount_config *config; /* may change at any time */
	struct cfs_held *first, *last;         /* the oldest first */
	uint64_t bytes;
};

/* loop and config are borrowed. */
void cfs_still_init(
	struct cfs_still *still, struct cfs_loop *loop, const struct cfs_mount_config *config);
/* Lets go of everything. Nobody may wait. Accepts a zeroed struct. */
void cfs_still_finish(struct cfs_still *still);

/* Lets go of what is of clouds that are no longer configured, so that these go. */
void cfs_still_let_go_retired(struct cfs_still *still);

/*
 * Looks at a still file (cfs_node_is_still), which nobody forgets meanwhile. 1: the node is filled.
 * 0: it is being fetched, and fn(arg, result) follows from the loop, unless cfs_still_leave comes
 * before: with result 0 the node is filled; a negative errno is stat's or open's. A negative errno:
 * it could not be fetched, or there is no memory.
 */
int cfs_still_look(
	struct cfs_node *node, struct cfs_wait *wait, void (*fn)(void *arg, int result), void *arg);
/* One look gives up. */
void cfs_still_leave(struct cfs_node *node, struct cfs_wait *wait);
/* A still file that is filled has been opened: from now on it is held for still_ttl only. */
void cfs_still_opened(struct cfs_node *node);

#endif
