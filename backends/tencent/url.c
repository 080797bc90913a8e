#include "backends/tencent/url.h"

#include <stdio.h>
#include <string.h>

#include "backends/text.h"

#define PORT_DIGITS_MAX 5

static const char too_long[] = "the endpoint's host name is too long";

/* The parts of an authority, within the URL. */
struct authority {
	const char *host; /* brackets of an IPv6 address included */
	size_t host_len;
	const char *port; /* NULL when there is none */
	size_t port_len;
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

static bool is_port(const char *text, size_t len)
{
	unsigned long port = 0;

	if (len < 1 || len > PORT_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (unsigned long)(text[i] - '0');
	}
	return port >= 1 && port <= 65535;
}

static bool split_authority(const char *text, struct authority *ret_authority)
{
	struct authority authority = {.host = text, .rest = text + strcspn(text, "/?#")};
	const char *end = authority.rest;

	if (text[0] == '[') {
		const char *close = memchr(text, ']', (size_t)(end - text));

		if (!close || !cfs_text_is_token(text + 1, (size_t)(close - text) - 1, 45, ":."))
			return false;
		authority.host_len = (size_t)(close - text) + 1;
	} else {
		authority.host_len = strcspn(text, ":/?#");
		if (!cfs_text_is_token(text, authority.host_len, 253, ".-"))
			return false;
	}
	if (text + authority.host_len != end) {
		authority.port = text + authority.host_len + 1;
		authority.port_len = (size_t)(end - authority.port);
		if (authority.port[-1] != ':' || !is_port(authority.port, authority.port_len))
			return false;
	}
	*ret_authority = authority;
	return true;
}

/* An IPv4 address that begins with these bytes, in its plain form: "127.evil.example" is a name. */
static bool is_within(const struct authority *authority, const char *net)
{
	return authority->host_len > strlen(net) &&
		strncmp(authority->host, net, strlen(net)) == 0 &&
		strspn(authority->host, "0123456789.") == authority->host_len;
}

static bool is_loopback(const struct authority *authority)
{
	static const char *const names[] = {"localhost", "[::1]"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (authority->host_len == strlen(names[i]) &&
			strncasecmp(authority->host, names[i], authority->host_len) == 0)
			return true;
	}
	return is_within(authority, "127.");
}

static bool is_default_port(const struct authority *authority, bool tls)
{
	const char *own = tls ? "443" : "80";

	return authority->port_len == strlen(own) &&
		memcmp(authority->port, own, authority->port_len) == 0;
}

/* Sets the value of a Host header. false when it is too long. */
static bool set_host(
	const struct authority *authority, bool tls, char ret_host[static CFS_TENCENT_HOST_MAX])
{
	size_t len = authority->host_len;

	if (authority->port && !is_default_port(authority, tls))
		len += 1 + authority->port_len;
	if (len >= CFS_TENCENT_HOST_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = authority->host[i];

		ret_host[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	ret_host[len] = '\0';
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
		return "an endpoint begins with https://";
	if (!split_authority(text, &authority))
		return "an endpoint is https://HOST or https://HOST:PORT";
	if (authority.rest[0] != '\0' && strcmp(authority.rest, "/") != 0)
		return "an endpoint has no path: the API's path is / and is signed";
	if (!tls && !is_loopback(&authority))
		return "an endpoint other than this machine takes https";
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
		return "the address of a metadata service is http://HOST or http://HOST:PORT";
	if (!is_loopback(&authority) && !is_within(&authority, "169.254."))
		return "a metadata service is on this machine or its link";
	return set_host(&authority, tls, ret_host) ? NULL : too_long;
}

const char *cfs_tencent_url_page(const char *url)
{
	struct authority authority;
	size_t len = strlen(url);
	const char *text;
	bool tls;

	if (len > CFS_TENCENT_URL_MAX)
		return "the page's URL is too long";
	for (size_t i = 0; i < len; i++) {
		if (url[i] <= ' ' || url[i] > '~' || strchr("\"'<>\\`", url[i]))
			return "a URL has no blanks, quotes, angle brackets or bytes beyond ASCII";
	}
	text = skip_scheme(url, &tls);
	if (!text)
		return "the page's URL begins with https://";
	if (!split_authority(text, &authority))
		return "the page's URL names no valid host";
	if (!tls && !is_loopback(&authority))
		return "a page on another machine takes https: the link opens a console";
	if (url[len - 1] != '=')
		return "the page's URL must end with '=': the VNC address is appended to it";
	return NULL;
}
