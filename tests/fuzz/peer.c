/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void fuzz_peer_listen(struct fuzz_peer *peer)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	*peer = (struct fuzz_peer){0};
	for (size_t i = 0; i < FUZZ_PEER_CONNECTIONS_MAX; i++)
		peer->connections[i].fd = -1;
	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	MUST(peer->fd >= 0);
	MUST(bind(peer->fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	MUST(listen(peer->fd, FUZZ_PEER_CONNECTIONS_MAX) == 0);
	MUST(getsockname(peer->fd, (struct sockaddr *)&address, &len) == 0);
	peer->port = ntohs(address.sin_port);
}

/* By a reset, so that no connection stays behind in TIME_WAIT. */
static void break_off(struct fuzz_peer_connection *connection)
{
	static const struct linger at_once = {.l_onoff = 1};

	setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(connection->fd);
	*connection = (struct fuzz_peer_connection){.fd = -1};
}

static struct fuzz_peer_connection *find(struct fuzz_peer *peer, int fd)
{
	for (size_t i = 0; i < FUZZ_PEER_CONNECTIONS_MAX; i++) {
		if (peer->connections[i].fd == fd)
			return &peer->connections[i];
	}
	return NULL;
}

static bool take_new(struct fuzz_peer *peer)
{
	struct fuzz_peer_connection *connection;
	bool any = false;
	int fd;

	while ((fd = accept4(peer->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		connection = find(peer, -1);
		MUST(connection);
		*connection = (struct fuzz_peer_connection){.fd = fd};
		any = true;
	}
	return any;
}

/* The length of the whole request that is there, 0: it is not whole. */
static size_t request_len(const struct fuzz_peer_connection *connection)
{
	static const char length[] = "\r\nContent-Length: ";
	const char *end = strstr(connection->request, "\r\n\r\n"), *at;
	size_t len;

	if (!end)
		return 0;
	len = (size_t)(end + 4 - connection->request);
	at = strstr(connection->request, length);
	if (at && at < end)
		len += strtoul(at + strlen(length), NULL, 10);
	return len <= connection->len ? len : 0;
}

/* Of a request that is whole: nothing may be in it but what was asked. */
static void take_request(
	struct fuzz_peer *peer, struct fuzz_peer_connection *connection, size_t len)
{
	const char *slash = strchr(connection->request, '/');
	size_t i;

	MUST_OF(strncmp(connection->request, "GET /", 5) == 0 ||
			strncmp(connection->request, "POST /", 6) == 0,
		connection->request);
	i = (size_t)(slash[1] - '0');
	MUST_OF(i < peer->n_answers, connection->request);
	/* A server that has spoken HTTP/1.0 is asked in it. */
	MUST_OF(strncmp(slash + 2, " HTTP/1.1\r\n", 11) == 0 ||
			strncmp(slash + 2, " HTTP/1.0\r\n", 11) == 0,
		connection->request);
	/* One after the other: a second is never sent before the first is answered. */
	MUST_OF(len == connection->len, connection->request);
	connection->len = 0;
	connection->request[0] = '\0';
	connection->answer = &peer->answers[i];
	connection->answer->asked++;
	connection->sent = 0;
}

static bool receive(struct fuzz_peer *peer, struct fuzz_peer_connection *connection)
{
	size_t room = FUZZ_PEER_REQUEST_MAX - connection->len, len;
	ssize_t n;

	MUST(room > 0);
	n = recv(connection->fd, connection->request + connection->len, room, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		break_off(connection);
		return true;
	}
	connection->len += (size_t)n;
	connection->request[connection->len] = '\0';
	len = request_len(connection);
	if (len > 0)
		take_request(peer, connection, len);
	return true;
}

static bool answer(const struct fuzz_peer *peer, struct fuzz_peer_connection *connection)
{
	const struct fuzz_peer_answer *what = connection->answer;
	size_t left = what ? what->bytes.left - connection->sent : 0;
	ssize_t n;

	if (!what || connection->sent > what->bytes.left)
		return false;
	if (left > 0) {
		if (peer->piece > 0 && peer->piece < left)
			left = peer->piece;
		n = send(connection->fd, what->bytes.at + connection->sent, left,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0)
			break_off(connection);
		else
			connection->sent += (size_t)n;
		return true;
	}
	connection->sent++; /* that it has ended is told */
	if (what->then == 'r')
		break_off(connection);
	else if (what->then == 'c')
		shutdown(connection->fd, SHUT_WR);
	return true;
}

bool fuzz_peer_act(struct fuzz_peer *peer)
{
	bool any = take_new(peer);

	for (size_t i = 0; i < FUZZ_PEER_CONNECTIONS_MAX; i++) {
		struct fuzz_peer_connection *connection = &peer->connections[i];

		if (connection->fd >= 0)
			any = receive(peer, connection) || any;
		if (connection->fd >= 0)
			any = answer(peer, connection) || any;
	}
	return any;
}

bool fuzz_peer_give_up(struct fuzz_peer *peer)
{
	bool any = false;

	for (size_t i = 0; i < FUZZ_PEER_CONNECTIONS_MAX; i++) {
		struct fuzz_peer_connection *connection = &peer->connections[i];

		if (connection->fd < 0 || !connection->answer ||
			connection->sent <= connection->answer->bytes.left)
			continue;
		shutdown(connection->fd, SHUT_WR);
		connection->answer = NULL;
		any = true;
	}
	return any;
}

void fuzz_peer_reset(struct fuzz_peer *peer)
{
	take_new(peer);
	for (size_t i = 0; i < FUZZ_PEER_CONNECTIONS_MAX; i++) {
		if (peer->connections[i].fd >= 0)
			break_off(&peer->connections[i]);
	}
	peer->n_answers = 0;
}
