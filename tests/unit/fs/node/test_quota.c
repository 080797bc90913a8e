/* SPDX-License-Identifier: MIT */
/* fs/node/quota.h: who may hold how much of a mount's memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fs/node/quota.h"

#define OWNER 1000
#define GREEDY 65534
#define OTHER 1001
#define SHARE (CFS_QUOTA_BYTES / CFS_QUOTA_SHARES)
#define WAITING_SHARE (CFS_QUOTA_WAITING / CFS_QUOTA_SHARES)

static struct cfs_quota quota;

static int set_up(void **state)
{
	(void)state;
	return cfs_quota_init(&quota, OWNER, OWNER);
}

static int tear_down(void **state)
{
	(void)state;
	cfs_quota_finish(&quota);
	return 0;
}

static void one_user_has_a_quarter_of_the_memory_and_the_others_theirs(void **state)
{
	(void)state;
	assert_int_equal(cfs_quota_take(&quota, GREEDY, SHARE), 0);
	assert_int_equal(cfs_quota_take(&quota, GREEDY, 1), -ENOMEM);
	assert_int_equal(cfs_quota_take(&quota, OTHER, SHARE), 0);
	assert_int_equal(cfs_quota_take(&quota, OWNER, 2 * SHARE), 0);
	assert_int_equal(cfs_quota_take(&quota, OWNER, 1), -ENOMEM);
	assert_int_equal(cfs_quota_take(&quota, 0, 1), -ENOMEM);
	cfs_quota_give(&quota, GREEDY, 1);
	assert_int_equal(cfs_quota_take(&quota, GREEDY, 1), 0);
	cfs_quota_give(&quota, GREEDY, SHARE);
	cfs_quota_give(&quota, OTHER, SHARE);
	cfs_quota_give(&quota, OWNER, 2 * SHARE);
	assert_int_equal(quota.bytes, 0);
	assert_int_equal(quota.users.count, 0);
}

static void more_than_a_share_at_once_is_refused_and_leaves_no_row(void **state)
{
	(void)state;
	assert_int_equal(cfs_quota_take(&quota, GREEDY, SHARE + 1), -ENOMEM);
	assert_int_equal(cfs_quota_take(&quota, GREEDY, UINT64_MAX), -ENOMEM);
	assert_int_equal(cfs_quota_take(&quota, GREEDY, 0), 0);
	cfs_quota_give(&quota, GREEDY, 0);
	assert_int_equal(quota.users.count, 0);
}

static void one_user_has_a_quarter_of_the_requests_that_wait(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WAITING_SHARE; i++)
		assert_int_equal(cfs_quota_wait(&quota, GREEDY), 0);
	assert_int_equal(cfs_quota_may_wait(&quota, GREEDY), -EBUSY);
	assert_int_equal(cfs_quota_wait(&quota, GREEDY), -EBUSY);
	for (unsigned i = WAITING_SHARE; i < CFS_QUOTA_WAITING; i++)
		assert_int_equal(cfs_quota_wait(&quota, OWNER), 0);
	assert_int_equal(cfs_quota_wait(&quota, OWNER), -EBUSY);
	assert_int_equal(cfs_quota_wait(&quota, 0), -EBUSY);
	cfs_quota_waited(&quota, GREEDY);
	assert_int_equal(cfs_quota_wait(&quota, GREEDY), 0);
	for (unsigned i = 0; i < WAITING_SHARE; i++)
		cfs_quota_waited(&quota, GREEDY);
	for (unsigned i = WAITING_SHARE; i < CFS_QUOTA_WAITING; i++)
		cfs_quota_waited(&quota, OWNER);
	assert_int_equal(quota.waiting, 0);
	assert_int_equal(quota.users.count, 0);
}

static void what_is_still_counted_at_the_end_is_freed(void **state)
{
	(void)state;
	/* Without memory nothing is. */
	(void)cfs_quota_take(&quota, GREEDY, 1);
	(void)cfs_quota_wait(&quota, OTHER);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(one_user_has_a_quarter_of_the_memory_and_the_others_theirs),
		TEST(more_than_a_share_at_once_is_refused_and_leaves_no_row),
		TEST(one_user_has_a_quarter_of_the_requests_that_wait),
		TEST(what_is_still_counted_at_the_end_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
