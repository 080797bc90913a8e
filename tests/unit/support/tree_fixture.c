/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/tree_fixture.h"

#include <stdlib.h>

#define TEXT_BYTES_MAX (16 * 1024 * 1024)

int fixture_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->world = world_create();
	f->server = &f->world->server;
	f->clouds.runtime = &f->world->runtime;
	assert_int_equal(cfs_nodes_create(&f->nodes), 0);
	f->config = (struct cfs_mount_config){.still_ttl_ms = STILL_TTL_MS, .still_max = 1000000};
	cfs_still_init(&f->still, f->world->loop, &f->config);
	cfs_nodes_set_still(f->nodes, &f->still, false);
	f->top = cfs_node_find(f->nodes, CFS_NODE_ROOT);
	assert_non_null(f->top);
	cfs_buf_init(&f->text, TEXT_BYTES_MAX);
	*state = f;
	return 0;
}

void fixture_add_cloud(struct fixture *f)
{
	f->cloud = world_cloud(f->world);
	f->clouds.first = f->cloud;
	cfs_nodes_set_clouds(f->nodes, &f->clouds);
}

void fixture_put(struct fixture *f)
{
	f->entry = world_put(f->world, "x-1", 3);
	f->instance = cfs_node_of_entry(f->nodes, f->cloud, f->entry);
	assert_non_null(f->instance);
	f->directory = cfs_node_of_cloud(f->nodes, f->cloud);
	assert_non_null(f->directory);
}

int fixture_set_up_cloud(void **state)
{
	fixture_set_up(state);
	fixture_add_cloud(*state);
	return 0;
}

int fixture_set_up_instance(void **state)
{
	fixture_set_up_cloud(state);
	fixture_put(*state);
	return 0;
}

int fixture_tear_down(void **state)
{
	struct fixture *f = *state;

	while (f->dirlists)
		cfs_dirlist_destroy(f->dirlists);
	cfs_still_finish(&f->still);
	assert_int_equal(f->still.bytes, 0);
	cfs_nodes_destroy(f->nodes);
	cfs_buf_finish(&f->text);
	world_destroy(f->world);
	free(f);
	return 0;
}
