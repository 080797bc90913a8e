/* SPDX-License-Identifier: MIT */
#include "fs/fuse/operations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/text.h"
#include "fs/base/caller.h"
#include "fs/base/log.h"
#include "fs/client/metrics.h"
#include "fs/fuse/pending.h"
#include "fs/fuse/reply.h"
#include "fs/tree/dirlist.h"
#include "fs/tree/tree.h"
#include "fs/tree/xattr.h"

static struct cfs_node *node_of(fuse_req_t req, fuse_ino_t ino)
{
	return cfs_node_find(cfs_reply_mount(req)->nodes, ino);
}

/* Calls that are started before the next request is looked at are made for this one. */
static void remember_asker(fuse_req_t req)
{
	cfs_caller_set_current(
		cfs_reply_mount(req)->runtime->current_caller, fuse_req_ctx(req)->pid);
}

void cfs_operations_abandon(struct cfs_mount *mount)
{
	cfs_pending_abandon(mount);
	while (mount->dirlists)
		cfs_dirlist_destroy(mount->dirlists);
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct cfs_mount *mount = userdata;

	/* The content of a node never changes while it is open, so there is nothing for
	 * the kernel to revalidate at each read; and the answers are in memory already, not in a
	 * pipe. */
	conn->want &= ~(unsigned)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_SPLICE_READ |
		FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
	mount->parallel = conn->capable & FUSE_CAP_PARALLEL_DIROPS;
	conn->want |= conn->capable & FUSE_CAP_PARALLEL_DIROPS;
	mount->ready(mount->ready_arg);
}

/* Whether the process that asks is refused a live file of an instance. One that cannot be looked up
 * is not. */
static bool is_refused(
	fuse_req_t req, const struct cfs_node *of_instance, const struct cfs_live *live)
{
	const struct cfs_mount *mount = cfs_reply_mount(req);
	const struct cfs_caller *caller;
	char comm[CFS_COMM_MAX + 1];

	if (mount->config->guests.n == 0 ||
		!cfs_caller_get_current(mount->runtime->current_caller, cfs_proc_read, &caller) ||
		!cfs_guests_match(&mount->config->guests, caller))
		return false;
	cfs_text_line(comm, sizeof(comm), caller->comm, strlen(caller->comm));
	cfs_log(CFS_LOG_INFO, "%s: %s: %s refused to pid %d (%s), which `refuse` names",
		of_instance->cloud->config->name, of_instance->entry->id, live->name, caller->pid,
		comm);
	cfs_metrics_refused(mount->runtime->metrics);
	return true;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct cfs_node *directory = node_of(req, parent);
	const struct cfs_live *live;

	remember_asker(req);
	if (!directory)
		cfs_reply_result(req, -ENOENT);
	else if (cfs_layout_has_still(directory, name, &live) && is_refused(req, directory, live))
		cfs_reply_result(req, -EACCES);
	else
		cfs_pending_lookup(req, directory, name);
}

static void forget(struct cfs_mount *mount, fuse_ino_t ino, uint64_t n)
{
	struct cfs_node *node = cfs_node_find(mount->nodes, ino);

	if (node)
		cfs_node_forget(node, n);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t n)
{
	forget(cfs_reply_mount(req), ino, n);
	cfs_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		forget(cfs_reply_mount(req), forgets[i].ino, forgets[i].nlookup);
	cfs_reply_none(req);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);

	(void)fi;
	if (!node) {
		cfs_reply_result(req, -ENOENT);
	} else if (!cfs_node_is_still(node)) {
		cfs_reply_attr(req, node);
	} else {
		remember_asker(req);
		if (!node->filled && is_refused(req, node, node->live))
			cfs_reply_result(req, -EACCES);
		else
			cfs_pending_getattr(req, node);
	}
}

