/* SPDX-License-Identifier: MIT */
/*
 * A cloud at the end of a wire that an input describes: real clients, credentials, calls and
 * catalogue, on a loop whose time passes only when there is nothing to do. In place of the HTTP
 * engine, the clock and the log of the library: a program that is linked with wire.c has these.
 *
 * Answers are records, given in their order to whatever is asked. Each begins with a letter and a
 * byte that says when it comes and how it is cut:
 *
 *     l IDS>TOKEN    a good page of a listing: letters a..p for instances that are on, A..P for the
 *                    same when they are terminated; and the token of the next page
 *     s STATUS BODY  an answer with three digits of status, and its bytes
 *     f N            no answer, for this fault
 *     h              nothing at all, until whoever asks gives up
 *
 * When they are used up the cloud cannot be reached.
 */
#ifndef CFS_FUZZ_WIRE_H
#define CFS_FUZZ_WIRE_H

#include "fs/base/loop.h"
#include "fs/client/metrics.h"
#include "fs/cloud/clouds.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_WIRE_REGIONS_MAX 3
#define FUZZ_WIRE_IDS 16 /* in each region */
#define FUZZ_WIRE_ANSWERS_MAX 64
#define FUZZ_WIRE_TIMEOUT_MS 30000
#define FUZZ_WIRE_SECRET "hushhushhushhush"
/* Of a session, which every request has: a cloud may quote it. */
#define FUZZ_WIRE_TOKEN_BEGIN "SessionOfNobody0SessionOfNobody1"
#define FUZZ_WIRE_TOKEN \
	FUZZ_WIRE_TOKEN_BEGIN "SessionOfNobody2SessionOfNobody3SessionOfNobody4SessionOfNobody5"

/* What a region has, as far as good pages told. */
struct fuzz_wire_region {
	uint16_t there; /* a bit for each instance */
	uint16_t listed;
	bool whole;                /* the listing under way had nothing but good pages so far */
	bool ended;                /* and came to its end */
	unsigned lists;            /* the wire's, then */
	char token[CFS_TOKEN_MAX]; /* that the next request must have */
	bool unsure;               /* something was read that is not modelled */
};

struct fuzz_wire {
	struct cfs_loop *loop;
	struct cfs_metrics *metrics;
	struct cfs_env env;
	struct cfs_runtime runtime;
	struct cfs_cloud_config config;
	struct cfs_cloud *cloud;
	struct cfs_clouds clouds;
	bool has_keys;
	struct fuzz_wire_region regions[FUZZ_WIRE_REGIONS_MAX];
	struct fuzz_input answers[FUZZ_WIRE_ANSWERS_MAX];
	size_t n_answers, next_answer;
	unsigned under_way, requests, log_lines;
	unsigned lists; /* that were asked of the catalogue; the target counts */
	bool quotes;    /* the cloud may know the secret or the token: an answer says it */
	/* Whether there is something to wait for; called when there is nothing to do. */
	bool (*waiting)(void *arg);
	void *arg;
	int64_t patient_until;
};

/* In place: it is pointed to. One at a time. `chance` is what the clock's random number is. */
void fuzz_wire_init(struct fuzz_wire *wire, const struct cfs_backend *backend, size_t n_regions,
	bool has_keys, double chance);
void fuzz_wire_finish(struct fuzz_wire *wire);
/* Behind the answers that there are. One that says the secret is left out, as a cloud never gets it;
 * and so is one that says only a part of the token. */
void fuzz_wire_add(struct fuzz_wire *wire, struct fuzz_input record);

/* Runs the loop until there is nothing to wait for. It always comes to that. */
void fuzz_wire_run(struct fuzz_wire *wire, bool (*waiting)(void *arg), void *arg);
/* Time passes, and what is due meanwhile happens. */
void fuzz_wire_pass(struct fuzz_wire *wire, int64_t ms);
/* Time passes, and nothing happens until it has. */
void fuzz_wire_sleep(int64_t ms);
/* Whether a text tells the secret, or the token. */
bool fuzz_wire_tells(const char *text);
int64_t fuzz_wire_now(void);

/* The ID of an instance. */
const char *fuzz_wire_id(const struct fuzz_wire *wire, size_t region, unsigned i);

#endif
