/* SPDX-License-Identifier: MIT */
#include "fs/base/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_MAX 256   /* bytes read of /proc/PID/status; Tgid is its fourth line */
#define CMDLINE_MAX 1024 /* bytes read of a command line */

long cfs_proc_read(int pid, const char *name, char *bytes, size_t size)
{
	char path[64];
	ssize_t n;
	int fd, r;

	r = snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	if (r < 0 || r >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	n = read(fd, bytes, size);
	r = errno;
	close(fd);
	return n < 0 ? -r : n;
}

static bool read_comm(int pid, cfs_proc_reader *reader, char comm[CFS_COMM_MAX + 1])
{
	char line[CFS_COMM_MAX + 1];
	long n = reader(pid, "comm", line, sizeof(line));

	if (n <= 0)
		return false;
	/* The name itself may contain line feeds, so only the one that ends it is removed. */
	if (line[n - 1] == '\n' || n > CFS_COMM_MAX)
		n--;
	memcpy(comm, line, (size_t)n);
	comm[n] = '\0';
	return true;
}

/* The process that a thread belongs to, or the thread's own number if that is not known. The kernel
 * escapes line feeds in the first line, the name, so a name cannot fake a Tgid line. */
static int process_of(int tid, cfs_proc_reader *reader)
{
	static const char key[] = "\nTgid:";
	char status[STATUS_MAX + 1];
	long n = reader(tid, "status", status, STATUS_MAX);
	const char *line;
	int pid = 0;

	status[n > 0 ? n : 0] = '\0';
	line = strstr(status, key);
	if (line)
		pid = atoi(line + sizeof(key) - 1);
	return pid > 0 ? pid : tid;
}

/* The command line is `kioworker /usr/lib/.../thumbnail.so thumbnail ...`. */
static void read_purpose(int pid, cfs_proc_reader *reader, char purpose[CFS_COMM_MAX + 1])
{
	char line[CMDLINE_MAX + 1];
	long n = reader(pid, "cmdline", line, CMDLINE_MAX);
	const char *argument, *slash;

	if (n <= 0)
		return;
	line[n] = '\0';
	argument = line + strlen(line) + 1;
	if (argument >= line + n)
		return;
	slash = strrchr(argument, '/');
	snprintf(purpose, CFS_COMM_MAX + 1, "%s", slash ? slash + 1 : argument);
}

static bool is_kio_worker(const char *comm)
{
	return strncmp(comm, "kioslave", strlen("kioslave")) == 0 || strcmp(comm, "kioworker") == 0;
}

bool cfs_caller_find(int tid, cfs_proc_reader *reader, struct cfs_caller *ret_caller)
{
	struct cfs_caller caller = {.pid = tid};

	if (tid > 0 && read_comm(tid, reader, caller.worker)) {
		caller.pid = process_of(tid, reader);
		if (caller.pid == tid || !read_comm(caller.pid, reader, caller.comm))
			strcpy(caller.comm, caller.worker);
		if (is_kio_worker(caller.comm))
			read_purpose(caller.pid, reader, caller.worker);
	}
	*ret_caller = caller;
	return caller.comm[0] != '\0';
}

void cfs_caller_set_current(struct cfs_current_caller *current_caller, int tid)
{
	current_caller->tid = tid;
	current_caller->looked = false;
}

bool cfs_caller_get_current(struct cfs_current_caller *current_caller, cfs_proc_reader *reader,
	const struct cfs_caller **ret_caller)
{
	if (!current_caller->looked)
		current_caller->found =
			cfs_caller_find(current_caller->tid, reader, &current_caller->caller);
	current_caller->looked = true;
	*ret_caller = &current_caller->caller;
	return current_caller->found;
}
