/* SPDX-License-Identifier: MIT */
#include "fs/program/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define MANAGER_MS_MAX 10000 /* until the manager has read what it was sent */

static int make_address(const char *name, struct sockaddr_un *ret_address, socklen_t *ret_len)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || len < 2)
		return -EINVAL;
	/* A path's NUL is part of the address; an abstract name has none. */
	if (len + (name[0] == '/') > sizeof(address.sun_path))
		return -EINVAL;
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	*ret_address = address;
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
	return 0;
}

/* Sends the state, and the descriptor unless it is -1. */
static int send_state(
	int to, const struct sockaddr_un *address, socklen_t len, const char *state, int fd)
{
	struct sockaddr_un copy = *address;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct cmsghdr *header = (struct cmsghdr *)(void *)control;
	char text[128];
	struct iovec iov = {.iov_base = text, .iov_len = strlen(state)};
	struct msghdr message = {
		.msg_name = &copy, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1};

	if (iov.iov_len > sizeof(text))
		return -EMSGSIZE;
	memcpy(text, state, iov.iov_len);
	if (fd >= 0) {
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		*header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(int))};
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	return sendmsg(to, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int notify(const struct cfs_env *env, const char *state, int passed)
{
	static const struct timeval patience = {.tv_sec = 1};
	const char *name = cfs_env_get(env, "NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t len;
	int fd, r;

	if (!name)
		return passed < 0 ? 0 : -ENOTCONN;
	r = make_address(name, &address, &len);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0
		? -errno
		: send_state(fd, &address, len, state, passed);
	close(fd);
	return r;
}

int cfs_notify(const struct cfs_env *env, const char *state)
{
	return notify(env, state, -1);
}

/* Waits until the manager has read what was sent before: it gets a pipe, and closes it then. */
static int await_manager(const struct cfs_env *env)
{
	struct pollfd end = {.events = 0};
	int pipes[2], r;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	r = notify(env, "BARRIER=1", pipes[1]);
	close(pipes[1]);
	end.fd = pipes[0];
	if (r == 0) {
		int n = TEMP_FAILURE_RETRY(poll(&end, 1, MANAGER_MS_MAX));

		r = n < 0 ? -errno : n == 0 ? -ETIMEDOUT : 0;
	}
	close(pipes[0]);
	return r;
}

int cfs_notify_with(const struct cfs_env *env, const char *state, int fd)
{
	int r = notify(env, state, fd);

	return r < 0 ? r : await_manager(env);
}
