/* SPDX-License-Identifier: MIT */
/*
 * A server of scripted answers, in the loop of the test itself: it has no thread, and nothing
 * happens in it but when the test runs the loop.
 *
 * A request is its body, which is logged. The first rule whose prefix it has, and which has times
 * left, says what becomes of it; without a rule it is answered with 404.
 */
#ifndef CFS_TESTS_UNIT_SUPPORT_FAKE_SERVER_H
#define CFS_TESTS_UNIT_SUPPORT_FAKE_SERVER_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fs/base/loop.h"

#define SERVER_REQUEST_MAX 16384
#define SERVER_RULES_MAX 64
#define SERVER_LOG_MAX 512
#define ALWAYS UINT32_MAX

enum server_way {
	SERVER_ANSWERS,
	SERVER_HOLDS,  /* until server_release */
	SERVER_HALVES, /* the answer, and closes */
	SERVER_STALLS, /* in the middle of the answer */
	SERVER_CLOSES, /* without an answer */
};

struct server_rule {
	const char *prefix;
	unsigned times;
	int status;
	const char *body;
	enum server_way way;
};

struct server_connection {
	struct server_connection *next;
	struct server *server;
	struct cfs_watch watch;
	int fd;
	bool held;
	size_t len;
	char text[SERVER_REQUEST_MAX + 1];
};

struct server {
	struct cfs_loop *loop;
	struct cfs_watch watch;
	int fd, port;
	struct server_connection *connections;
	struct server_rule rules[SERVER_RULES_MAX];
	size_t n_rules;
	char *log[SERVER_LOG_MAX];
	unsigned n_log;
	const char *date; /* of its answers, NULL: not told */
	unsigned closed;  /* by the client, while they were held */
	unsigned accepted;
};

/* Listens on a port of its own of loopback. */
void server_init(struct server *server, struct cfs_loop *loop);

/* From now on connections are refused, and those that are there broken. */
void server_vanish(struct server *server);

/* Also of one that has vanished. */
void server_finish(struct server *server);

/* After those that there are. Its texts are not copied. */
void server_rule_add(struct server *server, struct server_rule rule);

/* Answers with 200 so many times. */
void server_says(struct server *server, const char *prefix, unsigned times, const char *body);

/* Answers with that status and no body. */
void server_fails(struct server *server, const char *prefix, unsigned times, int status);

/* With half an answer, where that is its way. */
void server_does(struct server *server, const char *prefix, unsigned times, enum server_way way);

void server_forget_rules(struct server *server);

/* Answers all that are held. */
void server_release(struct server *server, int status, const char *body);

/* How many requests have come that begin so. */
unsigned server_count(const struct server *server, const char *prefix);

#endif
