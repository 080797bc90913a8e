/* SPDX-License-Identifier: MIT */
/*
 * What the tests of calls share: a call to a scripted cloud and what became of it.
 */
#ifndef CFS_TESTS_UNIT_SUPPORT_CALL_ASKED_H
#define CFS_TESTS_UNIT_SUPPORT_CALL_ASKED_H

#include "fs/client/call.h"
#include "tests/unit/support/fake_backend.h"

struct asked {
	struct world *world;
	struct cfs_call call;
	struct cfs_sink sink;
	struct cfs_buf content;
	unsigned done;
	struct cfs_error error;
	struct asked *cancels; /* when it is done */
	bool again;            /* asks once more when it is done */
};

/* What is asked unless a test asks something else: the live file `screen` of x-1. */
extern const struct cfs_question fetch;

/* Nothing is asked yet. To be ended with asked_finish, which cancels what is under way. */
void asked_init(struct asked *asked, struct world *world);

/* Asks, and does not wait. What became of it is in *asked. */
void asked_start(struct asked *asked, const struct cfs_question *question);

void asked_finish(struct asked *asked);

/* A world, and one call in it: of each test. */
struct fixture {
	struct world *world;
	struct server *server;
	struct asked asked;
};

int asked_set_up(void **state);

int asked_tear_down(void **state);

/* Asks and waits for the end. */
void ask(struct fixture *f);

#endif
