/* SPDX-License-Identifier: MIT */
#include "fs/get/get.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/base/text.h"
#include "fs/base/log.h"
#include "fs/get/item.h"
#include "fs/get/output.h"
#include "fs/get/progress.h"
#include "fs/node/still.h"

/* Items under way at once, those included that wait for their turn to be written: more than the rates
 * of the clouds let through in the time of a call. */
#define UNDER_WAY_MAX 256
#define STEPS_A_TURN 64                  /* of the loop */
#define LISTED_MAX (64 * 1024 * 1024)    /* bytes of the paths of one directory */
#define PATH_SHOWN_MAX 512               /* bytes of a path in a message */
#define REASON_MAX (2 * CFS_MESSAGE_MAX) /* bytes of why a file cannot be had */

struct run {
	const struct cfs_get_request *request;
	const struct cfs_clouds *clouds;
	struct cfs_loop *loop;
	struct cfs_item_env env;
	struct cfs_still still;
	struct cfs_item *first, *last; /* in the order in which they are written */
	struct cfs_timer turn;         /* fires when there may be something to do */
	struct cfs_output output;
	bool writes; /* the first item, to stdout */
	struct cfs_buf listed;
	struct cfs_progress progress;
	int directory; /* request->into; -1: there is none */
	bool expanded; /* a directory was listed, for a pattern or as such */
	bool complete; /* there was nothing to tell */
	bool over;
	int result;
};

static void insert_before(struct run *run, struct cfs_item *item, struct cfs_item *next)
{
	struct cfs_item *prev = next ? next->prev : run->last;

	item->prev = prev;
	item->next = next;
	*(prev ? &prev->next : &run->first) = item;
	*(next ? &next->prev : &run->last) = item;
}

static void drop(struct run *run, struct cfs_item *item)
{
	*(item->prev ? &item->prev->next : &run->first) = item->next;
	*(item->next ? &item->next->prev : &run->last) = item->prev;
	cfs_item_destroy(item);
}

/* Messages */

/* The last failure of a region of the cloud that ended with that errno: why its directory, or an
 * instance in it, cannot be had. */
static const struct cfs_failure *failure_of_cloud(const struct cfs_cloud *cloud, int number)
{
	const struct cfs_failure *failure = cfs_catalogue_regions_failure(cloud->catalogue);
	struct cfs_region_state region;

	for (size_t i = 0; i < cfs_catalogue_n_regions(cloud->catalogue) && !failure; i++) {
		cfs_catalogue_region(cloud->catalogue, i, &region);
		if (region.failure && region.failure->number == number)
			failure = region.failure;
	}
	return failure && failure->number == number ? failure : NULL;
}

static const struct cfs_failure *failure_of(const struct cfs_item *item)
{
	const struct cfs_node *node = item->node;

	if (!node || !node->cloud)
		return NULL;
	if (node->entry && node->entry->failure && node->entry->failure->number == -item->result)
		return node->entry->failure;
	return failure_of_cloud(node->cloud, -item->result);
}

/* Appends ": CODE: message; advice" as far as each is known. */
static void add_failure(struct cfs_buf *text, const struct cfs_failure *failure)
{
	size_t before;

	if (failure->error.code[0])
		cfs_buf_addf(text, ": %s", failure->error.code);
	if (failure->error.message[0])
		cfs_buf_addf(text, ": %s", failure->error.message);
	before = text->len;
	cfs_buf_adds(text, "; ");
	cfs_failure_advice(failure, text);
	if (text->len == before + 2)
		cfs_buf_cut(text, before);
}

static void tell(struct run *run, const char *path, int r, const struct cfs_failure *failure)
{
	struct cfs_buf reason = CFS_BUF_INIT(REASON_MAX);
	char shown[PATH_SHOWN_MAX];

	cfs_text_line(shown, sizeof(shown), path, strlen(path));
	if (failure)
		add_failure(&reason, failure);
	cfs_progress_hide(&run->progress);
	cfs_log(CFS_LOG_ERROR, "%s: %s%s", shown, strerror(-r), cfs_buf_text(&reason));
	cfs_buf_finish(&reason);
	run->complete = false;
	run->progress.failed++;
}

/* An item that came of a pattern is told of like any other, unless it is nothing that the pattern is
 * about: what is not there, and directories. */
static void tell_failed(struct run *run, struct cfs_item *item)
{
	int r = item->result;

	if (item->pattern && (r == -ENOENT || r == -ENOTDIR || r == -EISDIR))
		return;
	if (item->pattern)
		item->pattern->matched = true;
	tell(run, item->path, r, failure_of(item));
}

