/* SPDX-License-Identifier: MIT */
#include "backends/aws/api/query.h"

#include <string.h>

#include "backends/aws/api/sigv4.h"
#include "backends/base/text.h"

#define CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"
#define SIGNED_HEADERS_MAX 4

int cfs_aws_query_add(struct cfs_buf *form, const char *name, const char *value)
{
	cfs_buf_addf(form, "&%s=", name);
	return cfs_text_encode(form, value, strlen(value), "");
}

static int set_url(struct cfs_http_request *request, const struct cfs_aws_endpoint *endpoint)
{
	struct cfs_buf url = CFS_BUF_INIT(CFS_HTTP_URL_MAX);
	int r = cfs_aws_endpoint_url(endpoint, &url);

	if (r == 0)
		r = cfs_http_request_set_url(request, cfs_buf_text(&url));
	cfs_buf_finish(&url);
	return r;
}

/* Signs what stands in the request and adds the headers. */
static int sign(struct cfs_http_request *request, const struct cfs_aws_endpoint *endpoint,
	const struct cfs_sigv4_scope *scope, const struct cfs_keys *keys)
{
	struct cfs_sigv4_header headers[SIGNED_HEADERS_MAX] = {
		/* Sent as it is signed, and not left to the HTTP engine. */
		{"Host", endpoint->host},
		{"Content-Type", CONTENT_TYPE},
		{"X-Amz-Date", scope->date},
	};
	struct cfs_sigv4_request signing = {
		.method = request->method,
		.path = endpoint->path,
		.query = "",
		.headers = headers,
		.n_headers = 3,
		.body = cfs_buf_text(&request->body),
		.body_len = request->body.len,
	};
	struct cfs_buf authorization = CFS_BUF_INIT(CFS_SIGV4_AUTHORIZATION_MAX);
	int r;

	if (keys->token.data && keys->token.len > 0)
		headers[signing.n_headers++] =
			(struct cfs_sigv4_header){"X-Amz-Security-Token", keys->token.data};
	r = cfs_sigv4_authorization(&signing, scope, keys, &authorization);
	for (size_t i = 0; r == 0 && i < signing.n_headers; i++)
		r = cfs_http_request_add_header(request, headers[i].name, headers[i].value);
	if (r == 0)
		r = cfs_http_request_add_header(
			request, "Authorization", cfs_buf_text(&authorization));
	cfs_buf_wipe(&authorization);
	return r;
}

int cfs_aws_query_finish(struct cfs_http_request *request, const struct cfs_aws_target *target,
	enum cfs_aws_service service, const struct cfs_keys *keys, int64_t now)
{
	struct cfs_sigv4_scope scope;
	int r;

	r = set_url(request, &target->endpoint);
	if (r < 0)
		return r;
	if (!keys) {
		r = cfs_http_request_add_header(request, "Host", target->endpoint.host);
		return r < 0 ? r
			     : cfs_http_request_add_header(request, "Content-Type", CONTENT_TYPE);
	}
	r = cfs_sigv4_scope(now, target->region, cfs_aws_endpoints_signing_name(service), &scope);
	return r < 0 ? r : sign(request, &target->endpoint, &scope, keys);
}
