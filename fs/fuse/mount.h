/* SPDX-License-Identifier: MIT */
/*
 * What every FUSE request works on. Data alone; FUSE's own header is included here.
 */
#ifndef CFS_FS_FUSE_MOUNT_H
#define CFS_FS_FUSE_MOUNT_H

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include "fs/client/runtime.h"
#include "fs/cloud/config.h"
#include "fs/node/node.h"
#include "fs/node/quota.h"
#include "fs/node/still.h"
#include "fs/tree/layout.h"

struct cfs_dirlist;
struct cfs_request;

/* The user data of the FUSE session. */
struct cfs_mount {
	const struct cfs_runtime *runtime;
	const struct cfs_mount_config *config; /* may change at any time */
	struct cfs_ownership ownership;
	struct cfs_nodes *nodes;
	struct cfs_still still;
	struct cfs_quota quota;
	struct cfs_request *requests; /* that wait */
	struct cfs_dirlist *dirlists; /* of directories that are open */
	void (*ready)(void *arg);     /* called at FUSE_INIT */
	void *ready_arg;
	bool parallel; /* the kernel can send lookups of one directory in parallel */
	bool answered; /* FUSE_INIT, with the first message written (device.c) */
};

#endif
