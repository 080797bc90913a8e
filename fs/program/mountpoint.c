/* SPDX-License-Identifier: MIT */
#include "fs/program/mountpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fs/program/stale.h"

#define STALE_MAX 8                  /* dead mounts on top of each other */
#define FUSE_DEVICE makedev(10, 229) /* /dev/fuse: Documentation/admin-guide/devices.txt */

/* Whether a FUSE filesystem is mounted at the path itself; one of another kind does not matter. The
 * filesystem is not asked: another user's does not answer, not even root. */
static bool is_fuse_mount(const char *path)
{
	struct statx stx;
	struct statfs fs;

	if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, 0, &stx) < 0 ||
		!(stx.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return false;
	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == FUSE_SUPER_MAGIC;
}

/* Of a dead mount the kernel may still remember stat, but not statfs. */
static bool is_dead(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) < 0 && errno == ENOTCONN;
}

static int check_directory(const char *path, struct cfs_buf *why)
{
	struct stat st;
	int r;

	for (int i = 0; is_dead(path) && i < STALE_MAX; i++) {
		if (cfs_stale_remove(path) < 0)
			break;
	}
	if (is_dead(path) || stat(path, &st) < 0) {
		r = -errno;
		if (r == -ENOTCONN)
			cfs_buf_addf(why,
				"%s is a stale mount, left by a filesystem that died; "
				"remove it with: fusermount3 -uz %s",
				path, path);
		else if (r == -EACCES && is_fuse_mount(path))
			cfs_buf_addf(why,
				"%s is busy: another user has mounted something there, which may "
				"be dead; that user or root can remove it with: fusermount3 -uz "
				"%s",
				path, path);
		else if (r == -ENOENT)
			cfs_buf_addf(why,
				"the mount point %s does not exist; make it with: mkdir %s", path,
				path);
		else
			cfs_buf_addf(why, "cannot use the mount point %s: %s", path, strerror(-r));
		return r;
	}
	if (!S_ISDIR(st.st_mode)) {
		cfs_buf_addf(why, "the mount point %s is not a directory", path);
		return -ENOTDIR;
	}
	if (is_fuse_mount(path)) {
		cfs_buf_addf(why,
			"%s is busy: something is mounted there already; "
			"unmount it with: fusermount3 -u %s",
			path, path);
		return -EBUSY;
	}
	return 0;
}

/* libfuse looks where its distribution has it, and in $PATH: some have it in neither of these. */
static bool has_helper(void)
{
	static const char name[] = "fusermount3";
	static const char usual[] = "/usr/bin:/bin:/usr/local/bin";
	const char *own = getenv("PATH");
	const char *const paths[] = {usual, own ? own : ""};
	char file[PATH_MAX];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		for (const char *dir = paths[i]; *dir;) {
			int len = (int)strcspn(dir, ":");

			if (len > 0 && len < PATH_MAX &&
				snprintf(file, sizeof(file), "%.*s/%s", len, dir, name) <
					(int)sizeof(file) &&
				access(file, X_OK) == 0)
				return true;
			dir += len;
			dir += *dir == ':';
		}
	}
	return false;
}

/* What a mount needs of the system. */
static int check_system(struct cfs_buf *why)
{
	int fd, r;

	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		r = -errno;
		if (r == -ENOENT || r == -ENODEV || r == -ENXIO)
			cfs_buf_adds(why,
				"/dev/fuse is missing: load the module with `modprobe fuse`, "
				"or give the container the device (--device /dev/fuse)");
		else
			cfs_buf_addf(why, "/dev/fuse cannot be opened: %s%s", strerror(-r),
				r == -EACCES
					? ": join its group, or have root `chmod 666 /dev/fuse`"
					: r == -EPERM
					? ": give the container the device (--device /dev/fuse)"
					: "");
		return r;
	}
	close(fd);
	/* Root needs no helper; everybody else mounts by a set-user-id program. */
	if (geteuid() != 0 && !has_helper()) {
		cfs_buf_adds(why, "fusermount3 is missing: install the package fuse3");
		return -ENOENT;
	}
	return 0;
}

int cfs_mountpoint_check(const char *path, char **ret_path, struct cfs_buf *why)
{
	char *absolute;
	int r;

	r = check_directory(path, why);
	if (r == 0)
		r = check_system(why);
	if (r < 0)
		return r;
	absolute = realpath(path, NULL);
	if (!absolute) {
		r = -errno;
		cfs_buf_addf(why, "cannot use the mount point %s: %s", path, strerror(-r));
		return r;
	}
	*ret_path = absolute;
	return 0;
}

int cfs_mountpoint_check_handed(int fd, char **ret_path, struct cfs_buf *why)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0) {
		r = -errno;
		cfs_buf_addf(why,
			"the mount point /dev/fd/%d is not open: give it an open /dev/fuse, as "
			"mount.fuse3 -o drop_privileges does",
			fd);
		return r;
	}
	if (!S_ISCHR(st.st_mode) || st.st_rdev != FUSE_DEVICE || fd <= STDERR_FILENO) {
		cfs_buf_addf(why, "the mount point /dev/fd/%d is not an open /dev/fuse", fd);
		return -EINVAL;
	}
	return asprintf(ret_path, "/dev/fd/%d", fd) < 0 ? -ENOMEM : 0;
}
