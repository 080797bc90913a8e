/* SPDX-License-Identifier: MIT */
/*
 * Listings over pages, retries and calls, against answers of a script: see wire.h. The first byte
 * is the cloud (E, C), the second how many regions there are and whether there are keys, the third
 * the chance. Records with a capital letter are what is done:
 *
 *     L       list all regions         R N     ask for an instance by its ID
 *     G N F   fetch a live file of it  X       cancel the oldest fetch
 *     W       wait until all is done   T N     so many seconds pass
 *     S N     the machine sleeps so long
 *
 * The others are answers. Whatever they are, everything that was begun ends, once; what good pages
 * have listed is there, and nothing of it is lost because of an answer that is not one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/aws.h"
#include "backends/tencent/tencent.h"
#include "fs/catalogue/catalogue.h"
#include "fs/client/call.h"
#include "tests/fuzz/rendered.h"
#include "tests/fuzz/wire.h"

#define WAITS_MAX 16
#define RECORDS_MAX 128

struct world;

struct waiter {
	struct world *world;
	struct cfs_wait wait;
	bool waits;
	/* A fetch. */
	struct cfs_call call;
	struct cfs_sink sink;
	struct cfs_buf content;
	struct cfs_question question;
	char id[CFS_ID_MAX + 1];
	int64_t began;
};

struct world {
	struct fuzz_wire wire;
	struct waiter waiters[WAITS_MAX];
	size_t n_waiters;
	unsigned waiting;
	bool asked; /* for single instances, which the model does not know of */
};

static void told(void *arg, int result)
{
	struct waiter *waiter = arg;

	(void)result;
	MUST(waiter->waits);
	waiter->waits = false;
	waiter->world->waiting--;
}

static void fetched(void *arg, const struct cfs_error *error)
{
	struct waiter *waiter = arg;

	fuzz_check_error(error);
	MUST(waiter->content.len <= waiter->question.live->nominal);
	MUST_OF(!fuzz_wire_tells(error->message), error->message);
	/* The timeout, and the time in the queue for the rate: the slowest takes one in ten seconds. */
	MUST(fuzz_wire_now() - waiter->began <= FUZZ_WIRE_TIMEOUT_MS + 400000);
	if (error->fault == CFS_OK)
		MUST(waiter->content.len > 0);
	told(waiter, 0);
}

static struct waiter *new_waiter(struct world *world)
{
	struct waiter *waiter;

	if (world->n_waiters == WAITS_MAX)
		return NULL;
	waiter = &world->waiters[world->n_waiters++];
	waiter->world = world;
	waiter->began = fuzz_wire_now();
	return waiter;
}

static void now_waits(struct waiter *waiter)
{
	waiter->waits = true;
	waiter->world->waiting++;
}

static void list(struct world *world)
{
	struct waiter *waiter = new_waiter(world);
	int r;

	if (!waiter)
		return;
	world->wire.lists++;
	r = cfs_catalogue_list(world->wire.cloud->catalogue, &waiter->wait, told, waiter);
	if (r == 0)
		now_waits(waiter);
}

static void look_up(struct world *world, const char *id)
{
	struct waiter *waiter = new_waiter(world);
	struct cfs_entry *entry;

	if (!waiter)
		return;
	world->asked = true;
	if (cfs_catalogue_lookup(
		    world->wire.cloud->catalogue, id, &waiter->wait, told, waiter, &entry) == 0)
		now_waits(waiter);
}

static void fetch(struct world *world, size_t region, const char *id, unsigned file)
{
	const struct cfs_backend *backend = world->wire.config.backend;
	struct waiter *waiter = new_waiter(world);

	if (!waiter)
		return;
	strcpy(waiter->id, id);
	waiter->question = (struct cfs_question){.verb = CFS_FETCH,
		.region = world->wire.config.regions[region],
		.id = waiter->id,
		.live = &backend->live[file % backend->n_live]};
	cfs_buf_init(&waiter->content, waiter->question.live->nominal);
	waiter->sink.content = &waiter->content;
	now_waits(waiter);
	cfs_call_start(&waiter->call, world->wire.cloud->client, &waiter->question, &waiter->sink,
		fetched, waiter);
}

static void cancel_oldest(struct world *world)
{
	for (size_t i = 0; i < world->n_waiters; i++) {
		struct waiter *waiter = &world->waiters[i];

		if (!waiter->waits || !waiter->call.client)
			continue;
		cfs_call_cancel(&waiter->call);
		told(waiter, 0);
		return;
	}
}

