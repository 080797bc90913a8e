/* SPDX-License-Identifier: MIT */
/*
 * A small HTTP server on loopback that misbehaves as its tests ask it to, by path. A thread
 * accepts, a thread serves each connection; nothing here waits for time to pass.
 *
 *     /hello       200 "hello"
 *     /echo        200 with the request's body
 *     /bytes/N     200 with N bytes
 *     /status/N    N with an empty body
 *     /headers/N   N bytes of headers, about
 *     /longline    one header of 200 KiB
 *     /nginx       400, as nginx says that it wants a client certificate
 *     /redirect    302 to /hello
 *     /date/X      200 with X as the date
 *     /packed      claims to be gzip
 *     /chunked     200 in chunks
 *     /early       two 100s, then 200
 *     /once        answers the first request of a connection
 *     /gate        waits for server_open_gate
 *     /hang        answers nothing
 *     /close       answers, then closes
 *     /nothing     closes without an answer
 *     /reset       breaks off with RST
 *     /truncate    closes in the midst of a body
 *     /cuthead     ends in the midst of a header
 *     /badchunk    a chunk of size zz
 *     /nonsense    what is not HTTP
 *     /flood/KIND  waits for server_open_gate, then 64 MiB of headers, interim (answers), extension (of
 *                  one chunk) or trailers; or 256 KiB of chunks (of a byte) or extensions (of those)
 *     /twice       200 with 70,000 bytes, and 200 "stale", at once
 */
#ifndef CFS_TESTS_UNIT_SUPPORT_HTTP_SERVER_H
#define CFS_TESTS_UNIT_SUPPORT_HTTP_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define SERVER_CONNECTIONS_MAX 1024
#define SERVER_REQUEST_MAX (256 * 1024)

struct server;

struct connection {
	struct server *server;
	pthread_t thread;
	int fd; /* -1 once it is closed; under the server's lock */
	SSL *ssl;
	unsigned served;
};

struct server {
	int fd, port;
	SSL_CTX *tls; /* NULL: plain */
	bool slams;   /* closes each connection before a byte was exchanged */
	pthread_t thread;
	pthread_mutex_t lock;
	struct connection connections[SERVER_CONNECTIONS_MAX];
	size_t n_connections;             /* under lock until stopped */
	char request[SERVER_REQUEST_MAX]; /* the last one; under lock */
	atomic_uint accepted, closed, requests, resumed;
	int arrived; /* an eventfd: requests for /gate, /hang and /flood that have come */
	int flooded; /* an eventfd: floods of which as much is sent as a client reads at once */
	sem_t gate;
};

/* Runs until server_stop. Takes the context over, NULL: plain HTTP. `slams`: see struct server. */
struct server *server_start(SSL_CTX *tls, bool slams);

/* Lets n requests for /gate be answered. */
void server_open_gate(struct server *server, unsigned n);

/* NULL is accepted. */
void server_stop(struct server *server);

#endif
