#include "fs/client/credentials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/process.h"
#include "fs/client/watched_files.h"

struct cfs_keyring {
	struct cfs_loop *loop;
	struct cfs_http *http;
	const struct cfs_backend *backend;
	const struct cfs_settings *settings;
	struct cfs_skew *skew;

	/* What is held. */
	bool held, refused;
	struct cfs_keys keys;
	int64_t worked_ms; /* when they last did, 0: not yet */
	int64_t since;     /* when they were found, cfs_skew_now */
	char source[CFS_PROVIDER_WHY_MAX];

	/* How the last search ended. */
	bool absent;
	enum cfs_fault fault; /* CFS_OK: with the keys that are held, or there was none yet */
	int64_t ended_ms;
	struct cfs_buf looked;

	/* The search under way. */
	bool searching, learnt_time;
	size_t provider;
	unsigned steps;
	struct cfs_provider_state *machine;
	struct cfs_files files; /* that the providers read; their env */
	struct cfs_transfer transfer;
	struct cfs_process process;
	struct cfs_buf answer;
	struct cfs_wait *waits;
};

int cfs_keyring_create(struct cfs_loop *loop, struct cfs_http *http,
	const struct cfs_backend *backend, const struct cfs_settings *settings,
	const struct cfs_env *env, struct cfs_skew *skew, struct cfs_keyring **ret_keyring)
{
	struct cfs_keyring *keyring;

	keyring = calloc(1, sizeof(*keyring));
	if (!keyring)
		return -ENOMEM;
	keyring->loop = loop;
	keyring->http = http;
	keyring->backend = backend;
	keyring->settings = settings;
	keyring->skew = skew;
	keyring->keys = CFS_KEYS_INIT;
	cfs_files_init(&keyring->files, env);
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
	cfs_process_cancel(&keyring->process);
	end_machine(keyring);
	cfs_files_finish(&keyring->files);
	cfs_keys_finish(&keyring->keys);
	cfs_buf_finish(&keyring->looked);
	free(keyring);
}

static bool expired(const struct cfs_keyring *keyring)
{
	return keyring->keys.expires <= cfs_skew_now(keyring->skew);
}

/* The account of the last search as one line. */
static void looked_line(const struct cfs_keyring *keyring, char line[CFS_KEYRING_LOOKED_MAX * 2])
{
	const char *text = cfs_buf_text(&keyring->looked);

	for (; *text; text++) {
		if (*text != '\n')
			*line++ = *text;
		else if (text[1])
			line = stpcpy(line, "; ");
	}
	*line = '\0';
}

