/* SPDX-License-Identifier: MIT */
#include "fs/get/item.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/node/wake.h"

static struct cfs_item *create(struct cfs_item_env *env, char *path)
{
	struct cfs_item *item = path ? calloc(1, sizeof(*item)) : NULL;

	if (!item) {
		free(path);
		return NULL;
	}
	item->env = env;
	item->path = path;
	return item;
}

/* Takes out of a path the slashes that it does not need, and parts that are ".". */
static void normalise(char *path)
{
	char *to = path, *from = path;
	size_t len;

	while (*from) {
		len = strcspn(from, "/");
		if (len > 0 && !(len == 1 && from[0] == '.')) {
			if (to > path)
				*to++ = '/';
			memmove(to, from, len);
			to += len;
		}
		from += len + (from[len] == '/');
	}
	*to = '\0';
}

/* Whether a part of a path is a pattern. */
static bool is_pattern(const char *part, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (memchr("*?[\\", part[i], 4))
			return true;
	return false;
}

struct cfs_item *cfs_item_create(struct cfs_item_env *env, const char *path)
{
	struct cfs_item *item = create(env, strdup(path));

	if (!item)
		return NULL;
	normalise(item->path);
	if (!is_pattern(path, strlen(path)))
		return item;
	item->pattern = calloc(1, sizeof(*item->pattern));
	if (item->pattern) {
		item->pattern->items = 1;
		item->pattern->path = strdup(item->path);
	}
	if (!item->pattern || !item->pattern->path) {
		cfs_item_destroy(item);
		return NULL;
	}
	return item;
}

static void leave_node(struct cfs_item *item)
{
	/* The top is never forgotten. */
	if (item->node && item->node->id != CFS_NODE_ROOT)
		cfs_node_forget(item->node, 1);
	item->node = NULL;
}

void cfs_item_destroy(struct cfs_item *item)
{
	if (!item)
		return;
	if (item->state == CFS_ITEM_UNDER_WAY)
		cfs_tree_cancel(&item->op);
	if (item->opened)
		cfs_node_released(item->node);
	cfs_dirlist_destroy(item->dirlist);
	leave_node(item);
	if (item->pattern && --item->pattern->items == 0) {
		free(item->pattern->path);
		free(item->pattern);
	}
	free(item->path);
	free(item);
}

static void end(struct cfs_item *item, int result)
{
	item->state = CFS_ITEM_ENDED;
	item->result = result;
}

/* Finds the next part of the path. 1: there is one, of *ret_len bytes; 0: there is none. ".." is
 * refused: a file must not come to stand outside the directory that it is put in. */
static int next_part(const struct cfs_item *item, size_t *ret_len)
{
	const char *part = item->path + item->at;
	size_t len = strcspn(part, "/");

	if (len == 2 && memcmp(part, "..", 2) == 0)
		return -EINVAL;
	*ret_len = len;
	return len > NAME_MAX ? -ENAMETOOLONG : len > 0;
}

/* A link leads to the directory of its instance. */
static int follow(struct cfs_item *item)
{
	struct cfs_node *link = item->node, *to;

	if (link->kind != CFS_NODE_LINK)
		return 0;
	to = cfs_node_of_entry(link->nodes, link->cloud, link->entry);
	if (!to)
		return -ENOMEM;
	leave_node(item);
	item->node = to;
	return 0;
}

static void on_found(void *arg, int r);
static void on_opened(void *arg, int r);
static void on_source(void *arg, int r);

static int look_up(struct cfs_item *item, size_t len)
{
	memcpy(item->name, item->path + item->at, len);
	item->name[len] = '\0';
	return cfs_tree_lookup(&item->op, item->node, item->name, on_found, item);
}

static int take_found(struct cfs_item *item)
{
	leave_node(item);
	item->node = item->op.found;
	item->at += strlen(item->name);
	if (item->path[item->at] == '/')
		item->at++;
	return follow(item);
}

