/* SPDX-License-Identifier: MIT */
#include "fs/fuse/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* The mounts that this process can see. poll(2) reports when they have changed. */
#define MOUNTS "/proc/self/mountinfo"

/* The device of the connection, of which recent kernels tell the number: it has no major number.
 * -ENOENT from others. */
static int find_connection(int fuse_fd, char *ret_device)
{
	char path[64], line[256];
	unsigned number;
	int r = -ENOENT;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fuse_fd);
	info = fopen(path, "re");
	if (!info)
		return -errno;
	while (r < 0 && fgets(line, sizeof(line), info)) {
		if (sscanf(line, "fuse_connection: %u", &number) == 1) {
			snprintf(ret_device, CFS_MOUNTINFO_DEVICE_MAX, "0:%u", number);
			r = 0;
		}
	}
	fclose(info);
	return r;
}

/* The device of the last mount at that path, which is the one on top; without a path the only one of
 * our type. */
static int find_device(int fuse_fd, const char *mountpoint, char *ret_device)
{
	FILE *list;
	int r;

	if (find_connection(fuse_fd, ret_device) == 0)
		return 0;
	list = fopen(MOUNTS, "re");
	if (!list)
		return -errno;
	r = mountpoint ? cfs_mountinfo_find(list, mountpoint, ret_device)
		       : cfs_mountinfo_find_only(list, "fuse.consolefs", ret_device);
	fclose(list);
	return r;
}

bool cfs_detach_happened(const struct cfs_detach *detach)
{
	FILE *list;
	int r;

	list = fopen(MOUNTS, "re");
	if (!list)
		return false;
	r = cfs_mountinfo_has(list, detach->device);
	fclose(list);
	return r == 0;
}

const char *cfs_detach_missing(const struct cfs_detach *detach)
{
	const char *missing = NULL;
	FILE *list;

	list = fopen(MOUNTS, "re");
	if (!list)
		return NULL;
	(void)cfs_mountinfo_check(list, detach->device, &missing);
	fclose(list);
	return missing;
}

int cfs_detach_start(struct cfs_detach *detach, struct cfs_loop *loop, int fuse_fd,
	const char *mountpoint, void (*fn)(void *arg), void *arg)
{
	int fd, r;

	/* Changes count from here on. */
	fd = open(MOUNTS, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = find_device(fuse_fd, mountpoint, detach->device);
	if (r == 0)
		r = cfs_watch_start_urgent(loop, &detach->watch, fd, fn, arg);
	if (r < 0)
		close(fd);
	else
		detach->fd = fd;
	return r;
}

void cfs_detach_stop(struct cfs_detach *detach)
{
	if (!detach->watch.loop)
		return;
	cfs_watch_stop(&detach->watch);
	close(detach->fd);
}
