/*
 * FUSE operations.
 *
 * Most are answered at once. Three may have to wait for a cloud: lookup of an instance that is not
 * known, opendir of a cloud that is not listed, open of a live file. Such a request is kept as a
 * cfs_request: it is in the mount's list and in the list of waits of what it waits for, and it is
 * answered exactly once, by whichever comes first of the result, the kernel's interrupt, and the
 * end of the mount.
 *
 * An interrupt arrives from inside libfuse, which holds a lock of the request meanwhile; so it only
 * starts a timer, and the request is answered from the loop.
 */
#include "fs/operations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/catalogue.h"
#include "fs/clock.h"
#include "fs/fetch.h"
#include "fs/names.h"

/* Seconds for which the kernel may trust what it knows of a directory. Nothing it knows of a file.
 */
#define DIRECTORY_TIMEOUT 1.0
#define FILE_TIMEOUT 0.0

struct cfs_request {
	struct cfs_request *next, **link;
	struct cfs_mount *mount;
	fuse_req_t req;
	struct cfs_wait wait;
	struct cfs_timer interrupt;
	struct cfs_node
		*node; /* the directory or file it is about; the kernel keeps it meanwhile */
	struct fuse_file_info fi;
	char name[CFS_ID_MAX + 1]; /* lookup: the instance's id */
};

static struct cfs_mount *mount_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static struct cfs_node *node_of(fuse_req_t req, fuse_ino_t ino)
{
	return cfs_node_find(mount_of(req)->nodes, ino);
}

/* Answers with a negative errno, or with success where that needs no more. */
static void reply_result(fuse_req_t req, int r)
{
	fuse_reply_err(req, -r);
}

static void leave(struct cfs_request *request)
{
	cfs_timer_stop(&request->interrupt);
	if (request->node->kind == CFS_NODE_FILE)
		cfs_fetch_leave(request->node, &request->wait);
	else
		cfs_wait_leave(&request->wait);
	*request->link = request->next;
	if (request->next)
		request->next->link = request->link;
}

static void interrupted(void *arg)
{
	struct cfs_request *request = arg;

	leave(request);
	reply_result(request->req, -EINTR);
	free(request);
}

static void on_interrupt(fuse_req_t req, void *arg)
{
	struct cfs_request *request = arg;

	(void)req;
	cfs_timer_start(request->mount->machine->loop, &request->interrupt, 0);
}

/* A request that is about to wait, or NULL after it was answered with ENOMEM. */
static struct cfs_request *keep(
	fuse_req_t req, struct cfs_node *node, const char *name, const struct fuse_file_info *fi)
{
	struct cfs_mount *mount = mount_of(req);
	struct cfs_request *request;

	request = calloc(1, sizeof(*request));
	if (!request) {
		reply_result(req, -ENOMEM);
		return NULL;
	}
	request->mount = mount;
	request->req = req;
	request->node = node;
	if (name)
		strncpy(request->name, name, CFS_ID_MAX);
	if (fi)
		request->fi = *fi;
	cfs_timer_init(&request->interrupt, interrupted, request);
	request->next = mount->requests;
	request->link = &mount->requests;
	if (request->next)
		request->next->link = &request->next;
	mount->requests = request;
	return request;
}

/* Ends the keeping of a request whose result has come; the caller answers. */
static fuse_req_t release_request(struct cfs_request *request)
{
	fuse_req_t req = request->req;

	leave(request);
	free(request);
	return req;
}

