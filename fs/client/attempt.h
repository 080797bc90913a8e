/* SPDX-License-Identifier: MIT */
/*
 * An attempt: sends one signed request to a cloud and parses the answer.
 *
 * It knows nothing of retries, rate limits and queues. A call (call.h) makes one or more attempts,
 * a probe (probe.h) makes exactly one.
 */
#ifndef CFS_FS_CLIENT_ATTEMPT_H
#define CFS_FS_CLIENT_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/http/http.h"
#include "fs/base/loop.h"
#include "fs/client/client_data.h"

/* In milliseconds. When any of them is exceeded, the attempt fails with CFS_TIMED_OUT. */
struct cfs_attempt_limits {
	int64_t total_ms;
	int64_t connect_ms;    /* name resolution, connection and TLS */
	int64_t first_byte_ms; /* until the first byte of the answer */
	int64_t stall_ms;      /* from one byte of the answer to the next */
	bool fresh;            /* open a new connection instead of reusing one */
	bool yields;           /* the same, unless that leaves one to the next */
};

/* Owned by the caller, who must not move it until it is done or cancelled. Opaque except for
 * `client`. */
struct cfs_attempt {
	struct cfs_client *client; /* NULL when not in progress */
	struct cfs_reader *reader;
	struct cfs_transfer transfer;
	struct cfs_timer stall; /* until the next byte of the answer */
	int64_t stall_ms;
	void (*done)(void *arg, const struct cfs_error *error, int64_t date);
	void *arg;
};

/*
 * Sends the question, signed with the keys. The question's texts and the sink are borrowed until
 * the attempt ends, the keys only during this call.
 *
 * On 0, done(arg, error, date) is called exactly once, from the loop, unless the attempt is
 * cancelled. error->fault is CFS_OK on success; the sink then holds the content. date is the
 * answer's Date header in seconds since the epoch, or 0 without one. On -ENOMEM or -EFBIG the
 * request could not be built and done is not called.
 */
int cfs_attempt_start(struct cfs_attempt *attempt, struct cfs_client *client,
	const struct cfs_question *question, const struct cfs_keys *keys, struct cfs_sink *sink,
	const struct cfs_attempt_limits *limits,
	void (*done)(void *arg, const struct cfs_error *error, int64_t date), void *arg);
/* Ends the attempt at once without calling done. Does nothing if it is not in progress. */
void cfs_attempt_cancel(struct cfs_attempt *attempt);

/* Whether the cloud refused an attempt because of this host's clock, which is corrected from now
 * on, as the log then says. Clouds refuse a wrong time with different codes, so the answer's Date
 * header decides. */
bool cfs_attempt_corrects_clock(
	struct cfs_client *client, const struct cfs_error *error, int64_t date);

#endif