/* What was fetched cannot be put into the directory: no fault of the cloud, and never passed over. */
static void tell_unwritten(struct run *run, const struct cfs_item *item, int r)
{
	char path[2 * PATH_SHOWN_MAX];

	snprintf(path, sizeof(path), "cannot write %s/%s", run->request->into, item->path);
	tell(run, path, r, NULL);
	run->progress.got--;
}

static void tell_unmatched(struct run *run, const struct cfs_item *item)
{
	const struct cfs_item_pattern *pattern = item->pattern;

	if (pattern && pattern->items == 1 && !pattern->matched)
		tell(run, pattern->path, -ENOENT, NULL);
}

static void tell_missing_region(
	struct run *run, const struct cfs_cloud *cloud, const struct cfs_region_state *region)
{
	char path[PATH_SHOWN_MAX];

	snprintf(path, sizeof(path), "%s/%s/%s", cloud->config->name, CFS_NODE_BY_REGION_DIR,
		region->name);
	tell(run, path, -region->failure->number, region->failure);
}

/* The instances of a region that could not be listed are missing, and nothing else says so. Where
 * no region could be, the cloud's directory had that errno. */
static void tell_missing_regions(struct run *run)
{
	struct cfs_region_state region;

	for (struct cfs_cloud *cloud = run->clouds->first; cloud; cloud = cloud->next) {
		if (!cfs_catalogue_is_listed(cloud->catalogue))
			continue;
		for (size_t i = 0; i < cfs_catalogue_n_regions(cloud->catalogue); i++) {
			cfs_catalogue_region(cloud->catalogue, i, &region);
			if (region.failure)
				tell_missing_region(run, cloud, &region);
		}
	}
}

/* Writing */

static void wake_up(void *arg)
{
	struct run *run = arg;

	cfs_timer_start(run->loop, &run->turn, 0);
}

static void finish_item(struct run *run, struct cfs_item *item)
{
	tell_unmatched(run, item);
	drop(run, item);
}

/* Ends the run: nothing can be written any more. */
static void give_up(struct run *run, int r)
{
	run->result = r;
	run->over = true;
}

static void on_written(void *arg, int r)
{
	struct run *run = arg;

	run->writes = false;
	cfs_buf_finish(&run->listed);
	if (r < 0)
		give_up(run, r);
	else
		finish_item(run, run->first);
	wake_up(run);
}

static void write_bytes(struct run *run, const char *bytes, size_t len)
{
	int r;

	run->writes = true;
	r = cfs_output_write(&run->output, bytes, len, on_written, run);
	if (r != -EINPROGRESS)
		on_written(run, r);
}

/* One path a line; those of directories end in a slash. */
static int list_directory(struct run *run, const struct cfs_item *item)
{
	const char *path = item->path, *name;
	struct stat st;
	int r;

	for (size_t i = 0; (r = cfs_dirlist_fill(item->dirlist, i)) == 0 &&
		(name = cfs_dirlist_at(item->dirlist, i, &st));
		i++) {
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			cfs_buf_addf(&run->listed, "%s%s%s%s\n", path, path[0] ? "/" : "", name,
				S_ISREG(st.st_mode) ? "" : "/");
	}
	return r < 0 ? r : cfs_buf_error(&run->listed);
}

static int write_listed(struct run *run, const struct cfs_item *item)
{
	int r;

	cfs_buf_init(&run->listed, LISTED_MAX);
	r = item->dirlist ? list_directory(run, item)
			  : cfs_buf_addf(&run->listed, "%s\n", item->path);
	if (r == 0)
		write_bytes(run, run->listed.data, run->listed.len);
	else
		cfs_buf_finish(&run->listed);
	return r;
}

static int put_file(struct run *run, struct cfs_item *item, const char *bytes, size_t len)
{
	static const struct cfs_ownership nobodys = {0};
	struct stat st;
	int r;

	r = cfs_layout_stat(item->node, &nobodys, &st);
	return r < 0 ? r
		     : cfs_output_put(run->directory, item->path, run->request->umask, &st.st_mtim,
			       bytes, len);
}

static int write_file(struct run *run, struct cfs_item *item)
{
	const char *bytes;
	size_t len;
	int r;

	r = cfs_tree_read(item->node, 0, SIZE_MAX, &bytes, &len);
	if (r < 0)
		return r;
	if (run->directory < 0) {
		write_bytes(run, bytes, len);
		return 0;
	}
	r = put_file(run, item, bytes, len);
	/* No other file has room either, and each would cost a call. */
	if (r == -ENOSPC || r == -EDQUOT || r == -EROFS) {
		give_up(run, r);
		return 0;
	}
	if (r < 0)
		tell_unwritten(run, item, r);
	finish_item(run, item);
	return 0;
}

