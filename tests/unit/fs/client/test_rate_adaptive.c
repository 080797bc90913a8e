/* SPDX-License-Identifier: MIT */
/* fs/client/rate_adaptive.h: the adaptive rate. Nothing here waits: time is a number. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fs/client/rate_adaptive.h"
#include "tests/unit/support/fake_clock.h"

/* What EC2 documents for an action that changes nothing. */
static const struct cfs_rate ec2 = {20, 100};

static void until_a_refusal_the_pace_is_the_documented_one(void **state)
{
	struct cfs_rate_adaptive adaptive;
	struct cfs_rate_bucket bucket;

	(void)state;
	cfs_rate_adaptive_init(&adaptive, ec2, 1000);
	cfs_rate_bucket_init(&bucket, ec2, 1000);
	for (int64_t now = 1000; now < 60000; now += 7) {
		assert_int_equal(
			cfs_rate_adaptive_take(&adaptive, now), cfs_rate_bucket_take(&bucket, now));
		cfs_rate_adaptive_answered(&adaptive, false, now, now);
		assert_float_equal(cfs_rate_adaptive_rate(&adaptive), 20, 0);
	}
}

/* Calls are answered at this many a second, until `until`. */
static int64_t run_at(
	struct cfs_rate_adaptive *adaptive, double per_second, int64_t now, int64_t until)
{
	for (; now < until; now += (int64_t)(1000 / per_second))
		cfs_rate_adaptive_answered(adaptive, false, now, now);
	return now;
}

static void a_refusal_leaves_seven_tenths_of_what_was_measured(void **state)
{
	struct cfs_rate_adaptive adaptive;
	int64_t now;

	(void)state;
	cfs_rate_adaptive_init(&adaptive, ec2, 0);
	now = run_at(&adaptive, 10, 0, 10000);
	cfs_rate_adaptive_answered(&adaptive, true, now, now);
	assert_float_equal(cfs_rate_adaptive_rate(&adaptive), 7, 0.8);
	/* The cloud's bucket is empty, so ours is. */
	assert_int_not_equal(cfs_rate_adaptive_take(&adaptive, now), 0);
}

static void without_a_measure_it_is_of_the_documented_rate(void **state)
{
	struct cfs_rate_adaptive adaptive;

	(void)state;
	cfs_rate_adaptive_init(&adaptive, ec2, 0);
	cfs_rate_adaptive_answered(&adaptive, true, 10, 20);
	assert_float_equal(cfs_rate_adaptive_rate(&adaptive), 14, 1e-9);
}

/* Calls of one burst that are refused together were sent at one rate, and tell only about that. */
static void a_refusal_of_what_was_sent_before_the_last_one_says_nothing(void **state)
{
	struct cfs_rate_adaptive adaptive;

	(void)state;
	cfs_rate_adaptive_init(&adaptive, ec2, 0);
	for (int i = 0; i < 100; i++)
		cfs_rate_adaptive_answered(&adaptive, true, 10, 20 + i);
	assert_float_equal(cfs_rate_adaptive_rate(&adaptive), 14, 1e-9);
	/* A refusal of a call sent at the new rate says that this rate is too high as well. */
	cfs_rate_adaptive_answered(&adaptive, true, 120, 130);
	assert_float_equal(cfs_rate_adaptive_rate(&adaptive), 9.8, 1e-9);
}

/* The curve of botocore's CubicCalculator, whose numbers these are: w_max 10, beta 0.7, scale 0.4.
 */
static void the_pace_comes_back_by_the_cubic_curve(void **state)
{
	/* k = cbrt(10 * 0.3 / 0.4) = 1.9574; 0.4 * (t - k)^3 + 10 */
	static const struct {
		int64_t ms;
		double adaptive;
	} points[] = {
		{500, 8.762},
		{1000, 9.649},
		{1957, 10.},
		{3000, 10.453},
		{4000, 13.411},
		{4500, 16.575},
	};
	struct cfs_rate_adaptive adaptive;
	int64_t now, since;

	(void)state;
	cfs_rate_adaptive_init(&adaptive, (struct cfs_rate){20, 20}, 0);
	/* Answers come fast, so the measured rate does not limit it. */
	for (now = 0; now < 5000; now += 10)
		cfs_rate_adaptive_answered(&adaptive, false, now, now);
	adaptive.measured = 10;
	adaptive.window_ms = now;
	adaptive.window_size = 0;
	since = now;
	cfs_rate_adaptive_answered(&adaptive, true, now, now);
	assert_float_equal(cfs_rate_adaptive_rate(&adaptive), 7, 1e-9);
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		for (; now < since + points[i].ms; now++)
			cfs_rate_adaptive_answered(&adaptive, false, now, now);
		cfs_rate_adaptive_answered(&adaptive, false, now, now);
		assert_float_equal(cfs_rate_adaptive_rate(&adaptive), points[i].adaptive, 0.01);
	}
}

