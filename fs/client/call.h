/* SPDX-License-Identifier: MIT */
/*
 * A call: one API request to a cloud, with rate limit, retries and timeout.
 *
 * It passes breaker -> credentials -> rate queue -> attempt -> done. After an attempt that failed
 * for a passing reason it pauses and starts over. Each attempt is signed again. Time in the rate
 * queue does not count against the configured `timeout`; all other time does. A call that is
 * refused because this host's clock is wrong is retried once, at once, with the cloud's time. If
 * the timeout ends an attempt that had little time left, the error reported is that of the attempt
 * before.
 *
 * Each attempt has limits of its own within the timeout, so that one that hangs leaves time for
 * another: for connecting, for the first byte of the answer, and from each byte to the next. The
 * attempt after one that hung or broke off uses a new connection, because other kept connections
 * may be dead too: a NAT that drops connections does so silently.
 */
#ifndef CFS_FS_CLIENT_CALL_H
#define CFS_FS_CLIENT_CALL_H

#include "fs/base/wait.h"
#include "fs/client/attempt.h"
#include "fs/client/rate_queue.h"

/* Limits of an attempt in milliseconds: for connecting (name resolution and TLS included), and from
 * one byte of the answer to the next. No limit is more than half of the timeout. */
#define CFS_CALL_CONNECT_MS 10000
#define CFS_CALL_STALL_MS 10000

struct cfs_endpoint;

/* Owned by the caller, who must not move it until it is done or cancelled. Opaque except for
 * `client`. */
struct cfs_call {
	struct cfs_client *client; /* NULL when not in progress */
	struct cfs_question question;
	struct cfs_sink *sink;
	void (*done)(void *arg, const struct cfs_error *error);
	void *arg;
	struct cfs_endpoint *endpoint; /* NULL: out of memory */
	struct cfs_attempt attempt;
	unsigned attempts;
	bool has_turn;        /* this attempt has passed the rate queue */
	bool fresh;           /* this attempt opens a new connection */
	bool yields;          /* see cfs_call_yield */
	bool clock_corrected; /* the call was retried with the cloud's time */
	int64_t left_ms;      /* of the timeout */
	int64_t since_ms;     /* when left_ms was last updated */
	int64_t sent_ms;      /* when this attempt was sent */
	int64_t began_us;
	unsigned retry_cost;  /* what the last retry took from the quota */
	struct cfs_wait wait; /* for a probe, or for credentials */
	const char *late;     /* the error message if that wait times out */
	struct cfs_rate_ticket ticket;
	struct cfs_timer timer;    /* the pause before an attempt */
	struct cfs_timer deadline; /* of the wait */
	struct cfs_error error;    /* of the last attempt */
};

/*
 * Starts a call. The question's texts and the sink are borrowed until it ends. done(arg, error) is
 * called exactly once, from the loop and never from inside this function. error->fault is CFS_OK on
 * success; the sink then holds the content. With retries the sink is filled more than once: its
 * content is cleared before each attempt, but instances are delivered again.
 */
void cfs_call_start(struct cfs_call *call, struct cfs_client *client,
	const struct cfs_question *question, struct cfs_sink *sink,
	void (*done)(void *arg, const struct cfs_error *error), void *arg);

/* Nobody waits for the call that was just started: the last idle connection to the cloud is left to those
 * that somebody waits for. */
void cfs_call_yield(struct cfs_call *call);

/* Ends the call and its transfer at once without calling done. Does nothing if the call is not in
 * progress. */
void cfs_call_cancel(struct cfs_call *call);

#endif
