/*
 * The configuration: which clouds are mounted, and how.
 *
 * Settings are collected first, from the file and then from `-o section.key=value`, and resolved
 * together: what a key means depends on its section's `backend`, which may come after it. An option
 * replaces what the file says, but for keys that may repeat. Every error names where the setting
 * stands.
 *
 * The section [consolefs] is no cloud: it is about the mount.
 */
#ifndef CFS_FS_CLOUD_CONFIG_H
#define CFS_FS_CLOUD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/contract/backend.h"
#include "fs/client/client_data.h"
#include "fs/cloud/guests.h"

#define CFS_CLOUDS_MAX 64
#define CFS_CONFIG_ITEMS_MAX 4096

/* What one configuration section says. Owned by the configuration, or by the cloud made of it. */
struct cfs_cloud_config {
	char *name;
	const struct cfs_backend *backend;
	char *profile, *endpoint, *ca_file; /* NULL when not given */
	char *regions[CFS_REGIONS_MAX];     /* none: the SDK's own rules */
	size_t n_regions;
	bool all_regions;                      /* those that the account may use */
	struct cfs_pair own[CFS_SETTINGS_MAX]; /* both texts owned */
	size_t n_own;
	int64_t list_ttl_ms;
	int64_t timeout_ms;
	double rate; /* calls a second, 0: what the cloud documents */
	struct cfs_cloud_config *next;
};

void cfs_cloud_config_destroy(struct cfs_cloud_config *config);
/* Whether both say the same. */
bool cfs_cloud_config_equal(const struct cfs_cloud_config *a, const struct cfs_cloud_config *b);

struct cfs_config_item;

struct cfs_config {
	struct cfs_config_item *items, **last_item; /* as read */
	size_t n_items;
	struct cfs_cloud_config *clouds; /* as resolved, in order of appearance */
	struct cfs_guests guests;        /* as resolved: whose opens are refused */
	bool from_file;                  /* a file was read, which says what clouds there are */
};

void cfs_config_init(struct cfs_config *config);
void cfs_config_finish(struct cfs_config *config);

/* Collects a file's settings. A negative errno with a sentence in why, the file and line in it. */
int cfs_config_read(struct cfs_config *config, const char *path, const struct cfs_env *env,
	struct cfs_buf *why);

/* Collects "section.key=value". -EINVAL with a sentence in why, -ENOMEM. */
int cfs_config_option(struct cfs_config *config, const char *text, struct cfs_buf *why);

/* Collects the options that another configuration has collected. -ENOMEM. */
int cfs_config_copy_options(struct cfs_config *config, const struct cfs_config *from);

/*
 * Makes clouds of what was collected. Without a file, or with one that names no cloud but has a
 * section about the mount, the backends' own names are sections too.
 * -EINVAL with a sentence in why, -ENOMEM.
 */
int cfs_config_resolve(struct cfs_config *config, struct cfs_buf *why);

/* The file that is read when none is named: $CONSOLEFS_CONFIG, else the first that exists of
 * $XDG_CONFIG_HOME (or ~/.config)/consolefs/consolefs.conf and /etc/consolefs.conf. 0 with
 * *ret_path NULL when there is none; the caller frees it. -ENOMEM. */
int cfs_config_default_path(const struct cfs_env *env, char **ret_path);

#endif
