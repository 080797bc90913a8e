/* SPDX-License-Identifier: MIT */
/*
 * Fills in the steps of credential providers: what a provider tells its caller to do, or what came
 * of it. Each function fills the whole step.
 */
#ifndef CFS_BACKENDS_CONTRACT_STEP_H
#define CFS_BACKENDS_CONTRACT_STEP_H

#include <stdbool.h>

#include "backends/contract/credentials.h"

void cfs_step_absent(struct cfs_step *ret_step, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cfs_step_failed(struct cfs_step *ret_step, enum cfs_fault fault, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * KEYS; or FAILED, if one is missing, could not stand in a header or has expired. `r` is what came
 * of filling *keys: 0, -EFBIG or -ENOMEM. *keys are taken over. The format says where they come
 * from.
 */
void cfs_step_keys(struct cfs_step *ret_step, int r, struct cfs_keys *keys, int64_t now,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* HTTP. *request is taken over, ca_file borrowed. */
void cfs_step_http(struct cfs_step *ret_step, struct cfs_http_request *request, const char *ca_file,
	bool direct, long timeout_ms);
/* PROCESS. argv is taken over. */
void cfs_step_process(struct cfs_step *ret_step, char **argv, long timeout_ms);

/* WRITE. *path and *bytes are taken over. */
void cfs_step_write(struct cfs_step *ret_step, char **path, struct cfs_buf *bytes);

/* Wipes and frees what the step holds, of whatever kind it is. Twice does nothing. */
void cfs_step_finish(struct cfs_step *step);

/* FAILED: no request could be made for `what`, for this negative errno. */
void cfs_step_errno(struct cfs_step *ret_step, int r, const char *what);
/* FAILED: the configuration is wrong, for this negative errno and the sentence in why. */
void cfs_step_unset(struct cfs_step *ret_step, int r, const struct cfs_buf *why);
/* FAILED: `who` gave no answer. */
void cfs_step_no_answer(
	struct cfs_step *ret_step, const struct cfs_step_answer *answer, const char *who);
/* FAILED: `who` answered with an error instead of keys for `what`. */
void cfs_step_refused(struct cfs_step *ret_step, const struct cfs_error *error, const char *who,
	const char *what);

/* "cannot be reached": why a request got no answer. Of TLS it is what the engine says, as there is
 * much that may be wrong. */
#define CFS_STEP_WORDS_MAX 160
void cfs_step_fault_words(
	const struct cfs_step_answer *answer, char ret_words[static CFS_STEP_WORDS_MAX]);

/* The name of a role: the first line of the answer of a metadata service. Returns false if there is
 * none, as in a network where another service answers to any request. */
#define CFS_STEP_ROLE_MAX 128 /* bytes */
bool cfs_step_role_name(
	const struct cfs_step_answer *answer, char ret_name[static CFS_STEP_ROLE_MAX + 1]);

/* Whether sending the request again may help. `fault` is what the answer says, if there is one. */
bool cfs_step_is_transient(const struct cfs_step_answer *answer, enum cfs_fault fault);

#endif
