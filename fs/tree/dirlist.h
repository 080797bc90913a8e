/* SPDX-License-Identifier: MIT */
/*
 * The names in a directory that is open.
 *
 * A reader that goes back and forth sees each of them once, at the same place, whatever a refresh
 * does meanwhile. Instances are added when the reader comes to them: one that came after the
 * directory was opened is not among them, one that left before the reader came to it may be
 * missing.
 */
#ifndef CFS_FS_TREE_DIRLIST_H
#define CFS_FS_TREE_DIRLIST_H

#include "fs/node/node.h"
#include "fs/node/quota.h"

struct stat;
struct cfs_dirlist;

#define CFS_DIRLIST_TEXT_MAX (256 * 1024 * 1024) /* bytes of names of one directory */

/* The names that the directory shows, "." and ".." first. Until it is destroyed the dirlist is in
 * the caller's list, which is NULL at first, so that the caller can destroy those that were never
 * closed. -ENOMEM. */
int cfs_dirlist_create(const struct cfs_node *directory, struct cfs_dirlist **list,
	struct cfs_dirlist **ret_dirlist);
/* Accepts NULL. */
void cfs_dirlist_destroy(struct cfs_dirlist *dirlist);

/* Has its memory counted as that of a user, from now on. quota is borrowed. */
void cfs_dirlist_count(struct cfs_dirlist *dirlist, struct cfs_quota *quota, uid_t uid);

/* Adds names until there is an i-th, or no more. -ENOMEM, -EFBIG. */
int cfs_dirlist_fill(struct cfs_dirlist *dirlist, size_t i);
/* The i-th name, with its st_ino and the type in st_mode; NULL past the last that was added. */
const char *cfs_dirlist_at(const struct cfs_dirlist *dirlist, size_t i, struct stat *ret_st);
/* The node that a lookup of the i-th name in the dirlist's directory would find, with one lookup more, if
 * the name is an instance's. NULL if it is not, if the lookup would have to ask the cloud, or without
 * memory: then the name has to be looked up. */
struct cfs_node *cfs_dirlist_node(
	const struct cfs_dirlist *dirlist, struct cfs_node *directory, size_t i);

#endif
