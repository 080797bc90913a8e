/* SPDX-License-Identifier: MIT */
#include "backends/http/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "backends/base/span.h"
#include "backends/base/text.h"

#define LABEL_MAX 63 /* RFC 1035 */
#define PORT_DIGITS_MAX 5

bool cfs_http_url_is_plain(const char *url)
{
	return strncasecmp(url, "http:", 5) == 0;
}

bool cfs_http_url_is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof(in6));
		return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
	}
	return false;
}

bool cfs_http_url_is_metadata(const struct sockaddr *address)
{
	static const unsigned char ec2[] = {0xfd, 0x00, 0x0e, 0xc2};

	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 16 == (169 << 8 | 254);
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof(in6));
		return IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr) ||
			memcmp(&in6.sin6_addr, ec2, sizeof(ec2)) == 0;
	}
	return false;
}

static enum cfs_http_place place_of(const char *host)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} address = {{0}};
	char literal[INET6_ADDRSTRLEN];
	size_t len = strlen(host);

	if (strcasecmp(host, "localhost") == 0)
		return CFS_HTTP_LOOPBACK;
	if (inet_pton(AF_INET, host, &address.in.sin_addr) == 1) {
		address.in.sin_family = AF_INET;
	} else if (host[0] == '[') {
		/* Without brackets; what does not fit is not an address. */
		snprintf(literal, sizeof(literal), "%.*s", len > 2 ? (int)len - 2 : 0, host + 1);
		if (inet_pton(AF_INET6, literal, &address.in6.sin6_addr) == 1)
			address.in6.sin6_family = AF_INET6;
	} else {
		return CFS_HTTP_NAMED;
	}
	if (cfs_http_url_is_loopback(&address.any))
		return CFS_HTTP_LOOPBACK;
	return cfs_http_url_is_metadata(&address.any) ? CFS_HTTP_METADATA : CFS_HTTP_ELSEWHERE;
}

enum outcome { TAKEN, NO_URL, NOT_HTTP, NO_ROOM };

/* What libcurl makes of a URL, but for its rest. */
static enum outcome take_apart(const char *text, struct cfs_http_url *url)
{
	char *scheme = NULL, *host = NULL, *port = NULL;
	enum outcome outcome = NO_ROOM;
	CURLU *parsed = curl_url();
	CURLUcode no_port;
	int n;

	if (!parsed)
		goto out;
	outcome = NO_URL;
	if (curl_url_set(parsed, CURLUPART_URL, text, CURLU_DISALLOW_USER) != CURLUE_OK ||
		curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
		curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		goto out;
	no_port = curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT);
	if (no_port != CURLUE_OK && no_port != CURLUE_NO_PORT)
		goto out;
	outcome = NOT_HTTP;
	url->tls = strcmp(scheme, "https") == 0;
	if (!url->tls && strcmp(scheme, "http") != 0)
		goto out;
	outcome = NO_URL;
	url->place = place_of(host);
	n = snprintf(
		url->host, sizeof(url->host), "%s%s%s", host, port ? ":" : "", port ? port : "");
	if (n < 0 || (size_t)n >= sizeof(url->host))
		goto out;
	for (char *c = url->host; *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	}
	outcome = TAKEN;
out:
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parsed);
	return outcome;
}

const char *cfs_http_url_check(const char *url, bool direct, bool insecure, bool *ret_loopback)
{
	struct cfs_http_url parts = {0};

	switch (take_apart(url, &parts)) {
	case NO_ROOM:
		return "out of memory";
	case NO_URL:
		return "the URL is not valid";
	case NOT_HTTP:
		return "the URL is not one of https";
	case TAKEN:
		break;
	}
	*ret_loopback = parts.place == CFS_HTTP_LOOPBACK;
	if (parts.tls || insecure || parts.place == CFS_HTTP_LOOPBACK ||
		(direct && parts.place != CFS_HTTP_ELSEWHERE))
		return NULL;
	return "plain http is for loopback hosts only";
}

static bool is_port(const char *text, size_t len)
{
	char digits[PORT_DIGITS_MAX + 1] = "";

	if (len < 1 || len > PORT_DIGITS_MAX || strspn(text, "0123456789") < len)
		return false;
	memcpy(digits, text, len);
	return strtoul(digits, NULL, 10) - 1 < UINT16_MAX;
}

