/*
 * The files that credentials come from: read as by any cfs_env, and watched for changes.
 *
 * Every path that is read, or looked for in vain, is remembered with its modification time, size
 * and inode, so that a rotated, corrected or new file is noticed.
 */
#ifndef CFS_FS_CLIENT_WATCHED_FILES_H
#define CFS_FS_CLIENT_WATCHED_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "backends/contract/env.h"

#define CFS_WATCHED_FILES_MAX 32 /* paths remembered; further ones are read but not watched */
#define CFS_WATCHED_FILES_INTERVAL 1000 /* milliseconds between two looks */

struct cfs_watched_file {
	struct timespec mtime;
	off_t size;
	ino_t ino; /* 0: there is no such file */
};

struct cfs_watched_files {
	struct cfs_env env; /* to read by; its variables are those of the env given */
	const struct cfs_env *inner;
	struct {
		char *path;
		struct cfs_watched_file mark;
	} files[CFS_WATCHED_FILES_MAX];
	size_t n;
	int64_t looked_ms;
};

/* `inner` is borrowed. The struct must stay in place. */
void cfs_watched_files_init(struct cfs_watched_files *files, const struct cfs_env *inner);
void cfs_watched_files_finish(struct cfs_watched_files *files);
/* Forgets the paths, before they are read anew. */
void cfs_watched_files_forget(struct cfs_watched_files *files);
/* Whether a path has changed since it was read. Looks no more often than CFS_WATCHED_FILES_INTERVAL. */
bool cfs_watched_files_changed(struct cfs_watched_files *files, int64_t now_ms);

#endif
