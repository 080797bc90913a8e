/* SPDX-License-Identifier: MIT */
/*
 * Still files (fs/node/still.h) as threads look at them, open them and give up, while snapshots come, fail, get
 * old and are too many. Records, each a letter and the bytes that it takes:
 *
 *     l THREAD FILE    it looks at a file
 *     o THREAD FILE    it opens one
 *     x THREAD         it gives up what it waits for
 *     c FILE           an open of it is closed
 *     g FILE SIZE      the fetch of it ends with so much
 *     e FILE           it fails
 *     t TIME           time passes
 *     w                a write to wake
 *     m BYTES          still_max
 *
 * No cloud is asked: the fetch is ours, and so is the clock. Held against the header: a snapshot is the same as long
 * as it is open; there is one call however many wait; what is held is within still_max, unless it is open or has just
 * come; and who was told a size finds it at an open a moment later.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/aws.h"
#include "fs/base/caller.h"
#include "fs/base/clock.h"
#include "fs/base/loop.h"
#include "fs/node/fetch.h"
#include "fs/node/still.h"
#include "fs/node/wake.h"
#include "fs/tree/layout.h"
#include "fs/tree/tree.h"
#include "tests/fuzz/fleet.h"

#define THREADS (CFS_STILL_LOOKERS + 2)
#define FILES 3
#define TTL_MS 60000
#define SIZE_UNIT 100

struct thread {
	struct world *world;
	struct cfs_tree_op op;
	struct file *file; /* that it waits for; NULL: it waits for none */
	bool opens;
	struct file *told;         /* whose size it knows; NULL: of none */
	uint64_t version;          /* that it knows */
	int64_t told_ms, since_ms; /* when it was told; since when that version is there */
	unsigned writes;           /* to wake before it was fetched */
};

struct file {
	struct cfs_node *node;
	uint64_t version; /* of the snapshot */
	int64_t since_ms;
	unsigned opens, writes; /* writes to wake before it was filled */
};

struct world {
	struct fuzz_fleet fleet;
	struct cfs_current_caller caller;
	struct cfs_mount_config config;
	struct cfs_still still;
	struct cfs_loop *loop;
	struct cfs_node *directory;
	struct thread threads[THREADS];
	struct file files[FILES];
	uint64_t versions;
	unsigned writes;
	bool bounded; /* still_max was ever small: what was looked at may have gone */
};

struct cfs_fetch {
	struct cfs_wait *waits;
	unsigned writes; /* to wake, before */
};

static int64_t now_ms;
static unsigned written; /* the world's writes */

int64_t cfs_clock_ms(void)
{
	return now_ms;
}

int64_t cfs_clock_us(void)
{
	return now_ms * 1000;
}

struct timespec cfs_clock_wall(void)
{
	return (struct timespec){.tv_sec = 1715000000 + now_ms / 1000};
}

double cfs_clock_random(void)
{
	return 0.5;
}

int cfs_clock_random_bytes(void *bytes, size_t len)
{
	memset(bytes, 7, len);
	return 0;
}

int cfs_fetch(
	struct cfs_node *node, struct cfs_wait *wait, void (*fn)(void *arg, int result), void *arg)
{
	MUST(!node->filled);
	if (!node->fetch) {
		node->fetch = calloc(1, sizeof(*node->fetch));
		MUST(node->fetch);
		node->fetch->writes = written;
	}
	cfs_wait_enter(&node->fetch->waits, wait, fn, arg);
	return 0;
}

static struct cfs_fetch take_fetch(struct cfs_node *node)
{
	struct cfs_fetch fetch = *node->fetch;

	free(node->fetch);
	node->fetch = NULL;
	return fetch;
}

void cfs_fetch_leave(struct cfs_node *node, struct cfs_wait *wait)
{
	cfs_wait_leave(wait);
	if (node->fetch && !node->fetch->waits)
		take_fetch(node);
}

