/* SPDX-License-Identifier: MIT */
/*
 * The files of an instance as the kernel uses them: messages through libfuse to our operations, and
 * back. Records, each a letter, a slot and what it takes:
 *
 *     l NAME           a lookup in the instance's directory, into the slot
 *     o FLAGS          an open
 *     w OFFSET BYTES   a write
 *     r OFFSET SIZE    a read
 *     t                a truncation
 *     c                a close
 *     f                forgetting it
 *
 * The kernel is no stranger: it names nodes that it was told of, and releases what it opened. Live
 * files are looked up and not opened: their bytes are of a cloud. Beside it runs a model of the
 * wake flag.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/uio.h>

#include <linux/fuse.h>

#include "backends/aws/aws.h"
#include "fs/base/caller.h"
#include "fs/fuse/operations.h"
#include "tests/fuzz/fleet.h"

#define SLOTS 4
#define OPENS_MAX 8
#define REPLY_MAX 65536
#define WRITE_MAX 65536 /* bytes of a write of the kernel's, with what libfuse tells it */

struct slot {
	uint64_t node; /* 0: none */
	bool live, wake;
	unsigned opens;
};

struct world {
	struct fuzz_fleet fleet;
	struct cfs_current_caller current_caller;
	struct cfs_mount_config config;
	struct cfs_mount mount;
	struct fuse_session *session;
	uint64_t directory, unique;
	struct slot slots[SLOTS];
	bool armed; /* the model */
	unsigned replies;
	struct fuse_out_header header; /* of the last reply */
	char reply[REPLY_MAX];         /* and what came after it */
	size_t reply_len;
};

