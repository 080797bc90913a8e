/* SPDX-License-Identifier: MIT */
#include "fs/tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/catalogue/by_name.h"
#include "fs/catalogue/catalogue.h"
#include "fs/cloud/clouds.h"
#include "fs/node/fetch.h"
#include "fs/node/file.h"
#include "fs/node/generate.h"
#include "fs/node/still.h"

/* The two steps of what is answered from a cloud's catalogue. */
struct cfs_tree_steps {
	/* Has the catalogue learn what is needed. 1: it has. 0: the wait is entered, whose result 0
	 * means to ask again. A negative errno: it cannot. */
	int (*ask)(struct cfs_tree_op *op);
	/* Takes the answer from the catalogue. Returns what the operation does. */
	int (*take)(struct cfs_tree_op *op);
};

/* Asks, and takes the answer if it is there. */
static int proceed(struct cfs_tree_op *op)
{
	int r = op->steps->ask(op);

	return r == 0 ? -EINPROGRESS : r > 0 ? op->steps->take(op) : r;
}

static int start(struct cfs_tree_op *op, const struct cfs_tree_steps *steps)
{
	int r;

	op->steps = steps;
	r = proceed(op);
	op->under_way = r == -EINPROGRESS;
	return r;
}

static void end(struct cfs_tree_op *op, int r)
{
	if (r == -EINPROGRESS)
		return;
	op->under_way = false;
	op->done(op->arg, r);
}

static void on_result(void *arg, int result)
{
	struct cfs_tree_op *op = arg;

	end(op, result == 0 ? proceed(op) : result > 0 ? op->steps->take(op) : result);
}

/* 0 or -ENOMEM. */
static int set_found(struct cfs_tree_op *op, struct cfs_node *node)
{
	op->found = node;
	return node ? 0 : -ENOMEM;
}

/* Lookup of an instance by its id. */

static int ask_instance(struct cfs_tree_op *op)
{
	struct cfs_entry *entry;

	return cfs_catalogue_lookup(
		op->node->cloud->catalogue, op->name, &op->wait, on_result, op, &entry);
}

static int take_instance(struct cfs_tree_op *op)
{
	struct cfs_cloud *cloud = op->node->cloud;
	struct cfs_entry *entry = cfs_catalogue_find(cloud->catalogue, op->name);

	if (!entry)
		return -ENOENT;
	return set_found(op,
		op->node->kind == CFS_NODE_STILL
			? cfs_node_of_still_entry(op->node->nodes, cloud, entry)
			: cfs_node_of_entry(op->node->nodes, cloud, entry));
}

/* The same in by-region/REGION. */
static int take_region_link(struct cfs_tree_op *op)
{
	struct cfs_entry *entry = cfs_catalogue_find(op->node->cloud->catalogue, op->name);

	if (!entry || entry->region != (int16_t)op->node->region)
		return -ENOENT;
	return set_found(op, cfs_node_of_link(op->node, op->name, entry));
}

/* The whole list of a cloud. */
static int ask_list(struct cfs_tree_op *op)
{
	return cfs_catalogue_list(op->node->cloud->catalogue, &op->wait, on_result, op);
}

/* Lookup in by-name. If the list does not have the name, a younger one may. */

static void on_refreshed(void *arg, int result)
{
	struct cfs_tree_op *op = arg;

	/* A refresh that failed left the list as it was. */
	(void)result;
	end(op, proceed(op));
}

static int take_name(struct cfs_tree_op *op)
{
	struct cfs_cloud *cloud = op->node->cloud;
	struct cfs_entry *entry;
	int r;

	r = cfs_catalogue_find_name(cloud->catalogue, op->name, &entry);
	if (r == 0)
		return set_found(op, cfs_node_of_link(op->node, op->name, entry));
	if (r != -ENOENT)
		return r;
	if (op->missed_ms == 0)
		op->missed_ms = cfs_clock_ms();
	r = cfs_catalogue_refresh_missed(
		cloud->catalogue, op->missed_ms, &op->wait, on_refreshed, op);
	return r == 0 ? -EINPROGRESS : r > 0 ? -ENOENT : r;
}

/* Lookup in by-region. */

static int ask_regions(struct cfs_tree_op *op)
{
	return cfs_catalogue_regions(op->node->cloud->catalogue, &op->wait, on_result, op);
}

