/*
 * Requests that wait for a cloud: lookup of an instance that is not known, by its id or its name;
 * opendir of a cloud that is not listed, or of its views; open of a live file. And those that wait
 * for what is made here, but not in one turn of the loop: open of a large rendered file.
 *
 * Such a request is kept: it is in the mount's list and in the list of waits of what it waits for,
 * and it is answered exactly once, by whichever comes first of the result, the kernel's interrupt,
 * and the end of the mount.
 *
 * An interrupt arrives from inside libfuse, which holds a lock of the request meanwhile; so it only
 * starts a timer, and the request is answered from the loop.
 */
#include "fs/fuse/pending.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/base/loop.h"
#include "fs/catalogue/by_name.h"
#include "fs/catalogue/catalogue.h"
#include "fs/fuse/reply.h"
#include "fs/tree/fetch.h"
#include "fs/tree/file.h"

struct cfs_request {
	struct cfs_request *next, **link;
	struct cfs_mount *mount;
	fuse_req_t req;
	struct cfs_wait wait;
	struct cfs_timer interrupt;
	struct cfs_node *node; /* what it is about; the kernel keeps it meanwhile */
	struct fuse_file_info fi;
	const struct errand *errand;
	char name[NAME_MAX + 1]; /* lookup: what is looked up */
	int64_t missed_ms;       /* lookup in by-name: since when it is missed, 0: it is not */
	void *generator;         /* open of what is made in steps: as far as it is */
	struct cfs_buf made;
	struct cfs_timer next_step;
};

/* What a request wants, and what is done when it has it. */
struct errand {
	/* 1: it is there. 0: the wait is entered, whose result 0 means to want again. A negative
	 * errno is the answer. */
	int (*want)(struct cfs_request *request);
	/* Answers, from what the request holds; it is kept no longer. */
	void (*answer)(fuse_req_t req, const struct cfs_request *request);
};

static void leave(struct cfs_request *request)
{
	const struct cfs_node *node = request->node;

	cfs_timer_stop(&request->interrupt);
	cfs_timer_stop(&request->next_step);
	if (node->live)
		cfs_fetch_leave(request->node, &request->wait);
	else
		cfs_wait_leave(&request->wait);
	if (request->generator)
		node->file->generator->end(request->generator);
	cfs_buf_finish(&request->made);
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
	cfs_timer_start(request->mount->runtime->loop, &request->interrupt, 0);
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
		strncpy(request->name, name, NAME_MAX);
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

void cfs_pending_abandon(struct cfs_mount *mount)
{
	while (mount->requests)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): leave took it out of the list */
		cfs_reply_result(release_request(mount->requests), -ENOTCONN);
}

static void proceed(struct cfs_request *request);

static void on_result(void *arg, int result)
{
	struct cfs_request *request = arg;
	struct cfs_request done = *request;

	if (result == 0) {
		proceed(request);
		return;
	}
	release_request(request);
	if (result < 0)
		cfs_reply_result(done.req, result);
	else
		done.errand->answer(done.req, &done);
}

static void proceed(struct cfs_request *request)
{
	fuse_req_t req = request->req;
	int r = request->errand->want(request);

	if (r == 0)
		fuse_req_interrupt_func(req, on_interrupt, request);
	else
		on_result(request, r);
}

static void run(fuse_req_t req, struct cfs_node *node, const char *name,
	const struct fuse_file_info *fi, const struct errand *errand)
{
	struct cfs_request *request = keep(req, node, name, fi);

	if (!request)
		return;
	request->errand = errand;
	proceed(request);
}

/* Lookup of an instance by its id. */

static int want_instance(struct cfs_request *request)
{
	struct cfs_entry *entry;

	return cfs_catalogue_look(request->node->cloud->catalogue, request->name, &request->wait,
		on_result, request, &entry);
}

static void answer_instance(fuse_req_t req, const struct cfs_request *request)
{
	struct cfs_cloud *cloud = request->node->cloud;
	struct cfs_entry *entry = cfs_catalogue_find(cloud->catalogue, request->name);

	if (entry)
		cfs_reply_entry(req, cfs_node_of_entry(request->mount->nodes, cloud, entry));
	else
		cfs_reply_result(req, -ENOENT);
}

/* The same in by-region/REGION. */
static void answer_region_link(fuse_req_t req, const struct cfs_request *request)
{
	struct cfs_entry *entry =
		cfs_catalogue_find(request->node->cloud->catalogue, request->name);

	if (entry && entry->region == (int16_t)request->node->region)
		cfs_reply_entry(req, cfs_node_of_link(request->node, request->name, entry));
	else
		cfs_reply_result(req, -ENOENT);
}

static const struct errand look_up_instance = {want_instance, answer_instance};
static const struct errand look_up_region_link = {want_instance, answer_region_link};

/* Lookup in by-name: a name that is missed is worth a younger list. */

static void on_hurried(void *arg, int result)
{
	/* Looked for again, in what is listed now. A refresh that failed leaves the list as it was.
	 */
	(void)result;
	proceed(arg);
}

