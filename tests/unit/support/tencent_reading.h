/* SPDX-License-Identifier: MIT */
/* Answers read by backends/tencent/cvm/answer.h, for the tests that feed it. */
#ifndef CFS_TESTS_UNIT_SUPPORT_TENCENT_READING_H
#define CFS_TESTS_UNIT_SUPPORT_TENCENT_READING_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/tencent/cvm/account.h"
#include "backends/tencent/cvm/answer.h"
#include "backends/tencent/cvm/instances.h"
#include "backends/tencent/cvm/request.h"
#include "backends/tencent/tencent.h"

#define FIXTURE_MAX (64 * 1024)
#define TAKEN_MAX 128

/* What came of one answer. */
struct outcome {
	struct cfs_error error;
	int fed; /* what the feeding returned */
	struct cfs_sink sink;
	struct cfs_buf content;
	struct cfs_instance *instances[TAKEN_MAX];
	char regions[TAKEN_MAX][CFS_REGION_MAX + 1];
	size_t n, n_left_out, n_regions;
	int refuses; /* what the sink returns */
};

/* And it can be used anew. */
void outcome_finish(struct outcome *outcome);

/* Of the whole program, for cmocka_run_group_tests. */
extern struct cfs_account *account;
int make_account(void **state);
int destroy_account(void **state);

extern const struct cfs_question question_list;

extern const struct cfs_question question_find;

struct cfs_question fetch_vnc_url(void);

/* Those that are asked of an account and not of an instance, and whether an instance's may be. */
extern const struct cfs_question question_regions;

extern const struct cfs_question question_whoami;

struct cfs_question probe_vnc_url(const char *id);

/* Feeds an answer in pieces that end at `split`, and then at the end. */
void read_split(struct outcome *outcome, const struct cfs_question *question, int status,
	const char *body, size_t len, size_t split);

/* The same with status 200 and in one piece. */
void read_bytes(
	struct outcome *outcome, const struct cfs_question *question, const char *body, size_t len);
void read_text(struct outcome *outcome, const struct cfs_question *question, const char *body);

/* A file of tests/unit/data/tencent without its last line feed, of FIXTURE_MAX bytes at most. Returns its length. */
size_t load(const char *name, char *text);

#endif
