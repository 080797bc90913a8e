/* SPDX-License-Identifier: MIT */
/*
 * An item: one path on its way from the top of the tree to the file or directory that it names.
 *
 * An item whose path has a pattern goes as far as the directory that the pattern is about. From then
 * on it is a source of further items, one for each name there that matches.
 */
#ifndef CFS_FS_GET_ITEM_H
#define CFS_FS_GET_ITEM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "fs/tree/tree.h"

enum cfs_item_state {
	CFS_ITEM_NEW,
	CFS_ITEM_UNDER_WAY,
	CFS_ITEM_SOURCE, /* cfs_item_next makes more of it */
	CFS_ITEM_ENDED,
};

/* What all items of one run share. */
struct cfs_item_env {
	struct cfs_nodes *nodes;
	struct cfs_dirlist *dirlists; /* that are open */
	bool list;                    /* directories are opened at the end, not files */
	bool wake;                    /* files that can wake a display do */
	void (*ended)(void *arg);     /* an item that was under way is so no more; from the loop */
	void *arg;
};

/* A path with patterns, shared by the items that come of it. */
struct cfs_item_pattern {
	char *path;
	size_t items;
	bool matched; /* one of them had something */
};

struct cfs_item {
	struct cfs_item *next, *prev; /* the owner's */
	struct cfs_item_env *env;
	struct cfs_item_pattern *pattern; /* NULL: the path was given without one */
	char *path; /* without slashes that it does not need, and without "." */
	enum cfs_item_state state;
	int result;                  /* when ENDED: 0 or a negative errno */
	struct cfs_node *node;       /* as far as it has come; NULL before the top */
	bool found;                  /* it has ended at something to be written */
	bool opened;                 /* which is its node, an open file */
	struct cfs_dirlist *dirlist; /* or its node's names; those of a SOURCE too */

	/* Private. */
	size_t at;      /* the part of the path that is next */
	size_t literal; /* bytes of the path that are no pattern, whatever they look like */
	size_t matched; /* names of the directory that a source has looked at */
	char name[NAME_MAX + 1];
	struct cfs_tree_op op;
};

/* An item of that path. NULL: out of memory. */
struct cfs_item *cfs_item_create(struct cfs_item_env *env, const char *path);
/* Cancels what is under way, and closes what is open. Accepts NULL. */
void cfs_item_destroy(struct cfs_item *item);

/* Starts a new item. It may have ended, or be a source, when this returns. */
void cfs_item_start(struct cfs_item *item);
/* The next item of a source; NULL when there are no more, or when there is an error, which is then
 * the source's result: either way the source has ended. */
struct cfs_item *cfs_item_next(struct cfs_item *source);

#endif
