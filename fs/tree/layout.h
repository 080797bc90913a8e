/* SPDX-License-Identifier: MIT */
/*
 * The layout of the tree: which files are in which directory, and what stat says of a node.
 *
 * A rendered file (file.h) is a row of a table in layout.c; a live file is a row of its backend's
 * table. No other place knows a file's name.
 */
#ifndef CFS_FS_TREE_LAYOUT_H
#define CFS_FS_TREE_LAYOUT_H

#include <sys/stat.h>

#include "fs/node/node.h"

/* Who owns the files, and who may read them: mount options. */
struct cfs_ownership {
	uid_t uid;
	gid_t gid;
	mode_t umask;
};

/* The file of that name in a directory: sets one of *ret_file and *ret_live, the other to NULL.
 * -ENOENT. A live file is found even if the directory does not show it. */
int cfs_layout_find(const struct cfs_node *directory, const char *name,
	const struct cfs_file **ret_file, const struct cfs_live **ret_live);

/* Whether the directory has a still file of that name, with its row in *ret_live. */
bool cfs_layout_has_still(
	const struct cfs_node *directory, const char *name, const struct cfs_live **ret_live);

/* Calls fn for each file that a directory shows now, until it returns non-zero, and returns that.
 */
int cfs_layout_each(
	const struct cfs_node *directory, int (*fn)(void *arg, const char *name), void *arg);

/* Where a link leads: the relative path of the instance's own directory. */
#define CFS_LAYOUT_TARGET_MAX (sizeof("../../") + CFS_ID_MAX)
void cfs_layout_target(const struct cfs_node *link, char ret_target[CFS_LAYOUT_TARGET_MAX]);

/* What stat says. -ENOMEM or what rendering returned. */
int cfs_layout_stat(
	const struct cfs_node *node, const struct cfs_ownership *ownership, struct stat *ret_st);

#endif
