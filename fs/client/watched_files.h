/* SPDX-License-Identifier: MIT */
/*
 * Watched files: notices when a file that credentials come from changes.
 *
 * Providers read files through a cfs_env that remembers each path, also of files that do not exist,
 * with modification time, size and inode. So a rotated, corrected or new file is noticed.
 */
#ifndef CFS_FS_CLIENT_WATCHED_FILES_H
#define CFS_FS_CLIENT_WATCHED_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "backends/contract/env.h"

#define CFS_WATCHED_FILES_MAX 32 /* paths remembered; further ones are read but not watched */
#define CFS_WATCHED_FILES_INTERVAL 1000 /* milliseconds between two checks */

struct cfs_watched_file {
	struct timespec mtime;
	off_t size;
	ino_t ino; /* 0: there is no such file */
};

struct cfs_watched_files {
	struct cfs_env env; /* for the providers: reads through `inner` and remembers paths */
	const struct cfs_env *inner;
	struct {
		char *path;
		struct cfs_watched_file mark;
	} files[CFS_WATCHED_FILES_MAX];
	size_t n;
	int64_t looked_ms;
};

/* `inner` is borrowed, and says all of itself already. The struct must not be moved. */
void cfs_watched_files_init(struct cfs_watched_files *files, const struct cfs_env *inner);
void cfs_watched_files_finish(struct cfs_watched_files *files);
/* Forgets all paths, before the files are read again. */
void cfs_watched_files_forget(struct cfs_watched_files *files);
/* Takes what this process has just written into a file, by what stat(2) says of it, for no change.
 */
void cfs_watched_files_wrote(
	struct cfs_watched_files *files, const char *path, const struct stat *now);
/* Whether a file has changed since it was read. Checks at most once per
 * CFS_WATCHED_FILES_INTERVAL. */
bool cfs_watched_files_changed(struct cfs_watched_files *files, int64_t now_ms);

#endif
