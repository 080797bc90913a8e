/* SPDX-License-Identifier: MIT */
/*
 * The adaptive rate: how fast calls may be made to one endpoint, given how the cloud answers.
 *
 * It starts as a token bucket with the cloud's documented rate. But the cloud's own bucket belongs
 * to the whole account: other tools, and mounts on other hosts, take tokens from it too. So the
 * first refusal makes the rate adaptive: it drops below what the cloud accepted and grows again by
 * CUBIC, as in the adaptive retry mode of clouds' SDKs and in TCP's congestion avoidance. It grows
 * fast while it is far below the rate that was refused last, slowly near it, and then faster again,
 * until a call is refused or the documented rate is reached, which ends the adaptive mode. Mounts
 * that do not know of each other get equal shares this way.
 *
 * Two things differ from botocore's retries/adaptive.py. A refusal of an attempt that was sent
 * before the last reduction does not reduce the rate again: it says nothing about the new rate, and
 * a hundred calls refused together would bring the rate to its minimum. And the documented rate is
 * never exceeded.
 *
 * Pure functions: the caller passes the time.
 */
#ifndef CFS_FS_CLIENT_RATE_ADAPTIVE_H
#define CFS_FS_CLIENT_RATE_ADAPTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/client/rate_limit.h"

#define CFS_RATE_ADAPTIVE_MIN 0.5   /* calls a second, however many are refused */
#define CFS_RATE_ADAPTIVE_SCALE 0.4 /* CUBIC's C */
#define CFS_RATE_ADAPTIVE_BETA 0.7  /* a refusal multiplies the rate by this */

/* Answers are counted in windows of this length. */
#define CFS_RATE_ADAPTIVE_WINDOW_MS 500
/* The weight of the last window in the measured rate. */
#define CFS_RATE_ADAPTIVE_SMOOTHING 0.8
/* The rate is at most this many times the measured one. */
#define CFS_RATE_ADAPTIVE_OVER_MEASURED 2.

struct cfs_rate_adaptive {
	struct cfs_rate documented;
	struct cfs_rate_bucket bucket;
	bool reduced;
	double refused_at;    /* the rate that was refused last, calls a second */
	double plateau_s;     /* seconds from the reduction until that rate is reached again */
	int64_t reduced_ms;   /* when the rate was last reduced */
	double measured;      /* answers a second */
	bool was_measured;    /* at least one window has passed */
	int64_t window_ms;    /* when the current window began */
	unsigned window_size; /* answers in it */
};

void cfs_rate_adaptive_init(
	struct cfs_rate_adaptive *adaptive, struct cfs_rate documented, int64_t now);
/* Takes a token and returns 0: a call may be made now. Or takes none and returns the milliseconds
 * after which to try again. */
int64_t cfs_rate_adaptive_take(struct cfs_rate_adaptive *adaptive, int64_t now);
/* Reports any answer to an attempt that was sent at sent_ms; `refused`: by the cloud's rate limit.
 * A delay that cfs_rate_adaptive_take returned before may be out of date then. */
void cfs_rate_adaptive_answered(
	struct cfs_rate_adaptive *adaptive, bool refused, int64_t sent_ms, int64_t now);
/* The current rate in calls a second. */
double cfs_rate_adaptive_rate(const struct cfs_rate_adaptive *adaptive);

#endif
