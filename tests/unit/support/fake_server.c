/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/fake_server.h"

static void server_fail(const char *what)
{
	perror(what);
	abort();
}

static void connection_close(struct server_connection *connection)
{
	struct server_connection **at;

	for (at = &connection->server->connections; *at != connection; at = &(*at)->next)
		;
	*at = connection->next;
	cfs_watch_stop(&connection->watch);
	close(connection->fd);
	free(connection);
}

static void connection_send(
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

static void connection_answer(struct server_connection *connection, const char *request)
{
	struct server *server = connection->server;
	static const struct server_rule unknown = {.status = 404, .body = ""};
	const struct server_rule *rule = &unknown;

	for (size_t i = 0; i < server->n_rules && rule == &unknown; i++) {
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

static void connection_readable(void *arg)
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

static void server_readable(void *arg)
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

void server_init(struct server *server, struct cfs_loop *loop)
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

void server_vanish(struct server *server)
{
	while (server->connections)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it is taken out of the list */
		connection_close(server->connections);
	if (server->fd < 0)
		return;
	cfs_watch_stop(&server->watch);
	close(server->fd);
	server->fd = -1;
}

void server_finish(struct server *server)
{
	server_vanish(server);
	for (unsigned i = 0; i < server->n_log; i++)
		free(server->log[i]);
}

void server_rule_add(struct server *server, struct server_rule rule)
{
	if (server->n_rules == SERVER_RULES_MAX)
		server_fail("rules");
	server->rules[server->n_rules++] = rule;
}

void server_says(struct server *server, const char *prefix, unsigned times, const char *body)
{
	server_rule_add(server, (struct server_rule){prefix, times, 200, body, SERVER_ANSWERS});
}

void server_fails(struct server *server, const char *prefix, unsigned times, int status)
{
	server_rule_add(server, (struct server_rule){prefix, times, status, "", SERVER_ANSWERS});
}

void server_does(struct server *server, const char *prefix, unsigned times, enum server_way way)
{
	server_rule_add(server, (struct server_rule){prefix, times, 200, "content half", way});
}

void server_forget_rules(struct server *server)
{
	server->n_rules = 0;
}

void server_release(struct server *server, int status, const char *body)
{
	for (struct server_connection *connection = server->connections; connection;
		connection = connection->next)
		if (connection->held)
			connection_send(connection, status, body, true);
}

unsigned server_count(const struct server *server, const char *prefix)
{
	unsigned n = 0;

	for (unsigned i = 0; i < server->n_log; i++)
		n += strncmp(server->log[i], prefix, strlen(prefix)) == 0;
	return n;
}
