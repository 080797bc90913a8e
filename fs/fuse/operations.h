/*
 * FUSE operations, and the mount they work on. Most are answered at once; those that may wait for a
 * cloud are in waiting.c.
 */
#ifndef CFS_FS_FUSE_OPERATIONS_H
#define CFS_FS_FUSE_OPERATIONS_H

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include "fs/cloud/clouds.h"
#include "fs/cloud/guests.h"
#include "fs/tree/layout.h"
#include "fs/tree/node.h"

struct cfs_dirlist;
struct cfs_request;

/* What the operations work on; the session's user data. */
struct cfs_mount {
	const struct cfs_runtime *runtime;
	const struct cfs_clouds *clouds;
	const struct cfs_guests *guests; /* whose opens of live files are refused */
	struct cfs_ownership ownership;
	struct cfs_nodes *nodes;
	struct cfs_request *requests; /* that wait for a cloud */
	struct cfs_dirlist *dirlists; /* of directories that are open */
	void (*ready)(void *arg);     /* called at FUSE_INIT */
	void *ready_arg;
	bool parallel; /* the kernel can have several lookups of one directory under way */
	bool answered; /* FUSE_INIT has been, by the first message of all (device.c) */
};

extern const struct fuse_lowlevel_ops cfs_operations;

/* Answers every request that waits with ENOTCONN, at once, cancelling what it waits for, and lets
 * go of what is open. */
void cfs_operations_abandon(struct cfs_mount *mount);

#endif
