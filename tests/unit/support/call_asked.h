/*
 * What the tests of calls share: a call to a scripted cloud and what became of it.
 */
#ifndef CFS_TESTS_UNIT_SUPPORT_CALL_ASKED_H
#define CFS_TESTS_UNIT_SUPPORT_CALL_ASKED_H

#include "fs/client/call.h"
#include "tests/unit/support/fake_backend.h"

struct asked {
	struct world *world;
	struct cfs_call call;
	struct cfs_sink sink;
	struct cfs_buf content;
	unsigned done;
	struct cfs_error error;
	struct asked *cancels; /* when it is done */
	bool again;            /* asks once more when it is done */
};

static const struct cfs_question fetch = {
	.verb = CFS_FETCH, .region = "r", .id = "x-1", .live = &fake_live[0]};

/* Runs until no answer is awaited and nothing more happens without time passing. */
static inline void settle(struct world *world)
{
	run_idle(world);
	while (world->readers)
		assert_int_equal(cfs_loop_run(world->loop), 0);
	run_idle(world);
}

static inline void done(void *arg, const struct cfs_error *error)
{
	struct asked *asked = arg;

	asked->done++;
	asked->error = *error;
	assert_null(asked->call.attempt.client);
	cfs_loop_stop(asked->world->loop);
	if (asked->cancels)
		cfs_call_cancel(&asked->cancels->call);
	if (asked->again) {
		asked->again = false;
		cfs_call_start(&asked->call, asked->world->cloud->client, &fetch, &asked->sink,
			done, asked);
	}
}

static inline void init(struct asked *asked, struct world *world)
{
	*asked = (struct asked){.world = world};
	cfs_buf_init(&asked->content, SCREEN_MAX);
	asked->sink.content = &asked->content;
}

static inline void start(struct asked *asked, const struct cfs_question *question)
{
	cfs_call_start(
		&asked->call, asked->world->cloud->client, question, &asked->sink, done, asked);
	assert_int_equal(asked->done, 0);
}

static inline void finish(struct asked *asked)
{
	cfs_call_cancel(&asked->call);
	cfs_buf_finish(&asked->content);
}

struct fixture {
	struct world *world;
	struct server *server;
	struct asked asked;
};

static inline int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->world = world_create();
	f->server = &f->world->server;
	init(&f->asked, f->world);
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	finish(&f->asked);
	world_destroy(f->world);
	free(f);
	return 0;
}

/* Asks and waits for the end. */
static inline void ask(struct fixture *f)
{
	if (!f->world->cloud)
		world_cloud(f->world);
	f->asked.done = 0;
	start(&f->asked, &fetch);
	run_until(f->world, &f->asked.done, 1);
	run_idle(f->world);
	assert_int_equal(f->asked.done, 1);
}

#endif
