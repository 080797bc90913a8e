/* SPDX-License-Identifier: MIT */
/*
 * What the configuration says of one cloud: the settings of its section, each checked as it is
 * applied. One table has the settings that every cloud takes; a backend has a table of its own.
 */
#ifndef CFS_FS_CLOUD_CLOUD_CONFIG_H
#define CFS_FS_CLOUD_CLOUD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/contract/backend.h"
#include "fs/cloud/config_items.h"

/* Owned by the configuration, or by the cloud made of it. */
struct cfs_cloud_config {
	char *name;
	const struct cfs_backend *backend;
	char *profile, *endpoint, *ca_file; /* NULL when not given */
	bool insecure_http;                 /* plain http to any host, not only this one */
	char *regions[CFS_REGIONS_MAX];     /* none: the SDK's own rules */
	size_t n_regions;
	bool all_regions;                      /* those that the account may use */
	struct cfs_pair own[CFS_SETTINGS_MAX]; /* the backend's own; values owned */
	size_t n_own;
	int64_t list_ttl_ms;
	int64_t timeout_ms;
	double rate; /* calls a second, 0: what the cloud documents */
	struct cfs_cloud_config *next;
};

/* With the defaults. -ENOMEM. */
int cfs_cloud_config_create(
	const char *name, const struct cfs_backend *backend, struct cfs_cloud_config **ret_config);
void cfs_cloud_config_destroy(struct cfs_cloud_config *config);

/* Whether both say the same. */
bool cfs_cloud_config_equal(const struct cfs_cloud_config *a, const struct cfs_cloud_config *b);

/* Applies an item of the cloud's section that has a key and is one of these items. It replaces what
 * was applied before, but for the backend's own settings, which may repeat. `backend` is known
 * already, and is only checked not to be set twice. -EINVAL with a sentence in why, -ENOMEM. */
int cfs_cloud_config_apply(struct cfs_cloud_config *config, const struct cfs_config_items *items,
	const struct cfs_config_item *item, struct cfs_buf *why);

/* What a key of a cloud, of whichever backend, takes for its value. */
enum cfs_setting_kind {
	CFS_NO_SETTING,
	CFS_ONE_VALUE,
	CFS_NAMES, /* a list of names that are known from other words */
	CFS_WORDS, /* a list of any words */
};
enum cfs_setting_kind cfs_cloud_config_kind_of(const char *key, size_t len);

/* Appends for each backend a line with its name, and one for each setting of a cloud of it:
 * NAME.KEY, a tab, and what it is. Errors are those of cfs_buf_add. */
int cfs_cloud_config_list(struct cfs_buf *text);

#endif