/* Nobody can be blamed for it. */
static void sleep_for(struct world *world, int64_t ms)
{
	fuzz_wire_sleep(ms);
	for (size_t i = 0; i < world->n_waiters; i++)
		world->waiters[i].began += ms;
}

static bool is_waiting(void *arg)
{
	const struct world *world = arg;
	struct cfs_catalogue *catalogue = world->wire.cloud->catalogue;
	struct cfs_region_state state;

	for (size_t i = 0; i < cfs_catalogue_n_regions(catalogue); i++) {
		cfs_catalogue_region(catalogue, i, &state);
		if (state.refreshing)
			return true;
	}
	return world->waiting > 0 || catalogue->lookups.first;
}

static void check_region(const struct world *world, size_t i)
{
	const struct fuzz_wire_region *model = &world->wire.regions[i];
	struct cfs_catalogue *catalogue = world->wire.cloud->catalogue;
	struct cfs_region_state state;
	size_t there = 0;

	cfs_catalogue_region(catalogue, i, &state);
	MUST(!state.refreshing);
	for (unsigned id = 0; id < FUZZ_WIRE_IDS; id++) {
		const struct cfs_entry *entry =
			cfs_catalogue_find(catalogue, fuzz_wire_id(&world->wire, i, id));
		bool has = entry && entry->instance;

		there += has;
		if (!model->unsure && !world->asked &&
			world->wire.config.backend == &cfs_aws_backend)
			MUST(has == (model->there >> id & 1));
	}
	if (model->unsure || world->asked || world->wire.config.backend != &cfs_aws_backend)
		return;
	MUST(state.instances == there);
	if (!model->ended)
		return;
	MUST(state.listed);
	/* A later refresh may have failed, even without a request. */
	if (model->lists == world->wire.lists)
		MUST(!state.failure);
}

static void settle(struct world *world)
{
	struct cfs_metrics_sum sum;

	fuzz_wire_run(&world->wire, is_waiting, world);
	MUST(world->waiting == 0);
	for (size_t i = 0; i < world->wire.config.n_regions; i++)
		check_region(world, i);
	sum = cfs_metrics_sum(world->wire.metrics, world->wire.config.name);
	MUST(sum.failed <= sum.ended && sum.queued == 0);
}

static void act(struct world *world, struct fuzz_input record)
{
	unsigned what = fuzz_byte(&record), which = fuzz_byte(&record);
	size_t region = which / FUZZ_WIRE_IDS % world->wire.config.n_regions;
	char id[CFS_ID_MAX + 1];

	strcpy(id, fuzz_wire_id(&world->wire, region, which % FUZZ_WIRE_IDS));
	switch (what) {
	case 'L':
		list(world);
		break;
	case 'R':
		look_up(world, id);
		break;
	case 'G':
		fetch(world, region, id, fuzz_byte(&record));
		break;
	case 'X':
		cancel_oldest(world);
		break;
	case 'T':
		fuzz_wire_pass(&world->wire, (int64_t)which * 1000);
		break;
	case 'S':
		sleep_for(world, (int64_t)which * 1000);
		break;
	case 'W':
		settle(world);
		break;
	default:
		break;
	}
}

static void end(struct world *world)
{
	settle(world);
	fuzz_rendered_check(&world->wire.clouds, fuzz_wire_tells);
	for (size_t i = 0; i < world->n_waiters; i++) {
		cfs_wait_leave(&world->waiters[i].wait);
		cfs_call_cancel(&world->waiters[i].call);
		cfs_buf_finish(&world->waiters[i].content);
	}
	fuzz_wire_finish(&world->wire);
	free(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size), rest, record;
	const struct cfs_backend *backend =
		fuzz_byte(&input) == 'C' ? &cfs_tencent_backend : &cfs_aws_backend;
	unsigned how = fuzz_byte(&input), chance = fuzz_byte(&input), n = 0;
	struct world *world = calloc(1, sizeof(*world));

	MUST(world);
	fuzz_wire_init(&world->wire, backend, 1 + how % FUZZ_WIRE_REGIONS_MAX, !(how & 128),
		chance / 256.0);
	rest = input;
	while (fuzz_next(&rest, FUZZ_SEPARATOR, &record)) {
		if (record.left > 0 && strchr("lsfh", record.at[0]))
			fuzz_wire_add(&world->wire, record);
	}
	while (fuzz_next(&input, FUZZ_SEPARATOR, &record) && n++ < RECORDS_MAX)
		act(world, record);
	end(world);
	return 0;
}
