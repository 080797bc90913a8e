/* SPDX-License-Identifier: MIT */
/* fs/client/rate_queue.h: delays calls to stay within the rate limit. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/client/rate_queue.h"
#include "tests/unit/support/fake_clock.h"

#define CROWD 40

static const struct cfs_rate one_each_ms = {1000, 1};
static const struct cfs_rate slow = {0.1, 1};

struct place {
	struct cfs_loop *loop;
	struct cfs_rate_queue queue;
	bool has_queue; /* it has been entered */
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	clock_stop(); /* while calls come */
	if (!place || cfs_loop_create(&place->loop) < 0)
		return -1;
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	if (place->has_queue)
		cfs_rate_queue_finish(&place->queue);
	cfs_loop_destroy(place->loop);
	free(place);
	return 0;
}

struct caller {
	struct place *place;
	struct cfs_rate_ticket ticket;
	unsigned called, *turn, turned;
	int64_t at;
	struct caller *leaves; /* who gives up when this one goes through */
	bool again;            /* enters anew when it goes through */
	bool ends;             /* the run */
};

static void go(void *arg);

/* The place's queue, which has the rate at which it is first entered. */
static struct cfs_rate_queue *queue_of(struct place *place, struct cfs_rate rate)
{
	if (!place->has_queue)
		cfs_rate_queue_init(&place->queue, place->loop, rate);
	place->has_queue = true;
	return &place->queue;
}

static int enter(struct caller *caller, struct cfs_rate rate)
{
	return cfs_rate_queue_enter(queue_of(caller->place, rate), &caller->ticket, go, caller);
}

static void go(void *arg)
{
	struct caller *caller = arg;

	assert_null(caller->ticket.queue);
	caller->called++;
	caller->at = cfs_clock_ms();
	caller->turned = (*caller->turn)++;
	if (caller->leaves)
		cfs_rate_queue_leave(&caller->leaves->ticket);
	if (caller->again)
		assert_int_equal(enter(caller, one_each_ms), 0);
	if (caller->ends)
		cfs_loop_stop(caller->place->loop);
}

/* Time goes on until a callback ends the run. */
static void run(struct place *place)
{
	clock_go();
	assert_int_equal(cfs_loop_run(place->loop), 0);
	clock_stop();
}

static void init(struct caller *caller, struct place *place, unsigned *turn)
{
	*caller = (struct caller){.place = place, .turn = turn};
}

static void a_call_that_finds_a_token_goes_through_at_once(void **state)
{
	struct caller caller;
	unsigned turn = 0;

	init(&caller, *state, &turn);
	for (int i = 0; i < 5; i++)
		assert_int_equal(enter(&caller, (struct cfs_rate){0.1, 5}), 1);
	assert_null(caller.ticket.queue);
	cfs_rate_queue_leave(&caller.ticket);
	assert_int_equal(enter(&caller, (struct cfs_rate){0.1, 5}), 0);
	assert_int_equal(caller.called, 0);
	cfs_rate_queue_leave(&caller.ticket);
}

static void those_who_wait_go_in_the_order_in_which_they_came(void **state)
{
	struct place *place = *state;
	struct caller first, crowd[CROWD];
	unsigned turn = 0;

	init(&first, place, &turn);
	assert_int_equal(enter(&first, one_each_ms), 1);
	for (unsigned i = 0; i < CROWD; i++) {
		init(&crowd[i], place, &turn);
		assert_int_equal(enter(&crowd[i], one_each_ms), 0);
	}
	crowd[CROWD - 1].ends = true;
	run(place);
	for (unsigned i = 0; i < CROWD; i++) {
		assert_int_equal(crowd[i].called, 1);
		assert_int_equal(crowd[i].turned, i);
	}
}

/* A later call does not overtake, though there is a token by now. */
static void a_newcomer_goes_behind_those_who_wait(void **state)
{
	struct place *place = *state;
	struct caller callers[3];
	unsigned turn = 0;

	for (unsigned i = 0; i < 3; i++)
		init(&callers[i], place, &turn);
	assert_int_equal(enter(&callers[0], one_each_ms), 1);
	assert_int_equal(enter(&callers[1], one_each_ms), 0);
	clock_skip(1000);
	assert_int_equal(enter(&callers[2], one_each_ms), 0);
	callers[2].ends = true;
	run(place);
	assert_int_equal(callers[1].turned, 0);
	assert_int_equal(callers[2].turned, 1);
}

static void the_rate_is_kept(void **state)
{
	const struct cfs_rate rate = {500, 3};
	struct place *place = *state;
	struct caller crowd[CROWD];
	unsigned turn = 0, at_once = 0;
	int64_t begin = cfs_clock_ms();

	for (unsigned i = 0; i < CROWD; i++) {
		init(&crowd[i], place, &turn);
		at_once += (unsigned)enter(&crowd[i], rate);
	}
	assert_int_equal(at_once, 3);
	crowd[CROWD - 1].ends = true;
	run(place);
	for (unsigned i = at_once; i < CROWD; i++) {
		assert_int_equal(crowd[i].called, 1);
		/* i calls before it: 3 of the burst, and one each 2 ms; a clock tells
		 * milliseconds. */
		assert_true(crowd[i].at - begin + 1 >= ((int64_t)i - 2) * 2);
	}
}

