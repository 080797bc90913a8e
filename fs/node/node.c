/* SPDX-License-Identifier: MIT */
#include "fs/node/node.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/base/clock.h"
#include "fs/node/file.h"

#define SNAPSHOT_ROOM (128 * 1024 - 1) /* 128 KiB with the NUL: screens of today */

struct cfs_nodes {
	const struct cfs_clouds *clouds;
	struct cfs_still *still;
	bool still_everywhere;
	struct cfs_table table;  /* by id: ids count up, so their low bits are hash enough */
	struct cfs_table steady; /* by st_ino */
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

static void destroy(struct cfs_node *node)
{
	if (node->steady)
		cfs_table_remove(&node->nodes->steady, &node->by_ino);
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
	if (cfs_table_init(&nodes->table) < 0 || cfs_table_init(&nodes->steady) < 0 ||
		!add(nodes, CFS_NODE_TOP, CFS_NODE_ROOT)) {
		cfs_table_finish(&nodes->steady);
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

void cfs_nodes_set_still(struct cfs_nodes *nodes, struct cfs_still *still, bool everywhere)
{
	nodes->still = still;
	nodes->still_everywhere = everywhere;
}

struct cfs_still *cfs_nodes_still(const struct cfs_nodes *nodes)
{
	return nodes->still;
}

void cfs_nodes_destroy(struct cfs_nodes *nodes)
{
	struct cfs_link *link;
	size_t at = 0;

	if (!nodes)
		return;
	while ((link = cfs_table_take(&nodes->table, &at)))
		destroy(node_at(link));
	cfs_table_finish(&nodes->steady);
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

/* A new node that is of the same thing as `like`. */
static struct cfs_node *fresh_node(
	struct cfs_nodes *nodes, uint64_t ino, const struct cfs_node *like)
{
	struct cfs_node *node = add(nodes, like->kind, ino);

	if (!node)
		return NULL;
	node->cloud = like->cloud ? cfs_cloud_ref(like->cloud) : NULL;
	node->entry = like->entry ? cfs_entry_ref(like->entry) : NULL;
	node->region = like->region;
	node->from_region = like->from_region;
	node->in_still = like->in_still;
	node->file = like->file;
	node->live = like->live;
	return node;
}

/* The number alone does not tell: a cloud that was configured anew, or an instance that came back,
 * has that of its predecessor, whose directory may still be in use. */
static bool is_of_same(const struct cfs_node *node, const struct cfs_node *like)
{
	return node->kind == like->kind && node->cloud == like->cloud &&
		node->entry == like->entry && node->region == like->region &&
		node->from_region == like->from_region && node->in_still == like->in_still &&
		node->file == like->file && node->live == like->live;
}

/* The node of a thing that has only one, with one lookup more; a new one if the kernel knows none. */
static struct cfs_node *steady_node(
	struct cfs_nodes *nodes, uint64_t ino, const struct cfs_node *like)
{
	uint32_t hash = (uint32_t)(ino ^ ino >> 32);
	struct cfs_link *link = cfs_table_first(&nodes->steady, hash);
	struct cfs_node *node;

	for (; link; link = cfs_table_next(link)) {
		node = CFS_LINKED(link, struct cfs_node, by_ino);
		if (node->ino == ino && is_of_same(node, like)) {
			node->lookups++;
			return node;
		}
	}
	node = fresh_node(nodes, ino, like);
	if (!node)
		return NULL;
	node->steady = true;
	cfs_table_add(&nodes->steady, &node->by_ino, hash);
	return node;
}

static uint64_t cloud_ino(const struct cfs_cloud *cloud)
{
	return cfs_node_ino(CFS_NODE_ROOT, cloud->config->name);
}

static uint64_t still_ino(const struct cfs_cloud *cloud)
{
	return cfs_node_ino(cloud_ino(cloud), CFS_NODE_STILL_DIR);
}

struct cfs_node *cfs_node_of_cloud(struct cfs_nodes *nodes, struct cfs_cloud *cloud)
{
	return steady_node(nodes, cloud_ino(cloud),
		&(struct cfs_node){.kind = CFS_NODE_CLOUD, .cloud = cloud});
}

struct cfs_node *cfs_node_of_entry(
	struct cfs_nodes *nodes, struct cfs_cloud *cloud, struct cfs_entry *entry)
{
	return steady_node(nodes, cfs_node_ino(cloud_ino(cloud), entry->id),
		&(struct cfs_node){.kind = CFS_NODE_INSTANCE, .cloud = cloud, .entry = entry});
}

struct cfs_node *cfs_node_of_still_entry(
	struct cfs_nodes *nodes, struct cfs_cloud *cloud, struct cfs_entry *entry)
{
	return steady_node(nodes, cfs_node_ino(still_ino(cloud), entry->id),
		&(struct cfs_node){.kind = CFS_NODE_INSTANCE,
			.cloud = cloud,
			.entry = entry,
			.in_still = true});
}

static uint64_t view_ino(const struct cfs_cloud *cloud, enum cfs_node_kind kind, size_t region)
{
	uint64_t ino;

	if (kind == CFS_NODE_STILL)
		return still_ino(cloud);
	if (kind == CFS_NODE_BY_NAME)
		return cfs_node_ino(cloud_ino(cloud), CFS_NODE_BY_NAME_DIR);
	ino = cfs_node_ino(cloud_ino(cloud), CFS_NODE_BY_REGION_DIR);
	return kind == CFS_NODE_REGION
		? cfs_node_ino(ino, cfs_catalogue_region_name(cloud->catalogue, region))
		: ino;
}

struct cfs_node *cfs_node_of_view(
	struct cfs_nodes *nodes, struct cfs_cloud *cloud, enum cfs_node_kind kind, size_t region)
{
	return steady_node(nodes, view_ino(cloud, kind, region),
		&(struct cfs_node){.kind = kind,
			.cloud = cloud,
			.region = region,
			.in_still = kind == CFS_NODE_STILL});
}

bool cfs_node_is_still_directory(const struct cfs_node *directory)
{
	return directory->in_still || directory->nodes->still_everywhere;
}

bool cfs_node_is_still(const struct cfs_node *node)
{
	return node->steady && node->live;
}

struct cfs_node *cfs_node_of_link(
	struct cfs_node *directory, const char *name, struct cfs_entry *entry)
{
	const struct cfs_node like = {
		.kind = CFS_NODE_LINK,
		.cloud = directory->cloud,
		.entry = entry,
		.from_region = directory->kind == CFS_NODE_REGION,
	};

	return steady_node(directory->nodes, cfs_node_ino(directory->ino, name), &like);
}

struct cfs_node *cfs_node_of_file(
	struct cfs_node *directory, const struct cfs_file *file, const struct cfs_live *live)
{
	const struct cfs_node like = {
		.kind = CFS_NODE_FILE,
		.cloud = directory->cloud,
		.entry = directory->entry,
		.in_still = directory->in_still,
		.file = file,
		.live = live,
	};
	uint64_t ino = cfs_node_ino(directory->ino, file ? file->name : live->name);
	bool steady = cfs_node_is_still_directory(directory) && !(live && live->once);

	return steady ? steady_node(directory->nodes, ino, &like)
		      : fresh_node(directory->nodes, ino, &like);
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
	node->memory = node->snapshot.cap;
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

int cfs_node_trim(struct cfs_node *node)
{
	struct cfs_buf exact = CFS_BUF_INIT(node->snapshot.len);
	int r;

	r = cfs_buf_presize(&exact, node->snapshot.len);
	if (r < 0)
		return r;
	/* There is room. */
	(void)cfs_buf_add(&exact, node->snapshot.data, node->snapshot.len);
	keep_spare(node->nodes, &node->snapshot);
	cfs_buf_wipe(&node->snapshot);
	node->snapshot = exact;
	node->memory = exact.cap;
	return 0;
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
