/* SPDX-License-Identifier: MIT */
/*
 * Lets transfers take turns, so that one long answer does not hold up the others. Private to the
 * HTTP engine.
 *
 * libcurl reads a socket as long as it brings more, and the whole loop would wait for it. So after
 * CFS_HTTP_DISPATCH_BYTES in one dispatch each transfer that has more is paused, and the next
 * dispatch begins with the one that has waited longest. Other work is counted as the bytes that
 * would take as long to read, and sockets that are ready wait for the next dispatch too.
 */
#ifndef CFS_BACKENDS_HTTP_TURNS_H
#define CFS_BACKENDS_HTTP_TURNS_H

#include <stdbool.h>
#include <stddef.h>

#include "backends/http/transfer.h"

/* What other work is counted as, in bytes of answers: a line of headers; a piece of data, however
 * small (libcurl gives on each chunk by itself); a socket that is ready; a new connection, with its
 * TLS handshake. */
#define CFS_HTTP_COST_OF_LINE 256
#define CFS_HTTP_COST_OF_PIECE 256
#define CFS_HTTP_COST_OF_SOCKET 4096
#define CFS_HTTP_COST_OF_CONNECTION (128 * 1024)

struct cfs_http_turns {
	struct cfs_transfer *first, **end; /* those that wait, in their order */
	size_t spent;                      /* by this dispatch */
	unsigned dispatches;               /* until now */
};

void cfs_http_turns_init(struct cfs_http_turns *turns);
/* Counts work of this dispatch. */
void cfs_http_turns_spend(struct cfs_http_turns *turns, size_t bytes);
/* Whether this dispatch may still hand bytes on. */
bool cfs_http_turns_go_on(const struct cfs_http_turns *turns);
/* Puts a transfer behind those that wait. */
void cfs_http_turns_wait(struct cfs_http_turns *turns, struct cfs_transfer *transfer);
/* Takes a transfer out. Nothing happens to one that does not wait. */
void cfs_http_turns_leave(struct cfs_http_turns *turns, struct cfs_transfer *transfer);

#endif
