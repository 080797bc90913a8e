/* SPDX-License-Identifier: MIT */
/*
 * What a rendered file is: a name, and functions that make its content from what is in memory.
 *
 * The tables of all of them are in layout.c. A live file, whose content comes from a cloud, is a
 * struct cfs_live of its backend instead.
 */
#ifndef CFS_FS_NODE_FILE_H
#define CFS_FS_NODE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct cfs_buf;
struct cfs_node;

#define CFS_FILE_RENDERED_MAX (16 * 1024 * 1024) /* bytes of a file without a nominal size */

/* Makes a large file in steps, one in each turn of the loop, so that nothing else waits for it. */
struct cfs_generator {
	/* 0 or a negative errno. */
	int (*begin)(const struct cfs_node *node, void **ret_state);
	/* Appends some of the content to buf, which is the same each time and empty at first. 1:
	 * there is more to do; 0: that is all; or a negative errno. */
	int (*step)(void *state, struct cfs_buf *buf);
	/* Accepts NULL. */
	void (*end)(void *state);
};

struct cfs_file {
	const char *name;
	/* NULL: `render` makes it. Else it has a nominal size, and `render` is NULL. */
	const struct cfs_generator *generator;
	/* Appends the content as it is now to buf. 0 or a negative errno. */
	int (*render)(const struct cfs_node *node, struct cfs_buf *buf);
	/* NULL: the file cannot be written. Else it is read past the page cache, as its content
	 * changes while it is open. Takes the bytes of one write; 0 or a negative errno. */
	int (*write)(struct cfs_node *node, const char *bytes, size_t len);
	/* When what the file says last changed. NULL: it may say something else at any time. */
	struct timespec (*changed)(const struct cfs_node *node);
	/* NULL: every such directory has the file. Else whether this one has. */
	bool (*exists)(const struct cfs_node *directory);
	/* 0: the file is small, and stat renders it for its size. Else what stat reports before it
	 * is open, and the most it may hold. */
	uint64_t nominal;
};

#endif
