/*
 * The way of messages between libfuse and /dev/fuse.
 */
#ifndef CFS_FS_FUSE_DEVICE_H
#define CFS_FS_FUSE_DEVICE_H

#include "fs/fuse/mount.h"

/*
 * Takes over the reading and writing of a mounted session whose user data is a struct cfs_mount, to
 * tell the kernel what libfuse before 3.17 keeps to itself: that lookups and readdirs of one
 * directory may be under way together (FUSE_PARALLEL_DIROPS). 0 or a negative errno.
 */
int cfs_device_attach(struct fuse_session *session);

#endif