static int list_for(struct cfs_item *item, void (*done)(void *arg, int r))
{
	return cfs_tree_opendir(&item->op, item->node, &item->env->dirlists, done, item);
}

static void take_source(struct cfs_item *item)
{
	item->dirlist = item->op.dirlist;
	item->state = CFS_ITEM_SOURCE;
}

static int open_end(struct cfs_item *item)
{
	struct cfs_node *node = item->node;
	int r;

	if (item->env->list)
		return node->kind == CFS_NODE_FILE ? 0 : list_for(item, on_opened);
	r = cfs_tree_may_open(node, O_RDONLY);
	if (r == 0 && item->env->wake && node->live && node->live->wakes)
		r = cfs_wake_write(node, "1", 1);
	return r < 0 ? r : cfs_tree_open(&item->op, node, on_opened, item);
}

static void take_opened(struct cfs_item *item)
{
	if (item->node->kind == CFS_NODE_FILE)
		item->opened = !item->env->list;
	else
		item->dirlist = item->op.dirlist;
	item->found = true;
	end(item, 0);
}

/* Goes on until there is something to wait for, or the way has ended. */
static void proceed(struct cfs_item *item, int r)
{
	size_t len;

	while (r == 0) {
		r = next_part(item, &len);
		if (r == 0) {
			r = open_end(item);
			if (r != 0)
				break;
			take_opened(item);
			return;
		}
		if (r < 0)
			break;
		if (item->at >= item->literal && is_pattern(item->path + item->at, len)) {
			r = list_for(item, on_source);
			if (r != 0)
				break;
			take_source(item);
			return;
		}
		r = look_up(item, len);
		if (r == 0)
			r = take_found(item);
	}
	if (r != -EINPROGRESS)
		end(item, r);
}

static void tell(struct cfs_item *item)
{
	if (item->state != CFS_ITEM_UNDER_WAY)
		item->env->ended(item->env->arg);
}

static void on_found(void *arg, int r)
{
	struct cfs_item *item = arg;

	proceed(item, r < 0 ? r : take_found(item));
	tell(item);
}

static void on_opened(void *arg, int r)
{
	struct cfs_item *item = arg;

	if (r < 0)
		end(item, r);
	else
		take_opened(item);
	tell(item);
}

static void on_source(void *arg, int r)
{
	struct cfs_item *item = arg;

	if (r < 0)
		end(item, r);
	else
		take_source(item);
	tell(item);
}

void cfs_item_start(struct cfs_item *item)
{
	item->state = CFS_ITEM_UNDER_WAY;
	item->node = cfs_node_find(item->env->nodes, CFS_NODE_ROOT);
	item->at = 0;
	proceed(item, 0);
}

/* The source's path with a name in the place of the pattern, from the top again: the directory may
 * be another by the time its turn comes. */
static struct cfs_item *create_match(const struct cfs_item *source, const char *name, size_t len)
{
	struct cfs_item *item;
	char *path;

	if (asprintf(&path, "%.*s%s%s", (int)source->at, source->path, name,
		    source->path + source->at + len) < 0)
		return NULL;
	item = create(source->env, path);
	if (!item)
		return NULL;
	item->literal = source->at + strlen(name);
	item->pattern = source->pattern;
	item->pattern->items++;
	return item;
}

struct cfs_item *cfs_item_next(struct cfs_item *source)
{
	struct cfs_item *item;
	char pattern[NAME_MAX + 1];
	size_t len = strcspn(source->path + source->at, "/");
	const char *name;
	struct stat st;
	int r;

	memcpy(pattern, source->path + source->at, len);
	pattern[len] = '\0';
	while ((r = cfs_dirlist_fill(source->dirlist, source->matched)) == 0 &&
		(name = cfs_dirlist_at(source->dirlist, source->matched, &st))) {
		source->matched++;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
			fnmatch(pattern, name, FNM_PERIOD) != 0)
			continue;
		item = create_match(source, name, len);
		if (item)
			return item;
		r = -ENOMEM;
		break;
	}
	end(source, r);
	return NULL;
}
