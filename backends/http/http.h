/*
 * The HTTP engine: every request of every cloud, in one thread, without blocking.
 *
 * The only user of libcurl. All sockets and timers of all transfers stand behind one descriptor,
 * which becomes readable when there is something to do; the caller waits on it with whatever else
 * it waits for, and then calls cfs_http_dispatch.
 *
 * Fixed for every transfer: HTTP/1.1 with keep-alive, TLS 1.2 or later, peer and host name
 * verified, no redirects followed, no cookies, no .netrc, https only (http to a loopback host is
 * allowed, for tests and local proxies, and to a link-local address where a transfer is `direct`,
 * for metadata services), answers not decompressed, no signal handlers. Proxies are
 * those of the environment, as for curl(1), but never for a loopback host.
 */
#ifndef CFS_BACKENDS_HTTP_HTTP_H
#define CFS_BACKENDS_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/base/buf.h"
#include "backends/base/fault.h"

#define CFS_HTTP_URL_MAX 4096
#define CFS_HTTP_HEADERS_MAX 16
#define CFS_HTTP_HEADER_MAX (32 * 1024) /* bytes of one request header */
#define CFS_HTTP_BODY_MAX (256 * 1024)  /* bytes of a request's body */
#define CFS_HTTP_ANSWER_HEADERS_MAX (64 * 1024)
/* What is sent on a connection that was kept must be acknowledged, not answered, in so many
 * milliseconds. */
#define CFS_HTTP_UNACKNOWLEDGED_MS 5000
/* Idle connections kept for the next call, if that is no more than a quarter of the descriptors
 * that the process may open. */
#define CFS_HTTP_CONNECTIONS_KEPT 256

/* A request. Signed requests hold secrets: finish wipes. */
struct cfs_http_request {
	const char *method; /* static: "GET", "POST", "PUT" */
	char *url;
	char *headers[CFS_HTTP_HEADERS_MAX]; /* "Name: value" */
	size_t n_headers;
	struct cfs_buf body;
};

void cfs_http_request_init(struct cfs_http_request *request, const char *method);
void cfs_http_request_finish(struct cfs_http_request *request);
/* -EFBIG past a limit above, -EINVAL for CR, LF or another control character in it (a value may
 * hold tabs) and for a name that is no token, -ENOMEM. */
int cfs_http_request_set_url(struct cfs_http_request *request, const char *url);
int cfs_http_request_add_header(
	struct cfs_http_request *request, const char *name, const char *value);

/* How a transfer ended. */
struct cfs_http_outcome {
	/* CFS_OK: a whole answer arrived, whatever its status. Otherwise CFS_UNREACHABLE, REFUSED,
	 * RESET, TIMED_OUT, TLS, BAD_ANSWER (no HTTP), TOO_LARGE (its headers), NO_MEMORY (or no
	 * descriptors left), REJECTED (the URL may not be asked), or the fault of aborted_by. */
	enum cfs_fault fault;
	int status;          /* the HTTP status, 0 when none arrived */
	int64_t date;        /* the Date header in seconds since the epoch, 0 when there was none */
	int aborted_by;      /* the negative errno with which the data callback ended it, else 0 */
	const char *message; /* what libcurl says of a failure: one printable line, "" on success */
};

/* Bytes of answers that one dispatch gives on, so that nobody waits long for the loop: reading an
 * answer takes some five nanoseconds a byte. */
#define CFS_HTTP_DISPATCH_BYTES (256 * 1024)

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
	bool direct;         /* a metadata service: never through a proxy, plain http allowed */
};

struct cfs_http;

/* One transfer. Belongs to the caller, who keeps it in place until done or cancel. Opaque. */
struct cfs_transfer {
	struct cfs_http *http;
	void *easy; /* CURL *; NULL when not under way */
	void *list; /* struct curl_slist * */
	const struct cfs_http_handler *handler;
	void *arg;
	bool direct;
	int aborted_by;
	int64_t date;
	size_t header_bytes;
	bool headed; /* the headers of the last answer, interim ones included, are whole */
	bool dirty;  /* a kept connection had something to say before it was asked */
	enum cfs_fault failed; /* could not even start */
	char message[256];     /* CURLOPT_ERRORBUFFER */
	struct cfs_http_request request;
	struct cfs_transfer *next,
		**link; /* in the engine's list of all, or of those that failed at once */
	struct cfs_transfer *next_paused, **paused; /* in its list of those that take turns */
};

/* 0, -ENOMEM or another negative errno. */
int cfs_http_create(struct cfs_http **ret_http);
/* Cancels what is under way, without completions. */
void cfs_http_destroy(struct cfs_http *http);
int cfs_http_fd(const struct cfs_http *http);
/* Does what there is to do without waiting, completions included. Of all answers together it gives
 * on about CFS_HTTP_DISPATCH_BYTES, and those that have more to give take turns. */
void cfs_http_dispatch(struct cfs_http *http);

/*
 * Starts a transfer. Takes over what *request holds. Exactly one completion follows, from inside a
 * later cfs_http_dispatch, never from inside this call, unless the transfer is cancelled.
 */
void cfs_http_start(struct cfs_http *http, struct cfs_transfer *transfer,
	struct cfs_http_request *request, const struct cfs_http_options *options,
	const struct cfs_http_handler *handler, void *arg);

/* Ends the transfer at once, without its completion. Nothing happens to one that is not under way.
 */
void cfs_http_cancel(struct cfs_transfer *transfer);

#endif
