#include "fs/node.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/clock.h"
#include "fs/tree.h"

#define FIRST_BUCKETS 256 /* a power of two, as every later size */

struct cfs_nodes {
	const struct cfs_clouds *clouds;
	struct cfs_node **buckets;
	size_t n_buckets, count;
	uint64_t last_id;
	struct cfs_nodes_open open;
};

/* Ids count up, so their low bits are spread as evenly as they can be. */
static struct cfs_node **slot(const struct cfs_nodes *nodes, uint64_t id)
{
	return &nodes->buckets[id & (nodes->n_buckets - 1)];
}

struct cfs_node *cfs_node_find(struct cfs_nodes *nodes, uint64_t id)
{
	struct cfs_node *node;

	for (node = *slot(nodes, id); node && node->id != id; node = node->next)
		;
	return node;
}

/* Doubles the table when it is full. Without memory it stays as it is: slower, not wrong. */
static void grow(struct cfs_nodes *nodes)
{
	struct cfs_node **old = nodes->buckets, *node;
	size_t i, n = nodes->n_buckets;

	if (nodes->count < n)
		return;
	nodes->buckets = calloc(n * 2, sizeof(struct cfs_node *));
	if (!nodes->buckets) {
		nodes->buckets = old;
		return;
	}
	nodes->n_buckets = n * 2;
	for (i = 0; i < n; i++) {
		while ((node = old[i])) {
			old[i] = node->next;
			node->next = *slot(nodes, node->id);
			*slot(nodes, node->id) = node;
		}
	}
	free(old);
}

static struct cfs_node *add(struct cfs_nodes *nodes, enum cfs_node_kind kind, uint64_t ino)
{
	struct cfs_node *node;

	grow(nodes);
	node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;
	node->id = ++nodes->last_id;
	node->lookups = 1;
	node->nodes = nodes;
	node->kind = kind;
	node->ino = ino;
	node->born = cfs_clock_wall();
	node->next = *slot(nodes, node->id);
	*slot(nodes, node->id) = node;
	nodes->count++;
	return node;
}

static void destroy(struct cfs_node *node)
{
	struct cfs_node **at;

	if (node->kind == CFS_NODE_CLOUD)
		node->cloud->node = NULL;
	if (node->kind == CFS_NODE_INSTANCE)
		node->entry->node = NULL;
	for (at = node->cloud ? &node->cloud->views : NULL; at && *at; at = &(*at)->next_view) {
		if (*at == node) {
			*at = node->next_view;
			break;
		}
	}
	cfs_entry_unref(node->entry);
	cfs_cloud_unref(node->cloud);
	cfs_buf_wipe(&node->snapshot);
	free(node->origin);
	free(node);
}

