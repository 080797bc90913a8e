/* SPDX-License-Identifier: MIT */
#include "fs/tree/times.h"

#include "fs/base/clock.h"
#include "fs/cloud/clouds.h"
#include "fs/node/file.h"

static struct timespec present_minute(void)
{
	struct timespec now = cfs_clock_wall();

	return (struct timespec){.tv_sec = now.tv_sec - now.tv_sec % 60};
}

static struct timespec file_modified(const struct cfs_node *node)
{
	const struct cfs_file *file = node->file;

	/* What can be written changes while it is open. */
	if (node->filled && !(file && file->write))
		return node->snapshot_time;
	return file && file->changed ? file->changed(node) : present_minute();
}

/* When the set of clouds last changed. */
static int64_t top_ns(const struct cfs_node *node)
{
	const struct cfs_clouds *clouds = cfs_nodes_clouds(node->nodes);

	return clouds ? clouds->changed_ns : 0;
}

static int64_t directory_ns(const struct cfs_node *node)
{
	switch (node->kind) {
	case CFS_NODE_CLOUD:
	case CFS_NODE_STILL:
		return cfs_catalogue_instances_ns(node->cloud->catalogue);
	case CFS_NODE_BY_NAME:
		return cfs_catalogue_names_ns(node->cloud->catalogue);
	case CFS_NODE_BY_REGION:
		return cfs_catalogue_regions_ns(node->cloud->catalogue);
	case CFS_NODE_REGION:
		return cfs_catalogue_region_ns(node->cloud->catalogue, node->region);
	case CFS_NODE_INSTANCE:
	case CFS_NODE_LINK:
		return node->entry->offers_ns;
	case CFS_NODE_TOP:
	case CFS_NODE_FILE:
		break;
	}
	return top_ns(node);
}

struct timespec cfs_times_modified(const struct cfs_node *node)
{
	return node->kind == CFS_NODE_FILE ? file_modified(node)
					   : cfs_clock_from_ns(directory_ns(node));
}

struct timespec cfs_times_changed(const struct cfs_node *node)
{
	switch (node->kind) {
	case CFS_NODE_CLOUD:
	case CFS_NODE_BY_NAME:
	case CFS_NODE_BY_REGION:
	case CFS_NODE_REGION:
	case CFS_NODE_STILL:
		return cfs_clock_from_ns(cfs_catalogue_born_ns(node->cloud->catalogue));
	case CFS_NODE_INSTANCE:
		return cfs_clock_from_ns(node->entry->born_ns);
	case CFS_NODE_TOP:
	case CFS_NODE_LINK:
	case CFS_NODE_FILE:
		break;
	}
	return cfs_times_modified(node);
}
