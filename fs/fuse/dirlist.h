/*
 * The names in a directory, from its opening on: a reader that goes back and forth sees each of
 * them once, whatever a refresh does meanwhile. Instances are looked at when the reader comes to
 * them: one that came after the opening is not among them, one that left before may not be.
 */
#ifndef CFS_FS_FUSE_DIRLIST_H
#define CFS_FS_FUSE_DIRLIST_H

#include "fs/tree/node.h"

struct stat;
struct cfs_dirlist;

#define CFS_DIRLIST_TEXT_MAX (256 * 1024 * 1024) /* bytes of names of one directory */

/* The names that the directory shows, "." and ".." first; at the top those of the clouds. Until
 * they are destroyed they stand in the list: at an unmount the kernel drops what it has not yet
 * told, the end of reading a directory too. -ENOMEM. */
int cfs_dirlist_create(const struct cfs_node *directory, const struct cfs_cloud *clouds,
	struct cfs_dirlist **list, struct cfs_dirlist **ret_dirlist);
void cfs_dirlist_destroy(struct cfs_dirlist *dirlist);

/* Looks at names up to the i-th. -ENOMEM, -EFBIG. */
int cfs_dirlist_fill(struct cfs_dirlist *dirlist, size_t i);
/* The i-th name, once it has been reached, with its st_ino and the type in st_mode; NULL past the
 * last. */
const char *cfs_dirlist_at(const struct cfs_dirlist *dirlist, size_t i, struct stat *ret_st);

#endif
