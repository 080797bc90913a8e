/* SPDX-License-Identifier: MIT */
#include "fs/node/generate.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/base/loop.h"
#include "fs/client/runtime.h"
#include "fs/cloud/clouds.h"
#include "fs/node/file.h"

struct cfs_generate {
	struct cfs_node *node;
	struct cfs_wait *waits;
	void *state; /* of the file's generator */
	struct cfs_buf content;
	struct cfs_timer next_step;
};

static void destroy(struct cfs_generate *generate)
{
	cfs_timer_stop(&generate->next_step);
	generate->node->file->generator->end(generate->state);
	cfs_buf_finish(&generate->content);
	free(generate);
}

/* Makes the next part. 1: the node is filled. 0: there is more to do, later. */
static int step(struct cfs_generate *generate)
{
	struct cfs_node *node = generate->node;
	int r = node->file->generator->step(generate->state, &generate->content);

	if (r < 0)
		return r;
	if (r > 0) {
		cfs_timer_start(
			cfs_nodes_clouds(node->nodes)->runtime->loop, &generate->next_step, 0);
		return 0;
	}
	cfs_node_fill(node, &generate->content, NULL);
	return 1;
}

static void next_step(void *arg)
{
	struct cfs_generate *generate = arg;
	struct cfs_wait *waits;
	int r = step(generate);

	if (r == 0)
		return;
	/* Whoever waits may open the node again, so this one has left it before. */
	generate->node->generate = NULL;
	waits = generate->waits;
	destroy(generate);
	cfs_wait_end_all(&waits, r < 0 ? r : 0);
}

static int start(struct cfs_node *node)
{
	struct cfs_generate *generate = calloc(1, sizeof(*generate));
	int r;

	if (!generate)
		return -ENOMEM;
	generate->node = node;
	cfs_buf_init(&generate->content, node->file->nominal);
	cfs_timer_init(&generate->next_step, next_step, generate);
	r = node->file->generator->begin(node, &generate->state);
	if (r == 0)
		r = step(generate);
	if (r != 0)
		destroy(generate);
	else
		node->generate = generate;
	return r;
}

int cfs_generate(
	struct cfs_node *node, struct cfs_wait *wait, void (*fn)(void *arg, int result), void *arg)
{
	int r = node->generate ? 0 : start(node);

	if (r == 0)
		cfs_wait_enter(&node->generate->waits, wait, fn, arg);
	return r;
}

void cfs_generate_leave(struct cfs_node *node, struct cfs_wait *wait)
{
	struct cfs_generate *generate = node->generate;

	cfs_wait_leave(wait);
	if (!generate || generate->waits)
		return;
	node->generate = NULL;
	destroy(generate);
}
