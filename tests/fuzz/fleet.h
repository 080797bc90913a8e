/* SPDX-License-Identifier: MIT */
/*
 * A cloud and its catalogue, filled by hand: no loop, no network, no keys.
 */
#ifndef CFS_FUZZ_FLEET_H
#define CFS_FUZZ_FLEET_H

#include "fs/catalogue/catalogue.h"
#include "fs/cloud/clouds.h"
#include "fs/node/node.h"
#include "tests/fuzz/fuzz.h"

struct fuzz_fleet {
	struct cfs_runtime runtime;
	struct cfs_cloud_config config;
	struct cfs_client client;
	struct cfs_cloud cloud;
	struct cfs_clouds clouds;
	struct cfs_nodes *nodes;
};

/* In place. With one region, "us-east-1". */
void fuzz_fleet_init(struct fuzz_fleet *fleet, const struct cfs_backend *backend);
/* No node may be known but the root. */
void fuzz_fleet_finish(struct fuzz_fleet *fleet);

/* The builder's instance enters as if it had been listed. */
struct cfs_entry *fuzz_fleet_put(
	struct fuzz_fleet *fleet, const struct cfs_instance_builder *builder, uint32_t offers);

/* Sets a field to a text. */
void fuzz_set(struct cfs_instance_builder *builder, enum cfs_field field, const char *text);

#endif
