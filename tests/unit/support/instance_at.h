/* SPDX-License-Identifier: MIT */
/*
 * The texts of an instance by their numbers, which tests may count to.
 */
#ifndef CFS_TESTS_INSTANCE_AT_H
#define CFS_TESTS_INSTANCE_AT_H

#include "backends/contract/instance.h"

static inline const char *instance_address(const struct cfs_instance *instance, size_t i)
{
	const char *at = cfs_instance_addresses(instance);

	while (i-- > 0)
		cfs_instance_take(&at);
	return cfs_instance_take(&at);
}

static inline struct cfs_pair instance_tag(const struct cfs_instance *instance, size_t i)
{
	const char *at = cfs_instance_tags(instance);

	while (i-- > 0)
		cfs_instance_take_pair(&at);
	return cfs_instance_take_pair(&at);
}

static inline struct cfs_pair instance_extra(const struct cfs_instance *instance, size_t i)
{
	const char *at = cfs_instance_extras(instance);

	while (i-- > 0)
		cfs_instance_take_pair(&at);
	return cfs_instance_take_pair(&at);
}

#endif
