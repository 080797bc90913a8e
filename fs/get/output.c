/* SPDX-License-Identifier: MIT */
#include "fs/get/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/replace.h"

void cfs_output_init(struct cfs_output *output, struct cfs_loop *loop)
{
	*output = (struct cfs_output){.loop = loop};
}

void cfs_output_finish(struct cfs_output *output)
{
	cfs_watch_stop(&output->watch);
}

/* 0: there may be more to write. */
static int write_some(struct cfs_output *output, size_t max)
{
	size_t size = output->left < max ? output->left : max;
	ssize_t n = write(STDOUT_FILENO, output->next, size);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	output->next += n;
	output->left -= (size_t)n;
	return 0;
}

static int write_blocking(struct cfs_output *output)
{
	int r = 0;

	while (r == 0 && output->left > 0)
		r = write_some(output, SSIZE_MAX);
	return r;
}

/* A pipe that is ready takes PIPE_BUF bytes at once. */
static void on_ready(void *arg)
{
	struct cfs_output *output = arg;
	int r = write_some(output, PIPE_BUF);

	if (r == 0 && output->left > 0)
		return;
	cfs_watch_stop(&output->watch);
	output->done(output->arg, r);
}

int cfs_output_write(struct cfs_output *output, const char *bytes, size_t len,
	void (*done)(void *arg, int r), void *arg)
{
	int r;

	output->next = bytes;
	output->left = len;
	output->done = done;
	output->arg = arg;
	if (len == 0)
		return 0;
	if (output->blocks)
		return write_blocking(output);
	r = cfs_watch_start_writable(output->loop, &output->watch, STDOUT_FILENO, on_ready, output);
	if (r == -EPERM) {
		output->blocks = true;
		return write_blocking(output);
	}
	return r < 0 ? r : -EINPROGRESS;
}

/* Opens a directory in another, and makes it if need be. */
static int descend(int directory, const char *name, mode_t umask)
{
	int fd;

	if (mkdirat(directory, name, 0777 & ~umask) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fd;
}

int cfs_output_put(int directory, const char *path, mode_t umask, const struct timespec *modified,
	const char *bytes, size_t len)
{
	char name[NAME_MAX + 1];
	int at = directory, next, r = 0;
	const char *slash;

	while (r == 0 && (slash = strchr(path, '/'))) {
		if ((size_t)(slash - path) >= sizeof(name)) {
			r = -ENAMETOOLONG;
			break;
		}
		memcpy(name, path, (size_t)(slash - path));
		name[slash - path] = '\0';
		path = slash + 1;
		next = descend(at, name, umask);
		if (at != directory)
			close(at);
		at = next;
		if (next < 0)
			return next;
	}
	if (r == 0)
		r = cfs_replace_put(at, path, 0666 & ~umask, modified, bytes, len);
	if (at != directory)
		close(at);
	return r;
}
