/* SPDX-License-Identifier: MIT */
/*
 * The mounted filesystem: a FUSE session, the clouds, and the requests that wait for them.
 */
#ifndef CFS_FS_FUSE_SESSION_H
#define CFS_FS_FUSE_SESSION_H

#include "fs/cloud/clouds.h"
#include "fs/cloud/config.h"
#include "fs/tree/layout.h"

struct fuse_args;
struct cfs_session;

/* Whether libfuse knows all mount options, before anything else is done. 0, -EINVAL, -ENOMEM. */
int cfs_session_check_options(const struct fuse_args *args);

/*
 * runtime, which has a current_caller, clouds and config are borrowed for the session's life. With
 * `still` all of the tree is still. args
 * holds the mount options for libfuse. `ready` is called once, when the kernel has completed the
 * mount and it can be used. 0 or a negative errno.
 */
int cfs_session_create(const struct cfs_runtime *runtime, const struct cfs_clouds *clouds,
	const struct cfs_mount_config *config, const struct cfs_ownership *ownership, bool still,
	struct fuse_args *args, void (*ready)(void *arg), void *arg,
	struct cfs_session **ret_session);
/* The clouds have been configured again. */
void cfs_session_configured(struct cfs_session *session);
/* Answers every request that waits, at once, and unmounts. */
void cfs_session_destroy(struct cfs_session *session);

/*
 * Mounts, and starts to answer requests from the loop, which is stopped when the filesystem has been
 * unmounted. Handed is a mount that another process has made: the mount point is /dev/fd/N, its
 * /dev/fuse, and it is not unmounted in the end, as that takes rights that this process need not
 * have. A negative errno, after libfuse has printed why on stderr, or -EPERM after a line in the log:
 * anybody could do anything in the mount.
 */
int cfs_session_mount(struct cfs_session *session, const char *mountpoint, bool handed);

#endif
