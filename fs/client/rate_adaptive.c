#include "fs/client/rate_adaptive.h"

#include <math.h>

void cfs_pace_init(struct cfs_pace *pace, struct cfs_rate documented, int64_t now)
{
	*pace = (struct cfs_pace){.documented = documented, .window_ms = now};
	cfs_bucket_init(&pace->bucket, documented, now);
}

double cfs_pace_rate(const struct cfs_pace *pace)
{
	return pace->bucket.rate.per_second;
}

/* CUBIC's curve: the pace so long after it was reduced. */
static double curve(const struct cfs_pace *pace, int64_t now)
{
	double after = (double)(now - pace->reduced_ms) / 1000 - pace->plateau_s;

	return CFS_PACE_SCALE * after * after * after + pace->refused_at;
}

static void set_rate(struct cfs_pace *pace, double per_second, int64_t now)
{
	double most = pace->documented.per_second, least = fmin(CFS_PACE_MIN, most);
	struct cfs_rate rate;

	rate.per_second = fmax(least, fmin(per_second, most));
	rate.burst = fmin(fmax(rate.per_second, 1), pace->documented.burst);
	cfs_bucket_change(&pace->bucket, rate, now);
}

/* Back to what is documented, once nothing has been refused for so long that the curve is there. */
static void leave_if_recovered(struct cfs_pace *pace, int64_t now)
{
	if (!pace->adaptive || curve(pace, now) < pace->documented.per_second)
		return;
	pace->adaptive = false;
	cfs_bucket_change(&pace->bucket, pace->documented, now);
}

int64_t cfs_pace_take(struct cfs_pace *pace, int64_t now)
{
	leave_if_recovered(pace, now);
	return cfs_bucket_take(&pace->bucket, now);
}

/* Counts an answer. */
static void measure(struct cfs_pace *pace, int64_t now)
{
	int64_t passed = now - pace->window_ms;
	double rate;

	pace->window_size++;
	if (passed < CFS_PACE_WINDOW_MS)
		return;
	rate = pace->window_size * 1000. / (double)passed;
	pace->measured = pace->was_measured
		? CFS_PACE_SMOOTHING * rate + (1 - CFS_PACE_SMOOTHING) * pace->measured
		: rate;
	pace->was_measured = true;
	pace->window_size = 0;
	pace->window_ms = now;
}

static void reduce(struct cfs_pace *pace, int64_t now)
{
	double rate = cfs_pace_rate(pace);

	if (pace->was_measured)
		rate = fmin(rate, pace->measured);
	pace->adaptive = true;
	pace->refused_at = rate;
	pace->plateau_s = cbrt(rate * (1 - CFS_PACE_BETA) / CFS_PACE_SCALE);
	pace->reduced_ms = now;
	set_rate(pace, rate * CFS_PACE_BETA, now);
	/* The cloud says that there are none. */
	pace->bucket.tokens = fmin(pace->bucket.tokens, 0);
}

void cfs_pace_answered(struct cfs_pace *pace, bool refused, int64_t sent_ms, int64_t now)
{
	double rate;

	measure(pace, now);
	if (refused) {
		if (!pace->adaptive || sent_ms >= pace->reduced_ms)
			reduce(pace, now);
		return;
	}
	leave_if_recovered(pace, now);
	if (!pace->adaptive)
		return;
	rate = curve(pace, now);
	if (pace->was_measured)
		rate = fmin(rate, CFS_PACE_OVER_MEASURED * pace->measured);
	set_rate(pace, rate, now);
}
