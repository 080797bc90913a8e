#include "fs/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/byname.h"
#include "fs/tree.h"

struct name {
	uint64_t ino;
	uint32_t text; /* offset into names.text */
	uint32_t mode; /* S_IFDIR, S_IFREG or S_IFLNK */
};

struct cfs_names {
	struct cfs_names *next, **link;
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
	cfs_buf_finish(&names->text);
	cfs_buf_finish(&names->rows);
	free(names);
}

static int add(struct cfs_names *names, const char *text, uint64_t ino, uint32_t mode)
{
	struct name row = {.ino = ino, .text = (uint32_t)names->text.len, .mode = mode};
	int r;

	r = cfs_buf_add(&names->text, text, strlen(text) + 1);
	return r == 0 ? cfs_buf_add(&names->rows, &row, sizeof(row)) : r;
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

static int add_instance(void *arg, const struct cfs_entry *entry)
{
	return add_directory(arg, entry->id);
}

static int add_link(void *arg, const char *name, const struct cfs_entry *entry)
{
	struct cfs_names *names = arg;

	(void)entry;
	return add(names, name, cfs_tree_ino(names->directory_ino, name), S_IFLNK);
}

/* The instances of one region. */
struct region_links {
	struct cfs_names *names;
	size_t region;
};

static int add_region_link(void *arg, const struct cfs_entry *entry)
{
	struct region_links *links = arg;

	if (entry->region != (int16_t)links->region)
		return 0;
	return add_link(links->names, entry->id, entry);
}

static int add_regions(struct cfs_names *names, const struct cfs_catalogue *catalogue)
{
	size_t i;
	int r = 0;

	for (i = 0; i < cfs_catalogue_n_regions(catalogue) && r == 0; i++)
		r = add_directory(names, cfs_catalogue_region_name(catalogue, i));
	return r;
}

static int add_cloud(struct cfs_names *names, const struct cfs_catalogue *catalogue)
{
	int r;

	r = add_directory(names, CFS_TREE_BY_NAME);
	if (r == 0)
		r = add_directory(names, CFS_TREE_BY_REGION);
	return r == 0 ? cfs_catalogue_each(catalogue, add_instance, names) : r;
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
	struct region_links links = {.names = names, .region = directory->region};
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
	case CFS_NODE_CLOUD:
		return add_cloud(names, cloud->catalogue);
	case CFS_NODE_BY_NAME:
		return cfs_byname_each(cloud->byname, add_link, names);
	case CFS_NODE_BY_REGION:
		return add_regions(names, cloud->catalogue);
	case CFS_NODE_REGION:
		return cfs_catalogue_each(cloud->catalogue, add_region_link, &links);
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

const char *cfs_names_at(const struct cfs_names *names, size_t i, struct stat *ret_st)
{
	const struct name *rows = (const struct name *)(const void *)names->rows.data;

	if (i >= names->rows.len / sizeof(*rows))
		return NULL;
	ret_st->st_ino = rows[i].ino;
	ret_st->st_mode = rows[i].mode;
	return names->text.data + rows[i].text;
}
