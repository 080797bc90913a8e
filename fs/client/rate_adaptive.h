/*
 * Pace: how fast calls may be made at one region's action. Pure.
 *
 * At first the cloud's documented rate, as a token bucket. But a cloud's bucket belongs to the
 * whole account: other tools, and mounts on other machines, draw from it too. So the first refusal
 * makes the pace adaptive: it drops below what the cloud took, and from there finds how much it
 * takes by CUBIC, as clouds' SDKs do in their adaptive retry mode and TCP in congestion
 * avoidance. It rises fast while it is far from the rate that was refused last, hardly at all near
 * it, and then ever faster, until it is refused again or is back at the documented rate, where
 * it is adaptive no longer. Mounts that know nothing of each other come to even shares that way.
 *
 * Two things are otherwise than in botocore's retries/adaptive.py. A refusal of an attempt sent
 * before the pace was last reduced does not reduce it again: it says nothing of the new pace, and
 * a hundred calls refused together would bring it to a standstill. And the documented rate is never
 * exceeded.
 */
#ifndef CFS_FS_CLIENT_RATE_ADAPTIVE_H
#define CFS_FS_CLIENT_RATE_ADAPTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/client/rate_limit.h"

#define CFS_RATE_ADAPTIVE_MIN 0.5       /* calls a second, however often they are refused */
#define CFS_RATE_ADAPTIVE_SCALE 0.4     /* CUBIC's C */
#define CFS_RATE_ADAPTIVE_BETA 0.7      /* what a refusal leaves of the pace */
#define CFS_RATE_ADAPTIVE_WINDOW_MS 500 /* answers are counted in windows of so long, */
#define CFS_RATE_ADAPTIVE_SMOOTHING 0.8 /* of which the last has this weight, */
#define CFS_RATE_ADAPTIVE_OVER_MEASURED \
	2. /* and their rate is not exceeded by more than this factor */

struct cfs_rate_adaptive {
	struct cfs_rate documented;
	struct cfs_rate_bucket bucket;
	bool reduced;
	double refused_at;    /* the pace that was refused last, calls a second */
	double plateau_s;     /* seconds from the refusal until the pace is there again */
	int64_t reduced_ms;   /* when it was last reduced */
	double measured;      /* answers a second */
	bool was_measured;    /* at least one window has passed */
	int64_t window_ms;    /* when the window began */
	unsigned window_size; /* answers in it */
};

void cfs_rate_adaptive_init(
	struct cfs_rate_adaptive *adaptive, struct cfs_rate documented, int64_t now);
/* Whether a call may be made now: 0, and one less may be made later; or the milliseconds after
 * which it is worth asking again. */
int64_t cfs_rate_adaptive_take(struct cfs_rate_adaptive *adaptive, int64_t now);
/* An attempt that was sent at sent_ms has been answered, whatever the answer; `refused`: by the
 * cloud's rate limit. What cfs_rate_adaptive_take said before may have changed. */
void cfs_rate_adaptive_answered(
	struct cfs_rate_adaptive *adaptive, bool refused, int64_t sent_ms, int64_t now);
/* Calls a second as of now. */
double cfs_rate_adaptive_rate(const struct cfs_rate_adaptive *adaptive);

#endif