static void begin(struct world *world)
{
	struct cfs_instance_builder builder;
	struct cfs_entry *entry;

	fuzz_fleet_init(&world->fleet, &cfs_aws_backend);
	MUST(cfs_loop_create(&world->loop) == 0);
	world->fleet.runtime.loop = world->loop;
	world->fleet.runtime.current_caller = &world->caller;
	world->config = (struct cfs_mount_config){.still_ttl_ms = TTL_MS, .still_max = UINT64_MAX};
	cfs_still_init(&world->still, world->loop, &world->config);
	cfs_nodes_set_still(world->fleet.nodes, &world->still, false);
	cfs_instance_builder_init(&builder);
	for (size_t i = 0; i < FILES; i++) {
		char id[] = "i-0badcaf0";

		id[sizeof(id) - 2] = (char)('0' + i / 2);
		fuzz_set(&builder, CFS_FIELD_ID, id);
		entry = i % 2 ? cfs_catalogue_find(world->fleet.cloud.catalogue, id)
			      : fuzz_fleet_put(&world->fleet, &builder, 3);
		world->directory =
			cfs_node_of_still_entry(world->fleet.nodes, &world->fleet.cloud, entry);
		MUST(world->directory);
		world->files[i].node =
			cfs_node_of_file(world->directory, NULL, &cfs_aws_backend.live[i % 2]);
		cfs_node_forget(world->directory, 1);
		MUST(world->files[i].node && cfs_node_is_still(world->files[i].node));
	}
	cfs_instance_builder_finish(&builder);
	for (size_t n = 0; n < THREADS; n++)
		world->threads[n].world = world;
}

static uint64_t version_of(const struct cfs_node *node)
{
	MUST(node->filled);
	return strtoull(cfs_buf_text(&node->snapshot), NULL, 10);
}

/* What is open is what it was when it was opened. */
static void check(const struct world *world)
{
	uint64_t held = 0;

	for (size_t i = 0; i < FILES; i++) {
		const struct file *file = &world->files[i];

		if (file->opens > 0)
			MUST(version_of(file->node) == file->version);
		if (file->node->filled)
			held += file->node->snapshot.cap;
		MUST(!file->node->filled || !file->node->fetch);
	}
	MUST(world->still.bytes <= held);
	MUST(cfs_nodes_open(world->fleet.nodes).snapshots <= FILES);
}

/* Whether the thread must find what it was told of. */
static bool is_promised(const struct thread *thread, const struct file *file)
{
	return thread->told == file && !thread->world->bounded &&
		(!file->node->live->wakes || thread->writes == thread->world->writes) &&
		now_ms - thread->told_ms < CFS_STILL_LOOK_MS &&
		now_ms - thread->since_ms < (int64_t)TTL_MS * CFS_STILL_UNOPENED;
}

static void done(void *arg, int r)
{
	struct thread *thread = arg;
	struct file *file = thread->file;

	MUST(file);
	thread->file = NULL;
	if (r < 0)
		return;
	if (!thread->opens) {
		/* While others have it open it is kept for them. */
		thread->told = file->opens == 0 ? file : NULL;
		thread->version = version_of(file->node);
		thread->told_ms = now_ms;
		thread->since_ms = file->since_ms;
		thread->writes = file->writes;
		return;
	}
	if (thread->told == file)
		thread->told = NULL;
	file->version = version_of(file->node);
	file->opens++;
}

static void start(struct thread *thread, struct file *file, bool opens)
{
	bool promised = opens && is_promised(thread, file);
	int r;

	if (thread->file)
		return;
	cfs_caller_set_current(&thread->world->caller, (int)(thread - thread->world->threads) + 1);
	thread->file = file;
	thread->opens = opens;
	r = opens ? cfs_tree_open(&thread->op, file->node, done, thread)
		  : cfs_tree_look(&thread->op, file->node, done, thread);
	if (promised)
		MUST(r == 0 && version_of(file->node) == thread->version);
	if (r != -EINPROGRESS)
		done(thread, r);
	else
		MUST(file->node->fetch && file->node->fetch->waits);
	cfs_caller_set_current(&thread->world->caller, 0);
}

static void give_up(struct thread *thread)
{
	if (!thread->file)
		return;
	cfs_tree_cancel(&thread->op);
	thread->file = NULL;
}

