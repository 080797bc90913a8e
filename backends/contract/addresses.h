/* SPDX-License-Identifier: MIT */
/*
 * Collects the addresses of one instance, which a cloud says in several places, several times, and
 * not always in the same order; and gives them to a builder once each and in one order: private,
 * public, then IPv6. In each of these the main one comes first, and others by number.
 */
#ifndef CFS_BACKENDS_CONTRACT_ADDRESSES_H
#define CFS_BACKENDS_CONTRACT_ADDRESSES_H

#include <stdbool.h>

#include "backends/base/buf.h"
#include "backends/contract/instance.h"

/* Addresses that are collected, the repeated ones counted. EC2's largest types have 15 interfaces
 * with 50 addresses each, of which each is said twice and may have a public one. */
#define CFS_ADDRESSES_SAID_MAX (4 * CFS_ADDRESSES_MAX)

enum cfs_address_kind { CFS_ADDRESS_PRIVATE, CFS_ADDRESS_PUBLIC };

struct cfs_addresses {
	struct cfs_buf all;
};

void cfs_addresses_init(struct cfs_addresses *addresses);
void cfs_addresses_finish(struct cfs_addresses *addresses);
/* Forgets what was collected, to begin the next instance with the same memory. */
void cfs_addresses_reset(struct cfs_addresses *addresses);

/* `main`: the instance's own, by which it is known, and not one of several. What is not an IP
 * address is left out, and so is what no longer fits. The kind of an IPv6 address does not matter.
 * 0 or -ENOMEM. */
int cfs_addresses_add(
	struct cfs_addresses *addresses, enum cfs_address_kind kind, bool main, const char *text);

/* Gives all to the builder. -ENOMEM. */
int cfs_addresses_build(struct cfs_addresses *addresses, struct cfs_instance_builder *builder);

#endif
