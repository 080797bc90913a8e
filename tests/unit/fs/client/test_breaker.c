/* SPDX-License-Identifier: MIT */
/* fs/client/breaker.h: calls to an endpoint that does not answer fail at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/client/breaker.h"

static const enum cfs_fault no_answer[] = {CFS_UNREACHABLE, CFS_REFUSED, CFS_RESET, CFS_TIMED_OUT};

static bool is_no_answer(enum cfs_fault fault)
{
	for (size_t i = 0; i < sizeof(no_answer) / sizeof(no_answer[0]); i++)
		if (no_answer[i] == fault)
			return true;
	return false;
}

static void take_down(struct cfs_breaker *breaker, int64_t now)
{
	assert_true(cfs_breaker_heard(breaker, CFS_TIMED_OUT, now));
	cfs_breaker_probe_begins(breaker);
	cfs_breaker_probe_ended(breaker, CFS_TIMED_OUT, now);
	assert_true(breaker->down);
}

static void at_first_calls_go_ahead(void **state)
{
	struct cfs_breaker breaker = {0};

	(void)state;
	assert_int_equal(cfs_breaker_ask(&breaker, 0), CFS_VERDICT_GO);
	assert_int_equal(cfs_breaker_next_probe(&breaker, 0), -1);
}

/* The whole table. */
static void what_gets_no_answer_makes_for_a_probe(void **state)
{
	(void)state;
	for (enum cfs_fault fault = CFS_OK; fault < CFS_N_FAULTS; fault++) {
		struct cfs_breaker breaker = {0};

		assert_int_equal(cfs_breaker_heard(&breaker, fault, 100), is_no_answer(fault));
		/* Calls go ahead meanwhile. */
		assert_int_equal(cfs_breaker_ask(&breaker, 100), CFS_VERDICT_GO);
	}
}

static void a_probe_decides(void **state)
{
	(void)state;
	for (enum cfs_fault fault = CFS_OK; fault < CFS_N_FAULTS; fault++) {
		struct cfs_breaker breaker = {0};

		cfs_breaker_heard(&breaker, CFS_TIMED_OUT, 100);
		cfs_breaker_probe_begins(&breaker);
		cfs_breaker_probe_ended(&breaker, fault, 200);
		assert_int_equal(breaker.down, is_no_answer(fault));
		assert_int_equal(cfs_breaker_ask(&breaker, 200),
			is_no_answer(fault) ? CFS_VERDICT_REFUSE : CFS_VERDICT_GO);
	}
}

static void one_instance_that_hangs_costs_a_probe_a_second_at_most(void **state)
{
	struct cfs_breaker breaker = {0};

	(void)state;
	assert_true(cfs_breaker_heard(&breaker, CFS_TIMED_OUT, 0));
	cfs_breaker_probe_begins(&breaker);
	cfs_breaker_probe_ended(&breaker, CFS_OK, 10);
	assert_false(cfs_breaker_heard(&breaker, CFS_TIMED_OUT, 10));
	assert_false(cfs_breaker_heard(&breaker, CFS_TIMED_OUT, 9 + CFS_BREAKER_PAUSE_MS));
	assert_true(cfs_breaker_heard(&breaker, CFS_TIMED_OUT, 10 + CFS_BREAKER_PAUSE_MS));
	assert_int_equal(cfs_breaker_ask(&breaker, 5000), CFS_VERDICT_GO);
}

static void probes_follow_while_anybody_asks(void **state)
{
	struct cfs_breaker breaker = {0};
	int64_t now = 1000;

	(void)state;
	take_down(&breaker, now);
	assert_int_equal(cfs_breaker_next_probe(&breaker, now), -1);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(cfs_breaker_ask(&breaker, now + 300), CFS_VERDICT_REFUSE);
		assert_int_equal(
			cfs_breaker_next_probe(&breaker, now + 300), CFS_BREAKER_PAUSE_MS - 300);
		now += CFS_BREAKER_PAUSE_MS;
		assert_int_equal(cfs_breaker_next_probe(&breaker, now), 0);
		cfs_breaker_probe_begins(&breaker);
		assert_int_equal(cfs_breaker_next_probe(&breaker, now), -1);
		now += CFS_BREAKER_PROBE_MS;
		/* The result is valid until the next probe has ended. */
		assert_int_equal(cfs_breaker_ask(&breaker, now), CFS_VERDICT_REFUSE);
		cfs_breaker_probe_ended(&breaker, CFS_UNREACHABLE, now);
	}
	cfs_breaker_probe_begins(&breaker);
	cfs_breaker_probe_ended(&breaker, CFS_OK, now);
	assert_int_equal(cfs_breaker_ask(&breaker, now), CFS_VERDICT_GO);
}

static void without_anybody_there_are_none_and_what_is_known_grows_old(void **state)
{
	struct cfs_breaker breaker = {0};

	(void)state;
	take_down(&breaker, 1000);
	assert_int_equal(cfs_breaker_next_probe(&breaker, 100000), -1);
	assert_int_equal(cfs_breaker_ask(&breaker, 1001 + CFS_BREAKER_FRESH_MS), CFS_VERDICT_WAIT);
	assert_int_equal(cfs_breaker_next_probe(&breaker, 1001 + CFS_BREAKER_FRESH_MS), 0);
}

static void a_call_that_was_under_way_makes_it_up_again(void **state)
{
	(void)state;
	for (enum cfs_fault fault = CFS_OK; fault < CFS_N_FAULTS; fault++) {
		struct cfs_breaker breaker = {0};

		take_down(&breaker, 1000);
		assert_false(cfs_breaker_heard(&breaker, fault, 5000));
		/* A failure on this host says nothing about the cloud. */
		assert_int_equal(breaker.down, is_no_answer(fault) || fault == CFS_NO_MEMORY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_first_calls_go_ahead),
		cmocka_unit_test(what_gets_no_answer_makes_for_a_probe),
		cmocka_unit_test(a_probe_decides),
		cmocka_unit_test(one_instance_that_hangs_costs_a_probe_a_second_at_most),
		cmocka_unit_test(probes_follow_while_anybody_asks),
		cmocka_unit_test(without_anybody_there_are_none_and_what_is_known_grows_old),
		cmocka_unit_test(a_call_that_was_under_way_makes_it_up_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