static ssize_t take_reply(int fd, struct iovec *iov, int count, void *userdata)
{
	struct world *world = (struct world *)((char *)userdata - offsetof(struct world, mount));
	size_t len = 0;

	(void)fd;
	MUST(iov[0].iov_len == sizeof(world->header));
	memcpy(&world->header, iov[0].iov_base, sizeof(world->header));
	for (int i = 1; i < count; i++) {
		MUST(iov[i].iov_len <= sizeof(world->reply) - len);
		memcpy(world->reply + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	world->reply_len = len;
	world->replies++;
	MUST(world->header.len == sizeof(world->header) + len);
	MUST(world->header.unique == world->unique);
	MUST(world->header.error <= 0 && world->header.error > -4096);
	return (ssize_t)world->header.len;
}

static ssize_t read_nothing(int fd, void *buf, size_t size, void *userdata)
{
	(void)fd;
	(void)buf;
	(void)size;
	(void)userdata;
	return 0;
}

/* Sends a message of two parts. Returns its error, 0 for none. */
static int ask(struct world *world, uint32_t opcode, uint64_t node, const void *in, size_t in_len,
	const void *more, size_t more_len)
{
	struct fuse_in_header header = {
		.len = (uint32_t)(sizeof(header) + in_len + more_len),
		.opcode = opcode,
		.unique = ++world->unique,
		.nodeid = node,
	};
	struct fuse_buf buf = {.size = header.len};
	unsigned replies = world->replies;
	char *message = malloc(header.len);

	MUST(message);
	memcpy(message, &header, sizeof(header));
	if (in_len)
		memcpy(message + sizeof(header), in, in_len);
	if (more_len)
		memcpy(message + sizeof(header) + in_len, more, more_len);
	buf.mem = message;
	fuse_session_process_buf(world->session, &buf);
	free(message);
	/* Exactly one answer, and at once; none to what wants none. */
	MUST(world->replies == replies + (opcode == FUSE_FORGET ? 0 : 1));
	return opcode == FUSE_FORGET ? 0 : world->header.error;
}

static void be_ready(void *arg)
{
	(void)arg;
}

static void begin(struct world *world)
{
	static const struct fuse_custom_io io = {.writev = take_reply, .read = read_nothing};
	struct fuse_init_in init = {.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = 131072,
		.flags = FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ATOMIC_O_TRUNC};
	static char name[] = "consolefs";
	char *argv[] = {name, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct cfs_instance_builder builder;
	struct cfs_entry *entry;
	struct cfs_node *node;

	fuzz_fleet_init(&world->fleet, &cfs_aws_backend);
	world->fleet.runtime.current_caller = &world->current_caller;
	world->mount = (struct cfs_mount){.runtime = &world->fleet.runtime,
		.config = &world->config,
		.nodes = world->fleet.nodes,
		.ready = be_ready};
	MUST(cfs_quota_init(&world->mount.quota, 0, 0) == 0);
	world->session =
		fuse_session_new(&args, &cfs_operations, sizeof(cfs_operations), &world->mount);
	MUST(world->session);
	fuse_opt_free_args(&args);
	MUST(fuse_session_custom_io(world->session, &io, open("/dev/null", O_RDONLY | O_CLOEXEC)) ==
		0);
	MUST(ask(world, FUSE_INIT, 0, &init, sizeof(init), NULL, 0) == 0);
	cfs_instance_builder_init(&builder);
	fuzz_set(&builder, CFS_FIELD_ID, "i-0badcafe");
	entry = fuzz_fleet_put(&world->fleet, &builder, 3);
	cfs_instance_builder_finish(&builder);
	node = cfs_node_of_entry(world->fleet.nodes, &world->fleet.cloud, entry);
	MUST(node);
	world->directory = node->id;
}

/* "any write arms it, except one whose first word is 0, off, no or false, which disarms" */
static bool arms(const char *bytes, size_t len)
{
	static const char *const words[] = {"0", "off", "no", "false"};
	size_t start = 0, end;

	while (start < len && memchr(" \t\r\n\v\f", bytes[start], 6))
		start++;
	for (end = start; end < len && !memchr(" \t\r\n\v\f", bytes[end], 7); end++)
		;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (end - start == strlen(words[i]) &&
			strncasecmp(bytes + start, words[i], end - start) == 0)
			return false;
	}
	return true;
}

static void forget(struct world *world, struct slot *slot)
{
	struct fuse_forget_in in = {.nlookup = 1};

	if (slot->node)
		ask(world, FUSE_FORGET, slot->node, &in, sizeof(in), NULL, 0);
	*slot = (struct slot){0};
}

static void look_up(struct world *world, struct slot *slot, const struct fuzz_input *input)
{
	static const char *const own[] = {"wake", "info.json", "error"};
	char *name = fuzz_text(input);
	struct fuse_entry_out entry;
	bool known = false, live = false;
	int r;

	if (slot->opens > 0)
		goto out;
	forget(world, slot);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		known = known || strcmp(name, own[i]) == 0;
	for (size_t i = 0; i < cfs_aws_backend.n_live; i++)
		live = live || strcmp(name, cfs_aws_backend.live[i].name) == 0;
	r = ask(world, FUSE_LOOKUP, world->directory, name, strlen(name) + 1, NULL, 0);
	MUST_OF((r == 0) == (known || live), name);
	if (r == 0) {
		MUST(world->reply_len >= sizeof(entry));
		memcpy(&entry, world->reply, sizeof(entry));
		MUST(entry.nodeid > world->directory);
		*slot = (struct slot){
			.node = entry.nodeid, .live = live, .wake = strcmp(name, "wake") == 0};
	}
out:
	free(name);
}

static void open_it(struct world *world, struct slot *slot, unsigned flags)
{
	static const uint32_t ways[] = {O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC,
		O_WRONLY | O_APPEND, O_RDONLY | O_TRUNC, O_RDWR | O_EXCL, 3};
	struct fuse_open_in in = {.flags = ways[flags % 8]};
	bool writes = (in.flags & O_ACCMODE) != O_RDONLY || (in.flags & O_TRUNC);
	int r;

	if (slot->live || slot->opens == OPENS_MAX)
		return;
	r = ask(world, FUSE_OPEN, slot->node, &in, sizeof(in), NULL, 0);
	MUST(r == (writes && !slot->wake ? -EPERM : 0));
	slot->opens += r == 0;
}

static uint64_t offset_of(unsigned byte)
{
	static const uint64_t offsets[] = {
		0, 1, 2, 4095, 4096, UINT32_MAX, INT64_MAX, UINT64_MAX, (uint64_t)1 << 40};

	return offsets[byte % (sizeof(offsets) / sizeof(offsets[0]))];
}

static void write_it(struct world *world, struct slot *slot, struct fuzz_input *input)
{
	struct fuse_write_in in = {.offset = offset_of(fuzz_byte(input))};
	struct fuse_write_out out;
	int r;

	in.size = input->left < WRITE_MAX ? (uint32_t)input->left : WRITE_MAX;
	r = ask(world, FUSE_WRITE, slot->node, &in, sizeof(in), input->at, in.size);
	MUST(r == (slot->wake ? 0 : -EPERM));
	if (r < 0)
		return;
	MUST(world->reply_len == sizeof(out));
	memcpy(&out, world->reply, sizeof(out));
	MUST(out.size == in.size);
	world->armed = arms(input->at, in.size);
}

static void read_it(struct world *world, struct slot *slot, struct fuzz_input *input)
{
	struct fuse_read_in in = {
		.offset = offset_of(fuzz_byte(input)), .size = 512 * fuzz_byte(input)};

	MUST(ask(world, FUSE_READ, slot->node, &in, sizeof(in), NULL, 0) == 0);
	MUST(world->reply_len <= in.size);
	if (slot->wake && in.offset == 0 && in.size > 0) {
		MUST(world->reply_len == 2);
		MUST(memcmp(world->reply, world->armed ? "1\n" : "0\n", 2) == 0);
	}
}

static void play(struct world *world, struct fuzz_input record)
{
	unsigned what = fuzz_byte(&record);
	struct slot *slot = &world->slots[fuzz_byte(&record) % SLOTS];
	struct fuse_setattr_in truncate = {.valid = FATTR_SIZE};
	struct fuse_release_in release = {0};

	if (what == 'l')
		look_up(world, slot, &record);
	else if (slot->node == 0)
		return;
	else if (what == 'o')
		open_it(world, slot, fuzz_byte(&record));
	else if (what == 't')
		MUST(ask(world, FUSE_SETATTR, slot->node, &truncate, sizeof(truncate), NULL, 0) ==
			(slot->wake ? 0 : -EPERM));
	else if (slot->opens == 0 && what == 'f')
		forget(world, slot);
	else if (slot->opens == 0)
		return;
	else if (what == 'w')
		write_it(world, slot, &record);
	else if (what == 'r')
		read_it(world, slot, &record);
	else if (what == 'c' && slot->opens-- > 0)
		MUST(ask(world, FUSE_RELEASE, slot->node, &release, sizeof(release), NULL, 0) == 0);
}

static void end(struct world *world)
{
	struct fuse_forget_in one = {.nlookup = 1};
	struct fuse_release_in release = {0};

	for (size_t i = 0; i < SLOTS; i++) {
		for (; world->slots[i].opens > 0; world->slots[i].opens--)
			ask(world, FUSE_RELEASE, world->slots[i].node, &release, sizeof(release),
				NULL, 0);
		forget(world, &world->slots[i]);
	}
	MUST(cfs_nodes_open(world->fleet.nodes).snapshots == 0);
	ask(world, FUSE_FORGET, world->directory, &one, sizeof(one), NULL, 0);
	fuse_session_destroy(world->session);
	cfs_quota_finish(&world->mount.quota);
	fuzz_fleet_finish(&world->fleet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size), record;
	struct world *world = calloc(1, sizeof(*world));

	MUST(world);
	begin(world);
	while (fuzz_next(&input, FUZZ_SEPARATOR, &record))
		play(world, record);
	end(world);
	free(world);
	return 0;
}
