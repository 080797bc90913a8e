/* SPDX-License-Identifier: MIT */
#include "fs/client/rate_adaptive.h"

#include <math.h>

void cfs_rate_adaptive_init(
	struct cfs_rate_adaptive *adaptive, struct cfs_rate documented, int64_t now)
{
	*adaptive = (struct cfs_rate_adaptive){.documented = documented, .window_ms = now};
	cfs_rate_bucket_init(&adaptive->bucket, documented, now);
}

double cfs_rate_adaptive_rate(const struct cfs_rate_adaptive *adaptive)
{
	return adaptive->bucket.rate.per_second;
}

/* CUBIC's curve: the rate at `now`, given when it was last reduced. */
static double curve(const struct cfs_rate_adaptive *adaptive, int64_t now)
{
	double after = (double)(now - adaptive->reduced_ms) / 1000 - adaptive->plateau_s;

	return CFS_RATE_ADAPTIVE_SCALE * after * after * after + adaptive->refused_at;
}

static void set_rate(struct cfs_rate_adaptive *adaptive, double per_second, int64_t now)
{
	double most = adaptive->documented.per_second, least = fmin(CFS_RATE_ADAPTIVE_MIN, most);
	struct cfs_rate rate;

	rate.per_second = fmax(least, fmin(per_second, most));
	rate.burst = fmin(fmax(rate.per_second, 1), adaptive->documented.burst);
	cfs_rate_bucket_change(&adaptive->bucket, rate, now);
}

/* Returns to the documented rate once the curve has reached it without another refusal. */
static void leave_if_recovered(struct cfs_rate_adaptive *adaptive, int64_t now)
{
	if (!adaptive->reduced || curve(adaptive, now) < adaptive->documented.per_second)
		return;
	adaptive->reduced = false;
	cfs_rate_bucket_change(&adaptive->bucket, adaptive->documented, now);
}

int64_t cfs_rate_adaptive_take(struct cfs_rate_adaptive *adaptive, int64_t now)
{
	leave_if_recovered(adaptive, now);
	return cfs_rate_bucket_take(&adaptive->bucket, now);
}

/* Counts an answer, to measure how many the cloud gives a second. */
static void measure(struct cfs_rate_adaptive *adaptive, int64_t now)
{
	int64_t passed = now - adaptive->window_ms;
	double rate;

	adaptive->window_size++;
	if (passed < CFS_RATE_ADAPTIVE_WINDOW_MS)
		return;
	rate = adaptive->window_size * 1000. / (double)passed;
	adaptive->measured = adaptive->was_measured ? CFS_RATE_ADAPTIVE_SMOOTHING * rate +
			(1 - CFS_RATE_ADAPTIVE_SMOOTHING) * adaptive->measured
						    : rate;
	adaptive->was_measured = true;
	adaptive->window_size = 0;
	adaptive->window_ms = now;
}

static void reduce(struct cfs_rate_adaptive *adaptive, int64_t now)
{
	double rate = cfs_rate_adaptive_rate(adaptive);

	if (adaptive->was_measured)
		rate = fmin(rate, adaptive->measured);
	adaptive->reduced = true;
	adaptive->refused_at = rate;
	adaptive->plateau_s = cbrt(rate * (1 - CFS_RATE_ADAPTIVE_BETA) / CFS_RATE_ADAPTIVE_SCALE);
	adaptive->reduced_ms = now;
	set_rate(adaptive, rate * CFS_RATE_ADAPTIVE_BETA, now);
	/* The cloud's bucket is empty, so ours must not hold tokens either. */
	adaptive->bucket.tokens = fmin(adaptive->bucket.tokens, 0);
}

void cfs_rate_adaptive_answered(
	struct cfs_rate_adaptive *adaptive, bool refused, int64_t sent_ms, int64_t now)
{
	double rate;

	measure(adaptive, now);
	if (refused) {
		if (!adaptive->reduced || sent_ms >= adaptive->reduced_ms)
			reduce(adaptive, now);
		return;
	}
	leave_if_recovered(adaptive, now);
	if (!adaptive->reduced)
		return;
	rate = curve(adaptive, now);
	if (adaptive->was_measured)
		rate = fmin(rate, CFS_RATE_ADAPTIVE_OVER_MEASURED * adaptive->measured);
	set_rate(adaptive, rate, now);
}
