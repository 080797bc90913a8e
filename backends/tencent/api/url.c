/* SPDX-License-Identifier: MIT */
#include "backends/tencent/api/url.h"

#include <stdio.h>
#include <string.h>

#include "backends/base/text.h"

static bool is_root(const char *rest)
{
	return rest[0] == '\0' || strcmp(rest, "/") == 0;
}

static void copy_host(const struct cfs_http_url *url, char ret_host[static CFS_HTTP_HOST_MAX])
{
	memcpy(ret_host, url->host, CFS_HTTP_HOST_MAX);
}

const char *cfs_tencent_url_endpoint(const char *text, bool insecure_http, bool *ret_tls,
	char ret_host[static CFS_HTTP_HOST_MAX])
{
	struct cfs_http_url url;
	const char *why = cfs_http_url_parse(text, &url);

	if (why)
		return why;
	if (!is_root(url.rest))
		return "has a path: the API's path is / and is signed";
	if (!url.tls && url.place != CFS_HTTP_LOOPBACK && !insecure_http)
		return "is http, which is for loopback hosts only: `insecure_http = yes` allows "
		       "others";
	copy_host(&url, ret_host);
	*ret_tls = url.tls;
	return NULL;
}

const char *cfs_tencent_url_host(const char *text, bool insecure_http, bool *ret_tls,
	char ret_host[static CFS_HTTP_HOST_MAX])
{
	static const char https[] = "https://";
	char url[sizeof(https) + CFS_HTTP_HOST_MAX];

	if (strstr(text, "://"))
		return cfs_tencent_url_endpoint(text, insecure_http, ret_tls, ret_host);
	if (strlen(text) >= CFS_HTTP_HOST_MAX)
		return "is too long";
	snprintf(url, sizeof(url), "%s%s", https, text);
	return cfs_tencent_url_endpoint(url, insecure_http, ret_tls, ret_host);
}

const char *cfs_tencent_url_metadata(const char *text, char ret_host[static CFS_HTTP_HOST_MAX])
{
	struct cfs_http_url url;
	const char *why = cfs_http_url_parse(text, &url);

	if (why)
		return why;
	if (url.tls || !is_root(url.rest))
		return "is not http://HOST or http://HOST:PORT";
	/* This cloud has no metadata service over IPv6. */
	if (url.place != CFS_HTTP_LOOPBACK &&
		(url.place != CFS_HTTP_METADATA || url.host[0] == '['))
		return "is neither a loopback host nor in 169.254.0.0/16";
	copy_host(&url, ret_host);
	return NULL;
}

const char *cfs_tencent_url_page(const char *text)
{
	size_t len = strlen(text);
	struct cfs_http_url url;
	const char *why;

	if (len > CFS_TENCENT_URL_MAX)
		return "is too long";
	if (!cfs_text_is_graphic(text, len, CFS_TENCENT_URL_ENDS))
		return "has blanks, quotes, angle brackets or bytes beyond ASCII";
	why = cfs_http_url_parse(text, &url);
	if (why)
		return why;
	if (!url.tls && url.place != CFS_HTTP_LOOPBACK)
		return "is http, which is for loopback hosts only: the link opens a console";
	if (text[len - 1] != '=')
		return "does not end with '=': the VNC address is appended to it";
	return NULL;
}
