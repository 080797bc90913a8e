/* SPDX-License-Identifier: MIT */
/*
 * Answers of a cloud, read by its backend: in one piece and in many, which must come to the same.
 */
#ifndef CFS_FUZZ_ANSWERS_H
#define CFS_FUZZ_ANSWERS_H

#include "backends/contract/backend.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_CONTENT_MAX (2 * 1024 * 1024)

struct fuzz_question {
	const struct cfs_backend *backend;
	struct cfs_account *account;
	struct cfs_question question;
	int status;       /* the HTTP status of the answer */
	unsigned refuses; /* the sink refuses what it is given as the n-th, 0: it takes all */
	uint32_t cuts;    /* how the answer is cut into pieces */
};

/* How an answer was read. */
struct fuzz_outcome {
	struct cfs_error error; /* with the fault of what the feeding returned */
	struct cfs_buf given;   /* as text, what the sink was given */
	struct cfs_buf content;
	struct cfs_sink sink;
	unsigned n_given;
	const struct fuzz_question *asked;
};

/* An account of the backend as it is where nothing is configured. */
struct cfs_account *fuzz_account(const struct cfs_backend *backend);

/* Reads the body in both ways, compares them, and checks what every backend promises. */
void fuzz_answer(const struct fuzz_question *asked, const struct fuzz_input *body,
	struct fuzz_outcome *ret_outcome);
void fuzz_outcome_finish(struct fuzz_outcome *outcome);

#endif
