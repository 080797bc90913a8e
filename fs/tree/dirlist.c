/* SPDX-License-Identifier: MIT */
#include "fs/tree/dirlist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/catalogue/by_name.h"
#include "fs/cloud/clouds.h"
#include "fs/tree/layout.h"

struct name {
	uint64_t ino;
	uint32_t text; /* offset into names.text */
	uint32_t mode; /* S_IFDIR, S_IFREG or S_IFLNK */
};

struct cfs_dirlist {
	struct cfs_dirlist *next, **link;
	struct cfs_walk walk; /* over the instances that are not yet among the names */
	enum cfs_node_kind kind;
	size_t region; /* of a REGION */
	uint64_t directory_ino;
	size_t n_fixed;          /* names before those of the instances */
	struct cfs_buf text;     /* NUL-terminated names */
	struct cfs_buf rows;     /* struct name */
	struct cfs_quota *quota; /* NULL: it is not counted */
	uid_t uid;
	uint64_t counted;
};

static size_t n_names(const struct cfs_dirlist *dirlist)
{
	return dirlist->rows.len / sizeof(struct name);
}

void cfs_dirlist_destroy(struct cfs_dirlist *dirlist)
{
	if (!dirlist)
		return;
	*dirlist->link = dirlist->next;
	if (dirlist->next)
		dirlist->next->link = dirlist->link;
	cfs_walk_stop(&dirlist->walk);
	if (dirlist->quota)
		cfs_quota_give(dirlist->quota, dirlist->uid, dirlist->counted);
	cfs_buf_finish(&dirlist->text);
	cfs_buf_finish(&dirlist->rows);
	free(dirlist);
}

static int add(struct cfs_dirlist *dirlist, const char *text, uint64_t ino, uint32_t mode)
{
	struct name row = {.ino = ino, .text = (uint32_t)dirlist->text.len, .mode = mode};
	int r;

	r = cfs_buf_reserve(&dirlist->text, strlen(text) + 1);
	if (r == 0)
		r = cfs_buf_add(&dirlist->rows, &row, sizeof(row));
	return r == 0 ? cfs_buf_add(&dirlist->text, text, strlen(text) + 1) : r;
}

static int add_file(void *arg, const char *name)
{
	struct cfs_dirlist *dirlist = arg;

	return add(dirlist, name, cfs_node_ino(dirlist->directory_ino, name), S_IFREG);
}

static int add_directory(struct cfs_dirlist *dirlist, const char *name)
{
	return add(dirlist, name, cfs_node_ino(dirlist->directory_ino, name), S_IFDIR);
}

static int add_link(struct cfs_dirlist *dirlist, const char *name)
{
	return add(dirlist, name, cfs_node_ino(dirlist->directory_ino, name), S_IFLNK);
}

/* Adds an instance, by the name it has in such a directory. */
static int add_instance(struct cfs_dirlist *dirlist, const struct cfs_entry *entry)
{
	char name[CFS_BY_NAME_MAX + 1];

	if (dirlist->kind == CFS_NODE_CLOUD || dirlist->kind == CFS_NODE_STILL)
		return add_directory(dirlist, entry->id);
	if (dirlist->kind == CFS_NODE_REGION && entry->region != (int16_t)dirlist->region)
		return 0;
	if (dirlist->kind == CFS_NODE_REGION)
		return add_link(dirlist, entry->id);
	cfs_by_name_of(entry, name);
	return add_link(dirlist, name);
}

static int add_regions(struct cfs_dirlist *dirlist, const struct cfs_catalogue *catalogue)
{
	int r = 0;

	for (size_t i = 0; i < cfs_catalogue_n_regions(catalogue) && r == 0; i++)
		r = add_directory(dirlist, cfs_catalogue_region_name(catalogue, i));
	return r;
}

static int add_views(struct cfs_dirlist *dirlist)
{
	int r;

	r = add_directory(dirlist, CFS_NODE_BY_NAME_DIR);
	return r == 0 ? add_directory(dirlist, CFS_NODE_BY_REGION_DIR) : r;
}

static int add_clouds(struct cfs_dirlist *dirlist, const struct cfs_clouds *clouds)
{
	int r = 0;

	for (const struct cfs_cloud *cloud = clouds->first; cloud && r == 0; cloud = cloud->next)
		r = add_directory(dirlist, cloud->config->name);
	return r;
}

