/* SPDX-License-Identifier: MIT */
/* One HTTP request, whole. */
#ifndef SIM_REQUEST_H
#define SIM_REQUEST_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>

#define SIM_BODY_MAX ((size_t)1 << 20)
#define SIM_HEADERS_MAX 64

struct sim_header {
	char *name; /* lower case */
	char *value;
};

struct sim_request {
	bool plain; /* came to the metadata service's port, not through TLS */
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

#endif
