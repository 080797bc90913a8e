/* SPDX-License-Identifier: MIT */
/*
 * The runtime: what all clients of the process share: event loop, HTTP engine, environment,
 * metrics.
 */
#ifndef CFS_FS_CLIENT_RUNTIME_H
#define CFS_FS_CLIENT_RUNTIME_H

struct cfs_current_caller;
struct cfs_env;
struct cfs_http;
struct cfs_loop;
struct cfs_metrics;

/* All are borrowed. */
struct cfs_runtime {
	struct cfs_loop *loop;
	struct cfs_http *http;
	const struct cfs_env *env;
	struct cfs_metrics *metrics;               /* NULL: nothing is counted */
	struct cfs_current_caller *current_caller; /* of the filesystem request; NULL: none */
};

#endif
