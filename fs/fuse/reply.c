/* SPDX-License-Identifier: MIT */
#include "fs/fuse/reply.h"

#include <errno.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/tree/dirlist.h"

/* Seconds for which the kernel may use what it knows of a directory or a link, and of a file. */
#define DIRECTORY_TIMEOUT 1.0
#define FILE_TIMEOUT 0.0

struct cfs_mount *cfs_reply_mount(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

void cfs_reply_result(fuse_req_t req, int r)
{
	fuse_reply_err(req, -r);
}

static double timeout_of(const struct cfs_node *node)
{
	return node->kind == CFS_NODE_FILE ? FILE_TIMEOUT : DIRECTORY_TIMEOUT;
}

int cfs_reply_describe(
	fuse_req_t req, const struct cfs_node *node, struct fuse_entry_param *ret_entry)
{
	struct fuse_entry_param entry = {.ino = node->id};
	int r;

	r = cfs_layout_stat(node, &cfs_reply_mount(req)->ownership, &entry.attr);
	if (r < 0)
		return r;
	entry.attr_timeout = entry.entry_timeout = timeout_of(node);
	*ret_entry = entry;
	return 0;
}

void cfs_reply_entry(fuse_req_t req, struct cfs_node *node)
{
	struct fuse_entry_param entry;
	int r;

	r = cfs_reply_describe(req, node, &entry);
	if (r < 0) {
		cfs_node_forget(node, 1);
		cfs_reply_result(req, r);
		return;
	}
	/* The kernel did not take the answer, so it will not forget the node. */
	if (fuse_reply_entry(req, &entry) < 0)
		cfs_node_forget(node, 1);
}

void cfs_reply_entries(fuse_req_t req, const char *entries, size_t len)
{
	struct cfs_nodes *nodes = cfs_reply_mount(req)->nodes;
	struct fuse_direntplus entry;
	struct cfs_node *node;

	if (fuse_reply_buf(req, entries, len) == 0)
		return;
	for (size_t at = 0; at < len; at += FUSE_DIRENTPLUS_SIZE(&entry)) {
		memcpy(&entry, entries + at, FUSE_NAME_OFFSET_DIRENTPLUS);
		node = cfs_node_find(nodes, entry.entry_out.nodeid);
		if (node)
			cfs_node_forget(node, 1);
	}
}

void cfs_reply_attr(fuse_req_t req, const struct cfs_node *node)
{
	struct stat st;
	int r;

	r = cfs_layout_stat(node, &cfs_reply_mount(req)->ownership, &st);
	if (r < 0)
		cfs_reply_result(req, r);
	else
		fuse_reply_attr(req, &st, timeout_of(node));
}

void cfs_reply_open(fuse_req_t req, struct cfs_node *node, struct fuse_file_info *fi)
{
	struct cfs_mount *mount = cfs_reply_mount(req);

	/* The open was interrupted while its answer was being written: no release will come. */
	if (fuse_reply_open(req, fi) < 0) {
		cfs_quota_give(&mount->quota, (uid_t)fi->fh, node->memory);
		cfs_node_released(node);
	}
}

void cfs_reply_opendir(fuse_req_t req, struct cfs_dirlist *dirlist, struct fuse_file_info *fi)
{
	fi->fh = (uintptr_t)dirlist;
	if (fuse_reply_open(req, fi) < 0)
		cfs_dirlist_destroy(dirlist);
}

void cfs_reply_bytes(fuse_req_t req, const char *bytes, size_t len)
{
	/* If it fails, whoever asked is gone, and nothing is left to do. */
	fuse_reply_buf(req, bytes, len);
}

void cfs_reply_target(fuse_req_t req, const char *target)
{
	fuse_reply_readlink(req, target);
}

void cfs_reply_xattr(fuse_req_t req, const struct cfs_buf *value, size_t size)
{
	if (size == 0)
		fuse_reply_xattr(req, value->len);
	else if (size < value->len)
		fuse_reply_err(req, ERANGE);
	else
		fuse_reply_buf(req, value->data, value->len);
}

void cfs_reply_written(fuse_req_t req, size_t len)
{
	fuse_reply_write(req, len);
}

void cfs_reply_none(fuse_req_t req)
{
	fuse_reply_none(req);
}