/* Ends the search and lets everybody who waits ask again. */
static void settle(struct cfs_keyring *keyring, enum cfs_fault fault)
{
	char line[CFS_KEYRING_LOOKED_MAX * 2];

	end_machine(keyring);
	keyring->searching = false;
	keyring->fault = fault;
	keyring->ended_ms = cfs_clock_ms();
	looked_line(keyring, line);
	if (fault != CFS_OK && keyring->held && !expired(keyring))
		cfs_log(CFS_LOG_WARNING, "[%s]: the credentials could not be renewed: %s",
			keyring->settings->name, line);
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
		.date = outcome->date,
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

static void process_done(void *arg, const struct cfs_step_answer *answer)
{
	advance(arg, answer);
}

/* People write secrets into command lines, too. */
static void free_words(char **argv)
{
	size_t i;

	for (i = 0; argv[i]; i++)
		OPENSSL_cleanse(argv[i], strlen(argv[i]));
	free(argv);
}

/* Does what a step asks for. What it holds is taken over. */
static void perform(struct cfs_keyring *keyring, struct cfs_step *step)
{
	struct cfs_http_options options = {
		.ca_file = step->ca_file,
		.timeout_ms = step->timeout_ms,
		.connect_ms = step->timeout_ms,
		.direct = step->direct,
	};

	if (step->kind == CFS_STEP_HTTP) {
		cfs_http_start(keyring->http, &keyring->transfer, &step->request, &options,
			&answer_handler, keyring);
		return;
	}
	cfs_process_start(&keyring->process, keyring->loop, step->argv, step->timeout_ms,
		CFS_PROVIDER_ANSWER_MAX, process_done, keyring);
	free_words(step->argv);
}

static void begin(struct cfs_keyring *keyring)
{
	keyring->searching = true;
	keyring->absent = false;
	keyring->provider = 0;
	cfs_buf_clear(&keyring->looked);
	cfs_files_forget(&keyring->files);
	advance(keyring, NULL);
}

static void fail(struct cfs_keyring *keyring, enum cfs_fault fault, int64_t date)
{
	/* A service that signs keys out looks at the time as well. */
	if (!keyring->learnt_time && cfs_skew_learn(keyring->skew, date)) {
		keyring->learnt_time = true;
		end_machine(keyring);
		begin(keyring);
		return;
	}
	settle(keyring, fault);
}

static void hold(struct cfs_keyring *keyring, struct cfs_step *step, int64_t date)
{
	/* Nobody hands out keys that have expired: if they seem to have, the clock may have been
	 * set. */
	if (step->keys.expires <= cfs_skew_now(keyring->skew))
		(void)cfs_skew_learn(keyring->skew, date);
	cfs_keys_finish(&keyring->keys);
	keyring->keys = step->keys;
	keyring->held = true;
	keyring->refused = false;
	keyring->worked_ms = 0;
	keyring->since = cfs_skew_now(keyring->skew);
	memcpy(keyring->source, step->why, sizeof(keyring->source));
	settle(keyring, CFS_OK);
}

/* Steps through the chain until it has keys, has none, or waits for an answer. */
static void advance(struct cfs_keyring *keyring, const struct cfs_step_answer *answer)
{
	const struct cfs_provider *provider;
	int64_t date = answer ? answer->date : 0;
	struct cfs_step step;

	while ((provider = keyring->backend->providers[keyring->provider])) {
		if (!keyring->machine) {
			keyring->steps = 0;
			if (provider->create(
				    keyring->settings, &keyring->files.env, &keyring->machine) < 0)
				return settle(keyring, CFS_NO_MEMORY);
		}
		provider->step(keyring->machine, answer, cfs_skew_now(keyring->skew), &step);
		answer = NULL;
		switch (step.kind) {
		case CFS_STEP_KEYS:
			return hold(keyring, &step, date);
		case CFS_STEP_ABSENT:
			note(keyring, step.why);
			end_machine(keyring);
			keyring->provider++;
			break;
		case CFS_STEP_FAILED:
			note(keyring, step.why);
			return fail(keyring, step.fault, date);
		case CFS_STEP_HTTP:
		case CFS_STEP_PROCESS:
			if (++keyring->steps <= CFS_PROVIDER_STEPS_MAX)
				return perform(keyring, &step);
			if (step.kind == CFS_STEP_HTTP)
				cfs_http_request_finish(&step.request);
			else
				free_words(step.argv);
			note(keyring, "asks without end");
			return settle(keyring, CFS_UNAUTHENTICATED);
		}
	}
	keyring->absent = true;
	settle(keyring, CFS_UNAUTHENTICATED);
}

/* Whether the keys held should be replaced, though they may still serve. */
static bool wants_others(struct cfs_keyring *keyring)
{
	int64_t early = CFS_KEYRING_EARLY, life;

	if (!keyring->held || keyring->refused)
		return true;
	if (keyring->keys.expires == INT64_MAX)
		return false;
	life = keyring->keys.expires - keyring->since;
	if (life / 2 < early)
		early = life / 2;
	return keyring->keys.expires - cfs_skew_now(keyring->skew) <= early;
}

static void search_if_due(struct cfs_keyring *keyring)
{
	/* After a search that found keys, too: a metadata service hands out the same ones for a
	 * while. */
	bool pausing =
		keyring->ended_ms > 0 && cfs_clock_ms() - keyring->ended_ms < CFS_KEYRING_PAUSE_MS;

	if (keyring->searching)
		return;
	if (!cfs_files_changed(&keyring->files, cfs_clock_ms()) &&
		(pausing || !wants_others(keyring)))
		return;
	keyring->learnt_time = false;
	begin(keyring);
}

int cfs_keyring_get(struct cfs_keyring *keyring, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, const struct cfs_keys **ret_keys,
	struct cfs_error *ret_error)
{
	char line[CFS_KEYRING_LOOKED_MAX * 2];

	search_if_due(keyring);
	if (keyring->held && !expired(keyring)) {
		*ret_keys = &keyring->keys;
		return 1;
	}
	if (keyring->searching) {
		cfs_wait_enter(&keyring->waits, wait, fn, arg);
		return 0;
	}
	looked_line(keyring, line);
	cfs_error_set(ret_error, keyring->held ? CFS_EXPIRED : keyring->fault,
		keyring->held ? "the credentials have expired; looked in: %s"
			      : "no usable credentials; looked in: %s",
		line);
	return -EACCES;
}

void cfs_keyring_worked(struct cfs_keyring *keyring)
{
	keyring->worked_ms = cfs_clock_ms();
}

void cfs_keyring_refused(struct cfs_keyring *keyring, enum cfs_fault fault)
{
	bool trusted = keyring->worked_ms > 0 &&
		cfs_clock_ms() - keyring->worked_ms <= CFS_KEYRING_TRUST_MS;

	if (!trusted || fault == CFS_EXPIRED)
		keyring->refused = true;
}

const char *cfs_keyring_source(const struct cfs_keyring *keyring)
{
	return keyring->held ? keyring->source : "";
}

int64_t cfs_keyring_expires(const struct cfs_keyring *keyring)
{
	return keyring->keys.expires;
}

const char *cfs_keyring_looked(const struct cfs_keyring *keyring)
{
	return cfs_buf_text(&keyring->looked);
}

enum cfs_fault cfs_keyring_fault(const struct cfs_keyring *keyring)
{
	return keyring->fault;
}

bool cfs_keyring_absent(const struct cfs_keyring *keyring)
{
	return keyring->absent;
}
