/* SPDX-License-Identifier: MIT */
/*
 * The configuration: which clouds are mounted, and how.
 *
 * Settings are collected first, from the file and from `-o section.key=value`, and resolved
 * together: what a key means depends on its section's `backend`, which may come after it. An option
 * replaces what the file says, but for keys that may repeat. Every error says where the setting
 * stands.
 *
 * Each section is a cloud, but for [consolefs], which is about the mount.
 */
#ifndef CFS_FS_CLOUD_CONFIG_H
#define CFS_FS_CLOUD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/contract/env.h"
#include "fs/client/client_data.h"
#include "fs/cloud/cloud_config.h"
#include "fs/cloud/config_items.h"
#include "fs/cloud/guests.h"

#define CFS_CLOUDS_MAX 64

/* What [consolefs] says: a value, copied by assignment. */
struct cfs_mount_config {
	struct cfs_guests guests; /* whose opens are refused */
	int64_t still_ttl_ms;     /* for which a snapshot of a still file is held */
	uint64_t still_max;       /* bytes of all that are held */
};

struct cfs_config {
	struct cfs_config_items items;   /* as read */
	struct cfs_cloud_config *clouds; /* as resolved, in order of appearance */
	struct cfs_mount_config mount;   /* as resolved */
	bool from_file;                  /* as resolved: a file says what clouds there are */
};

void cfs_config_init(struct cfs_config *config);
void cfs_config_finish(struct cfs_config *config);

/*
 * Makes clouds of the items. Without a file, or with one that has no section but [consolefs], the
 * names of all backends are sections too.
 * -EINVAL with a sentence in why, -ENOMEM.
 */
int cfs_config_resolve(struct cfs_config *config, struct cfs_buf *why);

/* What the setting of an option, "SECTION.KEY" or "SECTION.KEY=VALUE", takes for its value. */
enum cfs_setting_kind cfs_config_kind_of(const char *option);

/* The file that is read when none is named: $CONSOLEFS_CONFIG, else the first that exists of
 * $XDG_CONFIG_HOME (or ~/.config)/consolefs/consolefs.conf and /etc/consolefs.conf. A relative
 * XDG_CONFIG_HOME is ignored, as the XDG Base Directory Specification has it. The path is absolute
 * if env has a directory. 0 with *ret_path NULL when there is none; the caller frees it. -ENOMEM. */
int cfs_config_default_path(const struct cfs_env *env, char **ret_path);

#endif
