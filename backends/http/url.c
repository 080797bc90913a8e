#include "backends/http/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

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

const char *cfs_http_url_check(const char *url, bool direct, bool *ret_loopback)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} address = {0};
	const char *why = "out of memory";
	char *scheme = NULL, *host = NULL;
	CURLU *parsed = curl_url();
	bool loopback = false, metadata = direct;
	size_t len;

	if (!parsed)
		goto out;
	why = "the URL is not valid";
	if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK ||
		curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
		curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		goto out;
	len = strlen(host);
	if (strcasecmp(host, "localhost") == 0) {
		loopback = true;
	} else if (inet_pton(AF_INET, host, &address.in.sin_addr) == 1) {
		address.in.sin_family = AF_INET;
		loopback = cfs_http_url_is_loopback(&address.any);
		metadata = direct && cfs_http_url_is_metadata(&address.any);
	} else if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		if (inet_pton(AF_INET6, host + 1, &address.in6.sin6_addr) == 1)
			address.in6.sin6_family = AF_INET6;
		loopback = cfs_http_url_is_loopback(&address.any);
		metadata = direct && cfs_http_url_is_metadata(&address.any);
	}
	if (strcmp(scheme, "https") == 0)
		why = NULL;
	else if (strcmp(scheme, "http") != 0)
		why = "the URL is not one of https";
	else
		why = loopback || metadata ? NULL : "plain http is for loopback hosts only";
	*ret_loopback = loopback;
out:
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(parsed);
	return why;
}
