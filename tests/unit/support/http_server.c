/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/http_server.h"

static bool connection_send(struct connection *connection, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = connection->ssl ? SSL_write(connection->ssl, bytes, (int)len)
					    : send(connection->fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static bool connection_text(struct connection *connection, const char *text)
{
	return connection_send(connection, text, strlen(text));
}

/* A whole answer with n bytes of body: of `body`, or of x. */
static bool connection_answer(
	struct connection *connection, const char *head, const char *body, size_t n)
{
	char *text = malloc(n + 512);
	bool sent;
	int len;

	if (!text)
		return false;
	len = snprintf(text, 512, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, n);
	if (body)
		memcpy(text + len, body, n);
	else
		memset(text + len, 'x', n);
	sent = connection_send(connection, text, (size_t)len + n);
	free(text);
	return sent;
}

static void connection_close(struct connection *connection, bool reset)
{
	const struct linger at_once = {.l_onoff = 1};

	pthread_mutex_lock(&connection->server->lock);
	if (connection->fd >= 0) {
		if (reset)
			setsockopt(
				connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(connection->fd);
		connection->fd = -1;
		connection->server->closed++;
	}
	pthread_mutex_unlock(&connection->server->lock);
}

/* Waits until the client closes, or the server is stopped. */
static void connection_wait(struct connection *connection)
{
	char byte;

	while (recv(connection->fd, &byte, 1, 0) > 0)
		;
}

static void note(int eventfd_)
{
	const uint64_t one = 1;

	if (write(eventfd_, &one, sizeof(one)) != sizeof(one))
		abort();
}

/* N bytes of headers, about; or one header of 200 KiB. */
static bool connection_headers(struct connection *connection, size_t n, bool one)
{
	char text[1024];
	bool more = connection_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");

	memset(text, 'h', sizeof(text));
	memcpy(text, "X-Filler: ", 10);
	for (; more && n >= sizeof(text); n -= sizeof(text)) {
		if (!one)
			memcpy(text + sizeof(text) - 2, "\r\n", 2);
		more = connection_send(connection, text, sizeof(text));
	}
	return more && connection_text(connection, one ? "\r\n\r\n" : "\r\n");
}

/* What no caller gets to see, or hardly, in pieces that are as small as can be. */
static bool connection_flood(struct connection *connection, const char *kind)
{
	static const char chunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	static const struct {
		const char *kind, *head, *piece;
		size_t all;
	} floods[] = {
		{"headers", "HTTP/1.1 200 OK\r\n", "a:\r\n", 64 << 20},
		{"interim", "", "HTTP/1.1 100 \r\n\r\n", 64 << 20},
		{"extensions", chunked, "1;a\r\nx\r\n", 256 << 10},
		{"extension", chunked, ";aaaaaaa", 64 << 20},
		{"trailers", chunked, "a:\r\n", 64 << 20},
		{"chunks", chunked, "1\r\nx\r\n", 256 << 10},
	};
	const size_t first = 64 * 1024;
	char block[16 * 1024];
	size_t i = 0, len, n;
	bool more;

	while (strcmp(floods[i].kind, kind) != 0)
		i++;
	len = strlen(floods[i].piece);
	n = sizeof(block) / len * len;
	for (size_t at = 0; at < n; at++)
		block[at] = floods[i].piece[at % len];
	more = connection_text(connection, floods[i].head);
	if (strcmp(kind, "trailers") == 0)
		more = more && connection_text(connection, "0\r\n");
	if (strcmp(kind, "extension") == 0)
		more = more && connection_text(connection, "1");
	for (size_t sent = 0; more && sent < floods[i].all; sent += n) {
		more = connection_send(connection, block, n);
		if (sent < first && sent + n >= first)
			note(connection->server->flooded);
	}
	return false;
}

/* An answer whose date is the text, with blanks for its underscores. */
static bool connection_date(struct connection *connection, const char *date)
{
	char head[1024];
	int begin = snprintf(head, sizeof(head), "200 OK\r\ndate: ");

	snprintf(head + begin, sizeof(head) - (size_t)begin, "%.64s", date);
	for (char *c = head + begin; *c; c++) {
		if (*c == '_')
			*c = ' ';
	}
	return connection_answer(connection, head, "", 0);
}

/* Two answers to one request, the first longer than what a client takes at once. */
static bool connection_twice(struct connection *connection)
{
	static const char more[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale";
	const size_t n = 70000, room = n + 512;
	char *text = malloc(room);
	bool sent;
	int len;

	if (!text)
		return false;
	len = snprintf(text, room, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", n);
	memset(text + len, 'x', n);
	memcpy(text + len + n, more, strlen(more));
	sent = connection_send(connection, text, (size_t)len + n + strlen(more));
	free(text);
	return sent;
}

/* The paths that are answered by a whole answer. *ret_more: whether the connection stays open. */
static bool connection_serve_well(struct connection *connection, const char *path, const char *body,
	size_t body_len, bool *ret_more)
{
	static const char nginx[] =
		"<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n"
		"<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n"
		"<center>No required SSL certificate was sent</center>\r\n"
		"<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n";
	char head[64];
	size_t n;

	if (strcmp(path, "/echo") == 0) {
		*ret_more = connection_answer(connection, "200 OK", body, body_len);
	} else if (sscanf(path, "/bytes/%zu", &n) == 1) {
		*ret_more = connection_answer(connection, "200 OK", NULL, n);
	} else if (sscanf(path, "/status/%zu", &n) == 1) {
		snprintf(head, sizeof(head), "%zu Whatever", n);
		*ret_more = connection_answer(connection, head, "", 0);
	} else if (sscanf(path, "/headers/%zu", &n) == 1) {
		*ret_more = connection_headers(connection, n, false);
	} else if (strcmp(path, "/longline") == 0) {
		*ret_more = connection_headers(connection, 200 * 1024, true);
	} else if (strcmp(path, "/nginx") == 0) {
		*ret_more = connection_answer(connection, "400 Bad Request", nginx, strlen(nginx));
	} else if (strcmp(path, "/redirect") == 0) {
		*ret_more = connection_answer(connection, "302 Found\r\nLocation: /hello", "", 0);
	} else if (strncmp(path, "/date/", 6) == 0) {
		*ret_more = connection_date(connection, path + 6);
	} else if (strcmp(path, "denied.test:443") == 0) {
		*ret_more = connection_answer(connection,
			"407 Proxy Authentication Required\r\nProxy-Authenticate: Basic "
			"realm=\"x\"",
			"", 0);
	} else if (strcmp(path, "/packed") == 0) {
		*ret_more = connection_answer(
			connection, "200 OK\r\nContent-Encoding: gzip", "\x1f\x8b", 2);
	} else if (strcmp(path, "/chunked") == 0) {
		*ret_more = connection_text(connection,
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n");
	} else if (strcmp(path, "/early") == 0) {
		*ret_more = connection_text(connection,
				    "HTTP/1.1 100 Continue\r\n\r\n"
				    "HTTP/1.1 103 Early Hints\r\n\r\n") &&
			connection_answer(connection, "200 OK", "hello", 5);
	} else {
		return false;
	}
	return true;
}

/* Serves one request; false ends the connection. */
static bool connection_serve(
	struct connection *connection, const char *path, const char *body, size_t body_len)
{
	struct server *server = connection->server;
	bool more;

	atomic_fetch_add(&server->requests, 1);
	if (connection_serve_well(connection, path, body, body_len, &more))
		return more;
	if (strcmp(path, "/hello") == 0)
		return connection_answer(connection, "200 OK", "hello", 5);
	if (strcmp(path, "/gate") == 0) {
		note(server->arrived);
		sem_wait(&server->gate);
		return connection_answer(connection, "200 OK", "hello", 5);
	}
	if (strcmp(path, "/hang") == 0) {
		note(server->arrived);
		connection_wait(connection);
		return false;
	}
	if (strncmp(path, "/flood/", 7) == 0) {
		note(server->arrived);
		sem_wait(&server->gate);
		return connection_flood(connection, path + 7);
	}
	if (strcmp(path, "/close") == 0) {
		connection_answer(connection, "200 OK", "bye", 3);
		return false;
	}
	if (strcmp(path, "/once") == 0)
		return connection->served == 0 &&
			connection_answer(connection, "200 OK", "once", 4);
	if (strcmp(path, "/truncate") == 0) {
		connection_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
		return false;
	}
	if (strcmp(path, "/cuthead") == 0) {
		connection_text(connection, "HTTP/1.1 200 OK\r\nDate: ");
		return false;
	}
	if (strcmp(path, "/badchunk") == 0) {
		connection_text(connection,
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			"5\r\nhello\r\nzz\r\n!\r\n0\r\n\r\n");
		return false;
	}
	if (strcmp(path, "/twice") == 0)
		return connection_twice(connection);
	if (strcmp(path, "/reset") == 0) {
		connection_text(connection, "HTTP/1.1 200 OK\r\nContent-Le");
		connection_close(connection, true);
		return false;
	}
	if (strcmp(path, "/nonsense") == 0) {
		connection_text(connection, "SSH-2.0-OpenSSH_9.2\r\n");
		return false;
	}
	if (strcmp(path, "/nostatus") == 0) {
		connection_text(connection, "HTTP/27TTP/1.1 \r\n\r\nhello");
		return false;
	}
	if (strcmp(path, "/switch") == 0) {
		connection_text(connection, "HTTP/1.1 101 Switching Protocols\r\n\r\nhello");
		return false;
	}
	if (strcmp(path, "/nothing") == 0)
		return false;
	return connection_answer(connection, "404 Not Found", "", 0);
}

/* Reads one request into text, NUL-terminated; its body begins at *ret_body. */
static bool connection_read(
	struct connection *connection, char *text, char **ret_body, size_t *ret_len)
{
	size_t len = 0, want = 0;
	char *end = NULL, *field;

	while (!end || len < want) {
		ssize_t n = SERVER_REQUEST_MAX - 1 - len;

		n = connection->ssl ? SSL_read(connection->ssl, text + len, (int)n)
				    : recv(connection->fd, text + len, (size_t)n, 0);
		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
		end = strstr(text, "\r\n\r\n");
		if (!end)
			continue;
		field = strcasestr(text, "\r\nContent-Length:");
		want = (size_t)(end + 4 - text);
		if (field && field < end)
			want += strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
	}
	*ret_body = end + 4;
	*ret_len = len - (size_t)(end + 4 - text);
	return true;
}

static void *connection_run(void *arg)
{
	struct connection *connection = arg;
	struct server *server = connection->server;
	char *text = malloc(SERVER_REQUEST_MAX), *body, path[4096];
	sigset_t pipe_;
	size_t len;

	/* OpenSSL writes without MSG_NOSIGNAL; the engine's own thread stays as it is. */
	sigemptyset(&pipe_);
	sigaddset(&pipe_, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_, NULL);
	if (server->tls) {
		connection->ssl = SSL_new(server->tls);
		SSL_set_fd(connection->ssl, connection->fd);
	}
	if (!server->slams && text && (!connection->ssl || SSL_accept(connection->ssl) == 1)) {
		if (connection->ssl && SSL_session_reused(connection->ssl))
			atomic_fetch_add(&server->resumed, 1);
		while (connection_read(connection, text, &body, &len)) {
			pthread_mutex_lock(&server->lock);
			strcpy(server->request, text);
			pthread_mutex_unlock(&server->lock);
			if (sscanf(text, "%*s %4095s", path) != 1 ||
				!connection_serve(connection, path, body, len))
				break;
			connection->served++;
		}
	}
	/* What a client still sends would else reset the connection before it reads why. */
	if (connection->ssl && !SSL_is_init_finished(connection->ssl)) {
		shutdown(connection->fd, SHUT_WR);
		connection_wait(connection);
	}
	SSL_free(connection->ssl);
	connection_close(connection, false);
	free(text);
	return NULL;
}

static void *server_run(void *arg)
{
	struct server *server = arg;
	int fd;

	for (;;) {
		struct connection *connection = &server->connections[server->n_connections];

		fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
		/* A test may take all descriptors away for a while. */
		if (fd < 0 && errno == EMFILE)
			continue;
		if (fd < 0)
			break;
		atomic_fetch_add(&server->accepted, 1);
		*connection = (struct connection){.server = server, .fd = fd};
		if (pthread_create(&connection->thread, NULL, connection_run, connection) != 0)
			abort();
		if (++server->n_connections == SERVER_CONNECTIONS_MAX)
			abort();
	}
	return NULL;
}

struct server *server_start(SSL_CTX *tls, bool slams)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		abort();
	server->tls = tls;
	server->slams = slams;
	server->arrived = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->flooded = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&server->lock, NULL);
	sem_init(&server->gate, 0, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->arrived < 0 || server->flooded < 0 || server->fd < 0 ||
		bind(server->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(server->fd, SERVER_CONNECTIONS_MAX) < 0 ||
		getsockname(server->fd, (struct sockaddr *)&address, &len) < 0 ||
		pthread_create(&server->thread, NULL, server_run, server) != 0)
		abort();
	server->port = ntohs(address.sin_port);
	return server;
}

void server_open_gate(struct server *server, unsigned n)
{
	while (n-- > 0)
		sem_post(&server->gate);
}

void server_stop(struct server *server)
{
	if (!server)
		return;
	shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	pthread_mutex_lock(&server->lock);
	for (size_t i = 0; i < server->n_connections; i++) {
		if (server->connections[i].fd >= 0)
			shutdown(server->connections[i].fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&server->lock);
	server_open_gate(server, SERVER_CONNECTIONS_MAX);
	for (size_t i = 0; i < server->n_connections; i++)
		pthread_join(server->connections[i].thread, NULL);
	close(server->fd);
	close(server->arrived);
	close(server->flooded);
	sem_destroy(&server->gate);
	pthread_mutex_destroy(&server->lock);
	SSL_CTX_free(server->tls);
	free(server);
}