int cfs_nodes_create(struct cfs_nodes **ret_nodes)
{
	struct cfs_nodes *nodes;

	nodes = calloc(1, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	nodes->n_buckets = FIRST_BUCKETS;
	nodes->buckets = calloc(nodes->n_buckets, sizeof(struct cfs_node *));
	nodes->last_id = CFS_NODE_ROOT - 1;
	if (!nodes->buckets || !add(nodes, CFS_NODE_TOP, CFS_NODE_ROOT)) {
		free(nodes->buckets);
		free(nodes);
		return -ENOMEM;
	}
	*ret_nodes = nodes;
	return 0;
}

void cfs_nodes_set_clouds(struct cfs_nodes *nodes, const struct cfs_clouds *clouds)
{
	nodes->clouds = clouds;
}

const struct cfs_clouds *cfs_nodes_clouds(const struct cfs_nodes *nodes)
{
	return nodes->clouds;
}

void cfs_nodes_destroy(struct cfs_nodes *nodes)
{
	struct cfs_node *node;
	size_t i;

	if (!nodes)
		return;
	for (i = 0; i < nodes->n_buckets; i++) {
		while ((node = nodes->buckets[i])) {
			nodes->buckets[i] = node->next;
			destroy(node);
		}
	}
	free(nodes->buckets);
	free(nodes);
}

static uint64_t cloud_ino(const struct cfs_cloud *cloud)
{
	return cfs_tree_ino(CFS_NODE_ROOT, cloud->config->name);
}

struct cfs_node *cfs_node_of_cloud(struct cfs_nodes *nodes, struct cfs_cloud *cloud)
{
	if (cloud->node) {
		cloud->node->lookups++;
		return cloud->node;
	}
	cloud->node = add(nodes, CFS_NODE_CLOUD, cloud_ino(cloud));
	if (cloud->node)
		cloud->node->cloud = cfs_cloud_ref(cloud);
	return cloud->node;
}

struct cfs_node *cfs_node_of_entry(
	struct cfs_nodes *nodes, struct cfs_cloud *cloud, struct cfs_entry *entry)
{
	if (entry->node) {
		entry->node->lookups++;
		return entry->node;
	}
	entry->node = add(nodes, CFS_NODE_INSTANCE, cfs_tree_ino(cloud_ino(cloud), entry->id));
	if (entry->node) {
		entry->node->cloud = cfs_cloud_ref(cloud);
		entry->node->entry = cfs_entry_ref(entry);
	}
	return entry->node;
}

static uint64_t view_ino(const struct cfs_cloud *cloud, enum cfs_node_kind kind, size_t region)
{
	uint64_t ino = cfs_tree_ino(
		cloud_ino(cloud), kind == CFS_NODE_BY_NAME ? CFS_TREE_BY_NAME : CFS_TREE_BY_REGION);

	if (kind == CFS_NODE_REGION)
		ino = cfs_tree_ino(ino, cfs_catalogue_region_name(cloud->catalogue, region));
	return ino;
}

struct cfs_node *cfs_node_of_view(
	struct cfs_nodes *nodes, struct cfs_cloud *cloud, enum cfs_node_kind kind, size_t region)
{
	struct cfs_node *node;

	for (node = cloud->views; node; node = node->next_view) {
		if (node->kind == kind && node->region == region) {
			node->lookups++;
			return node;
		}
	}
	node = add(nodes, kind, view_ino(cloud, kind, region));
	if (!node)
		return NULL;
	node->cloud = cfs_cloud_ref(cloud);
	node->region = region;
	node->next_view = cloud->views;
	cloud->views = node;
	return node;
}

struct cfs_node *cfs_node_of_link(
	struct cfs_node *directory, const char *name, struct cfs_entry *entry)
{
	struct cfs_node *node =
		add(directory->nodes, CFS_NODE_LINK, cfs_tree_ino(directory->ino, name));

	if (!node)
		return NULL;
	node->cloud = cfs_cloud_ref(directory->cloud);
	node->entry = cfs_entry_ref(entry);
	node->from_region = directory->kind == CFS_NODE_REGION;
	return node;
}

struct cfs_node *cfs_node_of_file(
	struct cfs_node *directory, const struct cfs_file *file, const struct cfs_live *live)
{
	struct cfs_node *node = add(directory->nodes, CFS_NODE_FILE,
		cfs_tree_ino(directory->ino, file ? file->name : live->name));

	if (!node)
		return NULL;
	node->cloud = directory->cloud ? cfs_cloud_ref(directory->cloud) : NULL;
	node->entry = directory->entry ? cfs_entry_ref(directory->entry) : NULL;
	node->file = file;
	node->live = live;
	return node;
}

void cfs_node_forget(struct cfs_node *node, uint64_t n)
{
	struct cfs_node **at;

	if (node->id == CFS_NODE_ROOT)
		return;
	node->lookups -= n < node->lookups ? n : node->lookups;
	if (node->lookups > 0)
		return;
	for (at = slot(node->nodes, node->id); *at != node; at = &(*at)->next)
		;
	*at = node->next;
	node->nodes->count--;
	destroy(node);
}

void cfs_node_opened(struct cfs_node *node)
{
	if (node->opens++ > 0)
		return;
	node->counted = node->snapshot.len;
	node->nodes->open.snapshots++;
	node->nodes->open.bytes += node->counted;
}

void cfs_node_released(struct cfs_node *node)
{
	if (--node->opens > 0)
		return;
	cfs_buf_wipe(&node->snapshot);
	free(node->origin);
	node->origin = NULL;
	node->nodes->open.snapshots--;
	node->nodes->open.bytes -= node->counted;
}

size_t cfs_nodes_count(const struct cfs_nodes *nodes)
{
	return nodes->count;
}

struct cfs_nodes_open cfs_nodes_open(const struct cfs_nodes *nodes)
{
	return nodes->open;
}
