/* SPDX-License-Identifier: MIT */
/* fs/client/call.h: calls that are cancelled, in every state, and many calls at once. */
#include "tests/unit/support/call_asked.h"

/* The states in which a call can be when it is cancelled. */

static void cancel(struct fixture *f)
{
	unsigned asked = f->server->n_log;

	cfs_call_cancel(&f->asked.call);
	cfs_call_cancel(&f->asked.call);
	assert_int_equal(f->world->readers, 0);
	clock_skip(1000000);
	run_idle(f->world);
	assert_int_equal(f->asked.done, 0);
	assert_int_equal(f->server->n_log, asked);
	/* The same call can be started again. */
	f->world->config.rate = 0;
	server_release(f->server, 200, "");
	server_forget_rules(f->server);
	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
}

static void a_call_is_cancelled_before_it_has_begun(void **state)
{
	struct fixture *f = *state;

	world_cloud(f->world);
	asked_start(&f->asked, &fetch);
	cancel(f);
}

static void a_call_is_cancelled_while_it_waits_for_keys(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_KEYS, .text = "LATE"});
	server_does(f->server, "ROLE", ALWAYS, SERVER_HOLDS);
	world_cloud(f->world);
	asked_start(&f->asked, &fetch);
	run_until_asked(f->world, 1);
	assert_non_null(f->asked.call.wait.link);
	cancel(f);
}

static void a_call_is_cancelled_at_the_gate(void **state)
{
	struct fixture *f = *state;
	struct asked first;

	f->world->config.rate = 0.01;
	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	world_cloud(f->world);
	asked_init(&first, f->world);
	asked_start(&first, &fetch);
	run_until(f->world, &first.done, 1);
	asked_start(&f->asked, &fetch);
	run_idle(f->world);
	assert_non_null(f->asked.call.ticket.queue);
	cancel(f);
	asked_finish(&first);
}

static void a_call_is_cancelled_while_its_answer_is_awaited(void **state)
{
	struct fixture *f = *state;

	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	world_cloud(f->world);
	asked_start(&f->asked, &fetch);
	run_until_asked(f->world, 1);
	assert_int_equal(f->world->readers, 1);
	cfs_call_cancel(&f->asked.call);
	/* At once, so that the cloud does not work for a result that is not needed. */
	run_until(f->world, &f->server->closed, 1);
	cancel(f);
}

static void a_call_is_cancelled_in_its_pause(void **state)
{
	struct fixture *f = *state;

	fake_clock.chance = 0.9;
	server_fails(f->server, "FETCH", ALWAYS, 503);
	world_cloud(f->world);
	asked_start(&f->asked, &fetch);
	world_settle(f->world);
	assert_non_null(f->asked.call.timer.loop);
	cancel(f);
}

static void a_completion_may_cancel_others_and_ask_again(void **state)
{
	struct fixture *f = *state;
	struct asked others[3];

	world_cloud(f->world);
	server_says(f->server, "FETCH", 1, "content a\n");
	server_does(f->server, "FETCH", 3, SERVER_HOLDS);
	server_says(f->server, "FETCH", ALWAYS, "content b\n");
	f->asked.again = true;
	for (size_t i = 0; i < 3; i++)
		asked_init(&others[i], f->world);
	others[0].cancels = &others[1];
	others[1].cancels = &others[0];
	asked_start(&f->asked, &fetch);
	run_until(f->world, &f->asked.done, 1);
	for (size_t i = 0; i < 3; i++)
		asked_start(&others[i], &fetch);
	run_until_asked(f->world, 5);
	server_release(f->server, 200, "content c\n");
	run_until(f->world, &f->asked.done, 2);
	run_until(f->world, &others[2].done, 1);
	run_idle(f->world);
	assert_int_equal(others[0].done + others[1].done, 1);
	assert_int_equal(others[2].done, 1);
	for (size_t i = 0; i < 3; i++)
		asked_finish(&others[i]);
}

static void hundreds_of_calls_end_once_each(void **state)
{
	enum { N = 150 };
	struct fixture *f = *state;
	struct asked *asked = calloc(N, sizeof(*asked));

	assert_non_null(asked);
	world_cloud(f->world);
	server_fails(f->server, "FETCH", 40, 503);
	server_does(f->server, "FETCH", 40, SERVER_CLOSES);
	server_fails(f->server, "FETCH", 40, 429);
	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	for (unsigned i = 0; i < N; i++) {
		asked_init(&asked[i], f->world);
		asked_start(&asked[i], &fetch);
	}
	for (unsigned i = 0; i < N; i++)
		run_until(f->world, &asked[i].done, 1);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(asked[i].done, 1);
		if (asked[i].error.fault == CFS_OK)
			assert_string_equal(cfs_buf_text(&asked[i].content), "d");
		asked_finish(&asked[i]);
	}
	free(asked);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, asked_set_up, asked_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_call_is_cancelled_before_it_has_begun),
		TEST(a_call_is_cancelled_while_it_waits_for_keys),
		TEST(a_call_is_cancelled_at_the_gate),
		TEST(a_call_is_cancelled_while_its_answer_is_awaited),
		TEST(a_call_is_cancelled_in_its_pause),
		TEST(a_completion_may_cancel_others_and_ask_again),
		TEST(hundreds_of_calls_end_once_each),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