static void end_fetch(struct world *world, struct file *file, size_t size)
{
	struct cfs_buf content = CFS_BUF_INIT(65536);
	struct cfs_fetch fetch;
	char text[32];

	if (!file->node->fetch)
		return;
	fetch = take_fetch(file->node);
	if (size > 0) {
		file->since_ms = now_ms;
		file->writes = fetch.writes;
		snprintf(text, sizeof(text), "%020llu", (unsigned long long)++world->versions);
		MUST(cfs_buf_adds(&content, text) == 0);
		for (size_t i = 0; i < size; i++)
			MUST(cfs_buf_adds(&content, " ") == 0);
		cfs_node_fill(file->node, &content, NULL);
	}
	cfs_wait_end_all(&fetch.waits, size > 0 ? 0 : -EACCES);
	cfs_buf_finish(&content);
	if (size == 0)
		return;
	for (size_t i = 0; i < FILES; i++) {
		/* All that could go has gone. */
		if (&world->files[i] != file && world->files[i].node->held &&
			!world->files[i].node->fetch && world->files[i].opens == 0 &&
			world->files[i].node->filled)
			MUST(world->still.bytes <= world->config.still_max);
	}
}

static void stop(void *arg)
{
	cfs_loop_stop(arg);
}

static void pass(struct world *world, unsigned byte)
{
	static const int64_t times[] = {0, 1, 500, CFS_STILL_LOOK_MS - 1, CFS_STILL_FAILURE_MS,
		TTL_MS - 500, TTL_MS, TTL_MS * 9};
	struct cfs_timer timer;

	now_ms += times[byte % (sizeof(times) / sizeof(times[0]))];
	cfs_timer_init(&timer, stop, world->loop);
	cfs_timer_start(world->loop, &timer, 0);
	MUST(cfs_loop_run(world->loop) == 0);
}

static void close_it(struct file *file)
{
	if (file->opens == 0)
		return;
	file->opens--;
	cfs_node_released(file->node);
}

static void play(struct world *world, struct fuzz_input record)
{
	unsigned what = fuzz_byte(&record), first = fuzz_byte(&record), second = fuzz_byte(&record);
	struct thread *thread = &world->threads[first % THREADS];
	struct file *file = &world->files[first % FILES];

	if (what == 'l' || what == 'o')
		start(thread, &world->files[second % FILES], what == 'o');
	else if (what == 'x')
		give_up(thread);
	else if (what == 'c')
		close_it(file);
	else if (what == 'g' || what == 'e')
		end_fetch(world, file, what == 'g' ? 1 + (size_t)second * SIZE_UNIT : 0);
	else if (what == 't')
		pass(world, first);
	else if (what == 'w')
		MUST(cfs_wake_write(world->files[0].node, "1", 1) == 0);
	else if (what == 'm')
		world->config.still_max = (uint64_t)first * SIZE_UNIT;
	if (what == 'w')
		written = ++world->writes;
	world->bounded = world->bounded || what == 'm';
	check(world);
}

static void end(struct world *world)
{
	for (size_t i = 0; i < THREADS; i++)
		give_up(&world->threads[i]);
	for (size_t i = 0; i < FILES; i++) {
		MUST(!world->files[i].node->fetch);
		while (world->files[i].opens > 0)
			close_it(&world->files[i]);
	}
	cfs_still_finish(&world->still);
	MUST(world->still.bytes == 0);
	MUST(cfs_nodes_open(world->fleet.nodes).snapshots == 0);
	for (size_t i = 0; i < FILES; i++)
		cfs_node_forget(world->files[i].node, 1);
	fuzz_fleet_finish(&world->fleet);
	cfs_loop_destroy(world->loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size), record;
	struct world *world = calloc(1, sizeof(*world));

	MUST(world);
	now_ms = 1000000;
	written = 0;
	begin(world);
	while (fuzz_next(&input, FUZZ_SEPARATOR, &record))
		play(world, record);
	end(world);
	free(world);
	return 0;
}
