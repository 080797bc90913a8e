/* SPDX-License-Identifier: MIT */
/*
 * Parses http and https URLs, with libcurl's own parser behind it, since libcurl sends the request.
 *
 * libcurl is lenient: "http:/x", "https://a%2Eb", "http://127.1" and "https://a:" are URLs to it. A
 * URL that people configure and that is signed must satisfy RFC 3986 first (cfs_http_url_parse):
 * then its Host header is known beforehand, and the host is the one it looks like. The engine only
 * checks that a URL is allowed (cfs_http_url_check).
 */
#ifndef CFS_BACKENDS_HTTP_URL_H
#define CFS_BACKENDS_HTTP_URL_H

#include <stdbool.h>

struct sockaddr;

#define CFS_HTTP_NAME_MAX 253 /* bytes of a host's name (RFC 1035, without the last dot) */
#define CFS_HTTP_HOST_MAX 264 /* bytes of "host:port", NUL included */

/* Where a host is, as far as its name or address tells. */
enum cfs_http_place {
	CFS_HTTP_NAMED,     /* a name: wherever it resolves to */
	CFS_HTTP_LOOPBACK,  /* localhost, 127.0.0.0/8 or ::1 */
	CFS_HTTP_METADATA,  /* an address where clouds have metadata services */
	CFS_HTTP_ELSEWHERE, /* another address */
};

struct cfs_http_url {
	bool tls;
	enum cfs_http_place place;
	/* The value of the Host header that goes with it, as libcurl makes it: a literal IPv6
	 * address in brackets, no port that is the scheme's own. In lower case. */
	char host[CFS_HTTP_HOST_MAX];
	const char *rest; /* in the text: path, query and fragment as given, "" if there are none */
};

/*
 * Takes a URL apart: http:// or https://, a host name or an address in its usual form, perhaps a
 * port from 1 to 65535, no user name. Returns NULL, or what is wrong with it as a static text that
 * follows the URL's name ("has no host").
 */
const char *cfs_http_url_parse(const char *text, struct cfs_http_url *ret_url);

/* Checks that the rest of a URL is only a path, which client and server read the same way. Returns
 * NULL, or what is wrong, as above. "" is valid. */
const char *cfs_http_url_check_path(const char *rest);

/* For the engine: whether a request may be sent there. Returns NULL and sets *ret_loopback, or why
 * not, a static text. With `direct`, which allows metadata services, a name is allowed until it is
 * resolved; with `insecure`, plain http is allowed to any host. */
const char *cfs_http_url_check(const char *url, bool direct, bool insecure, bool *ret_loopback);
/* Not encrypted. */
bool cfs_http_url_is_plain(const char *url);

/* What a name resolved to. */
bool cfs_http_url_is_loopback(const struct sockaddr *address);
/* Where the clouds have their metadata services: IPv4 link-local (RFC 3927), IPv6 link-local, and
 * fd00:ec2::/32 of AWS. No route leads there but the host's own. */
bool cfs_http_url_is_metadata(const struct sockaddr *address);

#endif
