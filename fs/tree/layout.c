/* SPDX-License-Identifier: MIT */
#include "fs/tree/layout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/node/file.h"
#include "fs/node/wake.h"
#include "fs/tree/gallery.h"
#include "fs/tree/stats_file.h"
#include "fs/tree/status.h"
#include "fs/tree/times.h"

static const struct cfs_file top_files[] = {
	{.name = "index.html", .generator = &cfs_gallery_generator, .nominal = CFS_GALLERY_MAX},
	{.name = "stats", .render = cfs_stats_file_render},
};

static const struct cfs_file cloud_files[] = {
	{.name = "status", .render = cfs_status_render},
};

static const struct cfs_file instance_files[] = {
	{.name = "info.json", .render = cfs_status_render_info, .changed = cfs_status_info_changed},
	{.name = "error", .render = cfs_status_render_error, .changed = cfs_status_error_changed},
	{.name = "wake",
		.render = cfs_wake_read,
		.write = cfs_wake_write,
		.changed = cfs_wake_changed,
		.exists = cfs_wake_exists},
};

static const struct level {
	const struct cfs_file *files;
	size_t n_files;
} levels[] = {
	[CFS_NODE_TOP] = {top_files, sizeof(top_files) / sizeof(top_files[0])},
	[CFS_NODE_CLOUD] = {cloud_files, sizeof(cloud_files) / sizeof(cloud_files[0])},
	[CFS_NODE_INSTANCE] = {instance_files, sizeof(instance_files) / sizeof(instance_files[0])},
	[CFS_NODE_LINK] = {NULL, 0},
};

static bool exists(const struct cfs_file *file, const struct cfs_node *directory)
{
	return !file->exists || file->exists(directory);
}

/* How many live files a directory has: only those of instances have any. */
static size_t n_live(const struct cfs_node *directory)
{
	return directory->kind == CFS_NODE_INSTANCE ? directory->cloud->client->backend->n_live : 0;
}

/* What each open must have its own of does not stand in .still. */
static bool has_live(const struct cfs_node *directory, const struct cfs_live *live)
{
	return !(directory->in_still && live->once);
}

int cfs_layout_find(const struct cfs_node *directory, const char *name,
	const struct cfs_file **ret_file, const struct cfs_live **ret_live)
{
	const struct level *level = &levels[directory->kind];
	const struct cfs_live *live;

	for (size_t i = 0; i < level->n_files; i++) {
		if (strcmp(level->files[i].name, name) == 0 &&
			exists(&level->files[i], directory)) {
			*ret_file = &level->files[i];
			*ret_live = NULL;
			return 0;
		}
	}
	for (size_t i = 0; i < n_live(directory); i++) {
		live = &directory->cloud->client->backend->live[i];
		if (strcmp(live->name, name) == 0 && has_live(directory, live)) {
			*ret_file = NULL;
			*ret_live = live;
			return 0;
		}
	}
	return -ENOENT;
}

bool cfs_layout_has_still(
	const struct cfs_node *directory, const char *name, const struct cfs_live **ret_live)
{
	const struct cfs_file *file;

	return cfs_node_is_still_directory(directory) &&
		cfs_layout_find(directory, name, &file, ret_live) == 0 && *ret_live &&
		!(*ret_live)->once;
}

/* Whether a live file is shown. If nothing is known of the instance, all are. */
static bool shown(const struct cfs_node *directory, size_t live)
{
	const struct cfs_instance *instance = directory->entry->instance;

	if (!has_live(directory, &directory->cloud->client->backend->live[live]))
		return false;
	return !instance || (instance->offers & UINT32_C(1) << live);
}

int cfs_layout_each(
	const struct cfs_node *directory, int (*fn)(void *arg, const char *name), void *arg)
{
	const struct level *level = &levels[directory->kind];
	int r;

	for (size_t i = 0; i < n_live(directory); i++) {
		r = shown(directory, i) ? fn(arg, directory->cloud->client->backend->live[i].name)
					: 0;
		if (r != 0)
			return r;
	}
	for (size_t i = 0; i < level->n_files; i++) {
		r = exists(&level->files[i], directory) ? fn(arg, level->files[i].name) : 0;
		if (r != 0)
			return r;
	}
	return 0;
}

void cfs_layout_target(const struct cfs_node *link, char ret_target[CFS_LAYOUT_TARGET_MAX])
{
	snprintf(ret_target, CFS_LAYOUT_TARGET_MAX, "%s%s", link->from_region ? "../../" : "../",
		link->entry->id);
}

/* The size of a file: that of the snapshot while it is open, else the nominal size or that of the
 * content as it would be rendered now. */
static int file_size(const struct cfs_node *node, off_t *ret_size)
{
	struct cfs_buf rendered = CFS_BUF_INIT(CFS_FILE_RENDERED_MAX);
	int r = 0;

	if (node->filled && !(node->file && node->file->write)) {
		*ret_size = (off_t)node->snapshot.len;
	} else if (node->live) {
		*ret_size = (off_t)node->live->nominal;
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is live, or has a file */
	} else if (node->file->nominal) {
		*ret_size = (off_t)node->file->nominal;
	} else {
		r = node->file->render(node, &rendered);
		if (r == 0)
			*ret_size = (off_t)rendered.len;
		cfs_buf_finish(&rendered);
	}
	return r;
}

static int stat_file(const struct cfs_node *node, struct stat *st)
{
	st->st_nlink = 1;
	st->st_mode = S_IFREG | 0444;
	if (node->file && node->file->write)
		st->st_mode |= 0222;
	return file_size(node, &st->st_size);
}

static void stat_link(const struct cfs_node *node, struct stat *st)
{
	char target[CFS_LAYOUT_TARGET_MAX];

	cfs_layout_target(node, target);
	st->st_nlink = 1;
	st->st_mode = S_IFLNK | 0777;
	st->st_size = (off_t)strlen(target);
}

static void stat_directory(struct stat *st)
{
	st->st_nlink = 2;
	st->st_mode = S_IFDIR | 0555;
}

int cfs_layout_stat(
	const struct cfs_node *node, const struct cfs_ownership *ownership, struct stat *ret_st)
{
	struct stat st = {
		.st_ino = node->ino,
		.st_uid = ownership->uid,
		.st_gid = ownership->gid,
		.st_blksize = 4096,
	};
	int r = 0;

	if (node->kind == CFS_NODE_FILE)
		r = stat_file(node, &st);
	else if (node->kind == CFS_NODE_LINK)
		stat_link(node, &st);
	else
		stat_directory(&st);
	if (r < 0)
		return r;
	st.st_blocks = (st.st_size + 511) / 512;
	/* A link has no mode of its own. */
	if (node->kind != CFS_NODE_LINK)
		st.st_mode &= ~ownership->umask;
	st.st_mtim = cfs_times_modified(node);
	st.st_ctim = cfs_times_changed(node);
	st.st_atim = st.st_mtim;
	*ret_st = st;
	return 0;
}
