/* fs/client/rate_queue.h: where calls wait their turn. */
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
	struct cfs_rate_queues *queues;
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	clock_stop(); /* while calls come */
	if (!place || cfs_loop_create(&place->loop) < 0 ||
		cfs_rate_queues_create(place->loop, &place->queues) < 0)
		return -1;
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	cfs_rate_queues_destroy(place->queues);
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

static int enter(
	struct caller *caller, const char *region, const char *action, struct cfs_rate rate)
{
	struct cfs_rate_queue *queue =
		cfs_rate_queues_find(caller->place->queues, region, action, rate);

	assert_non_null(queue);
	return cfs_rate_queue_enter(queue, &caller->ticket, go, caller);
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
		assert_int_equal(enter(caller, "r", "A", one_each_ms), 0);
	if (caller->ends)
		cfs_loop_stop(caller->place->loop);
}

/* Time goes on until somebody ends the run. */
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
	int i;

	init(&caller, *state, &turn);
	for (i = 0; i < 5; i++)
		assert_int_equal(enter(&caller, "r", "A", (struct cfs_rate){0.1, 5}), 1);
	assert_null(caller.ticket.queue);
	cfs_rate_queue_leave(&caller.ticket);
	assert_int_equal(enter(&caller, "r", "A", (struct cfs_rate){0.1, 5}), 0);
	assert_int_equal(caller.called, 0);
	cfs_rate_queue_leave(&caller.ticket);
}

static void gates_are_one_for_each_region_and_action(void **state)
{
	static const char *const pairs[][2] = {{"r", "A"}, {"r", "B"}, {"s", "A"}, {"s", "B"}};
	struct caller callers[4];
	char region[2], action[2];
	unsigned turn = 0, i;

	for (i = 0; i < 4; i++) {
		init(&callers[i], *state, &turn);
		assert_int_equal(enter(&callers[i], pairs[i][0], pairs[i][1], slow), 1);
	}
	for (i = 0; i < 4; i++) {
		/* By what the names say, not where they are. */
		strcpy(region, pairs[i][0]);
		strcpy(action, pairs[i][1]);
		assert_int_equal(enter(&callers[i], region, action, slow), 0);
		cfs_rate_queue_leave(&callers[i].ticket);
	}
}

static void those_who_wait_go_in_the_order_in_which_they_came(void **state)
{
	struct place *place = *state;
	struct caller first, crowd[CROWD];
	unsigned turn = 0, i;

	init(&first, place, &turn);
	assert_int_equal(enter(&first, "r", "A", one_each_ms), 1);
	for (i = 0; i < CROWD; i++) {
		init(&crowd[i], place, &turn);
		assert_int_equal(enter(&crowd[i], "r", "A", one_each_ms), 0);
	}
	crowd[CROWD - 1].ends = true;
	run(place);
	for (i = 0; i < CROWD; i++) {
		assert_int_equal(crowd[i].called, 1);
		assert_int_equal(crowd[i].turned, i);
	}
}

/* Nobody overtakes, though there would be a token for him by now. */
static void a_newcomer_goes_behind_those_who_wait(void **state)
{
	struct place *place = *state;
	struct caller callers[3];
	unsigned turn = 0, i;

	for (i = 0; i < 3; i++)
		init(&callers[i], place, &turn);
	assert_int_equal(enter(&callers[0], "r", "A", one_each_ms), 1);
	assert_int_equal(enter(&callers[1], "r", "A", one_each_ms), 0);
	clock_skip(1000);
	assert_int_equal(enter(&callers[2], "r", "A", one_each_ms), 0);
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
	unsigned turn = 0, i, at_once = 0;
	int64_t begin = cfs_clock_ms();

	for (i = 0; i < CROWD; i++) {
		init(&crowd[i], place, &turn);
		at_once += (unsigned)enter(&crowd[i], "r", "A", rate);
	}
	assert_int_equal(at_once, 3);
	crowd[CROWD - 1].ends = true;
	run(place);
	for (i = at_once; i < CROWD; i++) {
		assert_int_equal(crowd[i].called, 1);
		/* i calls before it: 3 of the burst, and one each 2 ms; a clock tells
		 * milliseconds. */
		assert_true(crowd[i].at - begin + 1 >= ((int64_t)i - 2) * 2);
	}
}

static void who_leaves_is_not_called_and_keeps_nobody(void **state)
{
	struct place *place = *state;
	struct caller first, crowd[CROWD];
	unsigned turn = 0, i;

	init(&first, place, &turn);
	assert_int_equal(enter(&first, "r", "A", one_each_ms), 1);
	for (i = 0; i < CROWD; i++) {
		init(&crowd[i], place, &turn);
		assert_int_equal(enter(&crowd[i], "r", "A", one_each_ms), 0);
	}
	for (i = 0; i < CROWD; i++)
		if (i % 4 != 1)
			cfs_rate_queue_leave(&crowd[i].ticket);
	crowd[CROWD - 3].ends = true;
	run(place);
	for (i = 0; i < CROWD; i++)
		assert_int_equal(crowd[i].called, i % 4 == 1);
	assert_int_equal(turn, CROWD / 4);
}

