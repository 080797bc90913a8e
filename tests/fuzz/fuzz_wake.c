/* SPDX-License-Identifier: MIT */
/*
 * The wake flag: what is written to it, and calls that take it, in any order. Records: `w` and the
 * bytes of a write, `t` for a call that starts, `f` and `s` for the oldest one under way, which
 * fails or succeeds. Beside the flag runs a model of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backends/aws/aws.h"
#include "fs/node/wake.h"
#include "tests/fuzz/fleet.h"

#define CALLS_MAX 8

struct world {
	struct cfs_node node;
	struct cfs_wake calls[CALLS_MAX];
	bool woken[CALLS_MAX]; /* by the model, that call has the wake */
	size_t n_calls;
	/* The model: armed, or in the hands of a call that began after the last write. */
	bool armed;
	unsigned writes, taken_at[CALLS_MAX];
};

/* By the words of the contract: "any write arms it, except one whose first word is 0, off, no or
 * false". */
static bool arms(const char *bytes, size_t len)
{
	static const char *const words[] = {"0", "off", "no", "false"};
	char word[8] = "";
	size_t n = 0, i = 0;

	while (i < len && memchr(" \t\r\n\v\f", bytes[i], 6))
		i++;
	for (; i < len && bytes[i] && !memchr(" \t\r\n\v\f", bytes[i], 6); i++) {
		if (n == sizeof(word) - 1)
			return true;
		word[n++] = bytes[i];
	}
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(word, words[i]) == 0)
			return false;
	}
	return true;
}

static void begin_call(struct world *world)
{
	size_t i = world->n_calls;

	if (i == CALLS_MAX)
		return;
	world->calls[i] = cfs_wake_take(world->node.entry);
	world->woken[i] = world->armed;
	world->taken_at[i] = world->writes;
	MUST(world->calls[i].taken == world->armed);
	world->armed = false;
	world->n_calls++;
}

static void end_call(struct world *world, bool failed)
{
	if (world->n_calls == 0)
		return;
	if (failed) {
		cfs_wake_give_back(world->node.entry, &world->calls[0]);
		/* A later word counts. */
		if (world->woken[0] && world->taken_at[0] == world->writes)
			world->armed = true;
	}
	world->n_calls--;
	memmove(world->calls, world->calls + 1, world->n_calls * sizeof(world->calls[0]));
	memmove(world->woken, world->woken + 1, world->n_calls * sizeof(world->woken[0]));
	memmove(world->taken_at, world->taken_at + 1, world->n_calls * sizeof(unsigned));
}

static void play(struct world *world, struct fuzz_input record)
{
	unsigned what = fuzz_byte(&record);
	char *bytes;

	if (what == 't') {
		begin_call(world);
	} else if (what == 'f' || what == 's') {
		end_call(world, what == 'f');
	} else {
		bytes = fuzz_bytes(&record);
		MUST(cfs_wake_write(&world->node, bytes, record.left) == 0);
		world->armed = arms(bytes, record.left);
		world->writes++;
		free(bytes);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size), record;
	struct cfs_instance_builder builder;
	struct world world = {.node = {.kind = CFS_NODE_FILE}};
	struct fuzz_fleet fleet;

	fuzz_fleet_init(&fleet, &cfs_aws_backend);
	cfs_instance_builder_init(&builder);
	fuzz_set(&builder, CFS_FIELD_ID, "i-0badcafe");
	world.node.cloud = &fleet.cloud;
	world.node.entry = fuzz_fleet_put(&fleet, &builder, 1);
	while (fuzz_next(&input, FUZZ_SEPARATOR, &record)) {
		struct cfs_buf text = CFS_BUF_INIT(16);

		play(&world, record);
		/* A refresh of the list in between changes nothing. */
		fuzz_fleet_put(&fleet, &builder, 1);
		MUST(cfs_wake_read(&world.node, &text) == 0);
		MUST_OF(strcmp(text.data, world.armed ? "1\n" : "0\n") == 0, text.data);
		cfs_buf_finish(&text);
	}
	cfs_instance_builder_finish(&builder);
	fuzz_fleet_finish(&fleet);
	return 0;
}
