#include "backends/tencent/api/url.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "backends/base/text.h"

#define PORT_DIGITS_MAX 5
#define LINK_NET (169u << 8 | 254u) /* 169.254.0.0/16, RFC 3927 */

static const char too_long[] = "has a host name that is too long";

#define HOST_NAME_MAX_BYTES 253 /* RFC 1035, without the last dot */

struct authority {
	/* As an HTTP client takes it: in lower case, an IPv6 address in its short form and in
	 * brackets. */
	char host[HOST_NAME_MAX_BYTES + 1];
	bool loopback;    /* it is this machine */
	bool local;       /* or its link */
	unsigned port;    /* 0 when there is none */
	const char *rest; /* of the URL: the path and what follows */
};

/* Skips the scheme. NULL when it is neither http nor https. */
static const char *skip_scheme(const char *url, bool *ret_tls)
{
	static const char https[] = "https://", http[] = "http://";

	if (strncasecmp(url, https, strlen(https)) == 0) {
		*ret_tls = true;
		return url + strlen(https);
	}
	if (strncasecmp(url, http, strlen(http)) == 0) {
		*ret_tls = false;
		return url + strlen(http);
	}
	return NULL;
}

static bool read_port(const char *text, size_t len, struct authority *authority)
{
	unsigned port = 0;

	if (len < 1 || len > PORT_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	authority->port = port;
	return port >= 1 && port <= UINT16_MAX;
}

static bool read_ipv6(const char *text, size_t len, struct authority *authority)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr in6;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET6, address, &in6) != 1 ||
		!inet_ntop(AF_INET6, &in6, address, sizeof(address)))
		return false;
	snprintf(authority->host, sizeof(authority->host), "[%s]", address);
	authority->loopback = authority->local = IN6_IS_ADDR_LOOPBACK(&in6);
	return true;
}

/* A name, or an IPv4 address in its plain form: "127.1" and "0x7f.1" are addresses to some and
 * names to others, and "127.evil.example" is a name. */
static bool read_name(const char *text, size_t len, struct authority *authority)
{
	struct in_addr in = {0};
	const char *label;
	size_t label_len;

	if (!cfs_text_is_token(text, len, HOST_NAME_MAX_BYTES, ".-"))
		return false;
	for (size_t i = 0; i < len; i++)
		authority->host[i] =
			text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
	authority->host[len] = '\0';
	for (label = authority->host;; label += label_len + 1) {
		label_len = strcspn(label, ".");
		if (label_len == 0)
			return false;
		if (label[label_len] == '\0')
			break;
	}
	if (*label >= '0' && *label <= '9') {
		if (inet_pton(AF_INET, authority->host, &in) != 1)
			return false;
		authority->loopback = ntohl(in.s_addr) >> 24 == 127;
	} else {
		authority->loopback = strcmp(authority->host, "localhost") == 0;
	}
	authority->local = authority->loopback || ntohl(in.s_addr) >> 16 == LINK_NET;
	return true;
}

static bool split_authority(const char *text, struct authority *ret_authority)
{
	const char *end = text + strcspn(text, "/?#"), *close;
	struct authority authority = {.rest = end};

	if (text[0] == '[') {
		close = memchr(text, ']', (size_t)(end - text));
		if (!close || !read_ipv6(text + 1, (size_t)(close - text) - 1, &authority))
			return false;
		close++;
	} else {
		close = text + strcspn(text, ":/?#");
		if (!read_name(text, (size_t)(close - text), &authority))
			return false;
	}
	if (close != end &&
		(*close != ':' || !read_port(close + 1, (size_t)(end - close) - 1, &authority)))
		return false;
	*ret_authority = authority;
	return true;
}

/* Sets the value of a Host header. false when it is too long. */
static bool set_host(
	const struct authority *authority, bool tls, char ret_host[static CFS_TENCENT_HOST_MAX])
{
	char host[CFS_TENCENT_HOST_MAX + sizeof(":4294967295")];

	if (authority->port == 0 || authority->port == (tls ? 443 : 80))
		snprintf(host, sizeof(host), "%s", authority->host);
	else
		snprintf(host, sizeof(host), "%s:%u", authority->host, authority->port);
	if (strlen(host) >= CFS_TENCENT_HOST_MAX)
		return false;
	memcpy(ret_host, host, strlen(host) + 1);
	return true;
}

const char *cfs_tencent_url_endpoint(
	const char *url, bool *ret_tls, char ret_host[static CFS_TENCENT_HOST_MAX])
{
	struct authority authority;
	const char *text;
	bool tls;

	text = skip_scheme(url, &tls);
	if (!text)
		return "does not begin with https://";
	if (!split_authority(text, &authority))
		return "is not https://HOST or https://HOST:PORT";
	if (authority.rest[0] != '\0' && strcmp(authority.rest, "/") != 0)
		return "has a path: the API's path is / and is signed";
	if (!tls && !authority.loopback)
		return "is http, which is for loopback hosts only";
	if (!set_host(&authority, tls, ret_host))
		return too_long;
	*ret_tls = tls;
	return NULL;
}

const char *cfs_tencent_url_host(
	const char *text, bool *ret_tls, char ret_host[static CFS_TENCENT_HOST_MAX])
{
	static const char https[] = "https://";
	char url[sizeof(https) + CFS_TENCENT_HOST_MAX];

	if (strstr(text, "://"))
		return cfs_tencent_url_endpoint(text, ret_tls, ret_host);
	if (strlen(text) >= CFS_TENCENT_HOST_MAX)
		return too_long;
	snprintf(url, sizeof(url), "%s%s", https, text);
	return cfs_tencent_url_endpoint(url, ret_tls, ret_host);
}

const char *cfs_tencent_url_metadata(const char *url, char ret_host[static CFS_TENCENT_HOST_MAX])
{
	struct authority authority;
	const char *text;
	bool tls;

	text = skip_scheme(url, &tls);
	if (!text || tls || !split_authority(text, &authority) ||
		(authority.rest[0] != '\0' && strcmp(authority.rest, "/") != 0))
		return "is not http://HOST or http://HOST:PORT";
	if (!authority.local)
		return "is neither on this machine nor on its link";
	return set_host(&authority, tls, ret_host) ? NULL : too_long;
}

const char *cfs_tencent_url_page(const char *url)
{
	struct authority authority;
	size_t len = strlen(url);
	const char *text;
	bool tls;

	if (len > CFS_TENCENT_URL_MAX)
		return "is too long";
	if (!cfs_text_is_graphic(url, len, CFS_TENCENT_URL_ENDS))
		return "has blanks, quotes, angle brackets or bytes beyond ASCII";
	text = skip_scheme(url, &tls);
	if (!text)
		return "does not begin with https://";
	if (!split_authority(text, &authority))
		return "has no valid host";
	if (!tls && !authority.loopback)
		return "is http, which is for loopback hosts only: the link opens a console";
	if (url[len - 1] != '=')
		return "does not end with '=': the VNC address is appended to it";
	return NULL;
}
