/*
 * The sockets of connections, looked at before one that was kept is used again: a part of the HTTP
 * engine, for nobody else.
 *
 * What a server says without being asked belongs to no request, and would be taken for the answer to
 * the next: an instance would be shown another's screen. libcurl looks for that by itself from 8.0.0
 * ("url: fix logic in connection reuse to deny reuse on "unclean" connections"), and before 8.22.0
 * ("conncache: connection alive checks intervals") each time; since then only if it has not looked
 * within the last second. Where it looks each time, nothing is done here.
 *
 * libcurl does not tell the socket that a request is about to use, only its local port.
 */
#ifndef CFS_BACKENDS_HTTP_KEPT_H
#define CFS_BACKENDS_HTTP_KEPT_H

#include <stdbool.h>
#include <stddef.h>

struct cfs_http_kept_socket;

struct cfs_http_kept {
	bool needed; /* else it stays empty */
	struct cfs_http_kept_socket *sockets;
	size_t n, room;
};

/* Asks the libcurl that is loaded for its version. */
void cfs_http_kept_init(struct cfs_http_kept *kept);
void cfs_http_kept_finish(struct cfs_http_kept *kept);
/* A socket that was opened, and is yet to be connected. 0 or -ENOMEM. */
int cfs_http_kept_add(struct cfs_http_kept *kept, int fd);
/* It is about to be closed. */
void cfs_http_kept_remove(struct cfs_http_kept *kept, int fd);
/* Whether there is something to be read, be it the end, on a socket with that local port. */
bool cfs_http_kept_speaks(struct cfs_http_kept *kept, int port);

#endif
