/*
 * The names in a directory, from its opening on: a reader that goes back and forth sees each of
 * them once, whatever a refresh does meanwhile. Instances are looked at when the reader comes to
 * them: one that came after the opening is not among them, one that left before may not be.
 */
#ifndef CFS_NAMES_H
#define CFS_NAMES_H

#include "fs/tree/node.h"

struct stat;
struct cfs_names;

#define CFS_NAMES_TEXT_MAX (256 * 1024 * 1024) /* bytes of names of one directory */

/* The names that the directory shows, "." and ".." first; at the top those of the clouds. Until
 * they are destroyed they stand in the list: at an unmount the kernel drops what it has not yet
 * told, the end of reading a directory too. -ENOMEM. */
int cfs_names_create(const struct cfs_node *directory, const struct cfs_cloud *clouds,
	struct cfs_names **list, struct cfs_names **ret_names);
void cfs_names_destroy(struct cfs_names *names);

/* Looks at names up to the i-th. -ENOMEM, -EFBIG. */
int cfs_names_reach(struct cfs_names *names, size_t i);
/* The i-th name, once it has been reached, with its st_ino and the type in st_mode; NULL past the
 * last. */
const char *cfs_names_at(const struct cfs_names *names, size_t i, struct stat *ret_st);

#endif