void cfs_operations_abandon(struct cfs_mount *mount)
{
	while (mount->requests)
		reply_result(release_request(mount->requests), -ENOTCONN);
	while (mount->names)
		cfs_names_destroy(mount->names);
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

/* Answers a lookup with a node that was looked up for it, or gives the node back. */
static void reply_entry(fuse_req_t req, struct cfs_node *node)
{
	struct cfs_mount *mount = mount_of(req);
	struct fuse_entry_param entry = {0};
	double timeout;
	int r;

	if (!node) {
		reply_result(req, -ENOMEM);
		return;
	}
	r = cfs_tree_stat(node, &mount->ownership, &entry.attr);
	if (r < 0) {
		cfs_node_forget(node, 1);
		reply_result(req, r);
		return;
	}
	timeout = node->kind == CFS_NODE_FILE ? FILE_TIMEOUT : DIRECTORY_TIMEOUT;
	entry.ino = node->id;
	entry.attr_timeout = entry.entry_timeout = timeout;
	/* The kernel did not take the answer: it will not forget it either. */
	if (fuse_reply_entry(req, &entry) < 0)
		cfs_node_forget(node, 1);
}

static void reply_instance(fuse_req_t req, struct cfs_cloud *cloud, struct cfs_entry *entry)
{
	reply_entry(req, cfs_node_of_entry(mount_of(req)->nodes, cloud, entry));
}

static void instance_known(void *arg, int result);

/* Looks for the instance that a kept request names, and answers, or lets it wait. */
static void look(struct cfs_request *request)
{
	struct cfs_cloud *cloud = request->node->cloud;
	struct cfs_entry *entry = NULL;
	fuse_req_t req = request->req;
	int r;

	r = cfs_catalogue_look(
		cloud->catalogue, request->name, &request->wait, instance_known, request, &entry);
	if (r == 0) {
		fuse_req_interrupt_func(req, on_interrupt, request);
		return;
	}
	release_request(request);
	if (r == 1)
		reply_instance(req, cloud, entry);
	else
		reply_result(req, r);
}

static void instance_known(void *arg, int result)
{
	struct cfs_request *request = arg;
	struct cfs_cloud *cloud = request->node->cloud;
	struct cfs_entry *entry;
	fuse_req_t req;

	if (result == 0) {
		look(request);
		return;
	}
	entry = cfs_catalogue_find(cloud->catalogue, request->name);
	req = release_request(request);
	if (result == 1 && entry)
		reply_instance(req, cloud, entry);
	else
		reply_result(req, result < 0 ? result : -ENOENT);
}

static struct cfs_cloud *find_cloud(struct cfs_mount *mount, const char *name)
{
	struct cfs_cloud *cloud;

	for (cloud = mount->clouds->first; cloud; cloud = cloud->next)
		if (strcmp(cloud->config->name, name) == 0)
			return cloud;
	return NULL;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct cfs_mount *mount = mount_of(req);
	struct cfs_node *directory = node_of(req, parent);
	const struct cfs_file *file;
	const struct cfs_live *live;
	struct cfs_request *request;
	struct cfs_cloud *cloud;

	if (!directory)
		reply_result(req, -ENOENT);
	else if (cfs_tree_find(directory, name, &file, &live) == 0)
		reply_entry(req, cfs_node_of_file(directory, file, live));
	else if (directory->kind == CFS_NODE_TOP && (cloud = find_cloud(mount, name)))
		reply_entry(req, cfs_node_of_cloud(mount->nodes, cloud));
	else if (directory->kind == CFS_NODE_CLOUD && strlen(name) <= CFS_ID_MAX) {
		request = keep(req, directory, name, NULL);
		if (request)
			look(request);
	} else
		reply_result(req, -ENOENT);
}

static void forget(struct cfs_mount *mount, fuse_ino_t ino, uint64_t n)
{
	struct cfs_node *node = cfs_node_find(mount->nodes, ino);

	if (node)
		cfs_node_forget(node, n);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t n)
{
	forget(mount_of(req), ino, n);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	size_t i;

	for (i = 0; i < count; i++)
		forget(mount_of(req), forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}

static void reply_attr(fuse_req_t req, const struct cfs_node *node)
{
	struct stat st;
	int r;

	r = cfs_tree_stat(node, &mount_of(req)->ownership, &st);
	if (r < 0)
		reply_result(req, r);
	else
		fuse_reply_attr(
			req, &st, node->kind == CFS_NODE_FILE ? FILE_TIMEOUT : DIRECTORY_TIMEOUT);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);

	(void)fi;
	if (node)
		reply_attr(req, node);
	else
		reply_result(req, -ENOENT);
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
		reply_result(req, -ENOENT);
	else if (!writable(node) || (to_set & ~harmless))
		reply_result(req, -EPERM);
	else
		reply_attr(req, node);
}

/* Answers an open of a node whose snapshot is there, and counts it. */
static void reply_open(fuse_req_t req, struct cfs_node *node, struct fuse_file_info *fi)
{
	cfs_node_opened(node);
	/* The open was interrupted when its answer was under way already: no release will come. */
	if (fuse_reply_open(req, fi) < 0)
		cfs_node_released(node);
}

static void fetched(void *arg, int result)
{
	struct cfs_request *request = arg;
	struct cfs_node *node = request->node;
	struct fuse_file_info fi = request->fi;
	fuse_req_t req = release_request(request);

	if (result == 0)
		reply_open(req, node, &fi);
	else
		reply_result(req, result);
}

static int render(struct cfs_node *node)
{
	int r;

	cfs_buf_init(&node->snapshot, CFS_RENDERED_MAX);
	r = node->file->render(node, &node->snapshot);
	node->snapshot_time = cfs_clock_wall();
	if (r < 0)
		cfs_buf_finish(&node->snapshot);
	return r;
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);
	struct cfs_request *request;
	int r = 0;

	if (!node || node->kind != CFS_NODE_FILE) {
		reply_result(req, node ? -EISDIR : -ENOENT);
		return;
	}
	if (!writable(node) && ((fi->flags & O_ACCMODE) != O_RDONLY || (fi->flags & O_TRUNC))) {
		reply_result(req, -EPERM);
		return;
	}
	fi->direct_io = writable(node);
	if (node->live && node->opens == 0) {
		request = keep(req, node, NULL, fi);
		if (!request)
			return;
		r = cfs_fetch(node, &request->wait, fetched, request);
		if (r == 0)
			fuse_req_interrupt_func(req, on_interrupt, request);
		else
			reply_result(release_request(request), r);
		return;
	}
	if (node->file && node->opens == 0)
		r = render(node);
	if (r < 0)
		reply_result(req, r);
	else
		reply_open(req, node, fi);
}

