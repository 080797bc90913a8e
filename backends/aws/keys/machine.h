/*
 * A way to keys that is under way, and the steps that it takes.
 *
 * A machine is a provider as backends/contract/credentials.h has it, opened for one profile of files that
 * have been read. Machines are put together where one needs the keys of another: a provider of the
 * chain looks at the configuration, opens the machine that it asks for, and passes steps on.
 */
#ifndef CFS_BACKENDS_AWS_KEYS_MACHINE_H
#define CFS_BACKENDS_AWS_KEYS_MACHINE_H

#include <stdarg.h>
#include <stdbool.h>

#include "backends/aws/api/config.h"
#include "backends/contract/credentials.h"

/* Requests that are sent again when the service fails, of one machine. */
#define CFS_AWS_MACHINE_RETRIES 2

/* A timeout of STS, SSO; and of a process. Milliseconds. */
#define CFS_AWS_SERVICE_TIMEOUT_MS 15000
#define CFS_AWS_PROCESS_TIMEOUT_MS 60000

struct cfs_aws_machine {
	/* As of struct cfs_provider. */
	void (*step)(void *state, const struct cfs_step_answer *answer, int64_t now,
		struct cfs_step *ret_step);
	void (*destroy)(void *state);
	void *state; /* NULL: none is open */
};

void cfs_aws_machine_finish(struct cfs_aws_machine *machine);

/* Each fills the whole step. */

void cfs_aws_step_say(struct cfs_step *step, enum cfs_step_kind kind, enum cfs_fault fault,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* KEYS, or FAILED if they have expired or could not stand in a header. *keys are taken over; the
 * format says where they come from. */
void cfs_aws_step_keys(struct cfs_step *step, struct cfs_keys *keys, int64_t now,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* HTTP. *request is taken over, ca_file borrowed. */
void cfs_aws_step_http(struct cfs_step *step, struct cfs_http_request *request, const char *ca_file,
	bool direct, long timeout_ms);
/* FAILED: what `who` was asked for cannot be asked, for this negative errno. */
void cfs_aws_step_errno(struct cfs_step *step, int r, const char *who);
/* FAILED: `who` gave no answer. */
void cfs_aws_step_no_answer(
	struct cfs_step *step, const struct cfs_step_answer *answer, const char *who);

/* FAILED: `who` was asked and gave no keys for `what`. */
void cfs_aws_step_error(
	struct cfs_step *step, const struct cfs_error *error, const char *who, const char *what);
/* FAILED: the configuration is wrong, for this negative errno and the sentence in why. */
void cfs_aws_step_unset(struct cfs_step *step, int r, const struct cfs_buf *why);

/* "cannot be reached": what a request that got no answer came to. */
const char *cfs_aws_machine_words(enum cfs_fault fault);

/* Whether another attempt may better the answer, or what it says. */
bool cfs_aws_machine_is_transient(
	const struct cfs_step_answer *answer, const struct cfs_error *error);

/* Sets three secrets, the last from NULL for none; -ENOMEM, -EFBIG. */
int cfs_aws_machine_set_keys(
	struct cfs_keys *keys, const char *id, const char *secret, const char *token);

#endif
