/* SPDX-License-Identifier: MIT */
#include "backends/registry.h"

#include <string.h>

#include "backends/aws/aws.h"
#include "backends/tencent/tencent.h"

/* In the order in which they are mounted when no configuration says which. */
static const struct cfs_backend *const backends[] = {
	&cfs_aws_backend,
	&cfs_tencent_backend,
};

#define N_BACKENDS (sizeof(backends) / sizeof(backends[0]))

const struct cfs_backend *cfs_backend_at(size_t i)
{
	return i < N_BACKENDS ? backends[i] : NULL;
}

const struct cfs_backend *cfs_backend_find(const char *name)
{
	for (size_t i = 0; i < N_BACKENDS; i++) {
		if (strcmp(backends[i]->name, name) == 0)
			return backends[i];
	}
	return NULL;
}
