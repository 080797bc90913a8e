/* SPDX-License-Identifier: MIT */
/*
 * A host that an input describes, on which keys are looked for: variables, files, and what
 * answers when a provider asks. In records:
 *
 *     NAME=VALUE             lines of variables; PROFILE is the setting of that name
 *     /path, line feed       a file and its bytes
 *     200, line feed         an answer over HTTP, and its body
 *     $0, line feed          what a process that ended with this status wrote
 *     !15, line feed         no answer, for this fault
 *
 * Answers are given in their order. When they are used up nobody answers.
 *
 * Secrets. Bytes that begin with "hush", where a secret stands, must be found in no text that is
 * for people's eyes. See fuzz_secrets_find.
 */
#ifndef CFS_FUZZ_HOST_H
#define CFS_FUZZ_HOST_H

#include "backends/contract/backend.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_VARIABLES_MAX 24
#define FUZZ_FILES_MAX 8
#define FUZZ_ANSWERS_MAX 16
#define FUZZ_SECRETS_MAX 16
#define FUZZ_NOW INT64_C(1715000000) /* 2024-05-06T12:53:20Z */

/* Words that are secret: of an input, copied. */
struct fuzz_secrets {
	char *words[FUZZ_SECRETS_MAX];
	size_t n;
};

enum fuzz_form { FUZZ_INI, FUZZ_JSON, FUZZ_XML };

/*
 * Finds values of secrets in a part of the input by the names that stand before them: words of
 * "hush" and four or more letters and digits. One that comes twice in the input is left out, as it
 * may stand where it may be shown. Adds them to *secrets, which is zeroed at first.
 */
void fuzz_secrets_find(struct fuzz_secrets *secrets, const struct fuzz_input *input,
	const struct fuzz_input *text, enum fuzz_form form);
void fuzz_secrets_finish(struct fuzz_secrets *secrets);
/* No secret is in the text. */
void fuzz_secrets_check(const struct fuzz_secrets *secrets, const char *text);

struct fuzz_host {
	struct cfs_env env;
	struct cfs_settings settings;
	struct fuzz_secrets secrets;
	struct {
		char *name, *value;
	} variables[FUZZ_VARIABLES_MAX];
	size_t n_variables;
	struct {
		char *path;
		struct fuzz_input content;
	} files[FUZZ_FILES_MAX];
	size_t n_files;
	struct {
		enum cfs_step_kind to; /* HTTP or PROCESS: what it answers; ABSENT: either */
		enum cfs_fault fault;
		int status;
		struct fuzz_input content;
	} answers[FUZZ_ANSWERS_MAX];
	size_t n_answers, next_answer;
};

/* The input is borrowed until finish. In place: the env points back. */
void fuzz_host_init(struct fuzz_host *host, const struct fuzz_input *input);
void fuzz_host_finish(struct fuzz_host *host);

/* Makes an account and looks for keys along the backend's chain, once, and checks every step. */
void fuzz_host_search(struct fuzz_host *host, const struct cfs_backend *backend);

#endif
