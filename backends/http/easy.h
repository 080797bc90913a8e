/* SPDX-License-Identifier: MIT */
/*
 * One transfer as libcurl's "easy" handle: its options, and the callbacks for its sockets, headers
 * and data. Private to the HTTP engine.
 */
#ifndef CFS_BACKENDS_HTTP_EASY_H
#define CFS_BACKENDS_HTTP_EASY_H

#include <stdbool.h>

#include <curl/curl.h>

#include "backends/http/kept.h"
#include "backends/http/transfer.h"
#include "backends/http/turns.h"

/* What all transfers of an engine have in common. */
struct cfs_http_shared {
	CURLSH *share;             /* TLS sessions, for resumption between easy handles */
	struct cfs_http_kept kept; /* the sockets of all connections */
	struct cfs_http_turns turns;
};

/* Makes transfer->easy and transfer->list for the transfer's request. `direct`: past any proxy.
 * Leaves nothing behind when it fails. */
CURLcode cfs_http_easy_create(
	struct cfs_transfer *transfer, const struct cfs_http_options *options, bool direct);
/* The multi handle must not have it any more. Accepts one that was never made. */
void cfs_http_easy_destroy(struct cfs_transfer *transfer);

/* Before the connection of a transfer that has ended is kept: a peer that is there acknowledges
 * what it is sent, however long it takes to answer, so a path that is dead without a word, as after
 * a change of networks, is noticed by that (CFS_HTTP_UNACKNOWLEDGED_MS). */
void cfs_http_easy_limit_silence(CURL *easy);

#endif
