/* SPDX-License-Identifier: MIT */
/* fs/client/rate_limit.h: the token bucket and the retry policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/client/rate_limit.h"
#include "tests/unit/support/fake_clock.h"

#define LONG_MS INT64_C(1000000)

static const double rates[] = {0.01, 0.3, 1, 3, 7, 10, 20, 40, 333, 1000, 100000};

static void a_bucket_is_full_at_first(void **state)
{
	struct cfs_rate_bucket bucket;

	(void)state;
	cfs_rate_bucket_init(&bucket, (struct cfs_rate){20, 100}, 12345);
	for (int i = 0; i < 100; i++)
		assert_int_equal(cfs_rate_bucket_take(&bucket, 12345), 0);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 12345), 50);
}

static void to_be_refused_costs_no_token(void **state)
{
	struct cfs_rate_bucket bucket;

	(void)state;
	cfs_rate_bucket_init(&bucket, (struct cfs_rate){20, 1}, 0);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 0), 0);
	for (int i = 0; i < 50; i++)
		assert_int_equal(cfs_rate_bucket_take(&bucket, i), 50 - i);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 50), 0);
}

static void a_bucket_never_holds_more_than_its_burst(void **state)
{
	struct cfs_rate_bucket bucket;

	(void)state;
	cfs_rate_bucket_init(&bucket, (struct cfs_rate){1000, 3}, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(cfs_rate_bucket_take(&bucket, LONG_MS), 0);
	assert_int_equal(cfs_rate_bucket_take(&bucket, LONG_MS), 1);
}

static void a_clock_that_goes_back_changes_nothing(void **state)
{
	struct cfs_rate_bucket bucket;

	(void)state;
	cfs_rate_bucket_init(&bucket, (struct cfs_rate){10, 1}, 1000);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 500), 0);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 0), 100);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 1099), 1);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 1100), 0);
}

/* The delay that is returned is enough, and a millisecond less is not. */
static void the_wait_told_is_exact(void **state)
{
	struct cfs_rate_bucket bucket, early;
	int64_t now = 7, delay;

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		cfs_rate_bucket_init(&bucket, (struct cfs_rate){rates[i], 1}, now);
		assert_int_equal(cfs_rate_bucket_take(&bucket, now), 0);
		for (int n = 0; n < 1000; n++) {
			delay = cfs_rate_bucket_take(&bucket, now);
			if (delay == 0)
				continue; /* of the last millisecond one was left */
			early = bucket;
			assert_true(delay > 0);
			assert_int_equal(cfs_rate_bucket_take(&early, now + delay - 1), 1);
			now += delay;
			assert_int_equal(cfs_rate_bucket_take(&bucket, now), 0);
		}
	}
}

/* Whenever tokens are taken: no span of time has more of them than the burst and the rate allow. */
static void a_rate_is_never_exceeded(void **state)
{
	struct cfs_rate_bucket bucket;
	uint64_t seed = 20150830;
	int64_t now;
	double taken;
	int n;

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		cfs_rate_bucket_init(&bucket, (struct cfs_rate){rates[i], 5}, 0);
		for (now = 0, taken = 0, n = 0; n < 20000; n++) {
			now += (int64_t)(draw(&seed) % 20);
			taken += cfs_rate_bucket_take(&bucket, now) == 0;
			assert_true(taken <= 5 + rates[i] * (double)now / 1000 + 1e-6);
		}
	}
}

enum expected { NEVER, FEW, WHILE_TIME };

/* The whole table of the header. */
static enum expected expected(enum cfs_fault fault)
{
	switch ((int)fault) {
	case CFS_THROTTLED:
		return WHILE_TIME;
	case CFS_SERVER:
	case CFS_RESET:
	case CFS_TIMED_OUT:
		return FEW;
	default:
		return NEVER;
	}
}

static void every_fault_is_retried_as_it_should_be(void **state)
{
	int64_t delay;

	(void)state;
	for (enum cfs_fault fault = CFS_OK + 1; fault < CFS_N_FAULTS; fault++) {
		for (unsigned attempts = 1; attempts <= 40; attempts++) {
			delay = cfs_retry_delay(fault, attempts, LONG_MS, 0.5);
			if (expected(fault) == WHILE_TIME ||
				(expected(fault) == FEW && attempts < CFS_RETRY_ATTEMPTS))
				assert_true(delay >= 0);
			else
				assert_int_equal(delay, -1);
		}
	}
}

