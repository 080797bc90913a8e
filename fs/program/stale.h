/* SPDX-License-Identifier: MIT */
/*
 * Takes away a dead mount: what a consolefs that was killed has left behind, where every access
 * fails with ENOTCONN.
 *
 * Only one of consolefs that this same user has mounted, by the kernel's own account, and whose
 * daemon is gone: no other mount is ever touched. For root it is that very mount, whatever happens
 * to the path meanwhile; others need fusermount3, which takes a path, and starts of one mount point
 * wait for each other.
 */
#ifndef CFS_FS_PROGRAM_STALE_H
#define CFS_FS_PROGRAM_STALE_H

/* 0: it has been taken away. -ENOTCONN: it is not such a mount, or could not be taken away. -ENOMEM.
 */
int cfs_stale_remove(const char *path);

#endif