/* Whether the text has the form of a host name; an IPv4 address has it too. */
static bool is_name(struct cfs_span name)
{
	struct cfs_span label = {name.at, 0};

	if (!cfs_text_is_token(name.at, name.len, CFS_HTTP_NAME_MAX, "-._"))
		return false;
	for (size_t i = 0; i <= name.len; i++) {
		if (i < name.len && name.at[i] != '.')
			continue;
		label.len = (size_t)(name.at + i - label.at);
		if (label.len == 0 || label.len > LABEL_MAX)
			return false;
		label.at = name.at + i + 1;
	}
	return true;
}

/* "127.1" and "1.2.3.4.5" are addresses to some and names to others. */
static bool ends_in_number(struct cfs_span name)
{
	const char *dot = memrchr(name.at, '.', name.len);
	char first = dot ? dot[1] : name.at[0];

	return first >= '0' && first <= '9';
}

/* What is wrong with what stands between the scheme and the path. */
static const char *check_authority(struct cfs_span authority, struct cfs_span *ret_host)
{
	const char *close = memchr(authority.at, ']', authority.len), *colon;
	struct cfs_span host = authority, port;

	if (memchr(authority.at, '@', authority.len))
		return "holds a user name";
	if (authority.len > 0 && authority.at[0] == '[') {
		if (!close)
			return "has no valid IPv6 address";
		host.len = (size_t)(close - authority.at) + 1;
		/* A zone ("%eth0") is of this host alone. */
		if (!cfs_text_is_token(host.at + 1, host.len - 2, INET6_ADDRSTRLEN, ":."))
			return "has no valid IPv6 address";
	} else {
		colon = memchr(authority.at, ':', authority.len);
		if (colon)
			host.len = (size_t)(colon - authority.at);
		if (host.len == 0)
			return "has no host";
		if (!is_name(host))
			return "has no valid host name";
	}
	port = (struct cfs_span){host.at + host.len, authority.len - host.len};
	if (port.len > 0 && (*port.at != ':' || !is_port(port.at + 1, port.len - 1)))
		return "has no valid port";
	*ret_host = host;
	return NULL;
}

const char *cfs_http_url_parse(const char *text, struct cfs_http_url *ret_url)
{
	static const char https[] = "https://", http[] = "http://";
	struct cfs_span authority = {text, 0}, host = {text, 0};
	struct cfs_http_url url = {0};
	const char *why;

	if (strncasecmp(text, https, strlen(https)) == 0)
		authority.at += strlen(https);
	else if (strncasecmp(text, http, strlen(http)) == 0)
		authority.at += strlen(http);
	else
		return "does not begin with https://";
	authority.len = strcspn(authority.at, "/?#");
	why = check_authority(authority, &host);
	if (why)
		return why;
	switch (take_apart(text, &url)) {
	case NO_ROOM:
		return "could not be looked at, for lack of memory";
	case NO_URL:
	case NOT_HTTP:
		return *host.at == '[' ? "has no valid IPv6 address" : "is not a URL";
	case TAKEN:
		break;
	}
	if (*host.at != '[' &&
		(strncasecmp(url.host, host.at, host.len) != 0 ||
			(ends_in_number(host) && url.place == CFS_HTTP_NAMED)))
		return "has no valid host name";
	url.rest = authority.at + authority.len;
	*ret_url = url;
	return NULL;
}

const char *cfs_http_url_check_path(const char *rest)
{
	size_t len = strlen(rest);

	if (strpbrk(rest, "?#"))
		return "has a query or a fragment";
	if (len > 0 && !cfs_text_is_token(rest, len, len, "-._~/%!$&'()*+,;=:@"))
		return "has a path with a byte that must be percent-encoded";
	for (const char *at = rest; *at == '/';) {
		size_t segment = strcspn(++at, "/");

		if ((segment == 1 && at[0] == '.') ||
			(segment == 2 && at[0] == '.' && at[1] == '.') ||
			(segment == 0 && *at == '/'))
			return "has a path with an empty or dotted segment";
		at += segment;
	}
	return NULL;
}
