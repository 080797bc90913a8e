/* SPDX-License-Identifier: MIT */
/*
 * The demo, `consolefs --demo`: simulated clouds, one of each backend that tells how, started for
 * the mount and ended with it.
 */
#ifndef CFS_FS_PROGRAM_DEMO_H
#define CFS_FS_PROGRAM_DEMO_H

#include "fs/cloud/config_items.h"

struct cfs_demo;

/* Starts consolefs-sim, found beside this program or in PATH, and waits until it answers. A
 * negative errno with a sentence in why. */
int cfs_demo_start(struct cfs_demo **ret_demo, struct cfs_buf *why);
/* Where the demo's credentials come from: nothing of the user's own is read. Lives as long as the
 * demo. */
const struct cfs_env *cfs_demo_env(const struct cfs_demo *demo);
/* Ends the simulator and removes its files. */
void cfs_demo_stop(struct cfs_demo *demo);

/* Adds the settings of its clouds, as if they were options. -EINVAL with a sentence in why,
 * -ENOMEM. */
int cfs_demo_configure(
	const struct cfs_demo *demo, struct cfs_config_items *items, struct cfs_buf *why);
/* Prints what to try, to stdout. A negative errno. */
int cfs_demo_explain(const struct cfs_demo *demo, const char *mountpoint);

#endif
