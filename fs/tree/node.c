#include "fs/tree/node.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/base/clock.h"
#include "fs/tree/file.h"

#define SNAPSHOT_ROOM (128 * 1024 - 1) /* 128 KiB with the NUL: screens of today */

struct cfs_nodes {
	const struct cfs_clouds *clouds;
	struct cfs_table table;       /* by id: ids count up, so their low bits are hash enough */
	struct cfs_table directories; /* by st_ino */
	uint64_t last_id;
	struct cfs_nodes_open open;
	struct cfs_buf spare; /* empty, with memory for SNAPSHOT_ROOM or without any */
};

static struct cfs_node *node_at(struct cfs_link *link)
{
	return CFS_LINKED(link, struct cfs_node, by_id);
}

struct cfs_node *cfs_node_find(struct cfs_nodes *nodes, uint64_t id)
{
	struct cfs_link *link = cfs_table_first(&nodes->table, (uint32_t)id);

	while (link && node_at(link)->id != id)
		link = cfs_table_next(link);
	return link ? node_at(link) : NULL;
}

uint64_t cfs_node_ino(uint64_t directory_ino, const char *name)
{
	/* FNV-1a, which begins with the directory's number. 0 is not a valid inode, 1 is the root. */
	uint64_t hash = directory_ino ^ UINT64_C(14695981039346656037);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
	return hash > CFS_NODE_ROOT ? hash : hash + 2;
}

static struct cfs_node *add(struct cfs_nodes *nodes, enum cfs_node_kind kind, uint64_t ino)
{
	struct cfs_node *node;

	node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;
	node->id = ++nodes->last_id;
	node->lookups = 1;
	node->nodes = nodes;
	node->kind = kind;
	node->ino = ino;
	cfs_table_add(&nodes->table, &node->by_id, (uint32_t)node->id);
	return node;
}

static bool is_found_by_ino(const struct cfs_node *node)
{
	return node->kind != CFS_NODE_TOP && node->kind != CFS_NODE_FILE &&
		node->kind != CFS_NODE_LINK;
}

