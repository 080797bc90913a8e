/* SPDX-License-Identifier: MIT */
/*
 * What another user's process calls itself: its name, which it may set to any bytes, and its
 * command line. Records: a byte that says what is there ('g': the process has gone, 't': the thread
 * is not its first), the thread's name, the process's name, the command line, and a list of those
 * that are refused. An 'r' in place of the first byte: the second record is a whole status file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/text.h"
#include "fs/base/caller.h"
#include "fs/cloud/guests.h"
#include "tests/fuzz/fuzz.h"

#define TID 4242
#define PID 4200
#define STATUS_MAX 65536

static struct world {
	unsigned how;
	struct fuzz_input comm[2]; /* of the thread, of the process */
	struct fuzz_input cmdline;
	struct cfs_buf status;
	unsigned reads;
} world;

/* The kernel's own limit. A name has no NUL. */
static struct fuzz_input name_of(struct fuzz_input record)
{
	const char *end = record.left ? memchr(record.at, '\0', record.left) : NULL;

	if (end)
		record.left = (size_t)(end - record.at);
	if (record.left > CFS_COMM_MAX)
		record.left = CFS_COMM_MAX;
	return record;
}

static long give(const char *from, size_t len, char *bytes, size_t size)
{
	size_t n = len < size ? len : size;

	if (n)
		memcpy(bytes, from, n);
	return (long)n;
}

static long read_proc(int pid, const char *name, char *bytes, size_t size)
{
	const struct fuzz_input *comm = &world.comm[pid == TID && world.how != 'p' ? 0 : 1];
	char line[CFS_COMM_MAX + 1];

	MUST(pid > 0);
	MUST(world.reads++ < 8);
	if (world.how == 'g' && pid == PID)
		return -ESRCH;
	if (strcmp(name, "status") == 0)
		return give(cfs_buf_text(&world.status), world.status.len, bytes, size);
	if (strcmp(name, "cmdline") == 0)
		return give(world.cmdline.at, world.cmdline.left, bytes, size);
	MUST_OF(strcmp(name, "comm") == 0, name);
	if (comm->left)
		memcpy(line, comm->at, comm->left);
	line[comm->left] = '\n';
	return give(line, comm->left + 1, bytes, size);
}

/* As the kernel writes it, which escapes line feeds and backslashes of a name. */
static void make_status(struct fuzz_input name)
{
	cfs_buf_init(&world.status, STATUS_MAX);
	if (world.how == 'r') {
		MUST(cfs_buf_add(&world.status, world.comm[0].at, world.comm[0].left) == 0);
		world.comm[0] = name_of(world.comm[0]);
		return;
	}
	MUST(cfs_buf_adds(&world.status, "Name:\t") == 0);
	for (size_t i = 0; i < name.left; i++) {
		if (name.at[i] == '\n')
			MUST(cfs_buf_adds(&world.status, "\\n") == 0);
		else if (name.at[i] == '\\')
			MUST(cfs_buf_adds(&world.status, "\\\\") == 0);
		else
			MUST(cfs_buf_addc(&world.status, name.at[i]) == 0);
	}
	MUST(cfs_buf_addf(&world.status,
		     "\nUmask:\t0022\nState:\tR (running)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\n",
		     world.how == 'p' ? TID : PID, TID) == 0);
}

static void check_name(const char name[CFS_COMM_MAX + 1])
{
	char line[CFS_COMM_MAX + 1];

	MUST(memchr(name, '\0', CFS_COMM_MAX + 1));
	/* As the log shows it. */
	cfs_text_line(line, sizeof(line), name, strlen(name));
	MUST_OF(fuzz_is_line(line), line);
}

static bool is_name_of(const char *name, const struct fuzz_input *comm)
{
	return strlen(name) == comm->left && (!comm->left || !memcmp(name, comm->at, comm->left));
}

static void check_guests(const struct cfs_caller *caller, const struct fuzz_input *list)
{
	struct cfs_guests guests, again;
	size_t len = 0;
	const char *wrong, *name = NULL;
	char *text = fuzz_text(list);

	MUST(!cfs_guests_parse(cfs_guests_default, &guests, &name, &len));
	(void)cfs_guests_match(&guests, caller);
	wrong = cfs_guests_parse(text, &guests, &name, &len);
	if (wrong) {
		MUST_OF(fuzz_is_line(wrong), wrong);
		MUST(name >= text && len <= strlen(name));
	} else {
		MUST(guests.n <= CFS_GUESTS_MAX);
		for (size_t i = 0; i < guests.n; i++)
			MUST(memchr(guests.names[i], '\0', sizeof(guests.names[i])));
		/* Nobody matches an empty list; who is named in it is matched by it. */
		if (guests.n == 0)
			MUST(!cfs_guests_match(&guests, caller));
		len = strlen(caller->comm);
		if (cfs_text_is_token(caller->comm, len, CFS_COMM_MAX, "._+-@") &&
			!cfs_guests_parse(caller->comm, &again, &name, &len))
			MUST_OF(cfs_guests_match(&again, caller), caller->comm);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size), list = {0};
	struct cfs_current_caller current = {0};
	struct cfs_caller caller;
	const struct cfs_caller *same;
	bool found, modelled;

	world = (struct world){.how = fuzz_byte(&input)};
	fuzz_next(&input, FUZZ_SEPARATOR, &world.comm[0]);
	fuzz_next(&input, FUZZ_SEPARATOR, &world.comm[1]);
	fuzz_next(&input, FUZZ_SEPARATOR, &world.cmdline);
	fuzz_next(&input, FUZZ_SEPARATOR, &list);
	modelled = world.how != 'r';
	if (modelled)
		world.comm[0] = name_of(world.comm[0]);
	world.comm[1] = name_of(world.comm[1]);
	make_status(world.comm[0]);

	memset(&caller, 0xa5, sizeof(caller));
	found = cfs_caller_find(TID, read_proc, &caller);
	MUST(caller.pid > 0);
	check_name(caller.comm);
	check_name(caller.worker);
	MUST(found == (caller.comm[0] != '\0'));
	if (modelled && world.how != 'p' && world.comm[0].left > 0) {
		MUST(caller.pid == PID);
		if (world.how != 'g' && world.comm[1].left > 0)
			MUST_OF(is_name_of(caller.comm, &world.comm[1]), caller.comm);
		if (world.how == 'g')
			MUST_OF(is_name_of(caller.comm, &world.comm[0]), caller.comm);
	}
	check_guests(&caller, &list);

	/* The same, and read once. */
	world.reads = 0;
	cfs_caller_set_current(&current, TID);
	MUST(cfs_caller_get_current(&current, read_proc, &same) == found);
	world.reads = 8;
	MUST(cfs_caller_get_current(&current, read_proc, &same) == found);
	MUST(strcmp(same->comm, caller.comm) == 0 && same->pid == caller.pid);
	cfs_buf_finish(&world.status);
	return 0;
}
