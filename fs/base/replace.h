/* SPDX-License-Identifier: MIT */
/*
 * Replaces a file by one with other content, in one step: whoever opens it sees the old content or
 * the new one, whole.
 */
#ifndef CFS_FS_BASE_REPLACE_H
#define CFS_FS_BASE_REPLACE_H

#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

/*
 * For files that other programs own and change too: only a regular file is replaced, never one that
 * is not there (somebody has just deleted it) nor what a symbolic link points to; mode and owner
 * stay, and where they cannot, the file stays as it is. Waits for the disk, as a file that is empty
 * after a crash is worse than a wait. *ret_new is what stat(2) says of the new file. 0 or a negative
 * errno, with nothing changed: -ENOENT, -ELOOP for a symbolic link, -EISDIR, -EINVAL for what else is
 * not a regular file, -EACCES, -EROFS, -ENOSPC, -EPERM where the owner cannot be kept ...
 */
int cfs_replace_file(const char *path, const char *bytes, size_t len, struct stat *ret_new);

/*
 * For files that are ours to make: puts one of that name, mode and time of modification into a
 * directory, whether there was one or not. Does not wait for the disk. 0 or a negative errno, with
 * nothing changed: -EISDIR where there is a directory, -EACCES, -ENOSPC ...
 */
int cfs_replace_put(int directory, const char *name, mode_t mode, const struct timespec *modified,
	const char *bytes, size_t len);

#endif
