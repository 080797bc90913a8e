#include "fs/keyring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/clock.h"

struct cfs_keyring {
	struct cfs_loop *loop;
	struct cfs_http *http;
	const struct cfs_backend *backend;
	const struct cfs_settings *settings;
	const struct cfs_env *env;

	enum { EMPTY, SEARCHING, HELD, FAILED } state;
	struct cfs_keys keys;
	char source[CFS_PROVIDER_WHY_MAX];
	struct cfs_buf looked;
	enum cfs_fault fault; /* FAILED */
	int64_t settled_ms;   /* when HELD or FAILED was entered */
	bool refused;         /* HELD, but the cloud does not want them */
	struct cfs_wait *waits;

	/* SEARCHING */
	size_t provider;
	unsigned steps;
	struct cfs_provider_state *machine;
	struct cfs_transfer transfer;
	struct cfs_buf answer;
};

int cfs_keyring_create(struct cfs_loop *loop, struct cfs_http *http,
	const struct cfs_backend *backend, const struct cfs_settings *settings,
	const struct cfs_env *env, struct cfs_keyring **ret_keyring)
{
	struct cfs_keyring *keyring;

	keyring = calloc(1, sizeof(*keyring));
	if (!keyring)
		return -ENOMEM;
	keyring->loop = loop;
	keyring->http = http;
	keyring->backend = backend;
	keyring->settings = settings;
	keyring->env = env;
	keyring->keys = CFS_KEYS_INIT;
	cfs_buf_init(&keyring->looked, CFS_KEYRING_LOOKED_MAX);
	cfs_buf_init(&keyring->answer, CFS_PROVIDER_ANSWER_MAX);
	*ret_keyring = keyring;
	return 0;
}

static void end_machine(struct cfs_keyring *keyring)
{
	if (keyring->machine)
		keyring->backend->providers[keyring->provider]->destroy(keyring->machine);
	keyring->machine = NULL;
	cfs_buf_wipe(&keyring->answer);
}

void cfs_keyring_destroy(struct cfs_keyring *keyring)
{
	if (!keyring)
		return;
	cfs_http_cancel(&keyring->transfer);
	end_machine(keyring);
	cfs_keys_finish(&keyring->keys);
	cfs_buf_finish(&keyring->looked);
	free(keyring);
}

/* Ends the search and lets everybody who waits ask again. */
static void settle(struct cfs_keyring *keyring, bool held)
{
	end_machine(keyring);
	keyring->state = held ? HELD : FAILED;
	keyring->refused = false;
	keyring->settled_ms = cfs_clock_ms();
	cfs_wait_end_all(&keyring->waits, 0);
}

static void note(struct cfs_keyring *keyring, const char *why)
{
	const char *name = keyring->backend->providers[keyring->provider]->name;

	/* An account for people: what does not fit is left out, and no reason to have no keys. */
	(void)cfs_buf_addf(&keyring->looked, "%s: %s\n", name, why);
}

static void advance(struct cfs_keyring *keyring, const struct cfs_step_answer *answer);

static int answer_data(void *arg, const char *bytes, size_t len)
{
	struct cfs_keyring *keyring = arg;

	return cfs_buf_add(&keyring->answer, bytes, len);
}

static void answer_done(void *arg, const struct cfs_http_outcome *outcome)
{
	struct cfs_keyring *keyring = arg;
	struct cfs_buf content = keyring->answer;
	struct cfs_step_answer answer = {
		.fault = outcome->fault,
		.status = outcome->status,
		.content = cfs_buf_text(&content),
		.len = content.len,
	};

	/* The step may ask for another answer at once, which gets a buffer of its own. */
	cfs_buf_init(&keyring->answer, CFS_PROVIDER_ANSWER_MAX);
	advance(keyring, &answer);
	cfs_buf_wipe(&content);
}

static const struct cfs_http_handler answer_handler = {
	.data = answer_data,
	.done = answer_done,
};

static void send(struct cfs_keyring *keyring, struct cfs_step *step)
{
	struct cfs_http_options options = {
		.timeout_ms = step->timeout_ms,
		.connect_ms = step->timeout_ms,
		.direct = step->direct,
	};

	cfs_http_start(keyring->http, &keyring->transfer, &step->request, &options, &answer_handler,
		keyring);
}

static void fail(struct cfs_keyring *keyring, enum cfs_fault fault)
{
	keyring->fault = fault;
	settle(keyring, false);
}

/* Steps through the chain until it has keys, has none, or waits for an answer. */
static void advance(struct cfs_keyring *keyring, const struct cfs_step_answer *answer)
{
	const struct cfs_provider *provider;
	struct cfs_step step;
	int64_t now = cfs_clock_wall().tv_sec;

	while ((provider = keyring->backend->providers[keyring->provider])) {
		if (!keyring->machine) {
			keyring->steps = 0;
			if (provider->create(keyring->settings, keyring->env, &keyring->machine) <
				0)
				return fail(keyring, CFS_NO_MEMORY);
		}
		provider->step(keyring->machine, answer, now, &step);
		answer = NULL;
		switch (step.kind) {
		case CFS_STEP_KEYS:
			cfs_keys_finish(&keyring->keys);
			keyring->keys = step.keys;
			memcpy(keyring->source, step.why, sizeof(keyring->source));
			return settle(keyring, true);
		case CFS_STEP_ABSENT:
			note(keyring, step.why);
			end_machine(keyring);
			keyring->provider++;
			break;
		case CFS_STEP_FAILED:
			note(keyring, step.why);
			return fail(keyring, step.fault);
		case CFS_STEP_HTTP:
			if (++keyring->steps <= CFS_PROVIDER_STEPS_MAX)
				return send(keyring, &step);
			cfs_http_request_finish(&step.request);
			note(keyring, "asks without end");
			return fail(keyring, CFS_UNAUTHENTICATED);
		}
	}
	fail(keyring, CFS_UNAUTHENTICATED);
}

static void search(struct cfs_keyring *keyring)
{
	keyring->state = SEARCHING;
	keyring->provider = 0;
	keyring->source[0] = '\0';
	cfs_buf_clear(&keyring->looked);
	advance(keyring, NULL);
}

/* Whether what is known still counts. */
static bool settled(const struct cfs_keyring *keyring)
{
	bool pausing = cfs_clock_ms() - keyring->settled_ms < CFS_KEYRING_PAUSE_MS;

	if (keyring->state == HELD && keyring->keys.expires <= cfs_clock_wall().tv_sec)
		return pausing;
	if (keyring->state == HELD)
		return !keyring->refused || pausing;
	return keyring->state == FAILED && pausing;
}

int cfs_keyring_get(struct cfs_keyring *keyring, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, const struct cfs_keys **ret_keys,
	struct cfs_error *ret_error)
{
	if (keyring->state != SEARCHING && !settled(keyring))
		search(keyring);
	if (keyring->state == HELD) {
		*ret_keys = &keyring->keys;
		return 1;
	}
	if (keyring->state == FAILED) {
		cfs_error_set(ret_error, keyring->fault, "no usable credentials; looked in: %s",
			cfs_buf_text(&keyring->looked));
		return -EACCES;
	}
	cfs_wait_enter(&keyring->waits, wait, fn, arg);
	return 0;
}

void cfs_keyring_refused(struct cfs_keyring *keyring)
{
	if (keyring->state == HELD)
		keyring->refused = true;
}

const char *cfs_keyring_source(const struct cfs_keyring *keyring)
{
	return keyring->state == HELD ? keyring->source : "";
}

const char *cfs_keyring_looked(const struct cfs_keyring *keyring)
{
	return cfs_buf_text(&keyring->looked);
}
