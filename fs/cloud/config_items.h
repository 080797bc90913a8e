/* SPDX-License-Identifier: MIT */
/*
 * The settings of a configuration as they were written, in a file and in `-o section.key=value`,
 * each with where it stands, so that a message about one can say which line or option it is.
 *
 * What they mean is for config.c to say.
 */
#ifndef CFS_FS_CLOUD_CONFIG_ITEMS_H
#define CFS_FS_CLOUD_CONFIG_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "backends/base/buf.h"
#include "backends/base/nearest.h"
#include "backends/contract/env.h"

#define CFS_CONFIG_ITEMS_MAX 4096

/* All texts are owned. */
struct cfs_config_item {
	struct cfs_config_item *next;
	char *section; /* "" before the first [section] of a file */
	char *key;     /* NULL: the section's header */
	char *value;   /* NULL: likewise */
	char *where;   /* "/etc/consolefs.conf:12" or "-o cloud.regions", one printable line */
	bool option;   /* from the command line */
};

struct cfs_config_items {
	struct cfs_config_item *first, **last; /* in the order in which they were read */
	size_t n;
	bool from_file; /* a file was read */
	char *foreign; /* who else could change the file, as cfs_owner_check has it; NULL: nobody */
	const char *directory; /* of relative paths in values; borrowed; NULL: the working one */
};

void cfs_config_items_init(struct cfs_config_items *items);
void cfs_config_items_finish(struct cfs_config_items *items);

/* Adds a file's settings. A negative errno with a sentence in why, the file and line in it. */
int cfs_config_items_read(struct cfs_config_items *items, const char *path,
	const struct cfs_env *env, struct cfs_buf *why);
/* Adds "section.key=value". -EINVAL with a sentence in why, -ENOMEM. */
int cfs_config_items_option(struct cfs_config_items *items, const char *text, struct cfs_buf *why);
/* Adds the options that are among others' items. -ENOMEM. */
int cfs_config_items_copy_options(
	struct cfs_config_items *items, const struct cfs_config_items *from);

/* The same setting before this one, of the file or of the options as this one is; or NULL. */
const struct cfs_config_item *cfs_config_items_earlier(
	const struct cfs_config_items *items, const struct cfs_config_item *item);

/*
 * Says in why what is wrong with an item, after where it stands and its section, and returns
 * -EINVAL. `what` follows the key; with a value, of which only the part that is wrong is given, it
 * follows that. `nearest` (or NULL) may suggest a word.
 *
 *     refuse        FILE:12: [cloud] regoins is not a setting (did you mean regions?)
 *     refuse_value  FILE:13: [cloud] rate: 'fast' is not a number
 */
int cfs_config_item_refuse(const struct cfs_config_item *item, const char *what,
	const struct cfs_nearest *nearest, struct cfs_buf *why);
int cfs_config_item_refuse_value(const struct cfs_config_item *item, const char *value, size_t len,
	const char *what, const struct cfs_nearest *nearest, struct cfs_buf *why);

/* An item's value as a decimal number from min to max of such units, "seconds". -EINVAL with a
 * sentence in why. */
int cfs_config_item_number(const struct cfs_config_item *item, const char *unit, double min,
	double max, double *ret_number, struct cfs_buf *why);

#endif
