/* SPDX-License-Identifier: MIT */
/*
 * Rate limits and retries: the token bucket, the retry delay and the retry quota.
 *
 * Pure functions: the caller passes what happened and the time.
 */
#ifndef CFS_FS_CLIENT_RATE_LIMIT_H
#define CFS_FS_CLIENT_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/contract/backend.h"

/* A token bucket: full at first, refilled at rate.per_second up to rate.burst. */
struct cfs_rate_bucket {
	struct cfs_rate rate;
	double tokens;
	int64_t at; /* when `tokens` was computed, cfs_clock_ms */
};

void cfs_rate_bucket_init(struct cfs_rate_bucket *bucket, struct cfs_rate rate, int64_t now);
/* Takes a token and returns 0, or takes none and returns the milliseconds until there is one. */
int64_t cfs_rate_bucket_take(struct cfs_rate_bucket *bucket, int64_t now);
/* Changes the rate from now on. Tokens beyond the new burst are lost. */
void cfs_rate_bucket_change(struct cfs_rate_bucket *bucket, struct cfs_rate rate, int64_t now);

/* Attempts of a call that fails for a passing reason other than throttling. */
#define CFS_RETRY_ATTEMPTS 3
#define CFS_RETRY_DELAY_MAX_MS 20000

/*
 * The milliseconds to wait before the next attempt, or -1 for no further attempt. `attempts` is the
 * number made so far, `fault` how the last one ended, `left_ms` what is left of the call's timeout
 * (a wait that would use it up is not begun), and `chance` a random number in [0, 1). The wait is
 * chance times min(20 s, 2^(attempts - 1) s), the "full jitter" of clouds' SDKs. A throttled call
 * is retried until its timeout. A refused connection and a name that does not resolve are not
 * retried, so that the user hears of them at once.
 */
int64_t cfs_retry_delay(enum cfs_fault fault, unsigned attempts, int64_t left_ms, double chance);

/*
 * The retry quota, as in the standard mode of clouds' SDKs: a budget for retries that all calls to
 * an endpoint share, so that retries do not triple the load of a cloud in trouble. A retry costs 5,
 * or 10 after a timeout. A call that succeeds pays back what its last retry cost, or 1 if it had
 * none. A retry after throttling is free: the call has not failed, it waits for the rate limit.
 */
#define CFS_RETRY_QUOTA_MAX 500

struct cfs_retry_quota {
	unsigned spent; /* of CFS_RETRY_QUOTA_MAX */
};

/* What a retry after that fault costs. */
unsigned cfs_retry_quota_cost(enum cfs_fault fault);
/* Spends the cost, if that much is left. Returns whether it was. */
bool cfs_retry_quota_spend(struct cfs_retry_quota *quota, unsigned cost);
/* Pays back for a call that succeeded. `cost` is that of its last retry, 0 if it had none. */
void cfs_retry_quota_repay(struct cfs_retry_quota *quota, unsigned cost);

#endif