static void the_wait_is_full_jitter_doubled_up_to_twenty_seconds(void **state)
{
	static const int64_t most[] = {1000, 2000, 4000, 8000, 16000, 20000, 20000, 20000};

	(void)state;
	for (unsigned i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		assert_int_equal(cfs_retry_delay(CFS_THROTTLED, i + 1, LONG_MS, 0), 0);
		assert_int_equal(cfs_retry_delay(CFS_THROTTLED, i + 1, LONG_MS, 0.25), most[i] / 4);
		assert_int_equal(cfs_retry_delay(CFS_THROTTLED, i + 1, LONG_MS, 0.5), most[i] / 2);
		assert_int_equal(
			cfs_retry_delay(CFS_THROTTLED, i + 1, LONG_MS, 0x1.fffffffffffffp-1),
			most[i] - 1);
	}
	/* Shifted no further than a number is wide. */
	assert_int_equal(cfs_retry_delay(CFS_THROTTLED, 70, LONG_MS, 0.5), 10000);
	assert_int_equal(cfs_retry_delay(CFS_THROTTLED, UINT32_MAX, LONG_MS, 0.5), 10000);
	assert_int_equal(cfs_retry_delay(CFS_SERVER, 1, LONG_MS, 0.5), 500);
	assert_int_equal(cfs_retry_delay(CFS_RESET, 2, LONG_MS, 0.5), 1000);
}

static void a_wait_that_would_use_up_the_time_is_not_begun(void **state)
{
	(void)state;
	assert_int_equal(cfs_retry_delay(CFS_THROTTLED, 1, 501, 0.5), 500);
	assert_int_equal(cfs_retry_delay(CFS_THROTTLED, 1, 500, 0.5), -1);
	assert_int_equal(cfs_retry_delay(CFS_SERVER, 1, 1, 0), 0);
	assert_int_equal(cfs_retry_delay(CFS_SERVER, 1, 0, 0), -1);
	assert_int_equal(cfs_retry_delay(CFS_TIMED_OUT, 1, -3, 0), -1);
}

static void another_rate_counts_from_when_it_is_given(void **state)
{
	struct cfs_rate_bucket bucket;

	(void)state;
	cfs_rate_bucket_init(&bucket, (struct cfs_rate){10, 2}, 0);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 0), 0);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 0), 0);
	/* Half a token has grown at the old rate, and the other half takes 5 s at the new. */
	cfs_rate_bucket_change(&bucket, (struct cfs_rate){0.1, 1}, 50);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 50), 5000);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 5050), 0);
	/* More than the burst is lost. */
	cfs_rate_bucket_change(&bucket, (struct cfs_rate){10, 5}, 5050);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 5550), 0);
	cfs_rate_bucket_change(&bucket, (struct cfs_rate){10, 1}, 5550);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 5550), 0);
	assert_int_equal(cfs_rate_bucket_take(&bucket, 5550), 100);
}

static void the_quota_bounds_retries_and_success_restores_it(void **state)
{
	struct cfs_retry_quota quota = {0};

	(void)state;
	assert_int_equal(cfs_retry_quota_cost(CFS_SERVER), 5);
	assert_int_equal(cfs_retry_quota_cost(CFS_RESET), 5);
	assert_int_equal(cfs_retry_quota_cost(CFS_TIMED_OUT), 10);
	assert_int_equal(cfs_retry_quota_cost(CFS_THROTTLED), 0);
	for (int i = 0; i < 98; i++)
		assert_true(cfs_retry_quota_spend(&quota, 5));
	assert_true(cfs_retry_quota_spend(&quota, 5));
	assert_false(cfs_retry_quota_spend(&quota, 10));
	assert_true(cfs_retry_quota_spend(&quota, 5));
	assert_false(cfs_retry_quota_spend(&quota, 5));
	assert_true(cfs_retry_quota_spend(&quota, 0));
	/* A call that succeeded at its first attempt pays back one, one that was retried its cost.
	 */
	for (int i = 0; i < 4; i++)
		cfs_retry_quota_repay(&quota, 0);
	assert_false(cfs_retry_quota_spend(&quota, 5));
	cfs_retry_quota_repay(&quota, 0);
	assert_true(cfs_retry_quota_spend(&quota, 5));
	cfs_retry_quota_repay(&quota, 10);
	assert_true(cfs_retry_quota_spend(&quota, 10));
	/* No further than it was. */
	for (int i = 0; i < 1000; i++)
		cfs_retry_quota_repay(&quota, 10);
	for (int i = 0; i < 100; i++)
		assert_true(cfs_retry_quota_spend(&quota, 5));
	assert_false(cfs_retry_quota_spend(&quota, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_is_full_at_first),
		cmocka_unit_test(to_be_refused_costs_no_token),
		cmocka_unit_test(a_bucket_never_holds_more_than_its_burst),
		cmocka_unit_test(a_clock_that_goes_back_changes_nothing),
		cmocka_unit_test(the_wait_told_is_exact),
		cmocka_unit_test(a_rate_is_never_exceeded),
		cmocka_unit_test(another_rate_counts_from_when_it_is_given),
		cmocka_unit_test(the_quota_bounds_retries_and_success_restores_it),
		cmocka_unit_test(every_fault_is_retried_as_it_should_be),
		cmocka_unit_test(the_wait_is_full_jitter_doubled_up_to_twenty_seconds),
		cmocka_unit_test(a_wait_that_would_use_up_the_time_is_not_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