/* Writes what an item that has ended found, or tells why there is nothing. */
static void write_item(struct run *run, struct cfs_item *item)
{
	int r = item->result;

	if (item->found) {
		if (item->pattern)
			item->pattern->matched = true;
		run->progress.got++;
		r = run->request->list ? write_listed(run, item) : write_file(run, item);
		if (r == 0)
			return;
		run->progress.got--;
		tell(run, item->path, r, NULL);
	} else if (r < 0) {
		tell_failed(run, item);
	}
	finish_item(run, item);
}

/* The run */

/* The next item to be written. To stdout they go in order, into a directory as they come. */
static struct cfs_item *next_to_write(const struct run *run)
{
	if (run->writes)
		return NULL;
	for (struct cfs_item *item = run->first; item; item = item->next) {
		if (item->state == CFS_ITEM_ENDED)
			return item;
		if (run->directory < 0 || item->state == CFS_ITEM_NEW)
			break;
	}
	return NULL;
}

/* Finds what may be started: the first new item, or the next of the first source. */
static struct cfs_item *find_start(const struct run *run)
{
	struct cfs_item *item, *source = NULL;
	size_t n = 0;

	for (item = run->first; item && item->state != CFS_ITEM_NEW; item = item->next) {
		if (item->state != CFS_ITEM_SOURCE)
			n++;
		else if (!source)
			source = item;
	}
	return n >= UNDER_WAY_MAX ? NULL : source ? source : item;
}

static bool start_next(struct run *run)
{
	struct cfs_item *at = find_start(run), *item = at;

	if (!at)
		return false;
	if (at->state == CFS_ITEM_SOURCE) {
		run->expanded = true;
		item = cfs_item_next(at);
		if (item)
			insert_before(run, item, at);
	}
	/* A source that has no more has ended, and so something was done too. */
	if (item)
		cfs_item_start(item);
	return true;
}

static bool do_step(struct run *run)
{
	struct cfs_item *item = next_to_write(run);

	if (!item)
		return start_next(run);
	write_item(run, item);
	return true;
}

static void take_turn(void *arg)
{
	struct run *run = arg;
	int steps = 0;

	while (!run->over && steps < STEPS_A_TURN && do_step(run))
		steps++;
	if (!run->first)
		run->over = true;
	if (run->over)
		cfs_loop_stop(run->loop);
	else if (steps == STEPS_A_TURN)
		wake_up(run);
}

static int add_items(struct run *run)
{
	const struct cfs_get_request *request = run->request;
	struct cfs_item *item;

	for (size_t i = 0; i < request->n_paths; i++) {
		item = cfs_item_create(&run->env, request->paths[i]);
		if (!item)
			return -ENOMEM;
		insert_before(run, item, NULL);
	}
	return 0;
}

/* The directory that files are put in, made if need be. */
static int open_into(struct run *run)
{
	const char *into = run->request->into;

	if (!into)
		return 0;
	if (mkdir(into, 0777 & ~run->request->umask) < 0 && errno != EEXIST)
		return -errno;
	run->directory = open(into, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return run->directory < 0 ? -errno : 0;
}

static int start(struct run *run, const struct cfs_mount_config *config)
{
	int r;

	r = cfs_nodes_create(&run->env.nodes);
	if (r < 0)
		return r;
	cfs_nodes_set_clouds(run->env.nodes, run->clouds);
	cfs_still_init(&run->still, run->loop, config);
	cfs_nodes_set_still(run->env.nodes, &run->still, false);
	cfs_output_init(&run->output, run->loop);
	cfs_progress_start(&run->progress, run->loop, run->request->into || !isatty(STDOUT_FILENO));
	r = add_items(run);
	return r < 0 ? r : open_into(run);
}

static void finish(struct run *run)
{
	cfs_progress_stop(&run->progress);
	cfs_output_finish(&run->output);
	cfs_timer_stop(&run->turn);
	while (run->first)
		drop(run, run->first);
	cfs_buf_finish(&run->listed);
	cfs_still_finish(&run->still);
	cfs_nodes_destroy(run->env.nodes);
	if (run->directory >= 0)
		close(run->directory);
}

int cfs_get(const struct cfs_runtime *runtime, const struct cfs_clouds *clouds,
	const struct cfs_mount_config *config, const struct cfs_get_request *request)
{
	struct run run = {
		.request = request,
		.clouds = clouds,
		.loop = runtime->loop,
		.env = {.list = request->list, .wake = request->wake, .ended = wake_up},
		.directory = -1,
		.complete = true,
	};
	int r;

	run.env.arg = &run;
	cfs_timer_init(&run.turn, take_turn, &run);
	r = start(&run, config);
	if (r == 0) {
		wake_up(&run);
		r = cfs_loop_run(run.loop);
	}
	if (r == 0)
		r = run.over ? run.result : -EINTR;
	if (r == 0 && (run.expanded || request->list))
		tell_missing_regions(&run);
	finish(&run);
	return r < 0 ? r : run.complete;
}
