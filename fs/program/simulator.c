/* SPDX-License-Identifier: MIT */
#include "fs/program/simulator.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/clock.h"
#include "fs/base/spawn.h"

#define START_MS_MAX 10000 /* until the simulator answers */

/* Virtual machines of each cloud: enough for every kind there is. */
#define INSTANCES "12"

static int make_paths(struct cfs_simulator *simulator, struct cfs_buf *why)
{
	int r;

	simulator->directory = strdup("/tmp/consolefs-demo-XXXXXX");
	if (!simulator->directory)
		return -ENOMEM;
	if (!mkdtemp(simulator->directory)) {
		r = -errno;
		cfs_buf_addf(why, "cannot make a directory for the files of consolefs-sim: %s",
			strerror(-r));
		free(simulator->directory);
		simulator->directory = NULL;
		return r;
	}
	if (asprintf(&simulator->ca_file, "%s/ca.pem", simulator->directory) < 0)
		simulator->ca_file = NULL;
	if (asprintf(&simulator->log, "%s/requests.log", simulator->directory) < 0)
		simulator->log = NULL;
	if (asprintf(&simulator->ready_file, "%s/url", simulator->directory) < 0)
		simulator->ready_file = NULL;
	if (asprintf(&simulator->errors, "%s/errors", simulator->directory) < 0)
		simulator->errors = NULL;
	return simulator->ca_file && simulator->log && simulator->ready_file && simulator->errors
		? 0
		: -ENOMEM;
}

/* The simulator installed or built beside this program, else the one in PATH. */
static void find_simulator(char *path, size_t size)
{
	static const char name[] = "consolefs-sim";
	ssize_t len = readlink("/proc/self/exe", path, size - sizeof(name));
	char *slash;

	if (len > 0) {
		path[len] = '\0';
		slash = strrchr(path, '/');
		if (slash) {
			strcpy(slash + 1, name);
			if (access(path, X_OK) == 0)
				return;
		}
	}
	strcpy(path, name);
}

/* Its stdio is not the terminal's: it outlives the command that started it. */
static int spawn(struct cfs_simulator *simulator, char *const *options)
{
	char path[4096];
	const char *own[] = {path, "--port", "0", "--ready-file", simulator->ready_file,
		"--ca-file", simulator->ca_file, "--log", simulator->log, "--instances", INSTANCES,
		"--plain-names", "--die-with-parent"};
	const size_t n_own = sizeof(own) / sizeof(own[0]);
	const char **argv;
	size_t n = 0;
	int errors, r;

	while (options[n])
		n++;
	argv = calloc(n_own + n + 1, sizeof(*argv));
	if (!argv)
		return -ENOMEM;
	memcpy(argv, own, sizeof(own));
	for (size_t i = 0; i < n; i++)
		argv[n_own + i] = options[i];
	find_simulator(path, sizeof(path));
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): make_paths has made it */
	errors = open(simulator->errors, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	r = errors < 0 ? -errno : cfs_spawn(argv, NULL, -1, errors, &simulator->pid);
	if (errors >= 0)
		close(errors);
	free(argv);
	return r;
}

static int read_url(struct cfs_simulator *simulator)
{
	ssize_t n;
	int fd;

	fd = open(simulator->ready_file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, simulator->url, CFS_SIMULATOR_URL_MAX);
	close(fd);
	if (n <= 0 || simulator->url[n - 1] != '\n')
		return -EBADMSG;
	simulator->url[n - 1] = '\0';
	return 0;
}

/* Waits for the ready file to appear, or for the simulator to end. */
static int await_url(struct cfs_simulator *simulator, int inotify)
{
	struct pollfd fds[2] = {{.fd = inotify, .events = POLLIN}, {.events = POLLIN}};
	int64_t until = cfs_clock_ms() + START_MS_MAX, left = START_MS_MAX;
	char events[4096];
	int r = -EAGAIN;

	fds[1].fd = pidfd_open(simulator->pid, 0);
	if (fds[1].fd < 0)
		return -errno;
	while (r == -EAGAIN && left > 0) {
		if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
			r = -errno;
		else if (access(simulator->ready_file, F_OK) == 0)
			r = read_url(simulator);
		else if (fds[1].revents)
			r = -ECHILD;
		else if (fds[0].revents && read(inotify, events, sizeof(events)) < 0)
			r = -errno;
		left = until - cfs_clock_ms();
	}
	close(fds[1].fd);
	return r == -EAGAIN ? -ETIMEDOUT : r;
}

/* What the simulator said before it gave up. */
static void add_errors(const struct cfs_simulator *simulator, struct cfs_buf *why)
{
	char text[1024];
	ssize_t n;
	int fd;

	fd = open(simulator->errors, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text));
	if (n > 0)
		cfs_buf_addf(why, ": %.*s", (int)n, text);
	close(fd);
}

static int start(struct cfs_simulator *simulator, char *const *options, struct cfs_buf *why)
{
	int inotify, r;

	r = make_paths(simulator, why);
	if (r < 0)
		return r;
	inotify = inotify_init1(IN_CLOEXEC);
	if (inotify < 0 ||
		inotify_add_watch(inotify, simulator->directory, IN_MOVED_TO | IN_CLOSE_WRITE) <
			0) {
		r = -errno;
		cfs_buf_addf(why, "cannot watch %s: %s", simulator->directory, strerror(-r));
		goto out;
	}
	r = spawn(simulator, options);
	if (r < 0) {
		cfs_buf_addf(why,
			"cannot run consolefs-sim, the simulated cloud: %s; it comes in a package "
			"of its own",
			strerror(-r));
		goto out;
	}
	r = await_url(simulator, inotify);
	if (r < 0) {
		cfs_buf_addf(why, "consolefs-sim did not start (%s)", strerror(-r));
		add_errors(simulator, why);
	}
out:
	if (inotify >= 0)
		close(inotify);
	return r;
}

int cfs_simulator_start(struct cfs_simulator *simulator, char *const *options, struct cfs_buf *why)
{
	int r = start(simulator, options, why);

	if (r < 0)
		cfs_simulator_stop(simulator);
	return r;
}

void cfs_simulator_stop(struct cfs_simulator *simulator)
{
	if (simulator->pid > 0) {
		kill(simulator->pid, SIGTERM);
		while (waitpid(simulator->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (simulator->directory) {
		/* One that was never made is not there to be removed. */
		unlink(simulator->ca_file);
		unlink(simulator->log);
		unlink(simulator->ready_file);
		unlink(simulator->errors);
		rmdir(simulator->directory);
	}
	free(simulator->ca_file);
	free(simulator->log);
	free(simulator->ready_file);
	free(simulator->errors);
	free(simulator->directory);
	*simulator = (struct cfs_simulator){.pid = 0};
}
