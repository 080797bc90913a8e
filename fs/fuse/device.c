/* SPDX-License-Identifier: MIT */
/*
 * Unless a filesystem sets FUSE_PARALLEL_DIROPS in its answer to FUSE_INIT, the kernel sends one
 * lookup or readdir of a directory at a time, and a process that waits for its turn cannot be
 * interrupted: one hung lookup would hang every `ls`. libfuse has FUSE_CAP_PARALLEL_DIROPS for
 * this, but up to 3.16 drops it when it writes the answer
 * (https://github.com/libfuse/libfuse/pull/861). So the bit is set here in the first message of
 * every session, which is that answer.
 */
#include "fs/fuse/device.h"

#include <errno.h>
#include <linux/fuse.h>
#include <stddef.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static void allow_parallel_dirops(const struct iovec *iov, int count)
{
	const size_t needed = offsetof(struct fuse_init_out, flags) + sizeof(uint32_t);
	struct fuse_init_out answer;

	/* An error is a header alone. */
	if (count < 2 || iov[1].iov_len < needed)
		return;
	memcpy(&answer, iov[1].iov_base, needed);
	answer.flags |= FUSE_PARALLEL_DIROPS;
	memcpy(iov[1].iov_base, &answer, needed);
}

static ssize_t device_write(int fd, struct iovec *iov, int count, void *userdata)
{
	struct cfs_mount *mount = userdata;

	if (!mount->answered && mount->parallel)
		allow_parallel_dirops(iov, count);
	mount->answered = true;
	return writev(fd, iov, count);
}

static ssize_t device_read(int fd, void *buf, size_t size, void *userdata)
{
	ssize_t n = read(fd, buf, size);

	(void)userdata;
	/* The mount ended while the kernel was handing over a request (its fuse_dev_do_read): libfuse
	 * knows only the other word for that, and would call this one a failure. */
	if (n < 0 && errno == ECONNABORTED)
		errno = ENODEV;
	return n;
}

int cfs_device_attach(struct fuse_session *session)
{
	static const struct fuse_custom_io io = {.writev = device_write, .read = device_read};
	int r = fuse_session_custom_io(session, &io, fuse_session_fd(session));

	return r < 0 ? -EIO : 0;
}