static int collect(struct cfs_dirlist *dirlist, const struct cfs_node *directory)
{
	const struct cfs_cloud *cloud = directory->cloud;
	int r;

	/* The kernel knows the parent of every directory it is in, so any number will do. */
	r = add(dirlist, ".", dirlist->directory_ino, S_IFDIR);
	if (r == 0)
		r = add(dirlist, "..", CFS_NODE_ROOT, S_IFDIR);
	if (r == 0)
		r = cfs_layout_each(directory, add_file, dirlist);
	if (r < 0)
		return r;
	switch (directory->kind) {
	case CFS_NODE_TOP:
		return add_clouds(dirlist, cfs_nodes_clouds(directory->nodes));
	case CFS_NODE_BY_REGION:
		return add_regions(dirlist, cloud->catalogue);
	case CFS_NODE_CLOUD:
		r = add_views(dirlist);
		__attribute__((fallthrough));
	case CFS_NODE_BY_NAME:
	case CFS_NODE_REGION:
	case CFS_NODE_STILL:
		cfs_catalogue_walk(cloud->catalogue, &dirlist->walk);
		return r;
	case CFS_NODE_INSTANCE:
	case CFS_NODE_FILE:
	case CFS_NODE_LINK:
		break;
	}
	return 0;
}

int cfs_dirlist_create(const struct cfs_node *directory, struct cfs_dirlist **list,
	struct cfs_dirlist **ret_dirlist)
{
	struct cfs_dirlist *dirlist;
	int r;

	dirlist = calloc(1, sizeof(*dirlist));
	if (!dirlist)
		return -ENOMEM;
	dirlist->next = *list;
	dirlist->link = list;
	if (dirlist->next)
		dirlist->next->link = &dirlist->next;
	*list = dirlist;
	dirlist->kind = directory->kind;
	dirlist->region = directory->region;
	dirlist->directory_ino = directory->ino;
	cfs_buf_init(&dirlist->text, CFS_DIRLIST_TEXT_MAX);
	cfs_buf_init(&dirlist->rows, CFS_DIRLIST_TEXT_MAX / 2 * sizeof(struct name));
	r = collect(dirlist, directory);
	if (r < 0) {
		cfs_dirlist_destroy(dirlist);
		return r;
	}
	dirlist->n_fixed = n_names(dirlist);
	*ret_dirlist = dirlist;
	return 0;
}

void cfs_dirlist_count(struct cfs_dirlist *dirlist, struct cfs_quota *quota, uid_t uid)
{
	dirlist->quota = quota;
	dirlist->uid = uid;
}

/* Counts what the names take now, if that is more than before. */
static int count(struct cfs_dirlist *dirlist)
{
	uint64_t now = dirlist->text.cap + dirlist->rows.cap;
	int r;

	if (!dirlist->quota || now <= dirlist->counted)
		return 0;
	r = cfs_quota_take(dirlist->quota, dirlist->uid, now - dirlist->counted);
	if (r == 0)
		dirlist->counted = now;
	return r;
}

int cfs_dirlist_fill(struct cfs_dirlist *dirlist, size_t i)
{
	int r = count(dirlist);

	while (r == 0 && dirlist->walk.at && i >= n_names(dirlist)) {
		r = add_instance(dirlist, dirlist->walk.at);
		if (r < 0)
			break;
		cfs_walk_next(&dirlist->walk);
		r = count(dirlist);
	}
	if (!dirlist->walk.at)
		cfs_walk_stop(&dirlist->walk);
	return r;
}

const char *cfs_dirlist_at(const struct cfs_dirlist *dirlist, size_t i, struct stat *ret_st)
{
	const struct name *rows = (const struct name *)(const void *)dirlist->rows.data;

	if (i >= n_names(dirlist))
		return NULL;
	ret_st->st_ino = rows[i].ino;
	ret_st->st_mode = rows[i].mode;
	return dirlist->text.data + rows[i].text;
}

/* The instance that has this name in the directory now, or NULL. */
static struct cfs_entry *find(
	const struct cfs_dirlist *dirlist, const struct cfs_catalogue *catalogue, const char *name)
{
	struct cfs_entry *entry = NULL;

	if (dirlist->kind == CFS_NODE_BY_NAME) {
		(void)cfs_catalogue_find_name(catalogue, name, &entry);
		return entry;
	}
	entry = cfs_catalogue_find(catalogue, name);
	if (entry && dirlist->kind == CFS_NODE_REGION && entry->region != (int16_t)dirlist->region)
		return NULL;
	return entry;
}

struct cfs_node *cfs_dirlist_node(
	const struct cfs_dirlist *dirlist, struct cfs_node *directory, size_t i)
{
	struct cfs_cloud *cloud = directory->cloud;
	struct cfs_entry *entry;
	struct stat st;
	const char *name = i < dirlist->n_fixed ? NULL : cfs_dirlist_at(dirlist, i, &st);

	entry = name ? find(dirlist, cloud->catalogue, name) : NULL;
	if (!entry || cfs_catalogue_is_stale(cloud->catalogue, entry))
		return NULL;
	if (dirlist->kind == CFS_NODE_CLOUD)
		return cfs_node_of_entry(directory->nodes, cloud, entry);
	if (dirlist->kind == CFS_NODE_STILL)
		return cfs_node_of_still_entry(directory->nodes, cloud, entry);
	return cfs_node_of_link(directory, name, entry);
}
