/* SPDX-License-Identifier: MIT */
#include "fs/client/metrics.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct cfs_metrics {
	struct cfs_metrics_series *series[CFS_METRICS_MAX]; /* by cloud, action and region */
	size_t n;
	struct cfs_metrics_series other;
	bool has_other; /* `other` is in use */
	uint64_t refused;
};

static void init_series(struct cfs_metrics_series *series, const char *cloud, const char *region,
	const char *action)
{
	strncpy(series->cloud, cloud, CFS_CLOUD_NAME_MAX);
	strncpy(series->region, region, CFS_REGION_MAX);
	series->action = action;
	series->durations.bounds = &cfs_histogram_calls;
}

int cfs_metrics_create(struct cfs_metrics **ret_metrics)
{
	struct cfs_metrics *metrics;

	metrics = calloc(1, sizeof(*metrics));
	if (!metrics)
		return -ENOMEM;
	init_series(&metrics->other, "other", "other", "other");
	*ret_metrics = metrics;
	return 0;
}

void cfs_metrics_destroy(struct cfs_metrics *metrics)
{
	if (!metrics)
		return;
	while (metrics->n > 0)
		free(metrics->series[--metrics->n]);
	free(metrics);
}

static int compare(const struct cfs_metrics_series *series, const char *cloud, const char *region,
	const char *action)
{
	int order = strcmp(series->cloud, cloud);

	if (order == 0)
		order = strcmp(series->action, action);
	return order != 0 ? order : strcmp(series->region, region);
}

/* The index of the first series whose labels are not less than these. */
static size_t lower_bound(const struct cfs_metrics *metrics, const char *cloud, const char *region,
	const char *action)
{
	size_t low = 0, high = metrics->n, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (compare(metrics->series[middle], cloud, region, action) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct cfs_metrics_series *cfs_metrics_find(
	struct cfs_metrics *metrics, const char *cloud, const char *region, const char *action)
{
	struct cfs_metrics_series *series;
	size_t at;

	if (!metrics)
		return NULL;
	at = lower_bound(metrics, cloud, region, action);
	if (at < metrics->n && compare(metrics->series[at], cloud, region, action) == 0)
		return metrics->series[at];
	series = metrics->n < CFS_METRICS_MAX ? calloc(1, sizeof(*series)) : NULL;
	if (!series) {
		metrics->has_other = true;
		return &metrics->other;
	}
	init_series(series, cloud, region, action);
	memmove(&metrics->series[at + 1], &metrics->series[at],
		(metrics->n - at) * sizeof(metrics->series[0]));
	metrics->series[at] = series;
	metrics->n++;
	return series;
}

void cfs_metrics_began(struct cfs_metrics_series *series)
{
	if (series)
		series->under_way++;
}

void cfs_metrics_queued(struct cfs_metrics_series *series)
{
	if (series)
		series->queued++;
}

void cfs_metrics_dequeued(struct cfs_metrics_series *series)
{
	if (series)
		series->queued--;
}

void cfs_metrics_retried(struct cfs_metrics_series *series)
{
	if (series)
		series->retries++;
}

void cfs_metrics_throttled(struct cfs_metrics_series *series)
{
	if (series)
		series->throttles++;
}

void cfs_metrics_ended(struct cfs_metrics_series *series, enum cfs_fault fault, int64_t us)
{
	if (!series)
		return;
	series->under_way--;
	series->results[fault]++;
	cfs_histogram_add(&series->durations, us);
}

void cfs_metrics_refused(struct cfs_metrics *metrics)
{
	if (metrics)
		metrics->refused++;
}

uint64_t cfs_metrics_refusals(const struct cfs_metrics *metrics)
{
	return metrics->refused;
}

const struct cfs_metrics_series *cfs_metrics_at(const struct cfs_metrics *metrics, size_t i)
{
	if (i < metrics->n)
		return metrics->series[i];
	return i == metrics->n && metrics->has_other ? &metrics->other : NULL;
}

struct cfs_metrics_sum cfs_metrics_sum(const struct cfs_metrics *metrics, const char *cloud)
{
	const struct cfs_metrics_series *series;
	struct cfs_metrics_sum sum = {0};

	for (size_t i = 0; i < metrics->n; i++) {
		series = metrics->series[i];
		if (strcmp(series->cloud, cloud) != 0)
			continue;
		for (int fault = CFS_OK; fault < CFS_N_FAULTS; fault++) {
			sum.ended += series->results[fault];
			if (fault != CFS_OK && fault != CFS_INTERRUPTED)
				sum.failed += series->results[fault];
		}
		sum.retries += series->retries;
		sum.throttles += series->throttles;
		sum.queued += series->queued;
		sum.in_flight += series->under_way - series->queued;
	}
	return sum;
}
