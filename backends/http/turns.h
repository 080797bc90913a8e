/*
 * Lets transfers take turns, so that one long answer does not hold up the others. Private to the
 * HTTP engine.
 *
 * libcurl reads a socket as long as it brings more, and the whole loop would wait for it. So after
 * CFS_HTTP_DISPATCH_BYTES in one dispatch each transfer that has more is paused, and the next
 * dispatch begins with the one that has waited longest.
 */
#ifndef CFS_BACKENDS_HTTP_TURNS_H
#define CFS_BACKENDS_HTTP_TURNS_H

#include <stdbool.h>
#include <stddef.h>

#include "backends/http/transfer.h"

struct cfs_http_turns {
	struct cfs_transfer *first, **end; /* those that wait, in their order */
	size_t given;                      /* bytes of answers, by this dispatch */
};

void cfs_http_turns_init(struct cfs_http_turns *turns);
/* Whether this dispatch may still hand bytes on. */
bool cfs_http_turns_go_on(const struct cfs_http_turns *turns);
/* Puts a transfer behind those that wait. */
void cfs_http_turns_wait(struct cfs_http_turns *turns, struct cfs_transfer *transfer);
/* Takes a transfer out. Nothing happens to one that does not wait. */
void cfs_http_turns_leave(struct cfs_http_turns *turns, struct cfs_transfer *transfer);

#endif
