/* SPDX-License-Identifier: MIT */
/* What the tests of the HTTP engine share: a server on loopback, and two calls. */
#ifndef CFS_TESTS_UNIT_SUPPORT_HTTP_FIXTURE_H
#define CFS_TESTS_UNIT_SUPPORT_HTTP_FIXTURE_H

#include "tests/unit/support/http_client.h"

struct fixture {
	struct server *server;
	struct cfs_http *http;
	struct call a, b;
};

int http_fixture_set_up(void **state);

int http_fixture_tear_down(void **state);

/* Starts a GET of that path. */
void start_path(struct call *call, const struct server *server, const char *path);

bool is_open_socket(int fd);

#endif
