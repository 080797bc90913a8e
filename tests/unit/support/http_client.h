/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the HTTP engine share: an engine that is waited on with poll(2), calls that
 * remember how they ended, and a network of which nothing but loopback is there.
 */
#ifndef CFS_TESTS_UNIT_SUPPORT_HTTP_CLIENT_H
#define CFS_TESTS_UNIT_SUPPORT_HTTP_CLIENT_H

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "backends/http/http.h"
#include "tests/unit/support/http_server.h"

#define PATIENCE_MS 20000 /* before a test that waits for an event fails */
#define BODY_MAX (4 * 1024 * 1024)

/* One transfer and what became of it. */
struct call {
	struct cfs_transfer transfer;
	struct cfs_http *http;
	struct cfs_buf body;
	int abort_with; /* what the data callback answers */
	unsigned done;
	struct cfs_http_outcome outcome;
	char message[256];
	void (*then)(struct call *call); /* called from the completion */
	struct call *other;
};

extern const struct cfs_http_handler call_handler;

extern const struct cfs_http_options patient;

void call_init(struct call *call, struct cfs_http *http);

void call_finish(struct call *call);

/* Starts a GET, or a POST if there is a body. */
void call_start(struct call *call, const char *url, const char *body,
	const struct cfs_http_options *options);

/* Dispatches until *value is at least n. */
void http_run_until(struct cfs_http *http, const unsigned *value, unsigned n);

/* Dispatches until an eventfd of the server has counted to n. */
void http_run_until_counted(struct cfs_http *http, int counter, unsigned n);

const char *url_of(char *url, size_t size, const struct server *server, const char *path);

/* One GET of the path from start to end. */
void call_path(struct call *call, const struct server *server, const char *path);

/*
 * The rest of the network, in place of the C library's: of names, "slow.test" never resolves until
 * the test lets it, "stuck.test" never does and is not counted, and nothing else is known; of addresses, those that are not loopback have no
 * route.
 */
extern atomic_uint names_asked, strangers_asked;

extern sem_t slow_name;

/* To be called first: what the machine's owner set shall not reach the tests. */
void isolate(void);

#endif