static int take_region(struct cfs_tree_op *op)
{
	struct cfs_cloud *cloud = op->node->cloud;

	for (size_t i = 0; i < cfs_catalogue_n_regions(cloud->catalogue); i++)
		if (strcmp(cfs_catalogue_region_name(cloud->catalogue, i), op->name) == 0)
			return set_found(
				op, cfs_node_of_view(op->node->nodes, cloud, CFS_NODE_REGION, i));
	return -ENOENT;
}

static int take_dirlist(struct cfs_tree_op *op)
{
	return cfs_dirlist_create(op->node, op->dirlists, &op->dirlist);
}

static const struct cfs_tree_steps look_up_instance = {ask_instance, take_instance};
static const struct cfs_tree_steps look_up_region_link = {ask_instance, take_region_link};
static const struct cfs_tree_steps look_up_name = {ask_list, take_name};
static const struct cfs_tree_steps look_up_region = {ask_regions, take_region};
static const struct cfs_tree_steps open_list = {ask_list, take_dirlist};
static const struct cfs_tree_steps open_regions = {ask_regions, take_dirlist};

static int look_up_cloud(struct cfs_tree_op *op)
{
	struct cfs_nodes *nodes = op->node->nodes;

	for (struct cfs_cloud *cloud = cfs_nodes_clouds(nodes)->first; cloud; cloud = cloud->next)
		if (strcmp(cloud->config->name, op->name) == 0)
			return set_found(op, cfs_node_of_cloud(nodes, cloud));
	return -ENOENT;
}

/* In a cloud's directory, by-name, by-region and .still stand beside the instances. */
static int look_up_in_cloud(struct cfs_tree_op *op)
{
	struct cfs_node *node = op->node;
	enum cfs_node_kind kind;

	if (strcmp(op->name, CFS_NODE_BY_NAME_DIR) == 0)
		kind = CFS_NODE_BY_NAME;
	else if (strcmp(op->name, CFS_NODE_BY_REGION_DIR) == 0)
		kind = CFS_NODE_BY_REGION;
	else if (strcmp(op->name, CFS_NODE_STILL_DIR) == 0 && cfs_nodes_still(node->nodes))
		kind = CFS_NODE_STILL;
	else
		return start(op, &look_up_instance);
	return set_found(op, cfs_node_of_view(node->nodes, node->cloud, kind, 0));
}

int cfs_tree_lookup(struct cfs_tree_op *op, struct cfs_node *directory, const char *name,
	void (*done)(void *arg, int r), void *arg)
{
	const struct cfs_file *file;
	const struct cfs_live *live;

	*op = (struct cfs_tree_op){.node = directory, .name = name, .done = done, .arg = arg};
	if (directory->kind == CFS_NODE_FILE || directory->kind == CFS_NODE_LINK)
		return -ENOTDIR;
	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	if (cfs_layout_find(directory, name, &file, &live) == 0)
		return set_found(op, cfs_node_of_file(directory, file, live));
	switch (directory->kind) {
	case CFS_NODE_TOP:
		return look_up_cloud(op);
	case CFS_NODE_CLOUD:
		return look_up_in_cloud(op);
	case CFS_NODE_BY_NAME:
		return start(op, &look_up_name);
	case CFS_NODE_BY_REGION:
		return start(op, &look_up_region);
	case CFS_NODE_REGION:
		return start(op, &look_up_region_link);
	case CFS_NODE_STILL:
		return start(op, &look_up_instance);
	case CFS_NODE_INSTANCE:
	case CFS_NODE_FILE:
	case CFS_NODE_LINK:
		break;
	}
	return -ENOENT;
}

int cfs_tree_opendir(struct cfs_tree_op *op, struct cfs_node *directory,
	struct cfs_dirlist **dirlists, void (*done)(void *arg, int r), void *arg)
{
	*op = (struct cfs_tree_op){
		.node = directory, .dirlists = dirlists, .done = done, .arg = arg};
	switch (directory->kind) {
	case CFS_NODE_CLOUD:
	case CFS_NODE_BY_NAME:
	case CFS_NODE_REGION:
	case CFS_NODE_STILL:
		return start(op, &open_list);
	case CFS_NODE_BY_REGION:
		return start(op, &open_regions);
	case CFS_NODE_TOP:
	case CFS_NODE_INSTANCE:
		return take_dirlist(op);
	case CFS_NODE_FILE:
	case CFS_NODE_LINK:
		break;
	}
	return -ENOTDIR;
}

/* Look at a file, and open of one. */

