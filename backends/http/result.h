/*
 * What libcurl's results mean: a part of the HTTP engine, for nobody else.
 */
#ifndef CFS_BACKENDS_HTTP_RESULT_H
#define CFS_BACKENDS_HTTP_RESULT_H

#include <curl/curl.h>

#include "backends/http/transfer.h"

/* The fault by which a transfer that libcurl has ended failed, CFS_OK if it did not; and what is to
 * be said of it, a static text: NULL if libcurl's own message says it, "" on success. */
enum cfs_fault cfs_http_result(
	const struct cfs_transfer *transfer, CURLcode result, const char **ret_message);

#endif
