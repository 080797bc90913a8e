/* SPDX-License-Identifier: MIT */
/*
 * The registry: which clouds this build can mount. Adding one adds a line in registry.c.
 */
#ifndef CFS_BACKENDS_REGISTRY_H
#define CFS_BACKENDS_REGISTRY_H

#include <stddef.h>

#include "backends/contract/backend.h"

/* The backend of that name, or NULL. */
const struct cfs_backend *cfs_backend_find(const char *name);
/* The i-th backend, or NULL past the last. */
const struct cfs_backend *cfs_backend_at(size_t i);

#endif
