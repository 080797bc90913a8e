/* SPDX-License-Identifier: MIT */
#include "fs/program/stale.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fs/base/log.h"
#include "fs/base/spawn.h"
#include "fs/fuse/mountinfo.h"

#define LOCK_TRIES 50 /* for another start of the same mount point */
#define LOCK_NS 100000000

#define SELF_MAX 64 /* bytes of a path in /proc/self */

/* The kernel's number of the mount that a descriptor is in. -ENOENT if it is unknown. */
static int find_mount(int fd, int *ret_id)
{
	char path[SELF_MAX], line[256];
	int r = -ENOENT;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	while (info && r < 0 && fgets(line, sizeof(line), info)) {
		if (sscanf(line, "mnt_id: %d", ret_id) == 1)
			r = 0;
	}
	if (info)
		fclose(info);
	return r;
}

/* Whether it is a mount of this user's consolefs whose daemon is gone. */
static bool is_ours_and_dead(int fd)
{
	struct statfs fs;
	bool ours = false;
	FILE *list;
	int id;

	if (fstatfs(fd, &fs) == 0 || errno != ENOTCONN || find_mount(fd, &id) < 0)
		return false;
	list = fopen("/proc/self/mountinfo", "re");
	if (list) {
		ours = cfs_mountinfo_is_of(list, id, "fuse.consolefs", getuid());
		fclose(list);
	}
	return ours;
}

static int unmount(int fd, const char *mountpoint)
{
	const char *const argv[] = {"fusermount3", "-u", "-z", "-q", "--", mountpoint, NULL};
	char self[SELF_MAX];
	int status, r;
	pid_t pid;

	if (geteuid() == 0) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		return umount2(self, MNT_DETACH) < 0 ? -errno : 0;
	}
	r = cfs_spawn(argv, NULL, -1, -1, &pid);
	if (r < 0)
		return r;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return status == 0 ? 0 : -EPERM;
}

/* Where the path leads to: a mount's own root is not asked for. */
static int open_mount(const char *path, char mountpoint[static PATH_MAX])
{
	char self[SELF_MAX];
	ssize_t len;
	int fd;

	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	len = readlink(self, mountpoint, PATH_MAX - 1);
	if (len < 0) {
		close(fd);
		return -ENOENT;
	}
	mountpoint[len] = '\0';
	return fd;
}

/* Locks the directory that a mount point is in, against another start that would take away what this
 * one mounts. A negative number if it cannot be locked. */
static int lock_above(const char *mountpoint)
{
	const struct timespec pause = {.tv_nsec = LOCK_NS};
	const char *slash = strrchr(mountpoint, '/');
	char above[PATH_MAX];
	int fd;

	if (!slash)
		return -1;
	snprintf(above, sizeof(above), "%.*s/", (int)(slash - mountpoint), mountpoint);
	fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (i == LOCK_TRIES) {
			close(fd);
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return fd;
}

int cfs_stale_remove(const char *path)
{
	char mountpoint[PATH_MAX];
	int fd, lock, r = -ENOTCONN;

	fd = open_mount(path, mountpoint);
	if (fd < 0)
		return -ENOTCONN;
	lock = is_ours_and_dead(fd) ? lock_above(mountpoint) : -1;
	close(fd);
	if (lock < 0)
		return -ENOTCONN;
	/* Again: another start may have been faster. */
	fd = open_mount(path, mountpoint);
	if (fd >= 0 && is_ours_and_dead(fd) && unmount(fd, mountpoint) == 0) {
		cfs_log(CFS_LOG_WARNING,
			"took away a dead mount that an earlier consolefs of this user has left "
			"behind");
		r = 0;
	} else if (fd >= 0 && !is_ours_and_dead(fd)) {
		r = 0;
	}
	if (fd >= 0)
		close(fd);
	close(lock);
	return r;
}
