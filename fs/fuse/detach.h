/*
 * Detached: taken out of the tree of files while in use, as by `fusermount3 -uz` or `umount -l`.
 *
 * The kernel tells a filesystem of its end, but not of this: whoever is in it may stay. Nobody
 * shall have to stay for a call that hangs, though, so it is found out here.
 */
#ifndef CFS_FS_FUSE_DETACH_H
#define CFS_FS_FUSE_DETACH_H

#include <stdbool.h>

#include "fs/base/loop.h"

#define CFS_DETACH_DEVICE_MAX 24 /* bytes of its two numbers */

struct cfs_detach {
	struct cfs_watch watch;
	int fd;
	char device[CFS_DETACH_DEVICE_MAX];
};

/*
 * What is mounted on top at mountpoint, an absolute path without links, is looked after: fn(arg) is
 * called whenever mounts of any kind have changed. 0 or a negative errno: it cannot be told,
 * -ENOENT if nothing is mounted there.
 */
int cfs_detach_start(struct cfs_detach *detach, struct cfs_loop *loop, const char *mountpoint,
	void (*fn)(void *arg), void *arg);
/* Whether it is mounted nowhere any more, as far as this process can see. Reads the list of all
 * mounts. */
bool cfs_detach_happened(const struct cfs_detach *detach);
/* Nothing happens to one that was not started, if it is zeroed. */
void cfs_detach_stop(struct cfs_detach *detach);

#endif
