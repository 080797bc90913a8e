/*
 * A call: one question put to a cloud, with its retries.
 *
 * States: reach -> keys -> gate -> sending -> done, and from sending back to the beginning by way
 * of a pause when the attempt failed in a way that may pass. Each attempt is signed anew. Time
 * spent at the gate does not count against the cloud's `timeout`; all other time does. One that is
 * refused because of this machine's clock is tried again once, at once, with the cloud's time. When
 * time runs out in an attempt that had little of it left, the error is that of the attempt before.
 *
 * An attempt has limits of its own within the timeout, so that one that hangs leaves time for
 * another: to connect, until the first byte of the answer, and from each of its bytes to the next.
 * The attempt after one that hung or broke off is made on a new connection, as others that are kept
 * may be dead too: a NAT that forgets connections tells nobody.
 */
#ifndef CFS_FS_CLIENT_CALL_H
#define CFS_FS_CLIENT_CALL_H

#include "backends/contract/backend.h"
#include "fs/base/loop.h"
#include "fs/base/wait.h"
#include "fs/client/client_data.h"
#include "fs/client/rate_queue.h"

/* Milliseconds: at most so long for connecting, the name and TLS included, and between two bytes of
 * an answer. None of an attempt's limits is more than half of the timeout. */
#define CFS_CALL_CONNECT_MS 10000
#define CFS_CALL_STALL_MS 10000

struct cfs_endpoint;
struct cfs_series;

/* Belongs to the caller, stays in place until done or cancelled. Opaque. */
struct cfs_call {
	struct cfs_client *client; /* NULL when not under way */
	struct cfs_question question;
	struct cfs_sink *sink;
	void (*done)(void *arg, const struct cfs_error *error);
	void *arg;
	unsigned attempts;
	bool probes;      /* whether there is an answer, by a single attempt */
	bool passed_gate; /* this attempt */
	bool fresh;       /* this attempt takes no connection that was used before */
	bool learnt_time; /* was tried again with the cloud's time */
	int64_t timeout_ms;
	int64_t left_ms;  /* of the timeout */
	int64_t since_ms; /* when the clock of left_ms was last started */
	int64_t sent_ms;  /* this attempt */
	int64_t began_us;
	unsigned retry_cost;           /* what the last retry took from the quota */
	struct cfs_series *series;     /* where it is counted */
	struct cfs_endpoint *endpoint; /* NULL: no memory for it */
	struct cfs_wait wait;          /* for a probe, or for keys */
	const char *awaits;            /* what it waits for there, for an error */
	struct cfs_rate_ticket ticket;
	struct cfs_timer timer;    /* of a pause between attempts */
	struct cfs_timer deadline; /* of the wait */
	struct cfs_timer patience; /* until the next byte of the answer */
	struct cfs_transfer transfer;
	struct cfs_reader *reader;
	struct cfs_error error;
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

/* The same for a probe: one attempt of at most timeout_ms, made whether or not the cloud is thought
 * to be down, outside the rate, and told to nobody else. */
void cfs_call_probe(struct cfs_call *call, struct cfs_client *client,
	const struct cfs_question *question, struct cfs_sink *sink, int64_t timeout_ms,
	void (*done)(void *arg, const struct cfs_error *error), void *arg);
/* Whether anything was sent. */
bool cfs_call_was_sent(const struct cfs_call *call);

/* Ends a call without its completion, its transfer at once. Nothing happens to one that is not
 * under way. */
void cfs_call_cancel(struct cfs_call *call);

#endif
