/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/call_asked.h"

const struct cfs_question fetch = {
	.verb = CFS_FETCH, .region = "r", .id = "x-1", .live = &fake_live[0]};

static void asked_done(void *arg, const struct cfs_error *error)
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
			asked_done, asked);
	}
}

void asked_init(struct asked *asked, struct world *world)
{
	*asked = (struct asked){.world = world};
	cfs_buf_init(&asked->content, SCREEN_MAX);
	asked->sink.content = &asked->content;
}

void asked_start(struct asked *asked, const struct cfs_question *question)
{
	cfs_call_start(&asked->call, asked->world->cloud->client, question, &asked->sink,
		asked_done, asked);
	assert_int_equal(asked->done, 0);
}

void asked_finish(struct asked *asked)
{
	cfs_call_cancel(&asked->call);
	cfs_buf_finish(&asked->content);
}

int asked_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->world = world_create();
	f->server = &f->world->server;
	asked_init(&f->asked, f->world);
	*state = f;
	return 0;
}

int asked_tear_down(void **state)
{
	struct fixture *f = *state;

	asked_finish(&f->asked);
	world_destroy(f->world);
	free(f);
	return 0;
}

void ask(struct fixture *f)
{
	if (!f->world->cloud)
		world_cloud(f->world);
	f->asked.done = 0;
	asked_start(&f->asked, &fetch);
	run_until(f->world, &f->asked.done, 1);
	run_idle(f->world);
	assert_int_equal(f->asked.done, 1);
}
