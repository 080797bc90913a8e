/*
 * The tree: which files stand in which directory, and what stat says of them.
 *
 * A file that is not live is a row of a table here; a live file is a row of its backend's table.
 * There is no other place that knows a file's name.
 */
#ifndef CFS_FS_TREE_LAYOUT_H
#define CFS_FS_TREE_LAYOUT_H

#include <sys/stat.h>

#include "fs/tree/node.h"

/* How content is made that takes long: some of it in each turn of the loop. */
struct cfs_generator {
	/* 0 or a negative errno. */
	int (*begin)(const struct cfs_node *node, void **ret_making);
	/* Appends some of the content to buf, which is the same each time and empty at first. 1:
	 * there is more to do; 0: that is all; or a negative errno. */
	int (*step)(void *generator, struct cfs_buf *buf);
	/* Accepts NULL. */
	void (*end)(void *generator);
};

/* A file whose content is made from what is in memory. */
struct cfs_file {
	const char *name;
	/* NULL: it is rendered. Else it has a nominal size. */
	const struct cfs_generator *generator;
	/* The content as it is now, appended to buf. 0 or a negative errno. */
	int (*render)(const struct cfs_node *node, struct cfs_buf *buf);
	/* NULL: it cannot be written. Else it is read past the page cache, as its content changes
	 * under an open. Takes what one write brought; 0 or a negative errno. */
	int (*write)(struct cfs_node *node, const char *bytes, size_t len);
	/* NULL: the file is there. Else whether the directory has it. */
	bool (*exists)(const struct cfs_node *directory);
	/* 0: the file is small, and stat renders it for its size. Else what stat reports before it
	 * is open, and the most it may hold. */
	uint64_t nominal;
};

/* The directories of links in a cloud's. */
#define CFS_LAYOUT_BY_NAME "by-name"
#define CFS_LAYOUT_BY_REGION "by-region"

#define CFS_RENDERED_MAX (16 * 1024 * 1024) /* bytes of a rendered file */

/* Whom files belong to, and who may read them: mount options. */
struct cfs_ownership {
	uid_t uid;
	gid_t gid;
	mode_t umask;
};

/* The file of that name in a directory: sets one of *ret_file and *ret_live, the other to NULL.
 * -ENOENT. A live file is found even where it is not shown. */
int cfs_layout_find(const struct cfs_node *directory, const char *name,
	const struct cfs_file **ret_file, const struct cfs_live **ret_live);

/* Calls fn for each file that a directory shows now, until it returns non-zero, and returns that.
 */
int cfs_layout_each(
	const struct cfs_node *directory, int (*fn)(void *arg, const char *name), void *arg);

/* st_ino of a name in a directory of that st_ino: the same in every mount. */
uint64_t cfs_layout_ino(uint64_t directory_ino, const char *name);
uint64_t cfs_layout_node_ino(const struct cfs_node *node);

/* Where a link leads: to the instance's own directory, relative. */
#define CFS_LAYOUT_TARGET_MAX (sizeof("../../") + CFS_ID_MAX)
void cfs_layout_target(const struct cfs_node *link, char ret_target[CFS_LAYOUT_TARGET_MAX]);

/* What stat says. -ENOMEM or what rendering returned. */
int cfs_layout_stat(
	const struct cfs_node *node, const struct cfs_ownership *ownership, struct stat *ret_st);

#endif
