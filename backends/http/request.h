/* SPDX-License-Identifier: MIT */
/*
 * An HTTP request that is yet to be sent.
 */
#ifndef CFS_BACKENDS_HTTP_REQUEST_H
#define CFS_BACKENDS_HTTP_REQUEST_H

#include <stddef.h>

#include "backends/base/buf.h"

#define CFS_HTTP_URL_MAX 4096
#define CFS_HTTP_HEADERS_MAX 16
#define CFS_HTTP_HEADER_MAX (32 * 1024) /* bytes of one request header */
#define CFS_HTTP_BODY_MAX (256 * 1024)  /* bytes of a request's body */

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
 * hold tabs) and for a name that is not a token, -ENOMEM. */
int cfs_http_request_set_url(struct cfs_http_request *request, const char *url);
int cfs_http_request_add_header(
	struct cfs_http_request *request, const char *name, const char *value);

#endif
