/* SPDX-License-Identifier: MIT */
#include "fs/client/rate_limit.h"

#include <math.h>

/* The part of a token that rounding may lose: after the delay that was returned there is a
 * token. */
#define SLACK 1e-6

void cfs_rate_bucket_init(struct cfs_rate_bucket *bucket, struct cfs_rate rate, int64_t now)
{
	*bucket = (struct cfs_rate_bucket){.rate = rate, .tokens = rate.burst, .at = now};
}

static void refill(struct cfs_rate_bucket *bucket, int64_t now)
{
	double grown;

	if (now <= bucket->at)
		return;
	grown = bucket->tokens + (double)(now - bucket->at) * bucket->rate.per_second / 1000;
	bucket->tokens = grown < bucket->rate.burst ? grown : bucket->rate.burst;
	bucket->at = now;
}

int64_t cfs_rate_bucket_take(struct cfs_rate_bucket *bucket, int64_t now)
{
	refill(bucket, now);
	if (bucket->tokens >= 1 - SLACK) {
		bucket->tokens -= 1;
		return 0;
	}
	return (int64_t)ceil((1 - SLACK - bucket->tokens) * 1000 / bucket->rate.per_second);
}

void cfs_rate_bucket_change(struct cfs_rate_bucket *bucket, struct cfs_rate rate, int64_t now)
{
	refill(bucket, now);
	bucket->rate = rate;
	if (bucket->tokens > rate.burst)
		bucket->tokens = rate.burst;
}

enum retry_class { RETRY_NEVER, RETRY_FEW, RETRY_WHILE_TIME };

/* Every fault not listed here is final: a retry would get the same answer. */
static const enum retry_class retry_classes[CFS_N_FAULTS] = {
	[CFS_THROTTLED] = RETRY_WHILE_TIME,
	[CFS_SERVER] = RETRY_FEW,
	[CFS_RESET] = RETRY_FEW,
	[CFS_TIMED_OUT] = RETRY_FEW,
};

int64_t cfs_retry_delay(enum cfs_fault fault, unsigned attempts, int64_t left_ms, double chance)
{
	int64_t delay = CFS_RETRY_DELAY_MAX_MS;

	switch (retry_classes[fault]) {
	case RETRY_NEVER:
		return -1;
	case RETRY_FEW:
		if (attempts >= CFS_RETRY_ATTEMPTS)
			return -1;
		break;
	case RETRY_WHILE_TIME:
		break;
	}
	if (attempts <= 5 && INT64_C(1000) << (attempts - 1) < delay)
		delay = INT64_C(1000) << (attempts - 1);
	delay = (int64_t)((double)delay * chance);
	return delay < left_ms ? delay : -1;
}

unsigned cfs_retry_quota_cost(enum cfs_fault fault)
{
	return fault == CFS_THROTTLED ? 0 : fault == CFS_TIMED_OUT ? 10 : 5;
}

bool cfs_retry_quota_spend(struct cfs_retry_quota *quota, unsigned cost)
{
	if (cost > CFS_RETRY_QUOTA_MAX - quota->spent)
		return false;
	quota->spent += cost;
	return true;
}

void cfs_retry_quota_repay(struct cfs_retry_quota *quota, unsigned cost)
{
	if (cost == 0)
		cost = 1;
	quota->spent -= cost < quota->spent ? cost : quota->spent;
}
