/* SPDX-License-Identifier: MIT */
#include "backends/contract/addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* In the order in which they are shown. */
enum group { PRIVATE, PUBLIC, IPV6 };

struct address {
	uint8_t bytes[sizeof(struct in6_addr)]; /* of IPv4 the first four, the others are 0 */
	uint8_t family;                         /* 4, 6 */
	uint8_t rank;                           /* by group, the main one before others */
};

_Static_assert(sizeof(struct address) == sizeof(struct in6_addr) + 2, "no bytes between");

void cfs_addresses_init(struct cfs_addresses *addresses)
{
	cfs_buf_init(&addresses->all, CFS_ADDRESSES_SAID_MAX * sizeof(struct address));
}

void cfs_addresses_finish(struct cfs_addresses *addresses)
{
	cfs_buf_finish(&addresses->all);
}

void cfs_addresses_reset(struct cfs_addresses *addresses)
{
	cfs_buf_clear(&addresses->all);
}

int cfs_addresses_add(
	struct cfs_addresses *addresses, enum cfs_address_kind kind, bool main, const char *text)
{
	struct address address = {.family = 4};
	enum group group = kind == CFS_ADDRESS_PRIVATE ? PRIVATE : PUBLIC;
	int r;

	if (inet_pton(AF_INET, text, address.bytes) != 1) {
		if (inet_pton(AF_INET6, text, address.bytes) != 1)
			return 0;
		address.family = 6;
		group = IPV6;
	}
	address.rank = (uint8_t)(2 * group + !main);
	r = cfs_buf_add(&addresses->all, &address, sizeof(address));
	return r == -EFBIG ? 0 : r;
}

/* The same address side by side, by its best rank. */
static int by_address(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct address));
}

static int by_rank(const void *a, const void *b)
{
	const struct address *one = a, *other = b;

	if (one->rank != other->rank)
		return one->rank < other->rank ? -1 : 1;
	return by_address(a, b);
}

static bool is_same(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* inet_ntop would spend more time on it than all else here takes. */
static void print_ipv4(const uint8_t *bytes, char ret_text[static INET_ADDRSTRLEN])
{
	for (size_t i = 0; i < sizeof(struct in_addr); i++) {
		uint8_t byte = bytes[i];

		if (byte >= 100)
			*ret_text++ = (char)('0' + byte / 100);
		if (byte >= 10)
			*ret_text++ = (char)('0' + byte / 10 % 10);
		*ret_text++ = (char)('0' + byte % 10);
		*ret_text++ = i < 3 ? '.' : '\0';
	}
}

int cfs_addresses_build(struct cfs_addresses *addresses, struct cfs_instance_builder *builder)
{
	struct address *all = (struct address *)(void *)addresses->all.data;
	size_t n = addresses->all.len / sizeof(*all), kept = 0;
	char text[INET6_ADDRSTRLEN];
	int r = 0;

	if (n == 0)
		return 0;
	qsort(all, n, sizeof(*all), by_address);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || !is_same(&all[i], &all[kept - 1]))
			all[kept++] = all[i];
	}
	qsort(all, kept, sizeof(*all), by_rank);
	for (size_t i = 0; r == 0 && i < kept; i++) {
		if (all[i].family == 4)
			print_ipv4(all[i].bytes, text);
		else
			inet_ntop(AF_INET6, all[i].bytes, text, sizeof(text));
		r = cfs_instance_builder_add_address(builder, text, strlen(text));
	}
	return r;
}
