/* SPDX-License-Identifier: MIT */
/*
 * The HTTP engine: every request of every cloud, in one thread, without blocking.
 *
 * The only user of libcurl. All sockets and timers of all transfers stand behind one descriptor,
 * which becomes readable when there is something to do; the caller waits for it together with its
 * other descriptors, and then calls cfs_http_dispatch.
 *
 * Fixed for every transfer: HTTP/1.1 with keep-alive, TLS 1.2 or later, peer and host name
 * verified, no redirects followed, no cookies, no .netrc, https only (http to a loopback host is
 * allowed, for tests and local proxies, and to a link-local address where a transfer is `direct`,
 * for metadata services), answers not decompressed, no signal handlers. Proxies are
 * those of the environment, as for curl(1), but never for a loopback host.
 */
#ifndef CFS_BACKENDS_HTTP_HTTP_H
#define CFS_BACKENDS_HTTP_HTTP_H

#include "backends/http/transfer.h"

/* Connections that are kept, busy ones included: so many, or as many as there ever were transfers at once
 * if that is more. Of these no more are idle than a quarter of the descriptors that the process may
 * open. */
#define CFS_HTTP_CONNECTIONS_KEPT 256

/* 0, -ENOMEM or another negative errno. */
int cfs_http_create(struct cfs_http **ret_http);
/* Cancels what is under way, without completions. */
void cfs_http_destroy(struct cfs_http *http);
int cfs_http_fd(const struct cfs_http *http);
/* Does what there is to do without waiting, completions included. Hands on about
 * CFS_HTTP_DISPATCH_BYTES of all answers together; those that have more take turns. */
void cfs_http_dispatch(struct cfs_http *http);

/*
 * Starts a transfer. Takes over what *request holds. Exactly one completion follows, from inside a
 * later cfs_http_dispatch, never from inside this call, unless the transfer is cancelled.
 */
void cfs_http_start(struct cfs_http *http, struct cfs_transfer *transfer,
	struct cfs_http_request *request, const struct cfs_http_options *options,
	const struct cfs_http_handler *handler, void *arg);

/* Ends the transfer at once, without calling its completion. Does nothing if it is not under way.
 */
void cfs_http_cancel(struct cfs_transfer *transfer);

#endif
