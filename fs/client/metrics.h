/* SPDX-License-Identifier: MIT */
/*
 * Metrics: counters of the API calls that a mount makes.
 *
 * Each cloud, region and action has a series of counters. A series is created with its endpoint and
 * stays until the unmount, also when the cloud is configured again. Counting does not allocate.
 * There are at most CFS_METRICS_MAX series; calls beyond that, or without memory for a series, are
 * counted together in one whose labels are all "other". One thread counts and reads, so the
 * counters are always consistent.
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
	uint64_t results[CFS_N_FAULTS]; /* calls that ended; CFS_INTERRUPTED: cancelled */
	uint64_t retries, throttles;    /* attempts after the first; refused by a rate limit */
	uint64_t under_way, queued;     /* calls in progress, and those of them in the rate queue */
	struct cfs_histogram durations; /* of calls that ended */
};

/* 0 or -ENOMEM. */
int cfs_metrics_create(struct cfs_metrics **ret_metrics);
/* No call may be in progress. Accepts NULL. */
void cfs_metrics_destroy(struct cfs_metrics *metrics);

/* Finds or creates the series with these labels. It lives as long as the metrics. NULL if metrics
 * is NULL. */
struct cfs_metrics_series *cfs_metrics_find(
	struct cfs_metrics *metrics, const char *cloud, const char *region, const char *action);

/* Events in the life of a call, in order. All accept NULL. */
void cfs_metrics_began(struct cfs_metrics_series *series);
void cfs_metrics_queued(struct cfs_metrics_series *series);
void cfs_metrics_dequeued(struct cfs_metrics_series *series);
/* A further attempt begins. */
void cfs_metrics_retried(struct cfs_metrics_series *series);
/* The cloud's rate limit refused an attempt. */
void cfs_metrics_throttled(struct cfs_metrics_series *series);
/* `us` is the call's duration. */
void cfs_metrics_ended(struct cfs_metrics_series *series, enum cfs_fault fault, int64_t us);

/* Counts an open that was refused because `refuse` names the program. Accepts NULL. */
void cfs_metrics_refused(struct cfs_metrics *metrics);
uint64_t cfs_metrics_refusals(const struct cfs_metrics *metrics);

/* The i-th series, sorted by cloud, action and region; "other" comes last, if it is in use. NULL
 * after the last. */
const struct cfs_metrics_series *cfs_metrics_at(const struct cfs_metrics *metrics, size_t i);

/* Sums over all calls of the cloud with that name. */
struct cfs_metrics_sum {
	uint64_t ended, failed; /* failed ones are included in ended; cancelled ones did not fail */
	uint64_t retries, throttles;
	uint64_t in_flight, queued;
};
struct cfs_metrics_sum cfs_metrics_sum(const struct cfs_metrics *metrics, const char *cloud);

#endif
