/* SPDX-License-Identifier: MIT */
#include "fs/base/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <unistd.h>

static int redirect(posix_spawn_file_actions_t *actions, int from, int to)
{
	return from >= 0 ? posix_spawn_file_actions_adddup2(actions, from, to)
			 : posix_spawn_file_actions_addopen(actions, to, "/dev/null", O_RDWR, 0);
}

static int set_files(posix_spawn_file_actions_t *actions, int output, int errors)
{
	int r;

	r = redirect(actions, -1, STDIN_FILENO);
	if (r == 0)
		r = redirect(actions, output, STDOUT_FILENO);
	if (r == 0)
		r = redirect(actions, errors, STDERR_FILENO);
	/* Not all of libcurl's descriptors are close-on-exec. */
	return r == 0 ? posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1) : r;
}

/* Undoes for the child what this process does: it blocks the signals that it reads from a
 * descriptor, and ignores SIGPIPE. */
static int set_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, defaults;
	int r;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	r = posix_spawnattr_setsigmask(attributes, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attributes, &defaults);
	return r == 0
		? posix_spawnattr_setflags(attributes,
			  POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP)
		: r;
}

int cfs_spawn(
	const char *const argv[], const char *directory, int output, int errors, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r;

	r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attributes);
	if (r != 0)
		goto out;
	r = set_files(&actions, output, errors);
	/* It may have been removed since. */
	if (r == 0 && directory && access(directory, X_OK) == 0)
		r = posix_spawn_file_actions_addchdir_np(&actions, directory);
	if (r == 0)
		r = set_signals(&attributes);
	/* argv lacks a const only for historical reasons: posix_spawnp does not write to it. */
	if (r == 0)
		r = posix_spawnp(ret_pid, argv[0], &actions, &attributes,
			(char *const *)(uintptr_t)argv, environ);
	posix_spawnattr_destroy(&attributes);
out:
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}
