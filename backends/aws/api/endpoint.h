/* SPDX-License-Identifier: MIT */
/*
 * Where a service answers: a configured endpoint, or the one that a region's name makes.
 *
 * Source: "AWS service endpoints" in the general reference; the endpoint rule sets of botocore.
 * https, or http to a loopback host (tests, a local proxy): a signed request carries a session
 * token.
 */
#ifndef CFS_BACKENDS_AWS_API_ENDPOINT_H
#define CFS_BACKENDS_AWS_API_ENDPOINT_H

#include <stdbool.h>

#include "backends/base/buf.h"
#include "backends/http/url.h"

#define CFS_AWS_PATH_MAX 512 /* bytes of the path, NUL included */

struct cfs_aws_endpoint {
	bool tls;
	/* The value of the Host header that goes with it, exactly as an HTTP client makes it. */
	char host[CFS_HTTP_HOST_MAX];
	char path[CFS_AWS_PATH_MAX]; /* begins with '/' */
};

/* What is wrong with the URL of an endpoint, a static text; NULL if it is one. With insecure_http it
 * may be http to any host. */
const char *cfs_aws_endpoint_parse(
	const char *url, bool insecure_http, struct cfs_aws_endpoint *ret_endpoint);
/* The same for a metadata service, which may be asked over plain http wherever it is. Whether it is
 * loopback is for the caller to judge. */
const char *cfs_aws_endpoint_split(
	const char *url, struct cfs_aws_endpoint *ret_endpoint, bool *ret_loopback);

/* A service's own endpoint in a region, by the first label of its name ("ec2"), with FIPS and IPv6
 * if wanted. The region satisfies cfs_aws_endpoint_valid_region. */
void cfs_aws_endpoint_of_region(const char *service, const char *region, bool fips, bool dual_stack,
	struct cfs_aws_endpoint *ret_endpoint);

/* The same for the sign-in service, which stands beside the consoles. */
void cfs_aws_endpoint_of_signin(
	const char *region, bool fips, bool dual_stack, struct cfs_aws_endpoint *ret_endpoint);

/* Whether the text can stand in a host name where a region stands. Not whether there is such a
 * region: new ones open every year. */
bool cfs_aws_endpoint_valid_region(const char *region);

/* Appends the endpoint's URL. */
int cfs_aws_endpoint_url(const struct cfs_aws_endpoint *endpoint, struct cfs_buf *url);
/* Appends the URL of what is below the endpoint's path; `below` does not begin with '/'. */
int cfs_aws_endpoint_url_of(
	const struct cfs_aws_endpoint *endpoint, const char *below, struct cfs_buf *url);

#endif
