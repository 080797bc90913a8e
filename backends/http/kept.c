/* SPDX-License-Identifier: MIT */
#include "backends/http/kept.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

#define FIRST_ROOM 16

struct cfs_http_kept_socket {
	int fd;
	int port; /* 0: not known yet */
	uint64_t origin;
};

/* libcurl checks each time from the first of these versions until before the second. */
#define LOOKS_SINCE 0x080000
#define LOOKS_UNTIL 0x081600

void cfs_http_kept_init(struct cfs_http_kept *kept)
{
	unsigned version = curl_version_info(CURLVERSION_NOW)->version_num;

	*kept = (struct cfs_http_kept){.checks = version < LOOKS_SINCE || version >= LOOKS_UNTIL};
}

void cfs_http_kept_finish(struct cfs_http_kept *kept)
{
	if (!kept)
		return;
	free(kept->sockets);
	*kept = (struct cfs_http_kept){0};
}

uint64_t cfs_http_kept_origin(const char *url)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	for (int slashes = 0; *url; url++) {
		slashes += *url == '/';
		if (slashes == 3)
			break;
		hash = (hash ^ (unsigned char)*url) * UINT64_C(1099511628211);
	}
	return hash;
}

int cfs_http_kept_add(struct cfs_http_kept *kept, int fd, uint64_t origin)
{
	struct cfs_http_kept_socket *sockets;
	size_t room = kept->room ? 2 * kept->room : FIRST_ROOM;

	cfs_http_kept_remove(kept, fd); /* if it was closed in some other way */
	if (kept->n == kept->room) {
		sockets = realloc(kept->sockets, room * sizeof(*sockets));
		if (!sockets)
			return -ENOMEM;
		kept->sockets = sockets;
		kept->room = room;
	}
	kept->sockets[kept->n++] = (struct cfs_http_kept_socket){.fd = fd, .origin = origin};
	return 0;
}

void cfs_http_kept_remove(struct cfs_http_kept *kept, int fd)
{
	for (size_t i = 0; i < kept->n; i++) {
		if (kept->sockets[i].fd == fd) {
			kept->sockets[i] = kept->sockets[--kept->n];
			return;
		}
	}
}

static int local_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage room;
	} address;
	socklen_t len = sizeof(address);

	memset(&address, 0, sizeof(address));
	if (getsockname(fd, &address.any, &len) < 0)
		return 0;
	if (address.any.sa_family == AF_INET)
		return ntohs(address.in.sin_port);
	return address.any.sa_family == AF_INET6 ? ntohs(address.in6.sin6_port) : 0;
}

bool cfs_http_kept_speaks(struct cfs_http_kept *kept, int port)
{
	char byte;

	if (!kept->checks)
		return false;
	for (size_t i = 0; i < kept->n; i++) {
		struct cfs_http_kept_socket *one = &kept->sockets[i];

		if (one->port == 0)
			one->port = local_port(one->fd);
		/* Two may have the same port, to different servers: then one check is wasted. */
		if (one->port == port && recv(one->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
			return true;
	}
	return false;
}

/* What can be read does not tell: it may be an answer, or the alert before the end. */
static bool is_open(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
		(info.tcpi_state == TCP_ESTABLISHED || info.tcpi_state == TCP_SYN_SENT);
}

size_t cfs_http_kept_open(const struct cfs_http_kept *kept, uint64_t origin)
{
	size_t n = 0;

	for (size_t i = 0; i < kept->n; i++)
		n += kept->sockets[i].origin == origin && is_open(kept->sockets[i].fd);
	return n;
}
