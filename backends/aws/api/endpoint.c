/* SPDX-License-Identifier: MIT */
#include "backends/aws/api/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "backends/aws/api/partition.h"
#include "backends/contract/backend.h"

const char *cfs_aws_endpoint_split(
	const char *url, struct cfs_aws_endpoint *ret_endpoint, bool *ret_loopback)
{
	struct cfs_aws_endpoint endpoint;
	struct cfs_http_url parts;
	const char *why = cfs_http_url_parse(url, &parts);

	if (!why && strlen(parts.rest) >= sizeof(endpoint.path))
		why = "has a path that is too long";
	if (!why)
		why = cfs_http_url_check_path(parts.rest);
	if (why)
		return why;
	endpoint.tls = parts.tls;
	memcpy(endpoint.host, parts.host, sizeof(endpoint.host));
	snprintf(endpoint.path, sizeof(endpoint.path), "%s", *parts.rest ? parts.rest : "/");
	*ret_endpoint = endpoint;
	*ret_loopback = parts.place == CFS_HTTP_LOOPBACK;
	return NULL;
}

const char *cfs_aws_endpoint_parse(
	const char *url, bool insecure_http, struct cfs_aws_endpoint *ret_endpoint)
{
	struct cfs_aws_endpoint endpoint;
	bool loopback;
	const char *why = cfs_aws_endpoint_split(url, &endpoint, &loopback);

	if (why)
		return why;
	if (!endpoint.tls && !loopback && !insecure_http)
		return "is http, which is for loopback hosts only: `insecure_http = yes` allows "
		       "others";
	*ret_endpoint = endpoint;
	return NULL;
}

void cfs_aws_endpoint_of_region(const char *service, const char *region, bool fips, bool dual_stack,
	struct cfs_aws_endpoint *ret_endpoint)
{
	const struct cfs_aws_partition *partition = cfs_aws_partition_of_region(region);

	/* Where every endpoint is a FIPS one, only those with IPv6 say so. */
	if (partition->plain_fips && !dual_stack)
		fips = false;
	*ret_endpoint = (struct cfs_aws_endpoint){.tls = true, .path = "/"};
	snprintf(ret_endpoint->host, sizeof(ret_endpoint->host), "%s%s.%s.%s", service,
		fips ? "-fips" : "", region,
		dual_stack ? partition->dual_suffix : partition->suffix);
}

void cfs_aws_endpoint_of_signin(
	const char *region, bool fips, bool dual_stack, struct cfs_aws_endpoint *ret_endpoint)
{
	const struct cfs_aws_partition *partition = cfs_aws_partition_of_region(region);
	bool plain = strcmp(region, partition->region) == 0;

	/* GovCloud's console has FIPS endpoints of its own, the first of them without a region. */
	if (dual_stack || (fips && !partition->plain_fips)) {
		cfs_aws_endpoint_of_region("signin", region, fips, dual_stack, ret_endpoint);
		return;
	}
	*ret_endpoint = (struct cfs_aws_endpoint){.tls = true, .path = "/"};
	snprintf(ret_endpoint->host, sizeof(ret_endpoint->host), "%s%ssignin%s.%s",
		fips && plain ? "" : region, fips && plain ? "" : ".", fips ? "-fips" : "",
		partition->console);
}

bool cfs_aws_endpoint_valid_region(const char *region)
{
	size_t len = strlen(region);

	return len > 0 && len < CFS_REGION_MAX && region[0] != '-' && region[len - 1] != '-' &&
		strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

int cfs_aws_endpoint_url(const struct cfs_aws_endpoint *endpoint, struct cfs_buf *url)
{
	return cfs_buf_addf(
		url, "%s://%s%s", endpoint->tls ? "https" : "http", endpoint->host, endpoint->path);
}

int cfs_aws_endpoint_url_of(
	const struct cfs_aws_endpoint *endpoint, const char *below, struct cfs_buf *url)
{
	size_t len = strlen(endpoint->path);

	cfs_aws_endpoint_url(endpoint, url);
	if (endpoint->path[len - 1] != '/')
		cfs_buf_addc(url, '/');
	cfs_buf_adds(url, below);
	return cfs_buf_error(url);
}
