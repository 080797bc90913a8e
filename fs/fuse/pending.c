/*
 * A pending request is an operation of the tree (fs/tree/tree.h) bound to a request of the kernel.
 * While it waits it is in the mount's list. It is answered exactly once: by the first of the
 * operation's end, the kernel's interrupt, and the end of the mount.
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
#include "fs/tree/tree.h"

struct cfs_request {
	struct cfs_request *next, **link; /* link NULL: it has not waited */
	struct cfs_mount *mount;
	fuse_req_t req;
	/* Answers when the operation has succeeded. */
	void (*succeeded)(struct cfs_request *request);
	struct fuse_file_info fi; /* of an open */
	struct cfs_node *file;    /* of a look at a file, or an open of one */
	struct cfs_timer interrupt;
	struct cfs_tree_op op;
	char name[]; /* of a lookup */
};

static void destroy(struct cfs_request *request)
{
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

	if (r < 0)
		cfs_reply_result(request->req, r);
	else
		request->succeeded(request);
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
	*request = (struct cfs_request){
		.mount = cfs_reply_mount(req), .req = req, .succeeded = succeeded};
	cfs_timer_init(&request->interrupt, interrupted, request);
	strcpy(request->name, name);
	return request;
}

/* The operation has been started, with that result. */
static void started(struct cfs_request *request, int r)
{
	struct cfs_mount *mount = request->mount;

	if (r != -EINPROGRESS) {
		answer(request, r);
		return;
	}
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

void cfs_pending_lookup(fuse_req_t req, struct cfs_node *directory, const char *name)
{
	struct cfs_request *request = create(req, name, found);

	if (request)
		started(request,
			cfs_tree_lookup(&request->op, directory, request->name, answer, request));
}

static void opened_directory(struct cfs_request *request)
{
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

	if (!request)
		return;
	request->file = node;
	started(request, cfs_tree_look(&request->op, node, answer, request));
}

static void opened(struct cfs_request *request)
{
	cfs_reply_open(request->req, request->file, &request->fi);
}

void cfs_pending_open(fuse_req_t req, struct cfs_node *file, const struct fuse_file_info *fi)
{
	struct cfs_request *request = create(req, "", opened);

	if (!request)
		return;
	request->fi = *fi;
	request->file = file;
	started(request, cfs_tree_open(&request->op, file, answer, request));
}
