/* SPDX-License-Identifier: MIT */
/*
 * A circuit breaker: makes calls to an endpoint that does not answer fail at once.
 *
 *     up        Calls go ahead. A call that gets no answer may just have been unlucky, so it
 *               triggers a probe: a cheap request of our own with a short time limit. Meanwhile
 *               calls still go ahead.
 *     down      The probe got no answer either. Calls are refused at once. As long as calls come
 *               in, probes are repeated. The first answer, to a probe or to a call still in
 *               progress, sets the state to up. Without calls there are no probes and the last
 *               result gets old; the next call then waits for a new probe, so that it is not
 *               refused for a failure of an hour ago.
 *
 * "No answer" means: the name did not resolve, the connection failed or broke, or no byte arrived
 * in time. An HTTP error of the cloud (a 503) is an answer: it arrives fast, and says more than a
 * breaker could.
 *
 * Pure functions: the caller passes the time, and makes the probes.
 */
#ifndef CFS_FS_CLIENT_BREAKER_H
#define CFS_FS_CLIENT_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/base/fault.h"

#define CFS_BREAKER_PROBE_MS 3000 /* time limit of a probe */
#define CFS_BREAKER_PAUSE_MS 1000 /* from the end of a probe to the next */
/* How long a probe's result is valid: longer than the pause and the next probe together. */
#define CFS_BREAKER_FRESH_MS 5000

/* Zeroed at first: up. */
struct cfs_breaker {
	bool down;
	bool was_probed;
	bool asked;        /* a call came in since the last probe began */
	int64_t probed_ms; /* when the last probe ended */
};

enum cfs_verdict {
	CFS_VERDICT_GO,
	CFS_VERDICT_REFUSE, /* fail the call, and schedule the next probe */
	/* Start a probe at once unless one is in progress, wait for it, and ask again. */
	CFS_VERDICT_WAIT,
};

/* What to do with a call that is about to be sent. */
enum cfs_verdict cfs_breaker_ask(struct cfs_breaker *breaker, int64_t now);
/* Reports how a call that was sent ended. Returns whether to start a probe, unless one is in
 * progress. */
bool cfs_breaker_heard(struct cfs_breaker *breaker, enum cfs_fault fault, int64_t now);
void cfs_breaker_probe_begins(struct cfs_breaker *breaker);
void cfs_breaker_probe_ended(struct cfs_breaker *breaker, enum cfs_fault fault, int64_t now);
/* Milliseconds until the next probe, or -1 if none is needed: the state is up, or no call came in
 * since the last probe. */
int64_t cfs_breaker_next_probe(const struct cfs_breaker *breaker, int64_t now);

#endif