/* When everybody has left, no token is spent on them. */
static void an_empty_queue_keeps_its_tokens(void **state)
{
	struct place *place = *state;
	struct caller caller;
	unsigned turn = 0;

	init(&caller, place, &turn);
	assert_int_equal(enter(&caller, "r", "A", slow), 1);
	assert_int_equal(enter(&caller, "r", "A", slow), 0);
	cfs_rate_queue_leave(&caller.ticket);
	cfs_rate_queue_leave(&caller.ticket);
	clock_skip(10001);
	assert_int_equal(enter(&caller, "r", "A", slow), 1);
	assert_int_equal(enter(&caller, "r", "A", slow), 0);
	cfs_rate_queue_leave(&caller.ticket);
}

static void nothing_of_a_gate_is_left_in_the_loop(void **state)
{
	struct place *place = *state;
	struct cfs_rate_queues *queues;
	struct cfs_rate_queue *queue;
	struct caller caller, other;
	unsigned turn = 0;

	init(&caller, place, &turn);
	init(&other, place, &turn);
	assert_int_equal(cfs_rate_queues_create(place->loop, &queues), 0);
	queue = cfs_rate_queues_find(queues, "r", "A", slow);
	assert_non_null(queue);
	assert_true(cfs_rate_queue_enter(queue, &caller.ticket, go, &caller));
	assert_false(cfs_rate_queue_enter(queue, &caller.ticket, go, &caller));
	cfs_rate_queue_leave(&caller.ticket);
	cfs_rate_queues_destroy(queues);
	cfs_rate_queues_destroy(NULL);
	/* Later than it would have gone through. */
	clock_skip(20000);
	other.ends = true;
	assert_int_equal(enter(&other, "r", "A", one_each_ms), 1);
	assert_int_equal(enter(&other, "r", "A", one_each_ms), 0);
	run(place);
	assert_int_equal(caller.called, 0);
}

static void one_who_goes_through_may_make_others_leave_and_come_again(void **state)
{
	struct place *place = *state;
	struct caller callers[4];
	unsigned turn = 0, i;

	for (i = 0; i < 4; i++)
		init(&callers[i], place, &turn);
	assert_int_equal(enter(&callers[0], "r", "A", one_each_ms), 1);
	for (i = 0; i < 4; i++)
		assert_int_equal(enter(&callers[i], "r", "A", one_each_ms), 0);
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

/* Whoever waits was told a time by the old pace. */
static void a_refusal_by_the_cloud_slows_down_those_who_wait(void **state)
{
	static const struct cfs_rate fast = {1000, 1};
	struct place *place = *state;
	struct cfs_rate_queue *queue = cfs_rate_queues_find(place->queues, "r", "A", fast);
	struct caller caller;
	int64_t since = cfs_clock_ms();
	unsigned turn = 0;

	assert_non_null(queue);
	init(&caller, place, &turn);
	caller.ends = true;
	assert_int_equal(enter(&caller, "r", "A", fast), 1);
	assert_int_equal(enter(&caller, "r", "A", fast), 0);
	/* Refused at 1,000 a second, and at 1 in the window after that. */
	cfs_rate_queue_answered(queue, true, since);
	clock_skip(2000);
	cfs_rate_queue_answered(queue, true, cfs_clock_ms());
	since = cfs_clock_ms();
	run(place);
	assert_int_equal(caller.called, 1);
	assert_in_range(caller.at - since, 500, 2000);
}

static void open_gate(struct place *place, const char *action)
{
	struct cfs_rate_queue *queue = cfs_rate_queues_find(place->queues, "r", action, slow);

	assert_non_null(queue);
	cfs_rate_queue_flush(queue);
}

static void to_open_a_gate_lets_all_through_who_wait(void **state)
{
	struct place *place = *state;
	struct caller first, others[3];
	unsigned i, turn = 0;

	init(&first, place, &turn);
	assert_int_equal(enter(&first, "r", "A", slow), 1);
	for (i = 0; i < 3; i++) {
		init(&others[i], place, &turn);
		assert_int_equal(enter(&others[i], "r", "A", slow), 0);
	}
	others[0].leaves = &others[1];
	others[0].again = true;
	open_gate(place, "A");
	assert_int_equal(others[0].called, 1);
	assert_int_equal(others[1].called, 0);
	assert_int_equal(others[2].called, 1);
	open_gate(place, "B");
	cfs_rate_queue_leave(&others[0].ticket);
}

static void the_rate_counts_when_the_gate_is_first_used(void **state)
{
	struct caller caller;
	unsigned turn = 0;

	init(&caller, *state, &turn);
	assert_int_equal(enter(&caller, "r", "A", slow), 1);
	assert_int_equal(enter(&caller, "r", "A", one_each_ms), 0);
	clock_skip(9000);
	assert_non_null(caller.ticket.queue);
	cfs_rate_queue_leave(&caller.ticket);
	assert_int_equal(enter(&caller, "r", "A", one_each_ms), 0);
	cfs_rate_queue_leave(&caller.ticket);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_call_that_finds_a_token_goes_through_at_once),
		TEST(gates_are_one_for_each_region_and_action),
		TEST(those_who_wait_go_in_the_order_in_which_they_came),
		TEST(a_newcomer_goes_behind_those_who_wait),
		TEST(the_rate_is_kept),
		TEST(who_leaves_is_not_called_and_keeps_nobody),
		TEST(an_empty_queue_keeps_its_tokens),
		TEST(nothing_of_a_gate_is_left_in_the_loop),
		TEST(one_who_goes_through_may_make_others_leave_and_come_again),
		TEST(a_refusal_by_the_cloud_slows_down_those_who_wait),
		TEST(to_open_a_gate_lets_all_through_who_wait),
		TEST(the_rate_counts_when_the_gate_is_first_used),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
