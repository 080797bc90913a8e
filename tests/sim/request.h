/* One HTTP request, whole, and the answer to it. */
#ifndef SIM_REQUEST_H
#define SIM_REQUEST_H

#include "buf.h"
#include "crypto.h"
#include "fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_BODY_MAX ((size_t)1 << 20)
#define SIM_HEADERS_MAX 64
#define SIM_PARAMS_MAX 4096 /* 1000 ids, and filters */

struct sim_header {
	char *name; /* lower case */
	char *value;
};

struct sim_request {
	char *method;
	char *uri; /* as sent: path and query */
	struct sim_header headers[SIM_HEADERS_MAX];
	size_t n_headers;
	struct sim_buf body;
};

void sim_request_finish(struct sim_request *request);
/* Copies both. 0, -ENOMEM, or -E2BIG past SIM_HEADERS_MAX. */
int sim_request_add_header(struct sim_request *request, const char *name, const char *value);
/* The first header of that lower-case name, or NULL. */
const char *sim_request_header(const struct sim_request *request, const char *name);

/* A form, or a query: percent-decoded names and values, in order. */
struct sim_param {
	char *name;
	char *value;
};

struct sim_form {
	char *text; /* holds all names and values */
	struct sim_param *params;
	size_t count;
};

/* 0, -EINVAL for a bad escape or a NUL byte, -E2BIG past SIM_PARAMS_MAX, -ENOMEM. */
int sim_form_parse(const char *text, size_t len, struct sim_form *ret_form);
void sim_form_finish(struct sim_form *form);
const char *sim_form_get(const struct sim_form *form, const char *name); /* or NULL */

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
	const char *fault;
	size_t bytes; /* of the body; of what a stream made in the end it does not know */
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
	struct sim_buf body;
	struct sim_stream stream;
	/* what the transport does to it */
	unsigned delay_ms;
	bool hang;
	bool reset;
	bool truncate;
	struct sim_record record;
};

void sim_answer_finish(struct sim_answer *answer);
/* Applies a fault of the transport. True when it decides the answer. */
bool sim_answer_fault(struct sim_answer *answer, const struct sim_effect *effect);

#endif
