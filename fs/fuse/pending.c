/* SPDX-License-Identifier: MIT */
/*
 * A pending request is an operation of the tree (fs/tree/tree.h) bound to a request of the kernel.
 * While it waits it is in the mount's list. It is answered exactly once: by the first of the
 * operation's end, the kernel's interrupt, and the end of the mount.
 *
 * While a request waits it is counted as its user's, and so is the memory of what it opens (quota.h):
 * what that will be at least before anything is fetched, so that no call is made for one who has his
 * share, and what it is once it is open. From then on the open file is counted, by its user's number
 * in fi->fh, until it is released.
 *
 * An interrupt arrives from inside libfuse, which holds a lock of the request meanwhile; so it only
 * starts a timer, and the request is answered from the loop.
 */
#include "fs/fuse/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/loop.h"
#include "fs/client/runtime.h"
#include "fs/fuse/reply.h"
#include "fs/node/file.h"
#include "fs/tree/tree.h"

#define FETCH_BYTES (128 * 1024) /* of the buffer with which a fetch begins */

struct cfs_request {
	struct cfs_request *next, **link; /* link NULL: it has not waited */
	struct cfs_mount *mount;
	fuse_req_t req;
	/* Answers when the operation has succeeded. */
	void (*succeeded)(struct cfs_request *request);
	struct fuse_file_info fi;   /* of an open */
	struct cfs_node *directory; /* of a lookup */
	struct cfs_node *file;      /* of a look at a file, or an open of one */
	uid_t uid;
	uint64_t counted; /* bytes, of an open */
	bool waits;       /* and is counted for it */
	struct cfs_timer interrupt;
	struct cfs_tree_op op;
	char name[]; /* of a lookup */
};

static void destroy(struct cfs_request *request)
{
	if (request->waits)
		cfs_quota_waited(&request->mount->quota, request->uid);
	cfs_timer_stop(&request->interrupt);
	if (request->link) {
		*request->link = request->next;
		if (request->next)
			request->next->link = request->link;
	}
	free(request);
}

/* The operation has ended. */
static void answer(void *arg, int r)
{
	struct cfs_request *request = arg;

	if (r < 0) {
		cfs_quota_give(&request->mount->quota, request->uid, request->counted);
		cfs_reply_result(request->req, r);
	} else {
		request->succeeded(request);
	}
	destroy(request);
}

/* Gives up the operation, with that errno. */
static void give_up(struct cfs_request *request, int r)
{
	cfs_tree_cancel(&request->op);
	answer(request, r);
}

static void interrupted(void *arg)
{
	give_up(arg, -EINTR);
}

static void on_interrupt(fuse_req_t req, void *arg)
{
	struct cfs_request *request = arg;

	(void)req;
	cfs_timer_start(request->mount->runtime->loop, &request->interrupt, 0);
}

void cfs_pending_abandon(struct cfs_mount *mount)
{
	while (mount->requests)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): destroy takes it out of the list */
		give_up(mount->requests, -ENOTCONN);
}

/* NULL after the request was answered with ENOMEM. */
static struct cfs_request *create(
	fuse_req_t req, const char *name, void (*succeeded)(struct cfs_request *request))
{
	struct cfs_request *request = malloc(sizeof(*request) + strlen(name) + 1);

	if (!request) {
		cfs_reply_result(req, -ENOMEM);
		return NULL;
	}
	*request = (struct cfs_request){.mount = cfs_reply_mount(req),
		.req = req,
		.succeeded = succeeded,
		.uid = fuse_req_ctx(req)->uid};
	cfs_timer_init(&request->interrupt, interrupted, request);
	strcpy(request->name, name);
	return request;
}

/* The operation has been started, with that result. */
static void started(struct cfs_request *request, int r)
{
	struct cfs_mount *mount = request->mount;
	int may = r == -EINPROGRESS ? cfs_quota_wait(&mount->quota, request->uid) : 0;

	if (may < 0) {
		give_up(request, may);
		return;
	}
	if (r != -EINPROGRESS) {
		answer(request, r);
		return;
	}
	request->waits = true;
	request->next = mount->requests;
	request->link = &mount->requests;
	if (request->next)
		request->next->link = &request->next;
	mount->requests = request;
	fuse_req_interrupt_func(request->req, on_interrupt, request);
}

static void found(struct cfs_request *request)
{
	cfs_reply_entry(request->req, request->op.found);
}

