/*
 * A call: one question put to a cloud, with its retries.
 *
 * Its way: breaker -> credentials -> rate queue -> attempt -> done, and from a failed attempt back
 * to the beginning by way of a pause, if the failure may pass. Each attempt is signed anew. Time
 * spent in the rate queue does not count against the cloud's `timeout`; all other time does. A call
 * that is refused because of this machine's clock is tried again once, at once, with the cloud's
 * time. When time runs out in an attempt that had little of it left, the error is that of the
 * attempt before.
 *
 * An attempt has limits of its own within the timeout, so that one that hangs leaves time for
 * another: to connect, until the first byte of the answer, and from each of its bytes to the next.
 * The attempt after one that hung or broke off is made on a new connection, as others that are kept
 * may be dead too: a NAT that forgets connections tells nobody.
 */
#ifndef CFS_FS_CLIENT_CALL_H
#define CFS_FS_CLIENT_CALL_H

#include "fs/base/wait.h"
#include "fs/client/attempt.h"
#include "fs/client/rate_queue.h"

/* Milliseconds: at most so long for connecting, the name and TLS included, and between two bytes of
 * an answer. None of an attempt's limits is more than half of the timeout. */
#define CFS_CALL_CONNECT_MS 10000
#define CFS_CALL_STALL_MS 10000

struct cfs_endpoint;

/* Belongs to the caller, stays in place until done or cancelled. Opaque but for `client`. */
struct cfs_call {
	struct cfs_client *client; /* NULL when not under way */
	struct cfs_question question;
	struct cfs_sink *sink;
	void (*done)(void *arg, const struct cfs_error *error);
	void *arg;
	struct cfs_endpoint *endpoint; /* NULL: no memory for it */
	struct cfs_attempt attempt;
	unsigned attempts;
	bool has_turn;        /* this attempt has passed the rate queue */
	bool fresh;           /* this attempt takes no connection that was used before */
	bool clock_corrected; /* it was tried again with the cloud's time */
	int64_t left_ms;      /* of the timeout */
	int64_t since_ms;     /* when the clock of left_ms was last started */
	int64_t sent_ms;      /* this attempt */
	int64_t began_us;
	unsigned retry_cost;  /* what the last retry took from the quota */
	struct cfs_wait wait; /* for a probe, or for credentials */
	const char *late;     /* the error if that does not end in time */
	struct cfs_rate_ticket ticket;
	struct cfs_timer timer;    /* of a pause between attempts */
	struct cfs_timer deadline; /* of the wait */
	struct cfs_error error;    /* of the last attempt */
};

/*
 * Asks. The question's texts and the sink are borrowed until the call ends. Exactly one done(arg,
 * error) follows, from the loop, never from inside this function; error->fault is CFS_OK on
 * success, when the sink holds the content. The sink may be filled more than once: content is
 * emptied before each attempt, instances are delivered again.
 */
void cfs_call_start(struct cfs_call *call, struct cfs_client *client,
	const struct cfs_question *question, struct cfs_sink *sink,
	void (*done)(void *arg, const struct cfs_error *error), void *arg);

/* Ends a call without its completion, its transfer at once. Nothing happens to one that is not
 * under way. */
void cfs_call_cancel(struct cfs_call *call);

#endif