static void it_is_never_more_than_twice_what_is_measured(void **state)
{
	struct cfs_rate_adaptive adaptive;
	int64_t now;

	(void)state;
	cfs_rate_adaptive_init(&adaptive, (struct cfs_rate){1000, 1000}, 0);
	now = run_at(&adaptive, 5, 0, 5000);
	cfs_rate_adaptive_answered(&adaptive, true, now, now);
	(void)run_at(&adaptive, 5, now + 200, now + 10000);
	assert_true(adaptive.reduced);
	assert_true(cfs_rate_adaptive_rate(&adaptive) <= 2 * 5.1);
	assert_true(cfs_rate_adaptive_rate(&adaptive) >= 2 * 4.9);
}

static void it_is_never_less_than_one_call_in_two_seconds(void **state)
{
	struct cfs_rate_adaptive adaptive;

	(void)state;
	cfs_rate_adaptive_init(&adaptive, ec2, 0);
	for (int64_t now = 0; now < 100000; now += 1000) {
		cfs_rate_adaptive_answered(&adaptive, true, now, now);
		assert_true(cfs_rate_adaptive_rate(&adaptive) >= CFS_RATE_ADAPTIVE_MIN);
		assert_in_range(cfs_rate_adaptive_take(&adaptive, now), 0, 2000);
	}
	assert_float_equal(cfs_rate_adaptive_rate(&adaptive), CFS_RATE_ADAPTIVE_MIN, 0.25);
}

static void a_documented_rate_below_that_is_kept(void **state)
{
	struct cfs_rate_adaptive adaptive;

	(void)state;
	cfs_rate_adaptive_init(&adaptive, (struct cfs_rate){0.1, 1}, 0);
	for (int64_t now = 0; now < 100000; now += 10000) {
		cfs_rate_adaptive_answered(&adaptive, true, now, now);
		assert_float_equal(cfs_rate_adaptive_rate(&adaptive), 0.1, 1e-9);
	}
}

/* After a pause the documented rate is back, though nothing was measured. */
static void it_recovers_by_time_alone(void **state)
{
	struct cfs_rate_adaptive adaptive;
	int i;

	(void)state;
	cfs_rate_adaptive_init(&adaptive, ec2, 0);
	for (i = 0; i < 20; i++)
		cfs_rate_adaptive_answered(&adaptive, true, i * 1000, i * 1000);
	assert_true(cfs_rate_adaptive_rate(&adaptive) < 1);
	assert_int_equal(cfs_rate_adaptive_take(&adaptive, 19000 + 10000), 0);
	assert_false(adaptive.reduced);
	assert_float_equal(cfs_rate_adaptive_rate(&adaptive), 20, 0);
	/* But without a burst, because the cloud's bucket may be empty. */
	for (i = 0; i < 100; i++)
		if (cfs_rate_adaptive_take(&adaptive, 29000) > 0)
			break;
	assert_in_range(i, 0, 20);
}

/*
 * Mounts on several hosts that share one account. Each has more to ask than it may, asks again at
 * once what was refused, and knows of nothing but its own answers.
 */
struct sharing {
	unsigned mounts;
	double per_second, burst; /* of the account */
	int64_t latency_ms;
	unsigned others; /* calls a second by tools that do not care */
};

struct shares {
	double all, most, least; /* good answers a second; the most and the least of a mount */
	double refused;          /* of all that the mounts sent */
};

struct flight {
	unsigned mount;
	int64_t sent, arrives, back;
	bool decided, refused;
};

#define MOUNTS_MAX 8
#define FLIGHTS_MAX 4096

struct shared {
	const struct sharing *sharing;
	struct cfs_rate_bucket account;
	struct cfs_rate_adaptive paces[MOUNTS_MAX];
	struct flight flights[FLIGHTS_MAX];
	size_t n;
	uint64_t seed;
	int64_t from_ms;
	unsigned good[MOUNTS_MAX], sent, refused;
};

/* The way to the cloud takes anything up to half of the latency, so that the order is not fixed. */
static void send_all(struct shared *shared, unsigned mount, int64_t now)
{
	int64_t latency = shared->sharing->latency_ms;

	while (cfs_rate_adaptive_take(&shared->paces[mount], now) == 0) {
		assert_true(shared->n < FLIGHTS_MAX);
		shared->flights[shared->n++] = (struct flight){
			.mount = mount,
			.sent = now,
			.arrives = now + (int64_t)(draw(&shared->seed) % ((uint64_t)latency / 2)),
			.back = now + latency,
		};
	}
}

