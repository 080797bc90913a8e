/* SPDX-License-Identifier: MIT */
/*
 * A cloud for tests of fs/: a backend with a language of its own, a server that speaks it, and
 * providers of credentials that follow a script.
 *
 * The questions:  LIST <region> <page>    FIND <region> <id>    REGIONS
 *                 FETCH <region> <id> <live file> wake=<0|1>        PROBE <region> <live file>
 *                 each followed by: key=<id> now=<seconds since the epoch>
 * The answers, by lines:
 *
 *     instance <id> <on|off|gone> <offers>    content <text>       page <token>      region <name>
 *     total <count>                    partial
 *     left out <why>                          error <fault> <code> <message>
 *
 * Any other line, and a last one that does not end, are a bad answer. A status other than 200 is
 * one of the faults of status_fault().
 */
#ifndef CFS_TESTS_UNIT_SUPPORT_FAKE_BACKEND_H
#define CFS_TESTS_UNIT_SUPPORT_FAKE_BACKEND_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backends/base/text.h"
#include "fs/base/log.h"
#include "fs/catalogue/catalogue.h"
#include "fs/client/credentials.h"
#include "fs/cloud/cloud.h"
#include "tests/unit/support/fake_clock.h"
#include "tests/unit/support/fake_server.h"

#define PROVIDERS 2
#define STEPS_MAX 64
#define SCREEN_MAX 64 /* nominal size of the live file `screen` */
#define TEXT_MAX 256  /* and of `text` */

/* What a provider says next. The last step of a script is repeated for ever. */
struct fake_step {
	enum cfs_step_kind kind;
	const char *text; /* KEYS: the id; HTTP: the request; PROCESS: the words; WRITE: the
			     bytes, for the file `reads`; else why */
	enum cfs_fault fault;
	int64_t lasts_s; /* KEYS: until they expire, 0: for ever */
};

/* Everything a test of a cloud needs. */
struct world {
	struct cfs_loop *loop;
	struct cfs_http *http;
	struct cfs_watch http_watch;
	struct server server;
	struct cfs_timer pump;
	bool pumped;

	char name[32]; /* its address */
	struct cfs_env env;
	struct cfs_runtime runtime;
	struct cfs_cloud_config config;
	struct cfs_cloud *cloud;

	struct {
		struct fake_step steps[STEPS_MAX];
		size_t n_steps, next;
		unsigned created;
		unsigned answers;
		enum cfs_fault fault; /* of the last answer */
		int status;
		char content[256];
	} provider[PROVIDERS];
	const char *reads; /* a file that the first provider reads, NULL: none */
	/* Negative errnos, of what else would succeed. */
	int create_fails, request_fails, reader_fails;
	unsigned readers, accounts, provider_states; /* that live now */
};

/* `screen`, which wakes, and `text`. */
extern const struct cfs_live fake_live[];

extern const struct cfs_backend fake_backend;

/* What provider i does, from now on. */
void world_script(struct world *world, size_t i, const struct fake_step *steps, size_t n);

#define SCRIPT(world, i, ...) \
	do { \
		const struct fake_step steps_[] = {__VA_ARGS__}; \
		world_script(world, i, steps_, sizeof(steps_) / sizeof(steps_[0])); \
	} while (0)

/* With keys, and one region `r`. */
struct world *world_create(void);

/* Before the cloud is made. */
void world_add_region(struct world *world, const char *name);

/* Makes the cloud, as the configuration is by now. It belongs to the world. */
struct cfs_cloud *world_cloud(struct world *world);

/* An instance enters the catalogue as if it had been listed in that region, with that name. */
struct cfs_entry *world_put_named(
	struct world *world, size_t region, const char *id, const char *name, uint32_t offers);

/* In the first region, without a name. */
struct cfs_entry *world_put(struct world *world, const char *id, uint32_t offers);

/* Ends the cloud, with whatever is under way, and checks that the backend got everything back. */
void world_destroy(struct world *world);

/* Says that what a test waits for may rightly never come when there is no memory: a request that
 * the server is to see, a conclusion from a probe. The end of a call always comes. */
void may_wait_in_vain(bool may);

/* Runs the loop until *value has come to n. */
void run_until(struct world *world, const unsigned *value, unsigned n);

/* Until so many requests have come in all. */
void run_until_asked(struct world *world, unsigned n);

/* Lets everything happen that can without time passing. */
void run_idle(struct world *world);

/* Runs until no answer is awaited and nothing more happens without time passing. */
void world_settle(struct world *world);

#endif