/* O_TRUNC and touch work on what can be written; nothing else can be changed. */
static void op_setattr(
	fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set, struct fuse_file_info *fi)
{
	const int harmless = FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME |
		FUSE_SET_ATTR_ATIME_NOW | FUSE_SET_ATTR_MTIME_NOW | FUSE_SET_ATTR_CTIME;
	struct cfs_node *node = node_of(req, ino);

	(void)attr;
	(void)fi;
	if (!node)
		cfs_reply_result(req, -ENOENT);
	else if (!cfs_tree_is_writable(node) || (to_set & ~harmless))
		cfs_reply_result(req, -EPERM);
	else
		cfs_reply_attr(req, node);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	const struct cfs_node *node = node_of(req, ino);
	char target[CFS_LAYOUT_TARGET_MAX];
	int r;

	r = node ? cfs_tree_readlink(node, target) : -ENOENT;
	if (r < 0)
		cfs_reply_result(req, r);
	else
		cfs_reply_target(req, target);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);
	int r;

	remember_asker(req);
	r = node ? cfs_tree_may_open(node, fi->flags) : -ENOENT;
	if (r == 0 && node->live && is_refused(req, node, node->live))
		r = -EACCES;
	if (r < 0) {
		cfs_reply_result(req, r);
		return;
	}
	fi->direct_io = cfs_tree_is_writable(node);
	cfs_pending_open(req, node, fi);
}

static void op_read(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);
	const char *bytes;
	size_t len;
	int r;

	(void)fi;
	r = node ? cfs_tree_read(node, (uint64_t)offset, size, &bytes, &len) : -EBADF;
	if (r < 0)
		cfs_reply_result(req, r);
	else
		cfs_reply_bytes(req, bytes, len);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size, off_t offset,
	struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);
	int r;

	(void)offset;
	(void)fi;
	r = node ? cfs_tree_write(node, bytes, size) : -EPERM;
	if (r < 0)
		cfs_reply_result(req, r);
	else
		cfs_reply_written(req, size);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);

	if (node && node->filled) {
		cfs_quota_give(&cfs_reply_mount(req)->quota, (uid_t)fi->fh, node->memory);
		cfs_node_released(node);
	}
	cfs_reply_result(req, 0);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);

	remember_asker(req);
	if (node)
		cfs_pending_opendir(req, node, fi);
	else
		cfs_reply_result(req, -ENOENT);
}

/* Adds the i-th name with its node, if that is known and its directory is given: then the kernel need not
 * look it up. Returns the bytes that it takes; where there is less room nothing is done. */
static size_t add_with_node(fuse_req_t req, struct cfs_node *directory, char *buf, size_t room,
	const struct cfs_dirlist *dirlist, size_t i)
{
	struct fuse_entry_param entry = {0}; /* node id 0: the name alone */
	const char *name = cfs_dirlist_at(dirlist, i, &entry.attr);
	size_t need = fuse_add_direntry_plus(req, NULL, 0, name, NULL, 0);
	struct cfs_node *node;

	if (need > room)
		return need;
	node = directory ? cfs_dirlist_node(dirlist, directory, i) : NULL;
	if (node && cfs_reply_describe(req, node, &entry) < 0)
		cfs_node_forget(node, 1);
	return fuse_add_direntry_plus(req, buf, room, name, &entry, (off_t)i + 1);
}

/* Answers with the names from the offset on. `plus`: in the form that has nodes too, and with them if
 * their directory is given. */
static void read_names(fuse_req_t req, bool plus, struct cfs_node *directory, size_t size,
	off_t offset, struct cfs_dirlist *dirlist)
{
	struct stat st = {0};
	size_t used = 0, need;
	const char *name;
	char *buf;
	int r;

	buf = malloc(size);
	if (!buf) {
		cfs_reply_result(req, -ENOMEM);
		return;
	}
	while ((r = cfs_dirlist_fill(dirlist, (size_t)offset)) == 0 &&
		(name = cfs_dirlist_at(dirlist, (size_t)offset, &st))) {
		if (plus)
			need = add_with_node(
				req, directory, buf + used, size - used, dirlist, (size_t)offset);
		else
			need = fuse_add_direntry(
				req, buf + used, size - used, name, &st, offset + 1);
		if (need > size - used)
			break;
		used += need;
		offset++;
	}
	/* A failure is not the end of the directory: what was added before it is told, and the
	 * kernel asks again for the rest. */
	if (r < 0 && used == 0)
		cfs_reply_result(req, r);
	else if (plus)
		cfs_reply_entries(req, buf, used);
	else
		cfs_reply_bytes(req, buf, used);
	free(buf);
}

