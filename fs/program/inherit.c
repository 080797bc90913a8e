/* SPDX-License-Identifier: MIT */
#include "fs/program/inherit.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fs/base/log.h"

#define SOCKETS_BELOW 256 /* descriptors that are looked at for an inherited socket */

bool cfs_inherit_signals(void)
{
	struct sigaction action;
	bool hangup_ignored = false;
	sigset_t none;

	for (int i = 1; i < NSIG; i++) {
		if (sigaction(i, NULL, &action) < 0 || action.sa_handler != SIG_IGN)
			continue;
		if (i == SIGHUP)
			hangup_ignored = true;
		signal(i, SIG_DFL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return hangup_ignored;
}

int cfs_inherit_descriptor(const char *path)
{
	static const char *const places[] = {"/dev/fd/", "/proc/self/fd/"};
	unsigned long number;
	char *end;

	for (size_t i = 0; path && i < sizeof(places) / sizeof(places[0]); i++) {
		size_t len = strlen(places[i]);

		if (strncmp(path, places[i], len) != 0 || path[len] < '0' || path[len] > '9')
			continue;
		number = strtoul(path + len, &end, 10);
		if (*end == '\0' && number <= INT_MAX)
			return (int)number;
	}
	return -1;
}

static bool is_unnamed_socket(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
		address.ss_family == AF_UNIX && len == sizeof(address.ss_family);
}

static int by_number(const void *a, const void *b)
{
	return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

/* Closes from the one descriptor to before the other. */
static void close_between(int from, unsigned to)
{
	if (to <= (unsigned)from || close_range((unsigned)from, to - 1, 0) == 0)
		return;
	/* A kernel before 5.9, or a container that forbids it. */
	for (long fd = from, last = sysconf(_SC_OPEN_MAX); fd < to && fd < last; fd++)
		close((int)fd);
}

void cfs_inherit_close(const int *spared, size_t n, bool sockets)
{
	int kept[SOCKETS_BELOW + 8], from = STDERR_FILENO + 1;
	size_t n_kept = 0;

	for (size_t i = 0; i < n && i < 8; i++)
		if (spared[i] > STDERR_FILENO)
			kept[n_kept++] = spared[i];
	for (int fd = from; sockets && fd < SOCKETS_BELOW; fd++)
		if (is_unnamed_socket(fd))
			kept[n_kept++] = fd;
	qsort(kept, n_kept, sizeof(kept[0]), by_number);
	for (size_t i = 0; i < n_kept; i++) {
		close_between(from, (unsigned)kept[i]);
		(void)fcntl(kept[i], F_SETFD, FD_CLOEXEC);
		from = kept[i] + 1;
	}
	close_between(from, (unsigned)INT_MAX + 1);
}

void cfs_inherit_environment(void)
{
	static const char name[] = "SSLKEYLOGFILE";

	if (!getenv(name))
		return;
	cfs_log(CFS_LOG_WARNING, "%s is ignored: it would disclose the keys of connections", name);
	(void)unsetenv(name);
}
