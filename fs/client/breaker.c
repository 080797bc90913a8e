/* SPDX-License-Identifier: MIT */
#include "fs/client/breaker.h"

/* What a fault says about the endpoint. Every fault not listed here came as an answer. */
static const enum evidence {
	ANSWER,
	NO_ANSWER,
	NOTHING
} evidence[CFS_N_FAULTS] = {
	[CFS_UNREACHABLE] = NO_ANSWER,
	[CFS_REFUSED] = NO_ANSWER,
	[CFS_RESET] = NO_ANSWER,
	[CFS_TIMED_OUT] = NO_ANSWER,
	[CFS_NO_MEMORY] = NOTHING, /* our own fault */
};

enum cfs_verdict cfs_breaker_ask(struct cfs_breaker *breaker, int64_t now)
{
	if (!breaker->down)
		return CFS_VERDICT_GO;
	breaker->asked = true;
	return now - breaker->probed_ms <= CFS_BREAKER_FRESH_MS ? CFS_VERDICT_REFUSE
								: CFS_VERDICT_WAIT;
}

bool cfs_breaker_heard(struct cfs_breaker *breaker, enum cfs_fault fault, int64_t now)
{
	if (evidence[fault] == ANSWER)
		breaker->down = false;
	if (evidence[fault] != NO_ANSWER || breaker->down)
		return false;
	return !breaker->was_probed || now - breaker->probed_ms >= CFS_BREAKER_PAUSE_MS;
}

void cfs_breaker_probe_begins(struct cfs_breaker *breaker)
{
	breaker->asked = false;
}

void cfs_breaker_probe_ended(struct cfs_breaker *breaker, enum cfs_fault fault, int64_t now)
{
	if (evidence[fault] != NOTHING)
		breaker->down = evidence[fault] == NO_ANSWER;
	breaker->was_probed = true;
	breaker->probed_ms = now;
}

int64_t cfs_breaker_next_probe(const struct cfs_breaker *breaker, int64_t now)
{
	int64_t due = breaker->probed_ms + CFS_BREAKER_PAUSE_MS;

	if (!breaker->down || !breaker->asked)
		return -1;
	return due > now ? due - now : 0;
}
