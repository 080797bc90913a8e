/*
 * An endpoint: one action of a cloud in one of its regions, with everything that its calls share.
 *
 * That is one row to look up for a call: the rate queue, the retry quota, the counters, and whether
 * the endpoint answers. What calls and probes find out goes to a breaker (breaker.h), so that a
 * cloud known to be down fails fast: `ls`, tab completion and file managers do not each wait for a
 * time limit. A probe asks what failed, of an instance that does not exist, or without effect; any
 * answer will do. Regions that do not resolve or connect, and actions that hang where others
 * answer, are told apart because each has a row of its own.
 *
 * When an endpoint goes down, its queue is let through, to be refused.
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
	char region[CFS_REGION_MAX + 1]; /* "": the action has none */
	const char *action;              /* static text of the backend */
	struct cfs_rate_queue queue;
	struct cfs_retry_quota quota;
	struct cfs_metrics_series *series; /* NULL: nothing is counted */
	struct cfs_breaker breaker;

	/* The rest is endpoint.c's. */
	struct cfs_error error; /* of the last probe that got no answer */
	struct timespec since;  /* when the endpoint went down */
	struct cfs_question question;
	struct cfs_probe probe; /* asks the question */
	struct cfs_timer timer; /* until the next probe */
	int64_t probe_began_us;
	struct cfs_wait *waits; /* for a probe */
};

/* The endpoint of the question's region and action, which lives as long as the client. NULL without
 * memory. */
struct cfs_endpoint *cfs_endpoint_find(
	struct cfs_client *client, const struct cfs_question *question);
/* Destroys all of a client's, with the probes under way. No call may be waiting for one. */
void cfs_endpoint_destroy_all(struct cfs_client *client);

/* Whether a call may be made. 1: yes. 0: the wait is entered, and fn(arg, 0) called once when
 * asking again gives another answer. -1: no, for the reason in *ret_error. */
int cfs_endpoint_admit(struct cfs_endpoint *endpoint, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, struct cfs_error *ret_error);
/* A call that was sent has ended in that error, or in success. */
void cfs_endpoint_report(struct cfs_endpoint *endpoint, const struct cfs_error *error);

#endif
