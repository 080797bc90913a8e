/* SPDX-License-Identifier: MIT */
/* The answer to a request: what is sent, how the transport spoils it, and what the log says of it.
 */
#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

#include "buf.h"
#include "crypto.h"
#include "fault.h"
#include "session.h"

#include <stdbool.h>
#include <stddef.h>

/* The line of the request log; see log.h. */
struct sim_record {
	const char *cloud;
	char action[64];
	char region[SIM_REGION_SIZE];
	char instance[64];
	bool wakeup;
	unsigned status; /* 0: no HTTP answer is sent */
	char code[96];
	char signature[64]; /* "ok", why not, or "" when none is asked for */
	char sha256[SIM_SHA256_HEX];
	char role[SIM_ROLE_SIZE]; /* whose temporary keys signed, or "" */
	const char *fault;
	const char *request_id; /* the answer's; NULL: it has none */
	size_t bytes;           /* of the body; of what a stream made in the end it does not know */
};

/* A body that is made as it is sent. */
struct sim_stream {
	/* Appends the next piece. 1 when there may be more, 0 at the end, negative errno. */
	int (*next)(void *state, struct sim_buf *out);
	void (*destroy)(void *state);
	void *state; /* NULL: the answer is no stream */
};

struct sim_answer {
	unsigned status;
	const char *content_type;
	const char *server;
	char request_id[SIM_UUID_SIZE];
	const char *request_id_header; /* the header that carries it too, or NULL */
	const char *header;            /* one more header, or NULL */
	char header_value[64];
	struct sim_buf body;
	struct sim_stream stream;
	/* what the transport does to it */
	unsigned delay_ms;
	bool hang;
	bool reset;
	bool truncate;
	enum sim_fault_kind wire; /* sent as sim_fault_of_wire() says; or SIM_FAULT_NONE */
	unsigned wire_number;
	struct sim_record record;
};

void sim_answer_finish(struct sim_answer *answer);
/* Applies a fault of the transport. True when it decides the answer. */
bool sim_answer_fault(struct sim_answer *answer, const struct sim_effect *effect);

#endif
