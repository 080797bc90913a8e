/*
 * Which URLs and addresses the HTTP engine may ask: a part of it, for nobody else.
 */
#ifndef CFS_BACKENDS_HTTP_URL_H
#define CFS_BACKENDS_HTTP_URL_H

#include <stdbool.h>
#include <sys/socket.h>

/* Whether the URL may be asked at all: NULL, or why not, a static text. Sets *ret_loopback if so.
 * Where a metadata service may be asked (`direct`), a name may be one, until it is resolved. */
const char *cfs_http_url_check(const char *url, bool direct, bool *ret_loopback);
/* Not encrypted. */
bool cfs_http_url_is_plain(const char *url);

/* What a name resolved to. */
bool cfs_http_url_is_loopback(const struct sockaddr *address);
/* Where the clouds have their metadata services: IPv4 link-local (RFC 3927), IPv6 link-local, and
 * fd00:ec2::/32 of AWS. No route leads there but the host's own. */
bool cfs_http_url_is_metadata(const struct sockaddr *address);

#endif
