/* SPDX-License-Identifier: MIT */
/*
 * What keeps a cloud from working, and what to do about it next: the same two sentences at start, in
 * `status`, in index.html and in --check.
 */
#ifndef CFS_FS_CLOUD_TROUBLE_H
#define CFS_FS_CLOUD_TROUBLE_H

#include <stdbool.h>

#include "fs/cloud/cloud.h"

#define CFS_TROUBLE_WHAT_MAX 1024
#define CFS_TROUBLE_TODO_MAX 512

/* Each is one printable line without a full stop. */
struct cfs_trouble {
	char what[CFS_TROUBLE_WHAT_MAX];
	char todo[CFS_TROUBLE_TODO_MAX]; /* "" if there is nothing to be done */
};

/* Finds the main trouble, as far as is known now: no request is made for it. What comes first must be
 * mended first: credentials, then regions, then what the cloud said of them. False: there is none. */
bool cfs_trouble_find(const struct cfs_cloud *cloud, struct cfs_trouble *ret_trouble);

#endif
