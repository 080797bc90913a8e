/* SPDX-License-Identifier: MIT */
#include "backends/http/turns.h"

void cfs_http_turns_init(struct cfs_http_turns *turns)
{
	*turns = (struct cfs_http_turns){.end = &turns->first};
}

bool cfs_http_turns_go_on(const struct cfs_http_turns *turns)
{
	return turns->spent < CFS_HTTP_DISPATCH_BYTES;
}

void cfs_http_turns_spend(struct cfs_http_turns *turns, size_t bytes)
{
	turns->spent += bytes;
}

void cfs_http_turns_wait(struct cfs_http_turns *turns, struct cfs_transfer *transfer)
{
	transfer->next_paused = NULL;
	transfer->paused = turns->end;
	*turns->end = transfer;
	turns->end = &transfer->next_paused;
}

void cfs_http_turns_leave(struct cfs_http_turns *turns, struct cfs_transfer *transfer)
{
	if (!transfer->paused)
		return;
	*transfer->paused = transfer->next_paused;
	if (transfer->next_paused)
		transfer->next_paused->paused = transfer->paused;
	else
		turns->end = transfer->paused;
	transfer->paused = NULL;
}
