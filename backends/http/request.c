/* SPDX-License-Identifier: MIT */
#include "backends/http/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "backends/base/text.h"

void cfs_http_request_init(struct cfs_http_request *request, const char *method)
{
	*request = (struct cfs_http_request){.method = method};
	cfs_buf_init(&request->body, CFS_HTTP_BODY_MAX);
}

static void wipe_text(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

void cfs_http_request_finish(struct cfs_http_request *request)
{
	if (!request)
		return;
	wipe_text(request->url);
	for (size_t i = 0; i < request->n_headers; i++)
		wipe_text(request->headers[i]);
	cfs_buf_wipe(&request->body);
	cfs_http_request_init(request, request->method);
}

static bool has_control(const char *text)
{
	for (; *text; text++) {
		if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
			return true;
	}
	return false;
}

int cfs_http_request_set_url(struct cfs_http_request *request, const char *url)
{
	char *copy;

	if (strlen(url) > CFS_HTTP_URL_MAX)
		return -EFBIG;
	if (has_control(url) || strchr(url, '\t'))
		return -EINVAL;
	copy = strdup(url);
	if (!copy)
		return -ENOMEM;
	wipe_text(request->url);
	request->url = copy;
	return 0;
}

int cfs_http_request_add_header(
	struct cfs_http_request *request, const char *name, const char *value)
{
	size_t name_len = strlen(name), value_len = strlen(value);
	char *header;

	if (request->n_headers == CFS_HTTP_HEADERS_MAX ||
		name_len + 2 + value_len > CFS_HTTP_HEADER_MAX)
		return -EFBIG;
	/* RFC 9110, section 5.6.2: a name is a token. */
	if (!cfs_text_is_token(name, name_len, CFS_HTTP_HEADER_MAX, "!#$%&'*+-.^_`|~") ||
		has_control(value))
		return -EINVAL;
	header = malloc(name_len + 2 + value_len + 1);
	if (!header)
		return -ENOMEM;
	memcpy(header, name, name_len);
	memcpy(header + name_len, ": ", 2);
	memcpy(header + name_len + 2, value, value_len + 1);
	request->headers[request->n_headers++] = header;
	return 0;
}
