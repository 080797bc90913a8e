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

static inline void server_fail(const char *what)
{
	perror(what);
	abort();
}

static inline void connection_close(struct server_connection *connection)
{
	struct server_connection **at;

	for (at = &connection->server->connections; *at != connection; at = &(*at)->next)
		;
	*at = connection->next;
	cfs_watch_stop(&connection->watch);
	close(connection->fd);
	free(connection);
}

static inline void connection_send(
	struct server_connection *connection, int status, const char *body, bool whole)
{
	const char *date = connection->server->date;
	size_t len = strlen(body);
	char *text;
	int n;

	n = asprintf(&text, "HTTP/1.1 %d Scripted\r\nContent-Length: %zu\r\n%s%s\r\n%.*s", status,
		len, date ? date : "", date ? "\r\n" : "", (int)(whole ? len : len / 2), body);
	/* Small enough for the socket's buffer. */
	if (n < 0 || send(connection->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		server_fail("send");
	free(text);
	connection->held = false;
	connection->len = 0;
}

static inline void connection_answer(struct server_connection *connection, const char *request)
{
	struct server *server = connection->server;
	static const struct server_rule unknown = {.status = 404, .body = ""};
	const struct server_rule *rule = &unknown;
	size_t i;

	for (i = 0; i < server->n_rules && rule == &unknown; i++) {
		struct server_rule *other = &server->rules[i];

		if (other->times == 0 ||
			strncmp(request, other->prefix, strlen(other->prefix)) != 0)
			continue;
		other->times -= other->times != ALWAYS;
		rule = other;
	}
	switch (rule->way) {
	case SERVER_ANSWERS:
		connection_send(connection, rule->status, rule->body, true);
		break;
	case SERVER_HOLDS:
		connection->held = true;
		break;
	case SERVER_HALVES:
		connection_send(connection, rule->status, rule->body, false);
		connection_close(connection);
		break;
	case SERVER_STALLS:
		connection_send(connection, rule->status, rule->body, false);
		connection->held = true;
		break;
	case SERVER_CLOSES:
		connection_close(connection);
		break;
	}
}

static inline void connection_readable(void *arg)
{
	struct server_connection *connection = arg;
	struct server *server = connection->server;
	char *body, *field;
	size_t len = 0;
	ssize_t n;

	cfs_loop_stop(server->loop);
	n = recv(connection->fd, connection->text + connection->len,
		SERVER_REQUEST_MAX - connection->len, 0);
	if (n <= 0) {
		server->closed += connection->held;
		connection_close(connection);
		return;
	}
	connection->len += (size_t)n;
	connection->text[connection->len] = '\0';
	body = strstr(connection->text, "\r\n\r\n");
	if (!body)
		return;
	body += 4;
	field = strcasestr(connection->text, "\r\nContent-Length:");
	if (field && field < body)
		len = strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
	if (strlen(body) < len)
		return;
	if (server->n_log == SERVER_LOG_MAX)
		server_fail("log");
	server->log[server->n_log] = strdup(body);
	connection_answer(connection, server->log[server->n_log++]);
}

static inline void server_readable(void *arg)
{
	struct server *server = arg;
	struct server_connection *connection = calloc(1, sizeof(*connection));

	cfs_loop_stop(server->loop);
	if (!connection)
		server_fail("calloc");
	connection->server = server;
	server->accepted++;
	connection->fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
	if (connection->fd < 0 ||
		cfs_watch_start(server->loop, &connection->watch, connection->fd,
			connection_readable, connection) < 0)
		server_fail("accept");
	connection->next = server->connections;
	server->connections = connection;
}

static inline void server_init(struct server *server, struct cfs_loop *loop)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);

	*server = (struct server){.loop = loop};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->fd < 0 || bind(server->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(server->fd, 256) < 0 ||
		getsockname(server->fd, (struct sockaddr *)&address, &len) < 0 ||
		cfs_watch_start(loop, &server->watch, server->fd, server_readable, server) < 0)
		server_fail("listen");
	server->port = ntohs(address.sin_port);
}

/* From now on connections are refused, and those that are there broken. */
static inline void server_vanish(struct server *server)
{
	while (server->connections)
		connection_close(server->connections);
	if (server->fd < 0)
		return;
	cfs_watch_stop(&server->watch);
	close(server->fd);
	server->fd = -1;
}

static inline void server_finish(struct server *server)
{
	unsigned i;

	server_vanish(server);
	for (i = 0; i < server->n_log; i++)
		free(server->log[i]);
}

static inline void server_rule_add(struct server *server, struct server_rule rule)
{
	if (server->n_rules == SERVER_RULES_MAX)
		server_fail("rules");
	server->rules[server->n_rules++] = rule;
}

/* Answers with 200 so many times. */
static inline void server_says(
	struct server *server, const char *prefix, unsigned times, const char *body)
{
	server_rule_add(server, (struct server_rule){prefix, times, 200, body, SERVER_ANSWERS});
}

static inline void server_fails(
	struct server *server, const char *prefix, unsigned times, int status)
{
	server_rule_add(server, (struct server_rule){prefix, times, status, "", SERVER_ANSWERS});
}

static inline void server_does(
	struct server *server, const char *prefix, unsigned times, enum server_way way)
{
	server_rule_add(server, (struct server_rule){prefix, times, 200, "content half", way});
}

static inline void server_forget_rules(struct server *server)
{
	server->n_rules = 0;
}

/* Answers all that are held. */
static inline void server_release(struct server *server, int status, const char *body)
{
	struct server_connection *connection;

	for (connection = server->connections; connection; connection = connection->next)
		if (connection->held)
			connection_send(connection, status, body, true);
}

/* How many requests have come that begin so. */
static inline unsigned server_count(const struct server *server, const char *prefix)
{
	unsigned i, n = 0;

	for (i = 0; i < server->n_log; i++)
		n += strncmp(server->log[i], prefix, strlen(prefix)) == 0;
	return n;
}

#endif
