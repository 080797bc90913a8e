#include "backends/aws/api/endpoint.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backends/aws/api/partition.h"
#include "backends/base/text.h"
#include "backends/contract/backend.h"

#define DNS_NAME_MAX 253
#define DNS_LABEL_MAX 63

struct authority {
	char host[CFS_AWS_HOST_MAX]; /* without brackets */
	bool ipv6;
	bool loopback;
	uint16_t port; /* 0: none given */
};

/* Whether a host name of bounded, lower-case labels; its numeric forms are those of inet_pton. */
static bool check_name(const char *host, bool *ret_loopback)
{
	const char *label = host;
	struct in_addr in;
	size_t len;

	for (;; label += len + 1) {
		len = strcspn(label, ".");
		if (len == 0 || len > DNS_LABEL_MAX)
			return false;
		if (label[len] == '\0')
			break;
	}
	*ret_loopback = strcmp(host, "localhost") == 0;
	/* "127.1" and "0x7f.1" are addresses to some and names to others. */
	if (*label >= '0' && *label <= '9') {
		if (inet_pton(AF_INET, host, &in) != 1)
			return false;
		*ret_loopback = ntohl(in.s_addr) >> 24 == 127;
	}
	return true;
}

static const char *parse_host(const char *text, size_t len, struct authority *authority)
{
	struct in6_addr in6;

	if (len == 0)
		return "has no host";
	if (len > DNS_NAME_MAX)
		return "has a host name that is too long";
	for (size_t i = 0; i < len; i++)
		authority->host[i] =
			text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
	authority->host[len] = '\0';
	if (authority->ipv6) {
		if (inet_pton(AF_INET6, authority->host, &in6) != 1 ||
			!inet_ntop(AF_INET6, &in6, authority->host, sizeof(authority->host)))
			return "has no valid IPv6 address";
		authority->loopback = IN6_IS_ADDR_LOOPBACK(&in6);
		return NULL;
	}
	if (!cfs_text_is_token(authority->host, len, DNS_NAME_MAX, "-._") ||
		!check_name(authority->host, &authority->loopback))
		return "has no valid host name";
	return NULL;
}

static const char *parse_authority(const char *text, size_t len, struct authority *authority)
{
	const char *end = text + len, *host = text, *host_end, *port;
	unsigned long number;

	if (memchr(text, '@', len))
		return "holds a user name";
	if (len > 0 && *text == '[') {
		authority->ipv6 = true;
		host++;
		host_end = memchr(host, ']', (size_t)(end - host));
		if (!host_end)
			return "has no valid IPv6 address";
		port = host_end + 1;
	} else {
		host_end = memchr(host, ':', len);
		if (!host_end)
			host_end = end;
		port = host_end;
	}
	if (port < end) {
		size_t digits = (size_t)(end - port) - 1;

		if (*port != ':' || digits == 0 || digits > 5 ||
			strspn(port + 1, "0123456789") < digits)
			return "has no valid port";
		number = strtoul(port + 1, NULL, 10);
		if (number == 0 || number > UINT16_MAX)
			return "has no valid port";
		authority->port = (uint16_t)number;
	}
	return parse_host(host, (size_t)(host_end - host), authority);
}

/* A path that a client sends as it stands and a server reads the same way. */
static const char *check_path(const char *path)
{
	size_t len = strlen(path);

	if (len >= CFS_AWS_PATH_MAX)
		return "has a path that is too long";
	if (strpbrk(path, "?#"))
		return "has a query or a fragment";
	if (len > 0 && !cfs_text_is_token(path, len, CFS_AWS_PATH_MAX, "-._~/%!$&'()*+,;=:@"))
		return "has a path with a byte that must be percent-encoded";
	for (const char *at = path; *at == '/';) {
		size_t segment = strcspn(++at, "/");

		if ((segment == 1 && at[0] == '.') ||
			(segment == 2 && at[0] == '.' && at[1] == '.') ||
			(segment == 0 && *at == '/'))
			return "has a path with an empty or dotted segment";
		at += segment;
	}
	return NULL;
}

const char *cfs_aws_endpoint_split(
	const char *url, struct cfs_aws_endpoint *ret_endpoint, bool *ret_loopback)
{
	struct cfs_aws_endpoint endpoint = {0};
	struct authority authority = {0};
	const char *path, *why;
	char port[sizeof(":65535")] = "";

	if (strncasecmp(url, "https://", 8) == 0) {
		endpoint.tls = true;
		url += 8;
	} else if (strncasecmp(url, "http://", 7) == 0) {
		url += 7;
	} else {
		return "does not begin with https://";
	}
	path = url + strcspn(url, "/?#");
	why = parse_authority(url, (size_t)(path - url), &authority);
	if (!why)
		why = check_path(path);
	if (why)
		return why;
	if (authority.port != 0 && authority.port != (endpoint.tls ? 443 : 80))
		snprintf(port, sizeof(port), ":%u", authority.port);
	snprintf(endpoint.host, sizeof(endpoint.host), authority.ipv6 ? "[%.253s]%s" : "%.253s%s",
		authority.host, port);
	snprintf(endpoint.path, sizeof(endpoint.path), "%s", *path ? path : "/");
	*ret_endpoint = endpoint;
	*ret_loopback = authority.loopback;
	return NULL;
}

const char *cfs_aws_endpoint_parse(const char *url, struct cfs_aws_endpoint *ret_endpoint)
{
	struct cfs_aws_endpoint endpoint;
	bool loopback;
	const char *why = cfs_aws_endpoint_split(url, &endpoint, &loopback);

	if (why)
		return why;
	if (!endpoint.tls && !loopback)
		return "is http, which is for loopback hosts only";
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
	int r = cfs_aws_endpoint_url(endpoint, url);

	if (r == 0 && endpoint->path[len - 1] != '/')
		r = cfs_buf_addc(url, '/');
	return r < 0 ? r : cfs_buf_adds(url, below);
}
