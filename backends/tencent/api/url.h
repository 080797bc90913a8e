/* SPDX-License-Identifier: MIT */
/*
 * The URLs a user may configure: the API's endpoint and the VNC page.
 *
 * https, or http to a loopback host (tests, a local proxy): a signed request, or a link that opens
 * a console, must not cross a network in the clear.
 */
#ifndef CFS_BACKENDS_TENCENT_API_URL_H
#define CFS_BACKENDS_TENCENT_API_URL_H

#include <stdbool.h>

#include "backends/http/url.h"

#define CFS_TENCENT_URL_MAX 2048
/* What ends a URL wherever one is written: a mail, a shell, a page. */
#define CFS_TENCENT_URL_ENDS "\"'<>\\`"

/*
 * What is wrong with an endpoint, a static text that follows its name ("has no host"); NULL if
 * nothing is. An endpoint is a scheme, a host and perhaps a port: the signature fixes the path to
 * "/". It is http only to a loopback host, or with insecure_http. *ret_host is the value of the Host header that goes with it: in lower case, and without a
 * port that is the scheme's own.
 */
const char *cfs_tencent_url_endpoint(const char *text, bool insecure_http, bool *ret_tls,
	char ret_host[static CFS_HTTP_HOST_MAX]);

/* The same, and a host without a scheme, which is one of https. */
const char *cfs_tencent_url_host(const char *text, bool insecure_http, bool *ret_tls,
	char ret_host[static CFS_HTTP_HOST_MAX]);

/* What is wrong with the address of a metadata service, a static text; NULL if it is one: http://,
 * and an address of this host or of its link (169.254.0.0/16), which nobody else can answer for. */
const char *cfs_tencent_url_metadata(const char *text, char ret_host[static CFS_HTTP_HOST_MAX]);

/* What is wrong with a page that a value is appended to, a static text; NULL if it is one. */
const char *cfs_tencent_url_page(const char *text);

#endif
