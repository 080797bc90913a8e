/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the catalogue share: a catalogue of a scripted cloud, and those who wait for
 * it.
 */
#ifndef CFS_TESTS_UNIT_SUPPORT_CATALOGUE_LOOKER_H
#define CFS_TESTS_UNIT_SUPPORT_CATALOGUE_LOOKER_H

#include "fs/catalogue/catalogue.h"
#include "tests/unit/support/fake_backend.h"

#define TTL 60000

struct fixture {
	struct world *world;
	struct server *server;
	struct cfs_cloud *cloud;
	struct cfs_catalogue *catalogue;
};

/* One who waits for the catalogue. */
struct looker {
	struct fixture *f;
	struct cfs_wait wait;
	unsigned told;
	int result;
};

/* A world of a cloud whose list is kept for TTL; and its end. The cloud is made by what asks it first, or by begin(), so
 * that a test can say before what it is like. */
int catalogue_set_up(void **state);
int catalogue_tear_down(void **state);
void begin(struct fixture *f);

/* The callback of a wait of a struct looker. */
void told(void *arg, int result);

/* Ask for the list, for one instance. They return as cfs_catalogue_list and cfs_catalogue_look do: 0 when *looker waits. */
int list(struct fixture *f, struct looker *looker);
int look(struct fixture *f, struct looker *looker, const char *id);

/* Waits for what is under way, if anything is, and nothing has to. */
int finally(struct fixture *f, struct looker *looker, int r);

/* Both at once. */
int list_finally(struct fixture *f);
int look_finally(struct fixture *f, const char *id);

/* All that is shown: short ids, separated by spaces and sorted. */
void assert_shown(struct fixture *f, const char *expected);

/* An instance that is there. */
struct cfs_entry *entry(struct fixture *f, const char *id);

/* The state of the i-th region. */
struct cfs_region_state region(struct fixture *f, size_t i);

#endif
