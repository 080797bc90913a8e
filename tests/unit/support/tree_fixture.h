/* SPDX-License-Identifier: MIT */
/*
 * What the tests of fs/tree and fs/node share: a scripted cloud, and the nodes of the tree that shows it.
 */
#ifndef CFS_TESTS_UNIT_SUPPORT_TREE_FIXTURE_H
#define CFS_TESTS_UNIT_SUPPORT_TREE_FIXTURE_H

#include "fs/base/caller.h"
#include "fs/cloud/clouds.h"
#include "fs/node/node.h"
#include "fs/node/still.h"
#include "fs/tree/dirlist.h"
#include "tests/unit/support/fake_backend.h"

#define STILL_TTL_MS 60000

struct fixture {
	struct world *world;
	struct server *server;
	struct cfs_clouds clouds;
	struct cfs_cloud *cloud; /* its only one */
	struct cfs_nodes *nodes;
	struct cfs_mount_config config;
	struct cfs_still still;
	struct cfs_current_caller caller; /* for a runtime that is to know one */
	struct cfs_node *top;             /* the root */
	/* fixture_put's; of a file there is what a test makes. */
	struct cfs_entry *entry;
	struct cfs_node *directory, *instance, *file;
	struct cfs_dirlist *dirlists, *names; /* those that are open, and the last of them */
	struct cfs_buf text;                  /* for what a test renders */
};

/* A world without a cloud, for tests that configure it first; and its nodes. */
int fixture_set_up(void **state);

/* Makes the cloud, as it is configured by now. */
void fixture_add_cloud(struct fixture *f);

/* The instance x-1, which offers both live files, with its directory and the cloud's. */
void fixture_put(struct fixture *f);

/* A test's set_up: with the cloud. */
int fixture_set_up_cloud(void **state);

/* Likewise, and with the instance. */
int fixture_set_up_instance(void **state);

/* Ends what is still open too, as an unmount does. */
int fixture_tear_down(void **state);

#endif
