#include "fs/fuse/dirlist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/catalogue/by_name.h"
#include "fs/tree/layout.h"

struct name {
	uint64_t ino;
	uint32_t text; /* offset into names.text */
	uint32_t mode; /* S_IFDIR, S_IFREG or S_IFLNK */
};

struct cfs_names {
	struct cfs_names *next, **link;
	struct cfs_walk walk; /* to the instances that are yet to be looked at */
	enum cfs_node_kind kind;
	size_t region; /* of a REGION */
	uint64_t directory_ino;
	struct cfs_buf text; /* NUL-terminated names */
	struct cfs_buf rows; /* struct name */
};

void cfs_names_destroy(struct cfs_names *names)
{
	if (!names)
		return;
	*names->link = names->next;
	if (names->next)
		names->next->link = names->link;
	cfs_walk_stop(&names->walk);
	cfs_buf_finish(&names->text);
	cfs_buf_finish(&names->rows);
	free(names);
}

static int add(struct cfs_names *names, const char *text, uint64_t ino, uint32_t mode)
{
	struct name row = {.ino = ino, .text = (uint32_t)names->text.len, .mode = mode};
	int r;

	r = cfs_buf_reserve(&names->text, strlen(text) + 1);
	if (r == 0)
		r = cfs_buf_add(&names->rows, &row, sizeof(row));
	return r == 0 ? cfs_buf_add(&names->text, text, strlen(text) + 1) : r;
}

static int add_file(void *arg, const char *name)
{
	struct cfs_names *names = arg;

	return add(names, name, cfs_tree_ino(names->directory_ino, name), S_IFREG);
}

static int add_directory(struct cfs_names *names, const char *name)
{
	return add(names, name, cfs_tree_ino(names->directory_ino, name), S_IFDIR);
}

static int add_link(struct cfs_names *names, const char *name)
{
	return add(names, name, cfs_tree_ino(names->directory_ino, name), S_IFLNK);
}

/* The name of an instance in such a directory. */
static int add_instance(struct cfs_names *names, const struct cfs_entry *entry)
{
	char name[CFS_BYNAME_MAX + 1];

	if (names->kind == CFS_NODE_CLOUD)
		return add_directory(names, entry->id);
	if (names->kind == CFS_NODE_REGION && entry->region != (int16_t)names->region)
		return 0;
	if (names->kind == CFS_NODE_REGION)
		return add_link(names, entry->id);
	cfs_byname_of(entry, name);
	return add_link(names, name);
}

static int add_regions(struct cfs_names *names, const struct cfs_catalogue *catalogue)
{
	size_t i;
	int r = 0;

	for (i = 0; i < cfs_catalogue_n_regions(catalogue) && r == 0; i++)
		r = add_directory(names, cfs_catalogue_region_name(catalogue, i));
	return r;
}

static int add_views(struct cfs_names *names)
{
	int r;

	r = add_directory(names, CFS_TREE_BY_NAME);
	return r == 0 ? add_directory(names, CFS_TREE_BY_REGION) : r;
}

static int add_clouds(struct cfs_names *names, const struct cfs_cloud *clouds)
{
	int r = 0;

	for (; clouds && r == 0; clouds = clouds->next)
		r = add_directory(names, clouds->config->name);
	return r;
}

static int collect(
	struct cfs_names *names, const struct cfs_node *directory, const struct cfs_cloud *clouds)
{
	const struct cfs_cloud *cloud = directory->cloud;
	int r;

	/* The kernel knows the parent of every directory it is in; nobody relies on this number. */
	r = add(names, ".", names->directory_ino, S_IFDIR);
	if (r == 0)
		r = add(names, "..", CFS_NODE_ROOT, S_IFDIR);
	if (r == 0)
		r = cfs_tree_each(directory, add_file, names);
	if (r < 0)
		return r;
	switch (directory->kind) {
	case CFS_NODE_TOP:
		return add_clouds(names, clouds);
	case CFS_NODE_BY_REGION:
		return add_regions(names, cloud->catalogue);
	case CFS_NODE_CLOUD:
		r = add_views(names);
		__attribute__((fallthrough));
	case CFS_NODE_BY_NAME:
	case CFS_NODE_REGION:
		cfs_walk_start(&names->walk, cloud->catalogue);
		return r;
	case CFS_NODE_INSTANCE:
	case CFS_NODE_FILE:
	case CFS_NODE_LINK:
		break;
	}
	return 0;
}

int cfs_names_create(const struct cfs_node *directory, const struct cfs_cloud *clouds,
	struct cfs_names **list, struct cfs_names **ret_names)
{
	struct cfs_names *names;
	int r;

	names = calloc(1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	names->next = *list;
	names->link = list;
	if (names->next)
		names->next->link = &names->next;
	*list = names;
	names->kind = directory->kind;
	names->region = directory->region;
	names->directory_ino = cfs_tree_node_ino(directory);
	cfs_buf_init(&names->text, CFS_NAMES_TEXT_MAX);
	cfs_buf_init(&names->rows, CFS_NAMES_TEXT_MAX / 2 * sizeof(struct name));
	r = collect(names, directory, clouds);
	if (r < 0) {
		cfs_names_destroy(names);
		return r;
	}
	*ret_names = names;
	return 0;
}

int cfs_names_reach(struct cfs_names *names, size_t i)
{
	int r = 0;

	while (r == 0 && names->walk.at && i >= names->rows.len / sizeof(struct name)) {
		r = add_instance(names, names->walk.at);
		if (r == 0)
			cfs_walk_next(&names->walk);
	}
	if (!names->walk.at)
		cfs_walk_stop(&names->walk);
	return r;
}

const char *cfs_names_at(const struct cfs_names *names, size_t i, struct stat *ret_st)
{
	const struct name *rows = (const struct name *)(const void *)names->rows.data;

	if (i >= names->rows.len / sizeof(*rows))
		return NULL;
	ret_st->st_ino = rows[i].ino;
	ret_st->st_mode = rows[i].mode;
	return names->text.data + rows[i].text;
}
