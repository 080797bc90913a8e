/* SPDX-License-Identifier: MIT */
/*
 * A source of keys that is open: a state machine that takes the steps of a credential provider.
 *
 * A provider of a chain looks at the configuration, opens the source that it asks for (a role, a
 * metadata service, a process ...) and passes its steps on. A source that needs other keys first
 * (those that a role is assumed with) opens another source and does the same.
 */
#ifndef CFS_BACKENDS_CONTRACT_SOURCE_H
#define CFS_BACKENDS_CONTRACT_SOURCE_H

#include <stdbool.h>

#include "backends/contract/credentials.h"

/* How often one source sends requests again when the service fails. */
#define CFS_SOURCE_RETRIES 2

struct cfs_source {
	/* As of struct cfs_provider. */
	void (*step)(void *state, const struct cfs_step_answer *answer, int64_t now,
		struct cfs_step *ret_step);
	void (*destroy)(void *state);
	void *state; /* NULL: none is open */
};

void cfs_source_finish(struct cfs_source *source);

/* Whether to send the request again: cfs_step_is_transient, and *retries, which are counted here,
 * are not used up. */
bool cfs_source_retry(
	unsigned *retries, const struct cfs_step_answer *answer, enum cfs_fault fault);

/*
 * Looks for a source. Returns true, with a source in *ret_source that has not made its first step;
 * or false, with *ret_step filled: KEYS, ABSENT or FAILED. settings and env outlive the source.
 */
typedef bool cfs_source_open_fn(const struct cfs_settings *settings, const struct cfs_env *env,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step);

/* The slots of a provider that opens a source in its first step, and passes all steps on to it. */
int cfs_source_provider_create(cfs_source_open_fn *open, const struct cfs_settings *settings,
	const struct cfs_env *env, struct cfs_provider_state **ret_state);
void cfs_source_provider_step(struct cfs_provider_state *state,
	const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step);
void cfs_source_provider_destroy(struct cfs_provider_state *state);

/* Whether a source without profiles is skipped, as the settings name a profile; *ret_step then says
 * so. */
bool cfs_source_is_skipped(const struct cfs_settings *settings, struct cfs_step *ret_step);

#endif
