/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes the messages between libfuse and /dev/fuse, to tell the kernel that lookups and
 * readdirs of one directory may run in parallel.
 */
#ifndef CFS_FS_FUSE_DEVICE_H
#define CFS_FS_FUSE_DEVICE_H

#include "fs/fuse/mount.h"

/* Takes over the reading and writing of a mounted session whose user data is a struct cfs_mount.
 * 0 or a negative errno. */
int cfs_device_attach(struct fuse_session *session);

#endif
