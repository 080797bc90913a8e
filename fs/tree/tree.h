/* SPDX-License-Identifier: MIT */
/*
 * The tree as its users see it: look up a name, open what it is, read it.
 *
 * It begins at the node CFS_NODE_ROOT (node.h). A lookup ends with cfs_node_forget, an open of a
 * file with cfs_node_released, an open of a directory with cfs_dirlist_destroy. What stat says of a
 * node is in layout.h, its extended attributes in xattr.h. Nothing here knows of FUSE: a mount and
 * a program that reads one file use it alike.
 *
 * Lookups, looks and opens may have to wait for a cloud. Each is an operation: the function that starts it
 * returns 0 when it is done, or a negative errno; and with -EINPROGRESS it is under way, and
 * done(arg, r) follows exactly once, from the loop, with what the function would have returned.
 * cfs_tree_cancel ends it before, at any time; nothing is called afterwards.
 */
#ifndef CFS_FS_TREE_TREE_H
#define CFS_FS_TREE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/base/wait.h"
#include "fs/node/node.h"
#include "fs/tree/dirlist.h"
#include "fs/tree/layout.h"

struct cfs_tree_steps;

/* A lookup, look or open. Belongs to the caller, zeroed at first, stays in place while under way. */
struct cfs_tree_op {
	/* What came of it. */
	struct cfs_node *found;      /* by a lookup, which it counts */
	struct cfs_dirlist *dirlist; /* by an open of a directory */

	/* Private. */
	bool under_way;
	struct cfs_node *node; /* what it is about */
	const char *name;
	struct cfs_dirlist **dirlists;
	const struct cfs_tree_steps *steps; /* NULL: it looks at a file, or opens it */
	bool looks;
	int64_t missed_ms; /* lookup in by-name: since when the name is missed, 0: it is not */
	struct cfs_wait wait;
	void (*done)(void *arg, int r);
	void *arg;
};

/* The nodes that are passed must not be forgotten while an operation is under way. */

/* Looks up a name, borrowed until the operation has ended, in a directory. -ENOENT, -ENOTDIR,
 * -ENAMETOOLONG, -ENOMEM, or why it could not be found out. */
int cfs_tree_lookup(struct cfs_tree_op *op, struct cfs_node *directory, const char *name,
	void (*done)(void *arg, int r), void *arg);
/* Opens a directory. The dirlist joins the caller's list (dirlist.h). -ENOTDIR, -ENOMEM, or why
 * there is nothing to show. */
int cfs_tree_opendir(struct cfs_tree_op *op, struct cfs_node *directory,
	struct cfs_dirlist **dirlists, void (*done)(void *arg, int r), void *arg);
/* Looks at what was found: to be done before what stat says of it is told. Only still files
 * (still.h) are fetched for it. -ENOMEM, or why there is no content to tell of. */
int cfs_tree_look(
	struct cfs_tree_op *op, struct cfs_node *node, void (*done)(void *arg, int r), void *arg);
/* Opens a file that cfs_tree_may_open lets pass, and counts the open. -ENOMEM, or why there is no
 * content. */
int cfs_tree_open(
	struct cfs_tree_op *op, struct cfs_node *file, void (*done)(void *arg, int r), void *arg);
/* Nothing happens to an operation that is not under way. */
void cfs_tree_cancel(struct cfs_tree_op *op);

/* Whether a node can be opened as a file with these flags of open(2). -EISDIR, -EPERM. */
int cfs_tree_may_open(const struct cfs_node *node, int flags);
bool cfs_tree_is_writable(const struct cfs_node *node);
/* Bytes of an open file: at most size from offset on, none past the end. They are valid until
 * the file is read again or released. -EBADF, or why it could not be rendered. */
int cfs_tree_read(struct cfs_node *file, uint64_t offset, size_t size, const char **ret_bytes,
	size_t *ret_len);
/* -EPERM. */
int cfs_tree_write(struct cfs_node *file, const char *bytes, size_t len);
/* -EINVAL: it is not a link. */
int cfs_tree_readlink(const struct cfs_node *link, char ret_target[CFS_LAYOUT_TARGET_MAX]);

#endif
