/* SPDX-License-Identifier: MIT */
/*
 * A cloud: one configured account, with its client (which makes API calls) and its catalogue (which
 * knows its instances).
 */
#ifndef CFS_FS_CLOUD_CLOUD_H
#define CFS_FS_CLOUD_CLOUD_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/client/client.h"
#include "fs/cloud/config.h"

struct cfs_catalogue;

struct cfs_cloud {
	struct cfs_cloud_config *config;
	bool owns_config; /* the config is destroyed with the cloud */
	struct cfs_client *client;
	struct cfs_catalogue *catalogue;
	uint64_t refs; /* nodes that refer to it */
	bool retired;  /* no longer configured: destroyed with its last node */
	struct cfs_cloud *next;
};

/* `runtime` and `config` are borrowed for the cloud's life, unless the caller sets owns_config
 * later. 0; -EINVAL, with a sentence in `why`; -ENOMEM. */
int cfs_cloud_create(const struct cfs_runtime *runtime, struct cfs_cloud_config *config,
	struct cfs_cloud **ret_cloud, struct cfs_buf *why);
/* No call may be in progress except those of its own catalogue and credentials, and no node may
 * refer to it. Accepts NULL. */
void cfs_cloud_destroy(struct cfs_cloud *cloud);
/* Destroys the cloud as soon as no node refers to it: now, or when the last node goes. */
void cfs_cloud_retire(struct cfs_cloud *cloud);
struct cfs_cloud *cfs_cloud_ref(struct cfs_cloud *cloud);
void cfs_cloud_unref(struct cfs_cloud *cloud);

/* Whether the cloud can wake the display of an instance. Its instances then have a file `wake`. */
bool cfs_cloud_wakes(const struct cfs_cloud *cloud);

#endif
