/* SPDX-License-Identifier: MIT */
/* fs/base/wait.h: lists of callbacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fs/base/wait.h"

#define CROWD 64

struct one {
	struct cfs_wait wait;
	struct cfs_wait **list;
	unsigned called;
	int result;
	struct one *leaves;   /* made to leave when this one is called */
	struct one *freed;    /* made to leave and destroyed, which may be itself */
	struct one *reenters; /* enters the list when this one is called */
};

static void called(void *arg, int result)
{
	struct one *one = arg;

	one->called++;
	one->result = result;
	assert_null(one->wait.link);
	if (one->leaves)
		cfs_wait_leave(&one->leaves->wait);
	if (one->reenters)
		cfs_wait_enter(one->list, &one->reenters->wait, called, one->reenters);
	if (one->freed) {
		cfs_wait_leave(&one->freed->wait);
		free(one->freed);
	}
}

static void enter(struct cfs_wait **list, struct one *one)
{
	*one = (struct one){.list = list};
	cfs_wait_enter(list, &one->wait, called, one);
}

static void all_are_called_once_with_the_result(void **state)
{
	struct cfs_wait *list = NULL;
	struct one crowd[CROWD];

	(void)state;
	for (size_t i = 0; i < CROWD; i++)
		enter(&list, &crowd[i]);
	cfs_wait_end_all(&list, -5);
	assert_null(list);
	cfs_wait_end_all(&list, -6);
	for (size_t i = 0; i < CROWD; i++) {
		assert_int_equal(crowd[i].called, 1);
		assert_int_equal(crowd[i].result, -5);
	}
}

static void who_left_is_not_called(void **state)
{
	struct cfs_wait *list = NULL, never = {0};
	struct one crowd[CROWD];

	(void)state;
	cfs_wait_leave(&never);
	for (size_t i = 0; i < CROWD; i++)
		enter(&list, &crowd[i]);
	for (size_t i = 0; i < CROWD; i += 3)
		cfs_wait_leave(&crowd[i].wait);
	for (size_t i = 0; i < CROWD; i += 3)
		cfs_wait_leave(&crowd[i].wait);
	cfs_wait_end_all(&list, 1);
	for (size_t i = 0; i < CROWD; i++)
		assert_int_equal(crowd[i].called, i % 3 != 0);
}

/* Of two waits that each make the other leave, exactly one is called, whatever the order. */
static void a_called_one_may_make_others_leave(void **state)
{
	struct cfs_wait *list = NULL;
	struct one crowd[CROWD];

	(void)state;
	for (size_t i = 0; i < CROWD; i++)
		enter(&list, &crowd[i]);
	for (size_t i = 0; i < CROWD; i++)
		crowd[i].leaves = &crowd[i ^ 1];
	cfs_wait_end_all(&list, 0);
	for (size_t i = 0; i < CROWD; i += 2)
		assert_int_equal(crowd[i].called + crowd[i + 1].called, 1);
	assert_null(list);
}

static void who_enters_meanwhile_waits_for_the_next_time(void **state)
{
	struct cfs_wait *list = NULL;
	struct one again, other;

	(void)state;
	enter(&list, &again);
	enter(&list, &other);
	again.reenters = &again;
	cfs_wait_end_all(&list, 1);
	assert_int_equal(again.called, 1);
	assert_int_equal(other.called, 1);
	assert_ptr_equal(list, &again.wait);
	again.reenters = NULL;
	cfs_wait_end_all(&list, 2);
	assert_int_equal(again.called, 2);
	assert_int_equal(again.result, 2);
	assert_int_equal(other.called, 1);
}

/* FUSE requests do that: they are freed when the reply is sent. */
static void who_is_called_may_be_destroyed_with_its_neighbour(void **state)
{
	struct cfs_wait *list = NULL;
	struct one *crowd[CROWD];

	(void)state;
	for (size_t i = 0; i < CROWD; i++) {
		crowd[i] = calloc(1, sizeof(*crowd[i]));
		assert_non_null(crowd[i]);
		enter(&list, crowd[i]);
		crowd[i]->freed = crowd[i];
	}
	cfs_wait_end_all(&list, 0);
	assert_null(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_called_once_with_the_result),
		cmocka_unit_test(who_left_is_not_called),
		cmocka_unit_test(a_called_one_may_make_others_leave),
		cmocka_unit_test(who_enters_meanwhile_waits_for_the_next_time),
		cmocka_unit_test(who_is_called_may_be_destroyed_with_its_neighbour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
