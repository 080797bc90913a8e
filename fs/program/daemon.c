/* SPDX-License-Identifier: MIT */
#include "fs/program/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The parent: waits for one byte, or for the end of the child, which has said why on stderr. */
static void __attribute__((noreturn)) await_child(int fd)
{
	ssize_t n;
	char byte;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	_exit(n == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

int cfs_daemon_fork(struct cfs_daemon *daemon)
{
	int pipes[2], r;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		r = -errno;
		close(pipes[0]);
		close(pipes[1]);
		return r;
	}
	if (pid > 0) {
		close(pipes[1]);
		await_child(pipes[0]);
	}
	close(pipes[0]);
	daemon->parent = pipes[1];
	return 0;
}

int cfs_daemon_ready(struct cfs_daemon *daemon)
{
	int fd, r = 0;
	ssize_t n;

	if (daemon->parent < 0)
		return 0;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0 || setsid() < 0 || chdir("/") < 0)
		r = -errno;
	for (int i = 0; r == 0 && i <= STDERR_FILENO; i++) {
		if (dup2(fd, i) < 0)
			r = -errno;
	}
	if (fd > STDERR_FILENO)
		close(fd);
	if (r < 0)
		return r;
	do
		n = write(daemon->parent, "", 1);
	while (n < 0 && errno == EINTR);
	/* If the parent has been killed meanwhile, nobody needs the byte. */
	close(daemon->parent);
	daemon->parent = -1;
	return 0;
}
