#include "fs/fuse/operations.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/text.h"
#include "fs/base/caller.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/client/metrics.h"
#include "fs/fuse/dirlist.h"
#include "fs/fuse/pending.h"
#include "fs/fuse/reply.h"
#include "fs/tree/file.h"
#include "fs/tree/xattr.h"

static struct cfs_node *node_of(fuse_req_t req, fuse_ino_t ino)
{
	return cfs_node_find(cfs_reply_mount(req)->nodes, ino);
}

/* Calls that are begun before the next request is looked at are begun for this one. */
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

	/* A file's node is its own and its content never changes under it, so there is nothing for
	 * the kernel to revalidate at each read; and the answers are in memory already, not in a
	 * pipe. */
	conn->want &= ~(unsigned)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_SPLICE_READ |
		FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE | FUSE_CAP_READDIRPLUS);
	mount->parallel = conn->capable & FUSE_CAP_PARALLEL_DIROPS;
	conn->want |= conn->capable & FUSE_CAP_PARALLEL_DIROPS;
	mount->ready(mount->ready_arg);
}

static struct cfs_cloud *find_cloud(struct cfs_mount *mount, const char *name)
{
	struct cfs_cloud *cloud;

	for (cloud = mount->clouds->first; cloud; cloud = cloud->next)
		if (strcmp(cloud->config->name, name) == 0)
			return cloud;
	return NULL;
}

/* Whether what a directory shows comes from a catalogue. */
static bool is_listed(const struct cfs_node *directory)
{
	return directory->kind == CFS_NODE_CLOUD || directory->kind == CFS_NODE_BY_NAME ||
		directory->kind == CFS_NODE_BY_REGION || directory->kind == CFS_NODE_REGION;
}

/* The directories that stand in a cloud's beside its instances. */
static bool is_view(
	const struct cfs_node *directory, const char *name, enum cfs_node_kind *ret_kind)
{
	if (directory->kind != CFS_NODE_CLOUD)
		return false;
	if (strcmp(name, CFS_NODE_BY_NAME_DIR) == 0)
		*ret_kind = CFS_NODE_BY_NAME;
	else if (strcmp(name, CFS_NODE_BY_REGION_DIR) == 0)
		*ret_kind = CFS_NODE_BY_REGION;
	else
		return false;
	return true;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct cfs_mount *mount = cfs_reply_mount(req);
	struct cfs_node *directory = node_of(req, parent);
	const struct cfs_file *file;
	const struct cfs_live *live;
	struct cfs_cloud *cloud;
	enum cfs_node_kind view;

	remember_asker(req);
	if (!directory)
		cfs_reply_result(req, -ENOENT);
	else if (strlen(name) > NAME_MAX)
		cfs_reply_result(req, -ENAMETOOLONG);
	else if (cfs_layout_find(directory, name, &file, &live) == 0)
		cfs_reply_entry(req, cfs_node_of_file(directory, file, live));
	else if (is_view(directory, name, &view))
		cfs_reply_entry(req, cfs_node_of_view(mount->nodes, directory->cloud, view, 0));
	else if (is_listed(directory))
		cfs_pending_lookup(req, directory, name);
	else if (directory->kind == CFS_NODE_TOP && (cloud = find_cloud(mount, name)))
		cfs_reply_entry(req, cfs_node_of_cloud(mount->nodes, cloud));
	else
		cfs_reply_result(req, -ENOENT);
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
	size_t i;

	for (i = 0; i < count; i++)
		forget(cfs_reply_mount(req), forgets[i].ino, forgets[i].nlookup);
	cfs_reply_none(req);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);

	(void)fi;
	if (node)
		cfs_reply_attr(req, node);
	else
		cfs_reply_result(req, -ENOENT);
}

static bool writable(const struct cfs_node *node)
{
	return node->kind == CFS_NODE_FILE && node->file && node->file->write;
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
	else if (!writable(node) || (to_set & ~harmless))
		cfs_reply_result(req, -EPERM);
	else
		cfs_reply_attr(req, node);
}

static int render(struct cfs_node *node)
{
	int r;

	cfs_buf_init(
		&node->snapshot, node->file->nominal ? node->file->nominal : CFS_FILE_RENDERED_MAX);
	r = node->file->render(node, &node->snapshot);
	node->snapshot_time = cfs_clock_wall();
	if (r < 0)
		cfs_buf_finish(&node->snapshot);
	return r;
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct cfs_node *node = node_of(req, ino);
	char target[CFS_LAYOUT_TARGET_MAX];

	if (!node || node->kind != CFS_NODE_LINK) {
		cfs_reply_result(req, node ? -EINVAL : -ENOENT);
		return;
	}
	cfs_layout_target(node, target);
	cfs_reply_target(req, target);
}