static void destroy(struct cfs_node *node)
{
	if (is_found_by_ino(node))
		cfs_table_remove(&node->nodes->directories, &node->by_ino);
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
	nodes->last_id = CFS_NODE_ROOT - 1;
	if (cfs_table_init(&nodes->table) < 0 || cfs_table_init(&nodes->directories) < 0 ||
		!add(nodes, CFS_NODE_TOP, CFS_NODE_ROOT)) {
		cfs_table_finish(&nodes->directories);
		cfs_table_finish(&nodes->table);
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
	struct cfs_link *link;
	size_t at = 0;

	if (!nodes)
		return;
	while ((link = cfs_table_take(&nodes->table, &at)))
		destroy(node_at(link));
	cfs_table_finish(&nodes->directories);
	cfs_table_finish(&nodes->table);
	cfs_buf_finish(&nodes->spare);
	free(nodes);
}

int cfs_nodes_buffer(struct cfs_nodes *nodes, size_t max, struct cfs_buf *ret_buf)
{
	struct cfs_buf buf = CFS_BUF_INIT(max);
	int r;

	if (nodes->spare.data && max >= SNAPSHOT_ROOM) {
		buf = nodes->spare;
		buf.max = max;
		nodes->spare = CFS_BUF_INIT(0);
	} else {
		r = cfs_buf_presize(&buf, max < SNAPSHOT_ROOM ? max : SNAPSHOT_ROOM);
		if (r < 0)
			return r;
	}
	*ret_buf = buf;
	return 0;
}

/* The node of a directory, with one lookup more; a new one if the kernel knows none. entry may be
 * NULL. */
static struct cfs_node *directory_node(struct cfs_nodes *nodes, enum cfs_node_kind kind,
	uint64_t ino, struct cfs_cloud *cloud, struct cfs_entry *entry, size_t region)
{
	uint32_t hash = (uint32_t)(ino ^ ino >> 32);
	struct cfs_link *link = cfs_table_first(&nodes->directories, hash);
	struct cfs_node *node;

	/* The number alone does not tell: a cloud that was configured anew, or an instance that
	 * came back, has that of its predecessor, whose directory may still be in use. */
	for (; link; link = cfs_table_next(link)) {
		node = CFS_LINKED(link, struct cfs_node, by_ino);
		if (node->kind == kind && node->cloud == cloud && node->entry == entry &&
			node->region == region) {
			node->lookups++;
			return node;
		}
	}
	node = add(nodes, kind, ino);
	if (!node)
		return NULL;
	node->cloud = cfs_cloud_ref(cloud);
	node->entry = entry ? cfs_entry_ref(entry) : NULL;
	node->region = region;
	cfs_table_add(&nodes->directories, &node->by_ino, hash);
	return node;
}

static uint64_t cloud_ino(const struct cfs_cloud *cloud)
{
	return cfs_node_ino(CFS_NODE_ROOT, cloud->config->name);
}

struct cfs_node *cfs_node_of_cloud(struct cfs_nodes *nodes, struct cfs_cloud *cloud)
{
	return directory_node(nodes, CFS_NODE_CLOUD, cloud_ino(cloud), cloud, NULL, 0);
}

struct cfs_node *cfs_node_of_entry(
	struct cfs_nodes *nodes, struct cfs_cloud *cloud, struct cfs_entry *entry)
{
	return directory_node(nodes, CFS_NODE_INSTANCE, cfs_node_ino(cloud_ino(cloud), entry->id),
		cloud, entry, 0);
}

struct cfs_node *cfs_node_of_view(
	struct cfs_nodes *nodes, struct cfs_cloud *cloud, enum cfs_node_kind kind, size_t region)
{
	uint64_t ino = cfs_node_ino(cloud_ino(cloud),
		kind == CFS_NODE_BY_NAME ? CFS_NODE_BY_NAME_DIR : CFS_NODE_BY_REGION_DIR);

	if (kind == CFS_NODE_REGION)
		ino = cfs_node_ino(ino, cfs_catalogue_region_name(cloud->catalogue, region));
	return directory_node(nodes, kind, ino, cloud, NULL, region);
}

struct cfs_node *cfs_node_of_link(
	struct cfs_node *directory, const char *name, struct cfs_entry *entry)
{
	struct cfs_node *node =
		add(directory->nodes, CFS_NODE_LINK, cfs_node_ino(directory->ino, name));

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
		cfs_node_ino(directory->ino, file ? file->name : live->name));

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
	if (node->id == CFS_NODE_ROOT)
		return;
	node->lookups -= n < node->lookups ? n : node->lookups;
	if (node->lookups > 0)
		return;
	cfs_table_remove(&node->nodes->table, &node->by_id);
	destroy(node);
}

void cfs_node_opened(struct cfs_node *node)
{
	node->opens++;
}

void cfs_node_fill(struct cfs_node *node, struct cfs_buf *content, struct cfs_origin *origin)
{
	node->snapshot = *content;
	*content = CFS_BUF_INIT(0);
	node->snapshot_time =
		node->file && node->file->changed ? node->file->changed(node) : cfs_clock_wall();
	node->origin = origin;
	node->filled = true;
	node->counted = node->snapshot.len;
	node->nodes->open.snapshots++;
	node->nodes->open.bytes += node->counted;
}

static void keep_spare(struct cfs_nodes *nodes, struct cfs_buf *snapshot)
{
	if (nodes->spare.data || snapshot->cap != SNAPSHOT_ROOM + 1)
		return;
	cfs_buf_wipe_held(snapshot);
	nodes->spare = *snapshot;
	*snapshot = CFS_BUF_INIT(0);
}

void cfs_node_released(struct cfs_node *node)
{
	if (--node->opens > 0 || !node->filled)
		return;
	if (node->live)
		keep_spare(node->nodes, &node->snapshot);
	/* What is rendered holds no secret, and may be large. */
	if (node->live)
		cfs_buf_wipe(&node->snapshot);
	else
		cfs_buf_finish(&node->snapshot);
	free(node->origin);
	node->origin = NULL;
	node->filled = false;
	node->nodes->open.snapshots--;
	node->nodes->open.bytes -= node->counted;
}

size_t cfs_nodes_count(const struct cfs_nodes *nodes)
{
	return nodes->table.count;
}

struct cfs_nodes_open cfs_nodes_open(const struct cfs_nodes *nodes)
{
	return nodes->open;
}
