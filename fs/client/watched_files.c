/* SPDX-License-Identifier: MIT */
#include "fs/client/watched_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"

static struct cfs_watched_file mark_of(const struct stat *st)
{
	return (struct cfs_watched_file){
		.mtime = st->st_mtim, .size = st->st_size, .ino = st->st_ino};
}

static struct cfs_watched_file look(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct cfs_watched_file){0};
	return mark_of(&st);
}

static bool same(const struct cfs_watched_file *a, const struct cfs_watched_file *b)
{
	return a->ino == b->ino && a->size == b->size && a->mtime.tv_sec == b->mtime.tv_sec &&
		a->mtime.tv_nsec == b->mtime.tv_nsec;
}

static void remember(struct cfs_watched_files *files, const char *path)
{
	for (size_t i = 0; i < files->n; i++)
		if (strcmp(files->files[i].path, path) == 0)
			return;
	if (files->n == CFS_WATCHED_FILES_MAX)
		return;
	/* Without memory the file is just not watched. */
	files->files[files->n].path = strdup(path);
	if (!files->files[files->n].path)
		return;
	files->files[files->n].mark = look(path);
	files->n++;
}

static const char *get(void *arg, const char *name)
{
	struct cfs_watched_files *files = arg;

	return files->inner->get(files->inner->arg, name);
}

static int read_owned(void *arg, const char *path, struct cfs_buf *content, struct cfs_buf *foreign)
{
	struct cfs_watched_files *files = arg;

	/* Before reading: if the file changes meanwhile, it is read again later. */
	remember(files, path);
	return cfs_env_read_owned(files->inner, path, content, foreign);
}

static int read_file(void *arg, const char *path, struct cfs_buf *content)
{
	return read_owned(arg, path, content, NULL);
}

static int find_home(void *arg, const char *user, char **ret_home)
{
	struct cfs_watched_files *files = arg;

	return files->inner->find_home ? files->inner->find_home(files->inner->arg, user, ret_home)
				       : -ENOENT;
}

static int make_random(void *arg, unsigned char *bytes, size_t len)
{
	(void)arg;
	return cfs_clock_random_bytes(bytes, len);
}

static int64_t host_time(void *arg)
{
	(void)arg;
	return cfs_clock_wall().tv_sec;
}

void cfs_watched_files_init(struct cfs_watched_files *files, const struct cfs_env *inner)
{
	*files = (struct cfs_watched_files){.inner = inner};
	files->env = (struct cfs_env){.get = get,
		.read_file = read_file,
		.read_owned = read_owned,
		.find_home = find_home,
		.random = make_random,
		.host_time = host_time,
		.arg = files,
		.directory = inner->directory,
		.wary = inner->wary};
}

void cfs_watched_files_finish(struct cfs_watched_files *files)
{
	cfs_watched_files_forget(files);
}

void cfs_watched_files_forget(struct cfs_watched_files *files)
{
	while (files->n > 0)
		free(files->files[--files->n].path);
}

void cfs_watched_files_wrote(
	struct cfs_watched_files *files, const char *path, const struct stat *now)
{
	for (size_t i = 0; i < files->n; i++) {
		if (strcmp(files->files[i].path, path) == 0)
			files->files[i].mark = mark_of(now);
	}
}

bool cfs_watched_files_changed(struct cfs_watched_files *files, int64_t now_ms)
{
	struct cfs_watched_file mark;

	if (now_ms - files->looked_ms < CFS_WATCHED_FILES_INTERVAL)
		return false;
	files->looked_ms = now_ms;
	for (size_t i = 0; i < files->n; i++) {
		mark = look(files->files[i].path);
		if (!same(&mark, &files->files[i].mark))
			return true;
	}
	return false;
}
