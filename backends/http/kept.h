/*
 * Sockets of connections, looked at before one that was kept is used again.
 *
 * What a server says without being asked belongs to no request. libcurl, before 8, does not look,
 * and takes it for the answer to the next: an instance would be shown another's screen. It names
 * the connection that a request is about to use by its local port.
 */
#ifndef CFS_BACKENDS_HTTP_KEPT_H
#define CFS_BACKENDS_HTTP_KEPT_H

#include <stdbool.h>
#include <stddef.h>

struct cfs_http_kept_socket;

/* Zeroed at first. */
struct cfs_http_kept {
	struct cfs_http_kept_socket *sockets;
	size_t n, room;
};

void cfs_http_kept_finish(struct cfs_http_kept *kept);
/* A socket that was opened, and is yet to be connected. 0 or -ENOMEM. */
int cfs_http_kept_add(struct cfs_http_kept *kept, int fd);
/* It is about to be closed. */
void cfs_http_kept_remove(struct cfs_http_kept *kept, int fd);
/* Whether there is something to be read, be it the end, on a socket with that local port. */
bool cfs_http_kept_speaks(struct cfs_http_kept *kept, int port);

#endif