/* Whether the cloud would be asked for an instance. */
static bool would_ask(const struct cfs_node *directory, const char *name)
{
	const struct cfs_cloud *cloud = directory->cloud;

	return cloud && cloud->client->backend->valid_id(name) &&
		!cfs_catalogue_find(cloud->catalogue, name);
}

void cfs_pending_lookup(fuse_req_t req, struct cfs_node *directory, const char *name)
{
	struct cfs_request *request = create(req, name, found);
	int r;

	if (!request)
		return;
	request->directory = directory;
	r = would_ask(directory, name) ? cfs_quota_may_wait(&request->mount->quota, request->uid)
				       : 0;
	if (r < 0)
		answer(request, r);
	else
		started(request,
			cfs_tree_lookup(&request->op, directory, request->name, answer, request));
}

bool cfs_pending_looks_up(const struct cfs_mount *mount, const struct cfs_node *directory)
{
	const struct cfs_request *request = mount->requests;

	while (request && request->directory != directory)
		request = request->next;
	return request != NULL;
}

static void opened_directory(struct cfs_request *request)
{
	cfs_dirlist_count(request->op.dirlist, &request->mount->quota, request->uid);
	cfs_reply_opendir(request->req, request->op.dirlist, &request->fi);
}

void cfs_pending_opendir(
	fuse_req_t req, struct cfs_node *directory, const struct fuse_file_info *fi)
{
	struct cfs_request *request = create(req, "", opened_directory);

	if (!request)
		return;
	request->fi = *fi;
	started(request,
		cfs_tree_opendir(
			&request->op, directory, &request->mount->dirlists, answer, request));
}

static void looked(struct cfs_request *request)
{
	cfs_reply_attr(request->req, request->file);
}

void cfs_pending_getattr(fuse_req_t req, struct cfs_node *node)
{
	struct cfs_request *request = create(req, "", looked);
	int r;

	if (!request)
		return;
	request->file = node;
	r = node->filled ? 0 : cfs_quota_may_wait(&request->mount->quota, request->uid);
	if (r < 0)
		answer(request, r);
	else
		started(request, cfs_tree_look(&request->op, node, answer, request));
}

/* Counts what the open file takes in place of what was counted before. */
static int settle(struct cfs_request *request)
{
	struct cfs_quota *quota = &request->mount->quota;
	uint64_t now = request->file->memory;
	int r = 0;

	if (now > request->counted)
		r = cfs_quota_take(quota, request->uid, now - request->counted);
	else
		cfs_quota_give(quota, request->uid, request->counted - now);
	if (r == 0)
		request->counted = now;
	return r;
}

static void opened(struct cfs_request *request)
{
	int r = settle(request);

	if (r < 0) {
		cfs_quota_give(&request->mount->quota, request->uid, request->counted);
		cfs_node_released(request->file);
		cfs_reply_result(request->req, r);
		return;
	}
	request->fi.fh = request->uid;
	cfs_reply_open(request->req, request->file, &request->fi);
}

/* The memory that an open needs while it is under way: a buffer for what is fetched; and of what is
 * generated all that it may become, for users who have only a share. */
static uint64_t needed(const struct cfs_request *request)
{
	const struct cfs_node *file = request->file;

	if (file->filled)
		return file->memory;
	if (file->live)
		return file->live->nominal < FETCH_BYTES ? file->live->nominal : FETCH_BYTES;
	return file->file->generator && cfs_quota_has_share(&request->mount->quota, request->uid)
		? file->file->nominal
		: 0;
}

/* Whether an open may begin, so that no call is made in vain. 0, -EBUSY or -ENOMEM. */
static int admit(struct cfs_request *request)
{
	struct cfs_quota *quota = &request->mount->quota;
	uint64_t bytes = needed(request);
	int r = 0;

	if (request->file->live && !request->file->filled)
		r = cfs_quota_may_wait(quota, request->uid);
	if (r == 0)
		r = cfs_quota_take(quota, request->uid, bytes);
	if (r == 0)
		request->counted = bytes;
	return r;
}

void cfs_pending_open(fuse_req_t req, struct cfs_node *file, const struct fuse_file_info *fi)
{
	struct cfs_request *request = create(req, "", opened);
	int r;

	if (!request)
		return;
	request->fi = *fi;
	request->file = file;
	r = admit(request);
	if (r < 0)
		answer(request, r);
	else
		started(request, cfs_tree_open(&request->op, file, answer, request));
}
