/*
 * Rate and retry policy: pure functions of what happened and what time it is.
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
	int64_t at; /* when `tokens` was right, cfs_clock_ms */
};

void cfs_rate_bucket_init(struct cfs_rate_bucket *bucket, struct cfs_rate rate, int64_t now);
/* Takes a token and returns 0, or takes none and returns the milliseconds until there is one. */
int64_t cfs_rate_bucket_take(struct cfs_rate_bucket *bucket, int64_t now);
/* From now on another rate. Tokens beyond its burst are lost. */
void cfs_rate_bucket_change(struct cfs_rate_bucket *bucket, struct cfs_rate rate, int64_t now);

/* Attempts at a call that fails for a passing reason other than throttling: the SDKs' standard. */
#define CFS_RETRY_ATTEMPTS 3
#define CFS_RETRY_DELAY_MAX_MS 20000

/*
 * The milliseconds to wait before the next attempt, or -1 if there shall be none. `attempts` have
 * been made, the last of which ended in fault. `left_ms` is what remains of the call's time: a wait
 * that would use it up is not begun. `chance` is a random number in [0, 1): the wait is chance
 * times min(20 s, 2^(attempts - 1) s), the SDKs' full jitter. A throttled call is tried until its
 * time is up. A refused connection and a name that does not resolve are not tried again: the user
 * is told at once.
 */
int64_t cfs_retry_delay(enum cfs_fault fault, unsigned attempts, int64_t left_ms, double chance);

/*
 * The retry quota of SDKs in their standard mode: what retries a cloud is worth in all. A cloud in
 * trouble is not made to carry three times its load by those who try again. A retry costs 5, after
 * a time-out 10; a call that succeeds pays back what its last retry cost, or 1 if it had none.
 * Waiting for the rate limit is free: such a call is not failed.
 */
#define CFS_RETRY_QUOTA_MAX 500

struct cfs_retry_quota {
	unsigned spent; /* of CFS_RETRY_QUOTA_MAX */
};

/* What a retry after that fault costs. */
unsigned cfs_retry_quota_cost(enum cfs_fault fault);
/* Whether there was as much left; then it is spent. */
bool cfs_retry_quota_spend(struct cfs_retry_quota *quota, unsigned cost);
/* A call succeeded whose last retry cost that, 0: it had none. */
void cfs_retry_quota_repay(struct cfs_retry_quota *quota, unsigned cost);

#endif
