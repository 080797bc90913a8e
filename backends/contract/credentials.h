/* SPDX-License-Identifier: MIT */
/*
 * Credential providers: they look for keys where a cloud's own tools keep them.
 *
 * A provider is a small state machine that does no I/O, as a backend does none: each step says what
 * it needs next, and the caller does it and steps again with the answer, until there are keys, or
 * there are none here, or there should be but something is wrong. A chain is providers in order:
 * after `absent` the next is asked; `failed` ends the chain, as in the SDKs.
 */
#ifndef CFS_BACKENDS_CONTRACT_CREDENTIALS_H
#define CFS_BACKENDS_CONTRACT_CREDENTIALS_H

#include <stdint.h>

#include "backends/base/fault.h"
#include "backends/base/secret.h"
#include "backends/contract/env.h"
#include "backends/http/http.h"

#define CFS_PROVIDER_WHY_MAX 256
#define CFS_PROVIDER_ANSWER_MAX (64 * 1024) /* bytes of one answer to a provider's request */
#define CFS_PROVIDER_STEPS_MAX 16           /* requests a provider may make for one set of keys */

enum cfs_step_kind {
	CFS_STEP_KEYS,    /* done: `keys` is filled */
	CFS_STEP_ABSENT,  /* nothing is configured here; `why` says what was looked for */
	CFS_STEP_FAILED,  /* configured, but unusable; `why` and `fault` say how */
	CFS_STEP_HTTP,    /* send `request`, then step again with the answer */
	CFS_STEP_PROCESS, /* run `argv`, without a shell, then step again with its output */
	CFS_STEP_WRITE,   /* replace a file, by rename, its mode kept, then step again */
};

/* What it holds is the caller's: cfs_step_finish. */
struct cfs_step {
	enum cfs_step_kind kind;
	enum cfs_fault fault;            /* FAILED: CFS_UNAUTHENTICATED, CFS_EXPIRED ... */
	char why[CFS_PROVIDER_WHY_MAX];  /* one printable line, never a secret. KEYS: where from */
	struct cfs_keys keys;            /* KEYS */
	struct cfs_http_request request; /* HTTP */
	const char *ca_file; /* HTTP: lives as long as the provider's state; NULL: the system's */
	bool direct;     /* HTTP: a metadata service: never through a proxy, plain http allowed */
	char **argv;     /* PROCESS: NULL-terminated, one malloc'd block */
	long timeout_ms; /* HTTP, PROCESS */
	char *path;      /* WRITE: one that was read before, malloc'd */
	struct cfs_buf bytes; /* WRITE */
};

/* The answer to a step. The content holds secrets: the caller wipes it. */
struct cfs_step_answer {
	enum cfs_fault
		fault; /* CFS_OK when a whole answer arrived, or the process ended by itself */
	int status;    /* HTTP: the status; PROCESS: the exit status, or 128 + the signal; WRITE:
			  0, or a negative errno with the file as it was */
	const char *message; /* HTTP: what the engine says of a failure; NULL: nothing */
	int64_t date;        /* HTTP: the server's time, seconds since the epoch; 0: unknown */
	const char *content; /* HTTP: the body; PROCESS: stdout. Followed by a NUL */
	size_t len;
};

struct cfs_settings;
struct cfs_provider_state;

struct cfs_provider {
	const char *name; /* "environment", "shared credentials file": shown in `status` */
	/* Begins anew, for every refresh. settings and env outlive the state. 0 or -ENOMEM. */
	int (*create)(const struct cfs_settings *settings, const struct cfs_env *env,
		struct cfs_provider_state **ret_state);
	/* The first step has no answer; each later one has the answer to the request before it.
	 * `now` in seconds since the epoch. Fills *ret_step wholly. */
	void (*step)(struct cfs_provider_state *state, const struct cfs_step_answer *answer,
		int64_t now, struct cfs_step *ret_step);
	void (*destroy)(struct cfs_provider_state *state);
};

#endif
