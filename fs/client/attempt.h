/*
 * An attempt: one signed request to a cloud and the reading of its answer.
 *
 * It knows nothing of retries, rates and queues: a call (call.h) is made of attempts, and a probe
 * (probe.h) is one.
 */
#ifndef CFS_FS_CLIENT_ATTEMPT_H
#define CFS_FS_CLIENT_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/http/http.h"
#include "fs/base/loop.h"
#include "fs/client/client_data.h"

/* In milliseconds. Past any of them the attempt ends in CFS_TIMED_OUT. */
struct cfs_attempt_limits {
	int64_t total_ms;
	int64_t connect_ms;    /* name resolution, connection and TLS */
	int64_t first_byte_ms; /* until the first byte of the answer */
	int64_t stall_ms;      /* from one byte of the answer to the next */
	bool fresh;            /* take no connection that was used before */
};

/* Belongs to the caller, stays in place until done or cancelled. Opaque but for `client`. */
struct cfs_attempt {
	struct cfs_client *client; /* NULL when not under way */
	struct cfs_reader *reader;
	struct cfs_transfer transfer;
	struct cfs_timer stall; /* until the next byte of the answer */
	int64_t stall_ms;
	void (*done)(void *arg, const struct cfs_error *error, int64_t date);
	void *arg;
};

/*
 * Sends the question, signed with the keys. The question's texts and the sink are borrowed until
 * the end, the keys are not. 0: exactly one done(arg, error, date) follows, from the loop, unless
 * the attempt is cancelled before; error->fault is CFS_OK on success, when the sink holds the
 * content, and date is what the answer's Date header says in seconds since the epoch, 0 without
 * one. -ENOMEM, -EFBIG: the request could not be made, and nothing follows.
 */
int cfs_attempt_start(struct cfs_attempt *attempt, struct cfs_client *client,
	const struct cfs_question *question, const struct cfs_keys *keys, struct cfs_sink *sink,
	const struct cfs_attempt_limits *limits,
	void (*done)(void *arg, const struct cfs_error *error, int64_t date), void *arg);
/* Ends it at once, without its completion. Nothing happens to one that is not under way. */
void cfs_attempt_cancel(struct cfs_attempt *attempt);

#endif
