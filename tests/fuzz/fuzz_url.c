/* SPDX-License-Identifier: MIT */
/*
 * Addresses that people configure: what they are taken for must be what libcurl, which asks there,
 * takes them for. The first byte says whose address it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "backends/aws/api/endpoint.h"
#include "backends/http/http.h"
#include "backends/http/url.h"
#include "backends/tencent/api/url.h"
#include "backends/tencent/cvm/account.h"
#include "tests/fuzz/fuzz.h"

/* What libcurl makes of a URL. */
struct taken {
	char *scheme, *host, *port, *path, *query, *fragment, *user;
};

static char *part(CURLU *handle, CURLUPart what)
{
	char *text = NULL;

	return curl_url_get(handle, what, &text, 0) == CURLUE_OK ? text : NULL;
}

static bool take(const char *url, struct taken *ret_taken)
{
	CURLU *handle = curl_url();
	bool is_url;

	MUST(handle);
	is_url = curl_url_set(handle, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK;
	if (is_url) {
		*ret_taken = (struct taken){
			.scheme = part(handle, CURLUPART_SCHEME),
			.host = part(handle, CURLUPART_HOST),
			.port = part(handle, CURLUPART_PORT),
			.path = part(handle, CURLUPART_PATH),
			.query = part(handle, CURLUPART_QUERY),
			.fragment = part(handle, CURLUPART_FRAGMENT),
			.user = part(handle, CURLUPART_USER),
		};
	}
	curl_url_cleanup(handle);
	MUST_OF(!is_url || (ret_taken->scheme && ret_taken->host && ret_taken->path), url);
	return is_url;
}

static void forget(struct taken *taken)
{
	curl_free(taken->scheme);
	curl_free(taken->host);
	curl_free(taken->port);
	curl_free(taken->path);
	curl_free(taken->query);
	curl_free(taken->fragment);
	curl_free(taken->user);
}

/* Whether the value of a Host header is of this machine. */
static bool is_loopback(const char *host)
{
	static const char *const names[] = {"localhost", "[::1]"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = strlen(names[i]);

		if (strncasecmp(host, names[i], len) == 0 &&
			(host[len] == '\0' || host[len] == ':'))
			return true;
	}
	return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.:") == strlen(host);
}

static bool is_link(const char *host)
{
	return is_loopback(host) ||
		(strncmp(host, "169.254.", 8) == 0 && strspn(host, "0123456789.:") == strlen(host));
}

/* The engine asks https of anybody, http of this machine and, if need be, of metadata services; and
 * never with a user's name. What it takes for plain is. */
static void check_engine(const char *text, bool direct)
{
	bool loopback = false;
	struct taken taken;

	if (cfs_http_url_check(text, direct, false, &loopback))
		return;
	MUST_OF(take(text, &taken), text);
	MUST_OF(!taken.user, text);
	MUST_OF(cfs_http_url_is_plain(text) == (strcmp(taken.scheme, "http") == 0), text);
	if (loopback)
		MUST_OF(is_loopback(taken.host), text);
	if (cfs_http_url_is_plain(text))
		MUST_OF(loopback || direct, text);
	forget(&taken);
}

/* The URL leads where `host`, the value of a Host header, says, and to no path but this one. */
static void check_place(const char *url, bool tls, const char *host, const char *path)
{
	struct cfs_buf expected = CFS_BUF_INIT(1024);
	struct cfs_http_request request;
	struct taken taken;

	MUST_OF(take(url, &taken), url);
	MUST_OF(strcmp(taken.scheme, tls ? "https" : "http") == 0, url);
	MUST_OF(cfs_buf_adds(&expected, taken.host) == 0, url);
	if (taken.port)
		MUST(cfs_buf_addf(&expected, ":%s", taken.port) == 0);
	MUST_OF(strcasecmp(expected.data, host) == 0, url);
	MUST_OF(strcmp(taken.path, path) == 0, url);
	MUST_OF(!taken.query && !taken.fragment && !taken.user, url);
	cfs_buf_finish(&expected);
	forget(&taken);
	cfs_http_request_init(&request, "GET");
	MUST_OF(cfs_http_request_set_url(&request, url) == 0, url);
	MUST(cfs_http_request_add_header(&request, "Host", host) == 0);
	cfs_http_request_finish(&request);
}

static void check_aws(const char *text)
{
	struct cfs_buf url = CFS_BUF_INIT(CFS_HTTP_URL_MAX);
	struct cfs_aws_endpoint endpoint;
	bool loopback;

	if (cfs_aws_endpoint_split(text, &endpoint, &loopback))
		return;
	MUST(cfs_aws_endpoint_url(&endpoint, &url) == 0);
	check_place(url.data, endpoint.tls, endpoint.host, endpoint.path);
	if (loopback)
		MUST_OF(is_loopback(endpoint.host), endpoint.host);
	cfs_buf_clear(&url);
	MUST(cfs_aws_endpoint_url_of(&endpoint, "x?y=z", &url) == 0);
	if (cfs_aws_endpoint_parse(text, false, &endpoint) == NULL) {
		MUST_OF(endpoint.tls || is_loopback(endpoint.host), text);
		MUST_OF(!cfs_http_url_check(url.data, false, false, &loopback), url.data);
	}
	cfs_buf_finish(&url);
}

static void check_aws_region(const char *text)
{
	static const char *const services[] = {"ec2", "sts", "portal.sso", "oidc"};
	struct cfs_buf url = CFS_BUF_INIT(CFS_HTTP_URL_MAX);
	struct cfs_aws_endpoint endpoint, again;

	if (!cfs_aws_endpoint_valid_region(text))
		return;
	for (unsigned i = 0; i < 16; i++) {
		cfs_aws_endpoint_of_region(services[i & 3], text, i & 4, i & 8, &endpoint);
		cfs_buf_clear(&url);
		MUST(cfs_aws_endpoint_url(&endpoint, &url) == 0);
		check_place(url.data, true, endpoint.host, "/");
		MUST_OF(!cfs_aws_endpoint_parse(url.data, false, &again), url.data);
		MUST_OF(strcmp(again.host, endpoint.host) == 0, url.data);
		MUST_OF(strstr(endpoint.host, text), endpoint.host);
	}
	cfs_buf_finish(&url);
}

static void check_tencent(const char *text, unsigned what)
{
	char host[CFS_HTTP_HOST_MAX], url[CFS_HTTP_HOST_MAX + 16];
	const char *wrong;
	bool tls = false, loopback;

	if (what == 'M')
		wrong = cfs_tencent_url_metadata(text, host);
	else
		wrong = (what == 'H' ? cfs_tencent_url_host : cfs_tencent_url_endpoint)(
			text, false, &tls, host);
	if (wrong)
		return;
	MUST(strlen(host) < sizeof(host));
	snprintf(url, sizeof(url), "%s://%s/", tls ? "https" : "http", host);
	check_place(url, tls, host, "/");
	if (!tls)
		MUST_OF(what == 'M' ? is_link(host) : is_loopback(host), host);
	MUST_OF(!cfs_http_url_check(url, what == 'M', false, &loopback), url);
}

static void check_page(const char *text)
{
	struct taken taken;

	if (cfs_tencent_url_page(text))
		return;
	MUST(strlen(text) <= CFS_TENCENT_URL_MAX);
	MUST_OF(fuzz_is_line(text) && !strpbrk(text, " \"'<>\\`"), text);
	MUST_OF(take(text, &taken), text);
	MUST_OF(!taken.user, text);
	if (strcmp(taken.scheme, "https") != 0)
		MUST_OF(is_loopback(taken.host), text);
	forget(&taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	unsigned what = fuzz_byte(&input);
	char *text = fuzz_text(&input);

	if (what == 'A')
		check_aws(text);
	else if (what == 'R')
		check_aws_region(text);
	else if (what == 'P')
		check_page(text);
	else if (what == 'U' || what == 'D')
		check_engine(text, what == 'D');
	else
		check_tencent(text, what);
	free(text);
	return 0;
}
