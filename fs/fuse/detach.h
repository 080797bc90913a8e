/* SPDX-License-Identifier: MIT */
/*
 * Notices a lazy unmount: `fusermount3 -uz` or `umount -l`, which detach a mount that is in use.
 *
 * The kernel tells a filesystem when its mount has ended, but a mount that is detached lasts until
 * the last file in it is closed. An open that waits for a cloud would keep it for long, so
 * detaching is found out here.
 */
#ifndef CFS_FS_FUSE_DETACH_H
#define CFS_FS_FUSE_DETACH_H

#include <stdbool.h>

#include "fs/base/loop.h"
#include "fs/fuse/mountinfo.h"

struct cfs_detach {
	struct cfs_watch watch;
	int fd;
	char device[CFS_MOUNTINFO_DEVICE_MAX];
};

/*
 * Watches the mount that the open /dev/fuse serves, which is the topmost one at mountpoint, an
 * absolute path without links, or NULL: not known. fn(arg) is called whenever any mount of the
 * system has changed. 0 or a negative errno; -ENOENT if it cannot be told which mount that is.
 */
int cfs_detach_start(struct cfs_detach *detach, struct cfs_loop *loop, int fuse_fd,
	const char *mountpoint, void (*fn)(void *arg), void *arg);
/* What the mount lacks that another process has made, see cfs_mountinfo_check. NULL: nothing, or it is
 * not known. */
const char *cfs_detach_missing(const struct cfs_detach *detach);
/* Whether the mount is gone from the list of mounts that this process can see. Reads that list. */
bool cfs_detach_happened(const struct cfs_detach *detach);
/* Accepts one that is zeroed and was never started. */
void cfs_detach_stop(struct cfs_detach *detach);

#endif
