/* SPDX-License-Identifier: MIT */
/*
 * The file `stats` at the top of the tree: counters in Prometheus's text format.
 */
#ifndef CFS_FS_TREE_STATS_FILE_H
#define CFS_FS_TREE_STATS_FILE_H

#include "fs/client/metrics.h"
#include "fs/cloud/clouds.h"
#include "fs/node/node.h"

/* What is measured. */
struct cfs_stats_file_subject {
	const struct cfs_metrics *metrics;
	const struct cfs_cloud *clouds; /* a list */
	const struct cfs_loop *loop;
	const struct cfs_nodes *nodes;
};

/* Appends everything in Prometheus's text format, version 0.0.4. -ENOMEM, -EFBIG.
 * https://prometheus.io/docs/instrumenting/exposition_formats/ */
int cfs_stats_file_write(const struct cfs_stats_file_subject *subject, struct cfs_buf *buf);
/* The content of the node that is the file. Errors as above. */
int cfs_stats_file_render(const struct cfs_node *node, struct cfs_buf *buf);

#endif
