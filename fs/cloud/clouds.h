/* SPDX-License-Identifier: MIT */
/*
 * The set of clouds that are mounted, which can be configured again while it is mounted.
 */
#ifndef CFS_FS_CLOUD_CLOUDS_H
#define CFS_FS_CLOUD_CLOUDS_H

#include "fs/cloud/cloud.h"
#include "fs/cloud/config.h"

/* How long the first configuration waits for searches for credentials, which may need requests. */
#define CFS_CLOUDS_CREDENTIALS_MS 5000

struct cfs_clouds {
	const struct cfs_runtime *runtime;
	struct cfs_cloud *first; /* a list, in the order of the configuration */
	bool configured;
	int64_t changed_ns; /* when a cloud last came or went, in nanoseconds since the epoch */
};

/*
 * Changes the set to the clouds of a resolved configuration, and takes ownership of their structs.
 * A cloud whose configuration has not changed stays as it is, new ones are created, and the others
 * are removed as soon as none of their files is open. Without a configuration file, a cloud without
 * credentials is left out, unless no cloud has any: then all are mounted, and `status` says where
 * credentials were looked for. The first call runs the loop until all searches for credentials have
 * ended.
 *
 * On -EINVAL (with a sentence in `why`) and -ENOMEM the set is unchanged.
 */
int cfs_clouds_configure(struct cfs_clouds *clouds, struct cfs_config *config, struct cfs_buf *why);
/* Destroys all clouds. No node may refer to one. */
void cfs_clouds_finish(struct cfs_clouds *clouds);

#endif
