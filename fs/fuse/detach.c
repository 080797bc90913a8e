#include "fs/fuse/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The mounts that this process can see, a line each: "36 35 98:0 /root /mount/point ...", where
 * blanks in a path are written \040 (proc(5)). poll(2) reports when they have changed. */
#define MOUNTS "/proc/self/mountinfo"

/* A mount's device and mount point, cut out of its line. False if it is not such a line. */
static bool parse(char *line, char **ret_device, char **ret_mountpoint)
{
	enum { DEVICE = 2, MOUNTPOINT = 4, N_FIELDS };
	char *fields[N_FIELDS], *rest = line;

	for (int i = 0; i < N_FIELDS; i++) {
		fields[i] = strsep(&rest, " ");
		if (!rest)
			return false;
	}
	*ret_device = fields[DEVICE];
	*ret_mountpoint = fields[MOUNTPOINT];
	return true;
}

/* Whether `escaped` stands for the path. */
static bool is_path(const char *escaped, const char *path)
{
	for (; *path; path++) {
		if (*escaped == '\\') {
			if (strlen(escaped) < 4 ||
				(escaped[1] - '0') * 64 + (escaped[2] - '0') * 8 +
						(escaped[3] - '0') !=
					(unsigned char)*path)
				return false;
			escaped += 4;
		} else if (*escaped++ != *path) {
			return false;
		}
	}
	return *escaped == '\0';
}

/* The device of the last mount at that path, which is the one on top. */
static int find_device(const char *mountpoint, char *ret_device)
{
	char *line = NULL, *device, *where;
	int r = -ENOENT;
	size_t size = 0;
	FILE *file;

	file = fopen(MOUNTS, "re");
	if (!file)
		return -errno;
	while (getline(&line, &size, file) > 0)
		if (parse(line, &device, &where) && is_path(where, mountpoint) &&
			strlen(device) < CFS_DETACH_DEVICE_MAX) {
			strcpy(ret_device, device);
			r = 0;
		}
	free(line);
	fclose(file);
	return r;
}

bool cfs_detach_happened(const struct cfs_detach *detach)
{
	char *line = NULL, *device, *where;
	bool found = false;
	size_t size = 0;
	FILE *file;

	file = fopen(MOUNTS, "re");
	if (!file)
		return false;
	while (!found && getline(&line, &size, file) > 0)
		found = parse(line, &device, &where) && strcmp(device, detach->device) == 0;
	/* If the list could not be read to its end, the mount may be in the rest. */
	found = found || !feof(file);
	free(line);
	fclose(file);
	return !found;
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
