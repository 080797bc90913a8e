#include "fs/fuse/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* The mounts that this process can see. poll(2) reports when they have changed. */
#define MOUNTS "/proc/self/mountinfo"

/* The device of the last mount at that path, which is the one on top. */
static int find_device(const char *mountpoint, char *ret_device)
{
	FILE *list;
	int r;

	list = fopen(MOUNTS, "re");
	if (!list)
		return -errno;
	r = cfs_mountinfo_find(list, mountpoint, ret_device);
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

int cfs_detach_start(struct cfs_detach *detach, struct cfs_loop *loop, const char *mountpoint,
	void (*fn)(void *arg), void *arg)
{
	int fd, r;

	/* Changes count from here on. */
	fd = open(MOUNTS, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = find_device(mountpoint, detach->device);
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
