/*
 * The configured clouds, as a set that can be configured anew while it is mounted.
 */
#ifndef CFS_FS_CLOUD_CLOUDS_H
#define CFS_FS_CLOUD_CLOUDS_H

#include "fs/cloud/cloud.h"
#include "fs/cloud/config.h"

/* A search for credentials may take requests. The first time, this long is waited for what they
 * bring. */
#define CFS_CLOUDS_SETTLE_MS 5000

struct cfs_clouds {
	const struct cfs_runtime *runtime;
	struct cfs_cloud *first; /* a list, in the order of the configuration */
	bool configured;
};

/*
 * Makes the set what a resolved configuration says, and takes its clouds over. One that is
 * configured as before stays as it is; others come, or go when nothing of theirs is open any more.
 * Without a configuration file, a cloud without credentials is left out, unless none has any: then
 * the mount shows, and `status` says, where they were looked for. The first time, the loop is run
 * until every search for credentials has ended.
 *
 * -EINVAL with a sentence in why, -ENOMEM: the set is as before.
 */
int cfs_clouds_configure(struct cfs_clouds *clouds, struct cfs_config *config, struct cfs_buf *why);
/* Destroys them all. No node may refer to one. */
void cfs_clouds_finish(struct cfs_clouds *clouds);

#endif
