/* SPDX-License-Identifier: MIT */
/*
 * An endpoint: one API action in one region, with everything that its calls share.
 *
 * It holds the rate queue, the retry quota, the counters and a breaker (breaker.h), so that a call
 * looks up one thing. With the breaker, calls to a cloud known to be down fail fast: `ls`, tab
 * completion and file managers do not each wait for a timeout. A probe repeats the action that
 * failed, for an instance that does not exist or in a form without effect; any answer is good
 * enough. Each action in each region has an endpoint of its own, so a region that is down and an
 * action that hangs do not affect the others.
 *
 * When an endpoint goes down, the calls in its queue are let go, and are refused by the breaker.
 */
#ifndef CFS_FS_CLIENT_ENDPOINT_H
#define CFS_FS_CLIENT_ENDPOINT_H

#include <time.h>

#include "fs/base/wait.h"
#include "fs/client/breaker.h"
#include "fs/client/client_data.h"
#include "fs/client/metrics.h"
#include "fs/client/probe.h"
#include "fs/client/rate_limit.h"
#include "fs/client/rate_queue.h"

struct cfs_endpoint {
	struct cfs_endpoint *next; /* in the client's list */
	struct cfs_client *client;
	char region[CFS_REGION_MAX + 1]; /* "": the action has no region */
	const char *action;              /* static text of the backend */
	struct cfs_rate_queue queue;
	struct cfs_retry_quota quota;
	struct cfs_metrics_series *series; /* NULL: nothing is counted */
	struct cfs_breaker breaker;

	/* Private to endpoint.c. */
	struct cfs_error error; /* of the last probe that got no answer */
	struct timespec since;  /* when the endpoint went down */
	struct cfs_question question;
	struct cfs_probe probe; /* sends the question */
	struct cfs_timer timer; /* until the next probe */
	int64_t probe_began_us;
	struct cfs_wait *waits; /* for a probe */
};

/* Finds or creates the endpoint for the question's region and action. It lives as long as the
 * client. NULL: out of memory. */
struct cfs_endpoint *cfs_endpoint_find(
	struct cfs_client *client, const struct cfs_question *question);
/* Destroys all endpoints of a client and cancels their probes. No call may be waiting for one. */
void cfs_endpoint_destroy_all(struct cfs_client *client);

/* Whether a call may be made. 1: yes. 0: the wait is entered, and fn(arg, 0) is called once when
 * this function should be called again. -1: no, for the reason in *ret_error. */
int cfs_endpoint_admit(struct cfs_endpoint *endpoint, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, struct cfs_error *ret_error);
/* Reports how a call that was sent ended: error->fault is CFS_OK on success. */
void cfs_endpoint_report(struct cfs_endpoint *endpoint, const struct cfs_error *error);

#endif
