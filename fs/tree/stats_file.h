/*
 * Counters of what the mount does, and the file `stats` that shows them.
 *
 * Calls are counted in series, one for each cloud, region and action. A series is made when its
 * first call begins and stays; the hot path allocates nothing. There are at most CFS_STATS_MAX:
 * what is beyond, or finds no memory, is counted together, in a series whose labels are all
 * "other". All is one thread's, so that every look at it is consistent.
 */
#ifndef CFS_FS_TREE_STATS_FILE_H
#define CFS_FS_TREE_STATS_FILE_H

#include "backends/base/fault.h"
#include "fs/base/histogram.h"
#include "fs/cloud/clouds.h"
#include "fs/tree/node.h"

#define CFS_STATS_MAX 512 /* series */

struct cfs_stats;
struct cfs_series;

/* 0 or -ENOMEM. */
int cfs_stats_create(struct cfs_stats **ret_stats);
/* No call may be under way. */
void cfs_stats_destroy(struct cfs_stats *stats);

/*
 * The life of a call: begun, perhaps queued at a gate and through it again, its attempts; ended.
 * Without stats the series is NULL, which every function here takes.
 */
struct cfs_series *cfs_stats_begin(
	struct cfs_stats *stats, const char *cloud, const char *region, const char *action);
void cfs_series_queued(struct cfs_series *series);
void cfs_series_dequeued(struct cfs_series *series);
/* An attempt failed because of the cloud's limits. */
void cfs_series_throttled(struct cfs_series *series);
/* An attempt that is not the first one begins. */
void cfs_series_retried(struct cfs_series *series);
/* CFS_INTERRUPTED: nobody wants it any more. */
void cfs_series_ended(struct cfs_series *series, enum cfs_fault fault, int64_t us);

/* An open was refused to an uninvited guest. */
void cfs_stats_refused(struct cfs_stats *stats);

/* All calls of a cloud of that name together. */
struct cfs_stats_sum {
	uint64_t ended, failed; /* the second are among the first; those given up are no failures */
	uint64_t retries, throttles;
	uint64_t in_flight, queued;
};
struct cfs_stats_sum cfs_stats_sum(const struct cfs_stats *stats, const char *cloud);

/* What there is to be measured. */
struct cfs_stats_subject {
	const struct cfs_stats *stats;
	const struct cfs_cloud *clouds; /* a list */
	const struct cfs_loop *loop;
	const struct cfs_nodes *nodes;
};

/* Appends everything in Prometheus's text format, version 0.0.4. -ENOMEM, -EFBIG.
 * https://prometheus.io/docs/instrumenting/exposition_formats/ */
int cfs_stats_write(const struct cfs_stats_subject *subject, struct cfs_buf *buf);
/* The file at the top of the tree. */
int cfs_stats_render(const struct cfs_node *node, struct cfs_buf *buf);

#endif
