/* SPDX-License-Identifier: MIT */
/*
 * The sockets of all connections: checks one that was kept open before it is used again, and counts those to a
 * server. Private to the HTTP engine.
 *
 * If a server sends something unasked, it would be taken for the answer to the next request: one
 * instance would be shown another's screen. libcurl itself checks for that from 8.0.0
 * ("url: fix logic in connection reuse to deny reuse on "unclean" connections"), and before 8.22.0
 * ("conncache: connection alive checks intervals") each time; since then only if it has not checked
 * within the last second. Where libcurl checks each time, nothing is checked here.
 *
 * libcurl does not tell which socket a request is about to use, only its local port.
 */
#ifndef CFS_BACKENDS_HTTP_KEPT_H
#define CFS_BACKENDS_HTTP_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfs_http_kept_socket;

struct cfs_http_kept {
	bool checks; /* else libcurl does */
	struct cfs_http_kept_socket *sockets;
	size_t n, room;
};

/* Asks the libcurl that is loaded for its version. */
void cfs_http_kept_init(struct cfs_http_kept *kept);
void cfs_http_kept_finish(struct cfs_http_kept *kept);
/* A number for a URL's scheme, host and port, as they are written. */
uint64_t cfs_http_kept_origin(const char *url);
/* A socket that was opened, and is yet to be connected, to a server there or to a proxy on the way. 0 or
 * -ENOMEM. */
int cfs_http_kept_add(struct cfs_http_kept *kept, int fd, uint64_t origin);
/* It is about to be closed. */
void cfs_http_kept_remove(struct cfs_http_kept *kept, int fd);
/* Whether there is something to read, or the end of it, on a socket with that local port. */
bool cfs_http_kept_speaks(struct cfs_http_kept *kept, int port);
/* How many sockets to an origin the other side has not closed, busy ones included. */
size_t cfs_http_kept_open(const struct cfs_http_kept *kept, uint64_t origin);

#endif