static void op_read(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);
	size_t len, at;
	int r = 0;

	(void)fi;
	if (!node || node->opens == 0) {
		reply_result(req, -EBADF);
		return;
	}
	/* What can be written changes under an open: its readers see it as it is now. */
	if (writable(node) && offset == 0) {
		cfs_buf_clear(&node->snapshot);
		r = node->file->render(node, &node->snapshot);
	}
	if (r < 0) {
		reply_result(req, r);
		return;
	}
	len = node->snapshot.len;
	at = (uint64_t)offset < len ? (size_t)offset : len;
	fuse_reply_buf(
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
		reply_result(req, r);
	else
		fuse_reply_write(req, size);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);

	(void)fi;
	if (node && node->opens > 0)
		cfs_node_released(node);
	reply_result(req, 0);
}

static void reply_opendir(fuse_req_t req, struct cfs_node *node, struct fuse_file_info *fi)
{
	struct cfs_mount *mount = mount_of(req);
	struct cfs_names *names;
	int r;

	r = cfs_names_create(node, mount->clouds->first, &mount->names, &names);
	if (r < 0) {
		reply_result(req, r);
		return;
	}
	fi->fh = (uintptr_t)names;
	if (fuse_reply_open(req, fi) < 0)
		cfs_names_destroy(names);
}

static void listed(void *arg, int result);

/* Wants the list of the cloud that a kept request opens, and answers, or lets it wait. */
static void list(struct cfs_request *request)
{
	struct cfs_node *node = request->node;
	struct fuse_file_info fi = request->fi;
	fuse_req_t req = request->req;
	int r;

	r = cfs_catalogue_list(node->cloud->catalogue, &request->wait, listed, request);
	if (r == 0) {
		fuse_req_interrupt_func(req, on_interrupt, request);
		return;
	}
	release_request(request);
	if (r == 1)
		reply_opendir(req, node, &fi);
	else
		reply_result(req, r);
}

static void listed(void *arg, int result)
{
	struct cfs_request *request = arg;
	struct cfs_node *node = request->node;
	struct fuse_file_info fi = request->fi;
	fuse_req_t req;

	if (result == 0) {
		list(request);
		return;
	}
	req = release_request(request);
	if (result == 1)
		reply_opendir(req, node, &fi);
	else
		reply_result(req, result);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct cfs_node *node = node_of(req, ino);
	struct cfs_request *request;

	if (!node) {
		reply_result(req, -ENOENT);
	} else if (node->kind != CFS_NODE_CLOUD) {
		reply_opendir(req, node, fi);
	} else {
		request = keep(req, node, NULL, fi);
		if (request)
			list(request);
	}
}

static void op_readdir(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	const struct cfs_names *names = (const struct cfs_names *)(uintptr_t)fi->fh;
	struct stat st = {0};
	size_t used = 0, need;
	const char *name;
	char *buf;

	(void)ino;
	buf = malloc(size);
	if (!buf) {
		reply_result(req, -ENOMEM);
		return;
	}
	while ((name = cfs_names_at(names, (size_t)offset, &st))) {
		need = fuse_add_direntry(req, buf + used, size - used, name, &st, offset + 1);
		if (need > size - used)
			break;
		used += need;
		offset++;
	}
	fuse_reply_buf(req, buf, used);
	free(buf);
}

static void op_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	cfs_names_destroy((struct cfs_names *)(uintptr_t)fi->fh);
	reply_result(req, 0);
}

/* The tree is the clouds' to change: one refusal for every way of trying. */

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t dev)
{
	(void)parent, (void)name, (void)mode, (void)dev;
	reply_result(req, -EPERM);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent, (void)name, (void)mode;
	reply_result(req, -EPERM);
}

static void op_remove(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent, (void)name;
	reply_result(req, -EPERM);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	(void)target, (void)parent, (void)name;
	reply_result(req, -EPERM);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
	const char *new_name, unsigned flags)
{
	(void)parent, (void)name, (void)new_parent, (void)new_name, (void)flags;
	reply_result(req, -EPERM);
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t new_parent, const char *new_name)
{
	(void)ino, (void)new_parent, (void)new_name;
	reply_result(req, -EPERM);
}

static void op_create(
	fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *fi)
{
	(void)parent, (void)name, (void)mode, (void)fi;
	reply_result(req, -EPERM);
}

const struct fuse_lowlevel_ops cfs_operations = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.setattr = op_setattr,
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
};
