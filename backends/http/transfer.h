/* SPDX-License-Identifier: MIT */
/*
 * One HTTP request and its answer: what the caller gives, and what it gets back. This is data only;
 * the engine (http.h) does the work.
 */
#ifndef CFS_BACKENDS_HTTP_TRANSFER_H
#define CFS_BACKENDS_HTTP_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/base/fault.h"
#include "backends/http/request.h"

/* Bytes of an answer's headers, and their lines: interim answers and trailers are counted with them. */
#define CFS_HTTP_ANSWER_HEADERS_MAX (64 * 1024)
#define CFS_HTTP_ANSWER_LINES_MAX 256
/* Within this many milliseconds the peer must acknowledge (not answer) what is sent on a connection
 * that was kept open. */
#define CFS_HTTP_UNACKNOWLEDGED_MS 5000
/* Bytes of answers that one dispatch hands on, so that nothing else waits long for the loop:
 * reading an answer takes some five nanoseconds a byte. */
#define CFS_HTTP_DISPATCH_BYTES (256 * 1024)

/* How a transfer ended. */
struct cfs_http_outcome {
	/* CFS_OK: a whole answer arrived, whatever its status. Otherwise CFS_UNREACHABLE, REFUSED,
	 * RESET, TIMED_OUT, TLS, PROXY_DENIED, BAD_ANSWER (no HTTP), TOO_LARGE (its headers), NO_MEMORY (or no
	 * descriptors left), REJECTED (the URL may not be asked), or the fault of aborted_by. */
	enum cfs_fault fault;
	int status;          /* the HTTP status, 0 when none arrived */
	int64_t date;        /* the Date header in seconds since the epoch, 0 when there was none */
	int aborted_by;      /* the negative errno with which the data callback ended it, else 0 */
	const char *message; /* what libcurl says of a failure: one printable line, "" on success */
};

struct cfs_http_handler {
	/* Bytes of the answer's body. 0, or a negative errno that ends the transfer. Called from
	 * inside libcurl: must not start or cancel a transfer. */
	int (*data)(void *arg, const char *bytes, size_t len);
	/* The one completion. Other transfers may be started and cancelled from inside it, and the
	 * transfer's own memory reused or freed; the engine must not be destroyed. */
	void (*done)(void *arg, const struct cfs_http_outcome *outcome);
};

struct cfs_http_options {
	const char *ca_file; /* PEM; the only authorities trusted. NULL: the system's */
	long timeout_ms;     /* for the whole transfer, > 0 */
	long connect_ms;     /* of it, for resolving, connecting and the TLS handshake, > 0 */
	bool fresh;          /* on a new connection, not one that was kept */
	bool yields;         /* the same, unless a second one is kept for whoever comes next */
	bool direct;         /* a metadata service: never through a proxy, plain http allowed */
	bool insecure;       /* plain http allowed to any host */
};

struct cfs_http;
struct cfs_http_shared;

/* One transfer. Belongs to the caller, who keeps it in place until done or cancel. Opaque. */
struct cfs_transfer {
	struct cfs_http *http;
	struct cfs_http_shared *shared; /* belongs to the engine */
	void *easy;                     /* CURL *; NULL when not under way */
	void *list;                     /* of its headers, as libcurl takes them */
	const struct cfs_http_handler *handler;
	void *arg;
	bool direct, insecure;
	uint64_t origin; /* cfs_http_kept_origin of the URL */
	int aborted_by;
	int64_t date;
	size_t header_bytes;
	unsigned header_lines;
	bool heard; /* something was given on since libcurl last told of its progress */
	unsigned silences, silent_dispatch; /* how often nothing was, in which dispatch */
	bool headed; /* the headers of the last answer, interim ones included, are whole */
	bool bodied; /* a part of the body has arrived */
	bool wants_certificate; /* the answer is a page that asks for a client certificate */
	bool dirty; /* on a kept connection there was something to read before it was asked */
	enum cfs_fault failed; /* could not even start */
	char message[256];     /* CURLOPT_ERRORBUFFER */
	struct cfs_http_request request;
	struct cfs_transfer *next,
		**link; /* in the engine's list of all, or of those that failed at once */
	struct cfs_transfer *next_paused, **paused; /* in its list of those that take turns */
};

#endif
