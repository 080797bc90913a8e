/*
 * Metrics: counters of the API calls that a mount makes.
 *
 * Calls are counted in series, one for each cloud, region and action. A series is made with the
 * endpoint that counts in it and stays, also when the cloud is configured anew; counting allocates
 * nothing. There are at most CFS_METRICS_MAX: what is beyond, or finds no memory, is counted
 * together, in a series whose labels are all "other". One thread counts and reads, so every look
 * is consistent.
 */
#ifndef CFS_FS_CLIENT_METRICS_H
#define CFS_FS_CLIENT_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "backends/base/fault.h"
#include "fs/base/histogram.h"
#include "fs/client/client_data.h"

#define CFS_METRICS_MAX 512 /* series */

struct cfs_metrics;

struct cfs_metrics_series {
	char cloud[CFS_CLOUD_NAME_MAX + 1];
	char region[CFS_REGION_MAX + 1];
	const char *action;             /* static text of the backend */
	uint64_t results[CFS_N_FAULTS]; /* calls that ended; CFS_INTERRUPTED: given up */
	uint64_t retries, throttles;    /* attempts beyond the first; refused by a rate limit */
	uint64_t under_way, queued;     /* calls; the second are among the first */
	struct cfs_histogram durations; /* of calls that ended */
};

/* 0 or -ENOMEM. */
int cfs_metrics_create(struct cfs_metrics **ret_metrics);
/* No call may be under way. Accepts NULL. */
void cfs_metrics_destroy(struct cfs_metrics *metrics);

/* The series of those labels, which lives as long as the metrics. NULL if metrics is NULL. */
struct cfs_metrics_series *cfs_metrics_find(
	struct cfs_metrics *metrics, const char *cloud, const char *region, const char *action);

/* What happens to a call, in this order. All accept NULL. */
void cfs_metrics_began(struct cfs_metrics_series *series);
void cfs_metrics_queued(struct cfs_metrics_series *series);
void cfs_metrics_dequeued(struct cfs_metrics_series *series);
/* An attempt that is not the first begins. */
void cfs_metrics_retried(struct cfs_metrics_series *series);
/* The cloud's rate limit refused an attempt. */
void cfs_metrics_throttled(struct cfs_metrics_series *series);
/* `us`: the call's duration. */
void cfs_metrics_ended(struct cfs_metrics_series *series, enum cfs_fault fault, int64_t us);

/* An open was refused to a program that `refuse` names. Accepts NULL. */
void cfs_metrics_refused(struct cfs_metrics *metrics);
uint64_t cfs_metrics_refusals(const struct cfs_metrics *metrics);

/* The i-th series, in the order of cloud, action and region; the one of all others comes last, if
 * it was ever needed. NULL past the last. */
const struct cfs_metrics_series *cfs_metrics_at(const struct cfs_metrics *metrics, size_t i);

/* All calls of a cloud of that name together. */
struct cfs_metrics_sum {
	uint64_t ended, failed; /* the second are among the first; calls given up did not fail */
	uint64_t retries, throttles;
	uint64_t in_flight, queued;
};
struct cfs_metrics_sum cfs_metrics_sum(const struct cfs_metrics *metrics, const char *cloud);

#endif