/* Whether an open of a live file is refused to whoever asks. Who cannot be looked up is let
 * through. */
static bool is_refused(fuse_req_t req, const struct cfs_node *node)
{
	const struct cfs_mount *mount = cfs_reply_mount(req);
	const struct cfs_caller *caller;
	char comm[CFS_COMM_MAX + 1];

	if (mount->guests->n == 0 ||
		!cfs_caller_get_current(mount->runtime->current_caller, cfs_proc_read, &caller) ||
		!cfs_guests_match(mount->guests, caller))
		return false;
	cfs_text_line(comm, sizeof(comm), caller->comm, strlen(caller->comm));
	cfs_log(CFS_LOG_INFO, "%s: %s: %s refused to pid %d (%s), which `refuse` names",
		node->cloud->config->name, node->entry->id, node->live->name, caller->pid, comm);
	cfs_metrics_refused(mount->runtime->metrics);
	return true;
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);
	int r = 0;

	if (!node || node->kind != CFS_NODE_FILE) {
		cfs_reply_result(req, node ? -EISDIR : -ENOENT);
		return;
	}
	if (!writable(node) && ((fi->flags & O_ACCMODE) != O_RDONLY || (fi->flags & O_TRUNC))) {
		cfs_reply_result(req, -EPERM);
		return;
	}
	remember_asker(req);
	if (node->live && is_refused(req, node)) {
		cfs_reply_result(req, -EACCES);
		return;
	}
	fi->direct_io = writable(node);
	if ((node->live || node->file->generator) && node->opens == 0) {
		cfs_pending_open(req, node, fi);
		return;
	}
	if (node->file && node->opens == 0)
		r = render(node);
	if (r < 0)
		cfs_reply_result(req, r);
	else
		cfs_reply_open(req, node, fi);
}

static void op_read(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);
	size_t len, at;
	int r = 0;

	(void)fi;
	if (!node || node->opens == 0) {
		cfs_reply_result(req, -EBADF);
		return;
	}
	/* What can be written changes under an open: its readers see it as it is now. */
	if (writable(node) && offset == 0) {
		cfs_buf_clear(&node->snapshot);
		r = node->file->render(node, &node->snapshot);
	}
	if (r < 0) {
		cfs_reply_result(req, r);
		return;
	}
	len = node->snapshot.len;
	at = (uint64_t)offset < len ? (size_t)offset : len;
	cfs_reply_bytes(
		req, len > at ? node->snapshot.data + at : NULL, size < len - at ? size : len - at);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size, off_t offset,
	struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);
	int r;

	(void)offset;
	(void)fi;
	r = node && writable(node) ? node->file->write(node, bytes, size) : -EPERM;
	if (r < 0)
		cfs_reply_result(req, r);
	else
		cfs_reply_written(req, size);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);

	(void)fi;
	if (node && node->opens > 0)
		cfs_node_released(node);
	cfs_reply_result(req, 0);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);

	remember_asker(req);
	if (!node)
		cfs_reply_result(req, -ENOENT);
	else if (is_listed(node))
		cfs_pending_opendir(req, node, fi);
	else
		cfs_reply_opendir(req, node, fi);
}

static void op_readdir(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct cfs_dirlist *dirlist = (struct cfs_dirlist *)(uintptr_t)fi->fh;
	struct stat st = {0};
	size_t used = 0, need;
	const char *name;
	char *buf;
	int r;

	(void)ino;
	buf = malloc(size);
	if (!buf) {
		cfs_reply_result(req, -ENOMEM);
		return;
	}
	while ((r = cfs_dirlist_fill(dirlist, (size_t)offset)) == 0 &&
		(name = cfs_dirlist_at(dirlist, (size_t)offset, &st))) {
		need = fuse_add_direntry(req, buf + used, size - used, name, &st, offset + 1);
		if (need > size - used)
			break;
		used += need;
		offset++;
	}
	/* What could not be had is no end of the directory: it is asked for again behind the rest.
	 */
	if (r < 0 && used == 0)
		cfs_reply_result(req, r);
	else
		cfs_reply_bytes(req, buf, used);
	free(buf);
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

/* The tree is the clouds' to change: one refusal for every way of trying. */

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