static void a_call_that_leaves_is_not_called_and_delays_no_other(void **state)
{
	struct place *place = *state;
	struct caller first, crowd[CROWD];
	unsigned turn = 0;

	init(&first, place, &turn);
	assert_int_equal(enter(&first, one_each_ms), 1);
	for (unsigned i = 0; i < CROWD; i++) {
		init(&crowd[i], place, &turn);
		assert_int_equal(enter(&crowd[i], one_each_ms), 0);
	}
	for (unsigned i = 0; i < CROWD; i++)
		if (i % 4 != 1)
			cfs_rate_queue_leave(&crowd[i].ticket);
	crowd[CROWD - 3].ends = true;
	run(place);
	for (unsigned i = 0; i < CROWD; i++)
		assert_int_equal(crowd[i].called, i % 4 == 1);
	assert_int_equal(turn, CROWD / 4);
}

/* When all have left, no token is spent on them. */
static void an_empty_queue_keeps_its_tokens(void **state)
{
	struct place *place = *state;
	struct caller caller;
	unsigned turn = 0;

	init(&caller, place, &turn);
	assert_int_equal(enter(&caller, slow), 1);
	assert_int_equal(enter(&caller, slow), 0);
	cfs_rate_queue_leave(&caller.ticket);
	cfs_rate_queue_leave(&caller.ticket);
	clock_skip(10001);
	assert_int_equal(enter(&caller, slow), 1);
	assert_int_equal(enter(&caller, slow), 0);
	cfs_rate_queue_leave(&caller.ticket);
}

static void nothing_of_a_queue_is_left_in_the_loop(void **state)
{
	struct place *place = *state;
	struct cfs_rate_queue queue;
	struct caller caller, other;
	unsigned turn = 0;

	init(&caller, place, &turn);
	init(&other, place, &turn);
	cfs_rate_queue_init(&queue, place->loop, slow);
	assert_true(cfs_rate_queue_enter(&queue, &caller.ticket, go, &caller));
	assert_false(cfs_rate_queue_enter(&queue, &caller.ticket, go, &caller));
	cfs_rate_queue_leave(&caller.ticket);
	cfs_rate_queue_finish(&queue);
	/* Later than it would have gone through. */
	clock_skip(20000);
	other.ends = true;
	assert_int_equal(enter(&other, one_each_ms), 1);
	assert_int_equal(enter(&other, one_each_ms), 0);
	run(place);
	assert_int_equal(caller.called, 0);
}

static void one_who_goes_through_may_make_others_leave_and_come_again(void **state)
{
	struct place *place = *state;
	struct caller callers[4];
	unsigned turn = 0;

	for (unsigned i = 0; i < 4; i++)
		init(&callers[i], place, &turn);
	assert_int_equal(enter(&callers[0], one_each_ms), 1);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(enter(&callers[i], one_each_ms), 0);
	callers[0].leaves = &callers[1];
	callers[0].again = true;
	callers[2].leaves = &callers[3];
	callers[2].ends = true;
	run(place);
	assert_int_equal(callers[0].called, 1);
	callers[0].again = false;
	callers[0].ends = true;
	run(place);
	assert_int_equal(callers[0].called, 2);
	assert_int_equal(callers[1].called + callers[3].called, 0);
	assert_int_equal(callers[2].called, 1);
}

/* The delay of a waiting call was computed for the old rate. */
static void a_refusal_by_the_cloud_slows_down_those_who_wait(void **state)
{
	static const struct cfs_rate fast = {1000, 1};
	struct place *place = *state;
	struct cfs_rate_queue *queue = queue_of(place, fast);
	struct caller caller;
	int64_t since = cfs_clock_ms();
	unsigned turn = 0;

	assert_non_null(queue);
	init(&caller, place, &turn);
	caller.ends = true;
	assert_int_equal(enter(&caller, fast), 1);
	assert_int_equal(enter(&caller, fast), 0);
	/* Refused at 1,000 a second, and at 1 in the window after that. */
	cfs_rate_queue_answered(queue, true, since);
	clock_skip(2000);
	cfs_rate_queue_answered(queue, true, cfs_clock_ms());
	since = cfs_clock_ms();
	run(place);
	assert_int_equal(caller.called, 1);
	assert_in_range(caller.at - since, 500, 2000);
}

static void flush(struct place *place)
{
	cfs_rate_queue_flush(queue_of(place, slow));
}

static void a_flush_lets_all_through_that_wait(void **state)
{
	struct place *place = *state;
	struct caller first, others[3];
	unsigned turn = 0;

	init(&first, place, &turn);
	assert_int_equal(enter(&first, slow), 1);
	for (unsigned i = 0; i < 3; i++) {
		init(&others[i], place, &turn);
		assert_int_equal(enter(&others[i], slow), 0);
	}
	others[0].leaves = &others[1];
	others[0].again = true;
	flush(place);
	assert_int_equal(others[0].called, 1);
	assert_int_equal(others[1].called, 0);
	assert_int_equal(others[2].called, 1);
	cfs_rate_queue_leave(&others[0].ticket);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_call_that_finds_a_token_goes_through_at_once),
		TEST(those_who_wait_go_in_the_order_in_which_they_came),
		TEST(a_newcomer_goes_behind_those_who_wait),
		TEST(the_rate_is_kept),
		TEST(a_call_that_leaves_is_not_called_and_delays_no_other),
		TEST(an_empty_queue_keeps_its_tokens),
		TEST(nothing_of_a_queue_is_left_in_the_loop),
		TEST(one_who_goes_through_may_make_others_leave_and_come_again),
		TEST(a_refusal_by_the_cloud_slows_down_those_who_wait),
		TEST(a_flush_lets_all_through_that_wait),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
