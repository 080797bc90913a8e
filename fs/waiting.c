/*
 * Requests that wait for a cloud: lookup of an instance that is not known, opendir of a cloud that
 * is not listed, open of a live file.
 *
 * Such a request is kept: it is in the mount's list and in the list of waits of what it waits for,
 * and it is answered exactly once, by whichever comes first of the result, the kernel's interrupt,
 * and the end of the mount.
 *
 * An interrupt arrives from inside libfuse, which holds a lock of the request meanwhile; so it only
 * starts a timer, and the request is answered from the loop.
 */
#include "fs/waiting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/catalogue.h"
#include "fs/fetch.h"
#include "fs/reply.h"

struct cfs_request {
	struct cfs_request *next, **link;
	struct cfs_mount *mount;
	fuse_req_t req;
	struct cfs_wait wait;
	struct cfs_timer interrupt;
	struct cfs_node *node; /* what it is about; the kernel keeps it meanwhile */
	struct fuse_file_info fi;
	char name[CFS_ID_MAX + 1]; /* lookup: the instance's id */
};

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
	cfs_reply_result(request->req, -EINTR);
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
	struct cfs_mount *mount = cfs_reply_mount(req);
	struct cfs_request *request;

	request = calloc(1, sizeof(*request));
	if (!request) {
		cfs_reply_result(req, -ENOMEM);
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

void cfs_waiting_abandon(struct cfs_mount *mount)
{
	while (mount->requests)
		cfs_reply_result(release_request(mount->requests), -ENOTCONN);
}

static void reply_instance(fuse_req_t req, struct cfs_cloud *cloud, struct cfs_entry *entry)
{
	cfs_reply_entry(req, cfs_node_of_entry(cfs_reply_mount(req)->nodes, cloud, entry));
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
		cfs_reply_result(req, r);
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
		cfs_reply_result(req, result < 0 ? result : -ENOENT);
}

void cfs_waiting_lookup(fuse_req_t req, struct cfs_node *directory, const char *id)
{
	struct cfs_request *request = keep(req, directory, id, NULL);

	if (request)
		look(request);
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
		cfs_reply_opendir(req, node, &fi);
	else
		cfs_reply_result(req, r);
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
		cfs_reply_opendir(req, node, &fi);
	else
		cfs_reply_result(req, result);
}

void cfs_waiting_opendir(fuse_req_t req, struct cfs_node *node, const struct fuse_file_info *fi)
{
	struct cfs_request *request = keep(req, node, NULL, fi);

	if (request)
		list(request);
}

static void fetched(void *arg, int result)
{
	struct cfs_request *request = arg;
	struct cfs_node *node = request->node;
	struct fuse_file_info fi = request->fi;
	fuse_req_t req = release_request(request);

	if (result == 0)
		cfs_reply_open(req, node, &fi);
	else
		cfs_reply_result(req, result);
}

void cfs_waiting_open(fuse_req_t req, struct cfs_node *node, const struct fuse_file_info *fi)
{
	struct cfs_request *request = keep(req, node, NULL, fi);
	int r;

	if (!request)
		return;
	r = cfs_fetch(node, &request->wait, fetched, request);
	if (r == 0)
		fuse_req_interrupt_func(req, on_interrupt, request);
	else
		cfs_reply_result(release_request(request), r);
}
