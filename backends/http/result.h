/* SPDX-License-Identifier: MIT */
/*
 * Turns libcurl's result codes into faults. Private to the HTTP engine.
 */
#ifndef CFS_BACKENDS_HTTP_RESULT_H
#define CFS_BACKENDS_HTTP_RESULT_H

#include <curl/curl.h>

#include "backends/http/transfer.h"

/* Why a transfer that libcurl has ended failed, CFS_OK if it did not. *ret_message is a static text
 * to report; NULL if libcurl's own message is the one to report, "" on success. */
enum cfs_fault cfs_http_result(
	const struct cfs_transfer *transfer, CURLcode result, const char **ret_message);

/* Whether an answer with this HTTP status, whose body begins with these bytes, is a page of a web
 * server, not of the cloud behind it, that asks for a client certificate. Some servers accept the
 * handshake without one, and then refuse each request. */
bool cfs_http_page_wants_certificate(long status, const char *bytes, size_t len);

#endif