static int want_name(struct cfs_request *request)
{
	struct cfs_cloud *cloud = request->node->cloud;
	struct cfs_entry *entry;
	int r;

	r = cfs_catalogue_list(cloud->catalogue, &request->wait, on_result, request);
	if (r <= 0)
		return r;
	r = cfs_by_name_find(cloud->by_name, request->name, &entry);
	if (r != -ENOENT)
		return r == 0 ? 1 : r;
	if (request->missed_ms == 0)
		request->missed_ms = cfs_clock_ms();
	return cfs_catalogue_hurry(
		cloud->catalogue, request->missed_ms, &request->wait, on_hurried, request);
}

static void answer_name(fuse_req_t req, const struct cfs_request *request)
{
	struct cfs_entry *entry;
	int r;

	r = cfs_by_name_find(request->node->cloud->by_name, request->name, &entry);
	if (r < 0)
		cfs_reply_result(req, r);
	else
		cfs_reply_entry(req, cfs_node_of_link(request->node, request->name, entry));
}

static const struct errand look_up_name = {want_name, answer_name};

/* Lookup in by-region, and opendir of the three. */

static int want_regions(struct cfs_request *request)
{
	return cfs_catalogue_regions(
		request->node->cloud->catalogue, &request->wait, on_result, request);
}

static void answer_region(fuse_req_t req, const struct cfs_request *request)
{
	struct cfs_cloud *cloud = request->node->cloud;
	size_t i, n = cfs_catalogue_n_regions(cloud->catalogue);

	for (i = 0; i < n; i++)
		if (strcmp(cfs_catalogue_region_name(cloud->catalogue, i), request->name) == 0)
			break;
	if (i < n)
		cfs_reply_entry(
			req, cfs_node_of_view(request->mount->nodes, cloud, CFS_NODE_REGION, i));
	else
		cfs_reply_result(req, -ENOENT);
}

static int want_list(struct cfs_request *request)
{
	return cfs_catalogue_list(
		request->node->cloud->catalogue, &request->wait, on_result, request);
}

static void answer_opendir(fuse_req_t req, const struct cfs_request *request)
{
	struct fuse_file_info fi = request->fi;

	cfs_reply_opendir(req, request->node, &fi);
}

static const struct errand look_up_region = {want_regions, answer_region};
static const struct errand open_list = {want_list, answer_opendir};
static const struct errand open_regions = {want_regions, answer_opendir};

/* Open of a live file. */

static void on_fetched(void *arg, int result)
{
	/* A fetch is done, or has failed: there is nothing to want again. */
	on_result(arg, result == 0 ? 1 : result);
}

static int want_content(struct cfs_request *request)
{
	return cfs_fetch(request->node, &request->wait, on_fetched, request);
}

static void answer_open(fuse_req_t req, const struct cfs_request *request)
{
	struct fuse_file_info fi = request->fi;

	cfs_reply_open(req, request->node, &fi);
}

static const struct errand open_live = {want_content, answer_open};

/* Open of a rendered file that is made in steps. */

static void next_step(void *arg)
{
	proceed(arg);
}

static int want_made(struct cfs_request *request)
{
	struct cfs_node *node = request->node;
	const struct cfs_generator *generator = node->file->generator;
	int r = 0;

	/* Another open of the same node may have been first: they share its snapshot. */
	if (node->opens > 0)
		return 1;
	if (!request->generator) {
		cfs_timer_init(&request->next_step, next_step, request);
		cfs_buf_init(&request->made, node->file->nominal);
		r = generator->begin(node, &request->generator);
	}
	if (r == 0)
		r = generator->step(request->generator, &request->made);
	if (r < 0)
		return r;
	if (r > 0) {
		cfs_timer_start(request->mount->runtime->loop, &request->next_step, 0);
		return 0;
	}
	node->snapshot = request->made;
	node->snapshot_time = cfs_clock_wall();
	cfs_buf_init(&request->made, 0);
	return 1;
}

static const struct errand open_made = {want_made, answer_open};

void cfs_pending_lookup(fuse_req_t req, struct cfs_node *directory, const char *name)
{
	const struct errand *errand = directory->kind == CFS_NODE_CLOUD ? &look_up_instance
		: directory->kind == CFS_NODE_BY_NAME                   ? &look_up_name
		: directory->kind == CFS_NODE_BY_REGION                 ? &look_up_region
									: &look_up_region_link;

	run(req, directory, name, NULL, errand);
}

void cfs_pending_opendir(fuse_req_t req, struct cfs_node *node, const struct fuse_file_info *fi)
{
	run(req, node, NULL, fi, node->kind == CFS_NODE_BY_REGION ? &open_regions : &open_list);
}

void cfs_pending_open(fuse_req_t req, struct cfs_node *node, const struct fuse_file_info *fi)
{
	run(req, node, NULL, fi, node->live ? &open_live : &open_made);
}