static void op_readdir(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	(void)ino;
	read_names(req, false, NULL, size, offset, (struct cfs_dirlist *)(uintptr_t)fi->fh);
}

/* The kernel asks so for the first names of a directory, and for more as long as it uses the nodes: `ls`
 * costs no nodes, and `ls -l` no lookups.
 *
 * A node that comes so enters the kernel's cache under its name, for which the kernel waits until no lookup of
 * the name is under way: `ls` would hang on somebody else's hung lookup. So there are none meanwhile. */
static void op_readdirplus(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct cfs_node *directory = node_of(req, ino);

	if (directory && cfs_pending_looks_up(cfs_reply_mount(req), directory))
		directory = NULL;
	read_names(req, true, directory, size, offset, (struct cfs_dirlist *)(uintptr_t)fi->fh);
}

static void op_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	cfs_dirlist_destroy((struct cfs_dirlist *)(uintptr_t)fi->fh);
	cfs_reply_result(req, 0);
}

static void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	const struct cfs_node *node = node_of(req, ino);
	struct cfs_buf value = CFS_BUF_INIT(CFS_XATTRS_MAX);
	int r;

	r = node ? cfs_xattr_get(node, name, &value) : -ENOENT;
	if (r < 0)
		cfs_reply_result(req, r);
	else
		cfs_reply_xattr(req, &value, size);
	cfs_buf_finish(&value);
}

static void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	const struct cfs_node *node = node_of(req, ino);
	struct cfs_buf names = CFS_BUF_INIT(CFS_XATTRS_MAX);
	int r;

	r = node ? cfs_xattr_list(node, &names) : -ENOENT;
	if (r < 0)
		cfs_reply_result(req, r);
	else
		cfs_reply_xattr(req, &names, size);
	cfs_buf_finish(&names);
}

/* Only the clouds change the tree: every attempt to is refused. */

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t dev)
{
	(void)parent, (void)name, (void)mode, (void)dev;
	cfs_reply_result(req, -EPERM);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent, (void)name, (void)mode;
	cfs_reply_result(req, -EPERM);
}

static void op_remove(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent, (void)name;
	cfs_reply_result(req, -EPERM);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	(void)target, (void)parent, (void)name;
	cfs_reply_result(req, -EPERM);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
	const char *new_name, unsigned flags)
{
	(void)parent, (void)name, (void)new_parent, (void)new_name, (void)flags;
	cfs_reply_result(req, -EPERM);
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t new_parent, const char *new_name)
{
	(void)ino, (void)new_parent, (void)new_name;
	cfs_reply_result(req, -EPERM);
}

static void op_create(
	fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *fi)
{
	(void)parent, (void)name, (void)mode, (void)fi;
	cfs_reply_result(req, -EPERM);
}

static void op_setxattr(
	fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
{
	(void)ino, (void)name, (void)value, (void)size, (void)flags;
	cfs_reply_result(req, -EPERM);
}

static void op_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	(void)ino, (void)name;
	cfs_reply_result(req, -EPERM);
}

const struct fuse_lowlevel_ops cfs_operations = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.readlink = op_readlink,
	.open = op_open,
	.read = op_read,
	.write = op_write,
	.release = op_release,
	.opendir = op_opendir,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.releasedir = op_releasedir,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.unlink = op_remove,
	.rmdir = op_remove,
	.symlink = op_symlink,
	.rename = op_rename,
	.link = op_link,
	.create = op_create,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.setxattr = op_setxattr,
	.removexattr = op_removexattr,
};
