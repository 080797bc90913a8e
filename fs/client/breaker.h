/*
 * Breaker: whether what gives no answer is asked at all. Pure.
 *
 *     up        Calls go ahead. One that gets no answer makes for a probe: a cheap question of our
 *               own with a short time limit, for the one call may have been unlucky. Calls go on
 *               meanwhile.
 *     down      The probe got no answer either. Calls are refused at once. While anybody asks,
 *               probes follow each other, and the first that is answered makes it up again; so
 *               does any call that was under way. When nobody asks there are none, so what was
 *               found out grows old: then a call is kept waiting for a probe, rather than refused
 *               for what was so an hour ago.
 *
 * No answer: not resolved, not connected, broken off, or no byte in time. An answer that says that
 * the cloud has failed is one: it comes fast, and says more than a breaker could.
 */
#ifndef CFS_FS_CLIENT_BREAKER_H
#define CFS_FS_CLIENT_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/base/fault.h"

#define CFS_BREAKER_PROBE_MS 3000 /* the time limit of a probe */
#define CFS_BREAKER_PAUSE_MS 1000 /* between two */
/* A probe's result counts for so long: longer than it takes until the next one has ended. */
#define CFS_BREAKER_FRESH_MS 5000

/* Zeroed at first: up. */
struct cfs_breaker {
	bool down;
	bool was_probed;
	bool asked;        /* by a call, since the last probe began */
	int64_t probed_ms; /* when the last probe ended */
};

enum cfs_verdict {
	CFS_VERDICT_GO,
	CFS_VERDICT_REFUSE, /* and see to it that a probe follows */
	CFS_VERDICT_WAIT,   /* for a probe, to be begun at once if none is under way; then ask again
			     */
};

/* A call is about to be made. */
enum cfs_verdict cfs_breaker_ask(struct cfs_breaker *breaker, int64_t now);
/* A call has ended that was sent. Whether a probe is called for, if none is under way. */
bool cfs_breaker_heard(struct cfs_breaker *breaker, enum cfs_fault fault, int64_t now);
void cfs_breaker_probe_begins(struct cfs_breaker *breaker);
void cfs_breaker_probe_ended(struct cfs_breaker *breaker, enum cfs_fault fault, int64_t now);
/* The milliseconds until the next probe, -1: nobody asks for one. */
int64_t cfs_breaker_next_probe(const struct cfs_breaker *breaker, int64_t now);

#endif
