/*
 * Reach: whether a cloud can be reached, by region and action.
 *
 * What calls and probes find out is put to a breaker (breaker.h), so that a cloud known to be down
 * fails fast: `ls`, tab completion and file managers do not each wait for a time limit. A probe
 * asks what failed, of an instance that does not exist, or without effect; any answer will do.
 * Regions that do not resolve or connect, and actions that hang where others answer, are told apart
 * because each row stands for one of a region's actions.
 *
 * The row's gate and its retry quota stand here as well, so that a call has one thing to look up.
 * When the row goes down, the gate's queue is let through, to be refused.
 */
#ifndef CFS_FS_CLIENT_ENDPOINT_H
#define CFS_FS_CLIENT_ENDPOINT_H

#include <stdbool.h>

#include "backends/contract/backend.h"
#include "fs/base/wait.h"
#include "fs/client/rate_limit.h"

struct cfs_client;
struct cfs_rate_queue;
struct cfs_endpoint; /* a row */
struct cfs_endpoints;

/* The cloud is borrowed. 0 or -ENOMEM. */
int cfs_endpoints_create(struct cfs_client *client, struct cfs_endpoints **ret_endpoints);
/* Ends probes under way. Nobody may be waiting. */
void cfs_endpoints_destroy(struct cfs_endpoints *endpoints);
/* The row of the question's region and action, which lives as long as the table. NULL without
 * memory. */
struct cfs_endpoint *cfs_endpoints_find(
	struct cfs_endpoints *endpoints, const struct cfs_question *question);

/* 1: the call may be made. 0: the wait is entered, and fn(arg, 0) called once when asking again
 * gives another answer. -1: it shall not be, for the reason in *ret_error. */
int cfs_endpoint_admit(struct cfs_endpoint *endpoint, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, struct cfs_error *ret_error);
/* A call that was sent has ended so. */
void cfs_endpoint_report(struct cfs_endpoint *endpoint, const struct cfs_error *error);
struct cfs_retry_quota *cfs_endpoint_quota(struct cfs_endpoint *endpoint);
struct cfs_rate_queue *cfs_endpoint_queue(struct cfs_endpoint *endpoint);

/* Calls fn for every row: whether it is down. */
void cfs_endpoints_each(const struct cfs_endpoints *endpoints,
	void (*fn)(void *arg, const char *region, const char *action, bool down), void *arg);

#endif
