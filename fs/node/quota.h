/* SPDX-License-Identifier: MIT */
/*
 * Shares out the memory of open files and the requests that wait for a cloud among the users of a
 * mount that others may enter (allow_other).
 *
 * All users together have CFS_QUOTA_BYTES and CFS_QUOTA_WAITING, and one of them a quarter of each: a
 * user who opens files without end is refused more, and the others are not. The mount's owner and
 * root are bounded by the whole alone. There is a row for a user only while something is counted.
 */
#ifndef CFS_FS_NODE_QUOTA_H
#define CFS_FS_NODE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/base/table.h"

#define CFS_QUOTA_BYTES (UINT64_C(512) * 1024 * 1024)
#define CFS_QUOTA_WAITING 2048
#define CFS_QUOTA_SHARES 4 /* one user has one of so many */

struct cfs_quota {
	uid_t owners[2]; /* the daemon's user, and the one that the files belong to */
	uint64_t bytes, bytes_max;
	unsigned waiting, waiting_max;
	struct cfs_table users; /* of those who have a share */
};

/* 0 or -ENOMEM. */
int cfs_quota_init(struct cfs_quota *quota, uid_t daemon, uid_t files);
/* Accepts a zeroed struct. */
void cfs_quota_finish(struct cfs_quota *quota);

/* Whether the user is bounded by a share. */
bool cfs_quota_has_share(const struct cfs_quota *quota, uid_t uid);

/* Counts bytes of memory for a user; -ENOMEM if that is too much. Giving back cannot fail. */
int cfs_quota_take(struct cfs_quota *quota, uid_t uid, uint64_t bytes);
void cfs_quota_give(struct cfs_quota *quota, uid_t uid, uint64_t bytes);

/* Whether one more request of the user may wait: 0 or -EBUSY. */
int cfs_quota_may_wait(const struct cfs_quota *quota, uid_t uid);
/* Counts one; -EBUSY if it may not wait, or -ENOMEM. */
int cfs_quota_wait(struct cfs_quota *quota, uid_t uid);
void cfs_quota_waited(struct cfs_quota *quota, uid_t uid);

#endif
