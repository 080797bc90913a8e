/* SPDX-License-Identifier: MIT */
/* A host on which credentials are looked for, and providers driven by hand on it. */
#ifndef CFS_TESTS_UNIT_SUPPORT_TENCENT_CHAIN_H
#define CFS_TESTS_UNIT_SUPPORT_TENCENT_CHAIN_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/contract/backend.h"
#include "backends/tencent/keys/providers.h"

#define NOW 1551113065
#define SECRET "5up3r-s3cr3t"

/* Its variables and its files, each list ended by a NULL. */
struct host {
	const char *const (*variables)[2];
	struct file {
		const char *path, *text;
		int error;
	} const *files;
	unsigned reads;
};

const char *host_get(void *arg, const char *name);

int host_read_file(void *arg, const char *path, struct cfs_buf *content);

/* A provider under way. */
struct run {
	const struct cfs_provider *provider;
	struct cfs_settings settings;
	struct cfs_env env;
	struct host host;
	struct cfs_provider_state *state;
	struct cfs_step step; /* the last one */
};

/* One step, with the answer to the last, NULL: none. Checks what every step promises. */
void run_step(struct run *run, const struct cfs_step_answer *answer, int64_t now);

/* Makes the provider, of run->host, and its first step. */
void run_begin(struct run *run, const struct cfs_provider *provider);

/* Answers the request that the last step made. */
void run_answer(struct run *run, int status, const char *content);

/* The request came to nothing. */
void run_lose(struct run *run, enum cfs_fault fault);

/* Ends the provider, wherever it stands. */
void run_end(struct run *run);

/* A header of the request that was asked for, NULL: it has none. */
const char *request_header(const struct run *run, const char *name);

void assert_run_keys(const struct run *run, const char *id, const char *secret, const char *token,
	int64_t expires, const char *why);

void assert_run_absent(const struct run *run, const char *why);

void assert_run_failed(const struct run *run, enum cfs_fault fault, const char *why);

#endif