static void fly(struct shared *shared, struct flight *flight, int64_t now)
{
	if (!flight->decided && flight->arrives <= now) {
		flight->decided = true;
		flight->refused = cfs_rate_bucket_take(&shared->account, now) > 0;
		if (now >= shared->from_ms) {
			shared->sent++;
			shared->refused += flight->refused;
			shared->good[flight->mount] += !flight->refused;
		}
	}
	if (flight->back > now)
		return;
	cfs_rate_adaptive_answered(
		&shared->paces[flight->mount], flight->refused, flight->sent, now);
	*flight = shared->flights[--shared->n];
}

static struct shares share(const struct sharing *sharing, int64_t from_ms, int64_t until_ms)
{
	static struct shared shared;
	struct shares shares = {.least = 1e9};
	double seconds = (double)(until_ms - from_ms) / 1000, good;

	shared = (struct shared){.sharing = sharing, .seed = 20150830, .from_ms = from_ms};
	cfs_rate_bucket_init(
		&shared.account, (struct cfs_rate){sharing->per_second, sharing->burst}, 0);
	for (unsigned i = 0; i < sharing->mounts; i++)
		cfs_rate_adaptive_init(&shared.paces[i], ec2, 0);
	for (int64_t now = 0; now < until_ms; now++) {
		if (sharing->others && now % (1000 / sharing->others) == 0)
			cfs_rate_bucket_take(&shared.account, now);
		for (size_t f = shared.n; f-- > 0;)
			fly(&shared, &shared.flights[f], now);
		for (unsigned i = 0; i < sharing->mounts; i++)
			send_all(&shared, i, now);
	}
	shares.refused = (double)shared.refused / shared.sent;
	for (unsigned i = 0; i < sharing->mounts; i++) {
		good = shared.good[i] / seconds;
		shares.all += good;
		shares.most = fmax(shares.most, good);
		shares.least = fmin(shares.least, good);
	}
	print_message("%u mounts, %lld ms: %.1f/s of %.1f, shares %.1f to %.1f, %.0f %% refused\n",
		sharing->mounts, (long long)sharing->latency_ms, shares.all,
		sharing->per_second - sharing->others, shares.least, shares.most,
		shares.refused * 100);
	return shares;
}

static void mounts_that_share_an_account_settle(void **state)
{
	static const struct sharing all[] = {
		{.mounts = 2, .per_second = 20, .burst = 100, .latency_ms = 50},
		{.mounts = 2, .per_second = 20, .burst = 100, .latency_ms = 800},
		{.mounts = 4, .per_second = 20, .burst = 100, .latency_ms = 100},
		{.mounts = 8, .per_second = 20, .burst = 100, .latency_ms = 100},
	};
	struct shares shares;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		shares = share(&all[i], 30000, 330000);
		assert_true(shares.all >= 0.85 * all[i].per_second);
		assert_true(shares.all <= all[i].per_second * 1.01);
		assert_true(shares.refused <= 0.2);
		assert_true(shares.least >= 0.7 * shares.most);
	}
}

/* A limit lower than documented, and other tools that take most of it. */
static void a_mount_finds_what_the_account_has_left(void **state)
{
	static const struct sharing all[] = {
		{.mounts = 1, .per_second = 5, .burst = 5, .latency_ms = 100},
		{.mounts = 1, .per_second = 20, .burst = 100, .latency_ms = 100, .others = 15},
	};
	struct shares shares;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		shares = share(&all[i], 30000, 330000);
		assert_true(shares.all >= 0.75 * (all[i].per_second - all[i].others));
		assert_true(shares.refused <= 0.35);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(until_a_refusal_the_pace_is_the_documented_one),
		cmocka_unit_test(a_refusal_leaves_seven_tenths_of_what_was_measured),
		cmocka_unit_test(without_a_measure_it_is_of_the_documented_rate),
		cmocka_unit_test(a_refusal_of_what_was_sent_before_the_last_one_says_nothing),
		cmocka_unit_test(the_pace_comes_back_by_the_cubic_curve),
		cmocka_unit_test(it_is_never_more_than_twice_what_is_measured),
		cmocka_unit_test(it_is_never_less_than_one_call_in_two_seconds),
		cmocka_unit_test(a_documented_rate_below_that_is_kept),
		cmocka_unit_test(it_recovers_by_time_alone),
		cmocka_unit_test(mounts_that_share_an_account_settle),
		cmocka_unit_test(a_mount_finds_what_the_account_has_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
