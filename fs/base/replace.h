/*
 * Replaces a file by one with other content, in one step: whoever opens it sees the old content or
 * the new one, whole, also after a crash.
 *
 * For files that other programs own and change too. So only a regular file is replaced, never one
 * that is not there (somebody has just deleted it) nor what a symbolic link points to; mode and
 * owner stay, and where they cannot, the file stays as it is.
 */
#ifndef CFS_FS_BASE_REPLACE_H
#define CFS_FS_BASE_REPLACE_H

#include <stddef.h>
#include <sys/stat.h>

/*
 * Waits for the disk, as a file that is empty after a crash is worse than a wait. *ret_new is what
 * stat(2) says of the new file. 0 or a negative errno, with nothing changed: -ENOENT, -ELOOP for a
 * symbolic link, -EISDIR, -EINVAL for what else is not a regular file, -EACCES, -EROFS, -ENOSPC,
 * -EPERM where the owner cannot be kept ...
 */
int cfs_replace_file(const char *path, const char *bytes, size_t len, struct stat *ret_new);

#endif
