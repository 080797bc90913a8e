#include "fs/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/tree.h"

struct name {
	uint64_t ino;
	uint32_t text; /* offset into names.text */
	uint32_t mode; /* S_IFDIR or S_IFREG */
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

static int collect(
	struct cfs_names *names, const struct cfs_node *directory, const struct cfs_cloud *clouds)
{
	const struct cfs_cloud *cloud;
	int r;

	/* The kernel knows the parent of every directory it is in; nobody relies on this number. */
	r = add(names, ".", names->directory_ino, S_IFDIR);
	if (r == 0)
		r = add(names, "..", CFS_NODE_ROOT, S_IFDIR);
	if (r == 0)
		r = cfs_tree_each(directory, add_file, names);
	if (directory->kind == CFS_NODE_TOP)
		for (cloud = clouds; r == 0 && cloud; cloud = cloud->next)
			r = add_directory(names, cloud->config->name);
	if (r == 0 && directory->kind == CFS_NODE_CLOUD)
		r = cfs_catalogue_each(directory->cloud->catalogue, add_instance, names);
	return r;
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