/* An open that is counted ends with that result: it stays counted if it has succeeded. */
static void count_open(struct cfs_node *node, int result)
{
	if (result < 0)
		cfs_node_released(node);
	else if (cfs_node_is_still(node))
		cfs_still_opened(node);
}

static void on_filled(void *arg, int result)
{
	struct cfs_tree_op *op = arg;

	if (!op->looks)
		count_open(op->node, result);
	end(op, result);
}

/* 1 or a negative errno. */
static int render(struct cfs_node *node)
{
	const struct cfs_file *file = node->file;
	struct cfs_buf content =
		CFS_BUF_INIT(file->nominal ? file->nominal : CFS_FILE_RENDERED_MAX);
	int r;

	r = file->render(node, &content);
	if (r < 0) {
		cfs_buf_finish(&content);
		return r;
	}
	cfs_node_fill(node, &content, NULL);
	return 1;
}

/* 1: the node is filled. 0: the wait is entered. A negative errno: it cannot be. */
static int fill(struct cfs_tree_op *op)
{
	struct cfs_node *node = op->node;

	if (node->filled)
		return 1;
	if (cfs_node_is_still(node))
		return cfs_still_look(node, &op->wait, on_filled, op);
	if (node->live)
		return cfs_fetch(node, &op->wait, on_filled, op);
	return node->file->generator ? cfs_generate(node, &op->wait, on_filled, op) : render(node);
}

int cfs_tree_look(
	struct cfs_tree_op *op, struct cfs_node *node, void (*done)(void *arg, int r), void *arg)
{
	int r;

	*op = (struct cfs_tree_op){.node = node, .looks = true, .done = done, .arg = arg};
	if (!cfs_node_is_still(node))
		return 0;
	r = cfs_still_look(node, &op->wait, on_filled, op);
	op->under_way = r == 0;
	return r < 0 ? r : r == 0 ? -EINPROGRESS : 0;
}

int cfs_tree_open(
	struct cfs_tree_op *op, struct cfs_node *file, void (*done)(void *arg, int r), void *arg)
{
	int r;

	*op = (struct cfs_tree_op){.node = file, .done = done, .arg = arg};
	cfs_node_opened(file);
	r = fill(op);
	if (r != 0)
		count_open(file, r);
	op->under_way = r == 0;
	return r < 0 ? r : r == 0 ? -EINPROGRESS : 0;
}

void cfs_tree_cancel(struct cfs_tree_op *op)
{
	struct cfs_node *node = op->node;

	if (!op->under_way)
		return;
	op->under_way = false;
	if (op->steps) {
		cfs_wait_leave(&op->wait);
		return;
	}
	if (cfs_node_is_still(node))
		cfs_still_leave(node, &op->wait);
	else if (node->live)
		cfs_fetch_leave(node, &op->wait);
	else
		cfs_generate_leave(node, &op->wait);
	if (!op->looks)
		cfs_node_released(node);
}

bool cfs_tree_is_writable(const struct cfs_node *node)
{
	return node->kind == CFS_NODE_FILE && node->file && node->file->write;
}

int cfs_tree_may_open(const struct cfs_node *node, int flags)
{
	if (node->kind != CFS_NODE_FILE)
		return -EISDIR;
	if (((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC)) && !cfs_tree_is_writable(node))
		return -EPERM;
	return 0;
}

int cfs_tree_read(struct cfs_node *file, uint64_t offset, size_t size, const char **ret_bytes,
	size_t *ret_len)
{
	const struct cfs_buf *snapshot = &file->snapshot;
	size_t at, left;
	int r;

	if (!file->filled)
		return -EBADF;
	/* What can be written changes while it is open: it is read as it is now. */
	if (offset == 0 && cfs_tree_is_writable(file)) {
		cfs_buf_clear(&file->snapshot);
		r = file->file->render(file, &file->snapshot);
		if (r < 0)
			return r;
	}
	at = offset < snapshot->len ? (size_t)offset : snapshot->len;
	left = snapshot->len - at;
	*ret_bytes = left > 0 ? snapshot->data + at : NULL;
	*ret_len = size < left ? size : left;
	return 0;
}

int cfs_tree_write(struct cfs_node *file, const char *bytes, size_t len)
{
	return cfs_tree_is_writable(file) ? file->file->write(file, bytes, len) : -EPERM;
}

int cfs_tree_readlink(const struct cfs_node *link, char ret_target[CFS_LAYOUT_TARGET_MAX])
{
	if (link->kind != CFS_NODE_LINK)
		return -EINVAL;
	cfs_layout_target(link, ret_target);
	return 0;
}
