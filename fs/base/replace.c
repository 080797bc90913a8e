/* SPDX-License-Identifier: MIT */
#include "fs/base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/clock.h"

#define MODE_BITS 0777
#define TRIES 16

/* Opens the directory that the path is in. */
static int open_directory(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char *directory = strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
	int fd;

	if (!directory)
		return -ENOMEM;
	fd = open(*directory ? directory : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(directory);
	*ret_name = slash ? slash + 1 : path;
	return fd;
}

static int check_old(int directory, const char *name, struct stat *ret_old)
{
	if (fstatat(directory, name, ret_old, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISLNK(ret_old->st_mode))
		return -ELOOP;
	if (S_ISDIR(ret_old->st_mode))
		return -EISDIR;
	return S_ISREG(ret_old->st_mode) ? 0 : -EINVAL;
}

/* Makes a file that nobody else can open, beside the old one. */
static int make_new(int directory, const char *name, char ret_name[static NAME_MAX + 1])
{
	uint64_t random;
	int fd, r, n;

	for (int i = 0; i < TRIES; i++) {
		r = cfs_clock_random_bytes(&random, sizeof(random));
		if (r < 0)
			return r;
		n = snprintf(ret_name, NAME_MAX + 1, ".%s.%016llx.tmp", name,
			(unsigned long long)random);
		if (n > NAME_MAX)
			return -ENAMETOOLONG;
		fd = openat(directory, ret_name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = TEMP_FAILURE_RETRY(write(fd, bytes, len));
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The owner first: chown(2) takes mode bits away. */
static int copy_owner_and_mode(int fd, const struct stat *old)
{
	struct stat now;

	if (fstat(fd, &now) < 0)
		return -errno;
	if ((now.st_uid != old->st_uid || now.st_gid != old->st_gid) &&
		fchown(fd, old->st_uid, old->st_gid) < 0)
		return -errno;
	return fchmod(fd, old->st_mode & MODE_BITS) < 0 ? -errno : 0;
}

static int fill(int fd, const char *bytes, size_t len, const struct stat *old, struct stat *ret_new)
{
	int r = write_all(fd, bytes, len);

	if (r == 0)
		r = copy_owner_and_mode(fd, old);
	if (r == 0 && (fsync(fd) < 0 || fstat(fd, ret_new) < 0))
		r = -errno;
	return r;
}

/* What was made becomes the file, if it could be filled (r); else it goes. */
static int put_in_place(int directory, const char *name, const char *made, int fd, int r)
{
	/* Some filesystems tell of a full disk only now. */
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(directory, made, directory, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(directory, made, 0);
	return r;
}

int cfs_replace_put(int directory, const char *name, mode_t mode, const struct timespec *modified,
	const char *bytes, size_t len)
{
	const struct timespec times[] = {*modified, *modified};
	char made[NAME_MAX + 1];
	int fd, r;

	fd = make_new(directory, name, made);
	if (fd < 0)
		return fd;
	r = write_all(fd, bytes, len);
	if (r == 0 && (fchmod(fd, mode) < 0 || futimens(fd, times) < 0))
		r = -errno;
	return put_in_place(directory, name, made, fd, r);
}

int cfs_replace_file(const char *path, const char *bytes, size_t len, struct stat *ret_new)
{
	char made[NAME_MAX + 1];
	struct stat old, new;
	const char *name;
	int directory, fd, r;

	directory = open_directory(path, &name);
	if (directory < 0)
		return directory;
	r = check_old(directory, name, &old);
	if (r < 0)
		goto out;
	fd = make_new(directory, name, made);
	if (fd < 0) {
		r = fd;
		goto out;
	}
	r = put_in_place(directory, name, made, fd, fill(fd, bytes, len, &old, &new));
	if (r == 0)
		*ret_new = new;
out:
	close(directory);
	return r;
}
