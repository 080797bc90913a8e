/* SPDX-License-Identifier: MIT */
#include "fs/client/credentials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/signing_keys.h"
#include "backends/contract/step.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/process.h"
#include "fs/base/replace.h"
#include "fs/client/watched_files.h"

struct cfs_credentials {
	struct cfs_loop *loop;
	struct cfs_http *http;
	const struct cfs_backend *backend;
	const struct cfs_settings *settings;
	struct cfs_cloud_clock *cloud_clock;

	/* The current keys. */
	bool held, refused;
	struct cfs_keys keys;
	int64_t worked_ms; /* when the cloud last accepted them; 0: not yet */
	int64_t since;     /* when they were found, cfs_cloud_clock_now */
	char source[CFS_PROVIDER_WHY_MAX];

	/* How the last search ended. */
	bool absent;
	enum cfs_fault fault; /* CFS_OK: it found keys, or there was no search yet */
	int64_t ended_ms;
	struct cfs_buf looked; /* where it looked: one provider a line */

	/* The search in progress. */
	bool searching, clock_corrected;
	size_t provider; /* index into the backend's providers */
	unsigned steps;
	struct cfs_provider_state *state; /* of the provider */
	struct cfs_watched_files files;   /* that the providers read; files.env is their env */
	struct cfs_transfer transfer;
	struct cfs_process process;
	struct cfs_buf answer;
	struct cfs_wait *waits;
};

int cfs_credentials_create(struct cfs_loop *loop, struct cfs_http *http,
	const struct cfs_backend *backend, const struct cfs_settings *settings,
	const struct cfs_env *env, struct cfs_cloud_clock *cloud_clock,
	struct cfs_credentials **ret_credentials)
{
	struct cfs_credentials *credentials;

	credentials = calloc(1, sizeof(*credentials));
	if (!credentials)
		return -ENOMEM;
	credentials->loop = loop;
	credentials->http = http;
	credentials->backend = backend;
	credentials->settings = settings;
	credentials->cloud_clock = cloud_clock;
	credentials->keys = CFS_KEYS_INIT;
	cfs_watched_files_init(&credentials->files, env);
	cfs_buf_init(&credentials->looked, CFS_CREDENTIALS_LOOKED_MAX);
	cfs_buf_init(&credentials->answer, CFS_PROVIDER_ANSWER_MAX);
	*ret_credentials = credentials;
	return 0;
}

static void end_provider(struct cfs_credentials *credentials)
{
	if (credentials->state)
		credentials->backend->providers[credentials->provider]->destroy(credentials->state);
	credentials->state = NULL;
	cfs_buf_wipe(&credentials->answer);
}

void cfs_credentials_destroy(struct cfs_credentials *credentials)
{
	if (!credentials)
		return;
	cfs_http_cancel(&credentials->transfer);
	cfs_process_cancel(&credentials->process);
	end_provider(credentials);
	cfs_watched_files_finish(&credentials->files);
	cfs_keys_finish(&credentials->keys);
	cfs_buf_finish(&credentials->looked);
	free(credentials);
}

static bool expired(const struct cfs_credentials *credentials)
{
	return credentials->keys.expires <= cfs_cloud_clock_now(credentials->cloud_clock);
}

/* Where the last search looked, as one line. */
static void format_looked(
	const struct cfs_credentials *credentials, char line[CFS_CREDENTIALS_LOOKED_MAX * 2])
{
	const char *text = cfs_buf_text(&credentials->looked);

	for (; *text; text++) {
		if (*text != '\n')
			*line++ = *text;
		else if (text[1])
			line = stpcpy(line, "; ");
	}
	*line = '\0';
}

/* Ends the search. All who wait for it ask again. */
static void end_search(struct cfs_credentials *credentials, enum cfs_fault fault)
{
	char line[CFS_CREDENTIALS_LOOKED_MAX * 2];

	end_provider(credentials);
	credentials->searching = false;
	credentials->fault = fault;
	credentials->ended_ms = cfs_clock_ms();
	format_looked(credentials, line);
	if (fault != CFS_OK && credentials->held && !expired(credentials))
		cfs_log(CFS_LOG_WARNING, "[%s]: the credentials could not be renewed: %s",
			credentials->settings->name, line);
	cfs_wait_end_all(&credentials->waits, 0);
}

static void note_result(struct cfs_credentials *credentials, const char *why)
{
	const char *name = credentials->backend->providers[credentials->provider]->name;

	/* This text is only shown to users. If it does not fit, that must not fail the search. */
	(void)cfs_buf_addf(&credentials->looked, "%s: %s\n", name, why);
}

static void advance(struct cfs_credentials *credentials, const struct cfs_step_answer *answer);

static int answer_data(void *arg, const char *bytes, size_t len)
{
	struct cfs_credentials *credentials = arg;

	return cfs_buf_add(&credentials->answer, bytes, len);
}

static void answer_done(void *arg, const struct cfs_http_outcome *outcome)
{
	struct cfs_credentials *credentials = arg;
	struct cfs_buf content = credentials->answer;
	struct cfs_step_answer answer = {
		.fault = outcome->fault,
		.status = outcome->status,
		.message = outcome->message,
		.date = outcome->date,
		.content = cfs_buf_text(&content),
		.len = content.len,
	};

	/* The next step may start another request at once, which needs a buffer of its own. */
	cfs_buf_init(&credentials->answer, CFS_PROVIDER_ANSWER_MAX);
	advance(credentials, &answer);
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

/* Starts the request or the process that a step asks for, and finishes the step. */
static void start_step(struct cfs_credentials *credentials, struct cfs_step *step)
{
	struct cfs_http_options options = {
		.ca_file = step->ca_file,
		.timeout_ms = step->timeout_ms,
		.connect_ms = step->timeout_ms,
		.direct = step->direct,
		.insecure = credentials->settings->insecure_http,
	};

	if (step->kind == CFS_STEP_HTTP) {
		cfs_http_start(credentials->http, &credentials->transfer, &step->request, &options,
			&answer_handler, credentials);
	} else {
		cfs_process_start(&credentials->process, credentials->loop, step->argv,
			credentials->files.env.directory, step->timeout_ms, CFS_PROVIDER_ANSWER_MAX,
			process_done, credentials);
	}
	cfs_step_finish(step);
}

static struct cfs_step_answer write_file(struct cfs_credentials *credentials, struct cfs_step *step)
{
	struct cfs_step_answer answer = {.content = ""};
	struct stat now;

	answer.status =
		cfs_replace_file(step->path, cfs_buf_text(&step->bytes), step->bytes.len, &now);
	if (answer.status == 0)
		cfs_watched_files_wrote(&credentials->files, step->path, &now);
	cfs_step_finish(step);
	return answer;
}

static void begin_search(struct cfs_credentials *credentials)
{
	credentials->searching = true;
	credentials->absent = false;
	credentials->provider = 0;
	cfs_buf_clear(&credentials->looked);
	cfs_watched_files_forget(&credentials->files);
	advance(credentials, NULL);
}

static void fail_search(struct cfs_credentials *credentials, enum cfs_fault fault, int64_t date)
{
	/* The service that issues keys may have refused our time: search again with its time. */
	if (!credentials->clock_corrected &&
		cfs_cloud_clock_learn(credentials->cloud_clock, date)) {
		credentials->clock_corrected = true;
		end_provider(credentials);
		begin_search(credentials);
		return;
	}
	end_search(credentials, fault);
}

static void store_keys(struct cfs_credentials *credentials, struct cfs_step *step, int64_t date)
{
	/* No service issues keys that have expired already. If they look expired, our idea of the
	 * cloud's time is wrong: this host's clock may have been set since. */
	if (step->keys.expires <= cfs_cloud_clock_now(credentials->cloud_clock))
		(void)cfs_cloud_clock_learn(credentials->cloud_clock, date);
	cfs_keys_finish(&credentials->keys);
	credentials->keys = step->keys;
	cfs_signing_keys_remember(&credentials->keys);
	credentials->held = true;
	credentials->refused = false;
	credentials->worked_ms = 0;
	credentials->since = cfs_cloud_clock_now(credentials->cloud_clock);
	memcpy(credentials->source, step->why, sizeof(credentials->source));
	end_search(credentials, CFS_OK);
}

/* Steps through the providers until one has keys, all have none, or an answer is waited for. */
static void advance(struct cfs_credentials *credentials, const struct cfs_step_answer *answer)
{
	const struct cfs_provider *provider;
	int64_t date = answer ? answer->date : 0;
	struct cfs_step_answer written;
	struct cfs_step step;

	while ((provider = credentials->backend->providers[credentials->provider])) {
		if (!credentials->state) {
			credentials->steps = 0;
			if (provider->create(credentials->settings, &credentials->files.env,
				    &credentials->state) < 0) {
				end_search(credentials, CFS_NO_MEMORY);
				return;
			}
		}
		provider->step(credentials->state, answer,
			cfs_cloud_clock_now(credentials->cloud_clock), &step);
		answer = NULL;
		switch (step.kind) {
		case CFS_STEP_KEYS:
			store_keys(credentials, &step, date);
			return;
		case CFS_STEP_ABSENT:
			note_result(credentials, step.why);
			end_provider(credentials);
			credentials->provider++;
			break;
		case CFS_STEP_FAILED:
			note_result(credentials, step.why);
			fail_search(credentials, step.fault, date);
			return;
		case CFS_STEP_HTTP:
		case CFS_STEP_PROCESS:
		case CFS_STEP_WRITE:
			if (++credentials->steps > CFS_PROVIDER_STEPS_MAX) {
				cfs_step_finish(&step);
				note_result(credentials, "gave up: it needs too many requests");
				end_search(credentials, CFS_UNAUTHENTICATED);
				return;
			}
			if (step.kind != CFS_STEP_WRITE) {
				start_step(credentials, &step);
				return;
			}
			written = write_file(credentials, &step);
			answer = &written;
			break;
		}
	}
	credentials->absent = true;
	end_search(credentials, CFS_UNAUTHENTICATED);
}

/* Whether to search for new keys, though the current ones may still be valid. */
static bool needs_search(struct cfs_credentials *credentials)
{
	int64_t early = CFS_CREDENTIALS_EARLY, life;

	if (!credentials->held || credentials->refused)
		return true;
	if (credentials->keys.expires == INT64_MAX)
		return false;
	life = credentials->keys.expires - credentials->since;
	if (life / 2 < early)
		early = life / 2;
	return credentials->keys.expires - cfs_cloud_clock_now(credentials->cloud_clock) <= early;
}

static void search_if_due(struct cfs_credentials *credentials)
{
	/* Pause also after a search that found keys: a metadata service returns the same keys for a
	 * while. */
	bool pausing = credentials->ended_ms > 0 &&
		cfs_clock_ms() - credentials->ended_ms < CFS_CREDENTIALS_PAUSE_MS;

	if (credentials->searching)
		return;
	if (!cfs_watched_files_changed(&credentials->files, cfs_clock_ms()) &&
		(pausing || !needs_search(credentials)))
		return;
	credentials->clock_corrected = false;
	begin_search(credentials);
}

int cfs_credentials_get(struct cfs_credentials *credentials, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, const struct cfs_keys **ret_keys,
	struct cfs_error *ret_error)
{
	char line[CFS_CREDENTIALS_LOOKED_MAX * 2];

	search_if_due(credentials);
	if (credentials->held && !expired(credentials)) {
		*ret_keys = &credentials->keys;
		return 1;
	}
	if (credentials->searching) {
		cfs_wait_enter(&credentials->waits, wait, fn, arg);
		return 0;
	}
	format_looked(credentials, line);
	cfs_error_set(ret_error, credentials->held ? CFS_EXPIRED : credentials->fault,
		credentials->held ? "the credentials have expired; looked in: %s"
				  : "no usable credentials; looked in: %s",
		line);
	return -EACCES;
}

void cfs_credentials_report(struct cfs_credentials *credentials, enum cfs_fault fault)
{
	int64_t now = cfs_clock_ms();
	bool trusted = credentials->worked_ms > 0 &&
		now - credentials->worked_ms <= CFS_CREDENTIALS_TRUST_MS;

	if (fault == CFS_OK)
		credentials->worked_ms = now;
	else if (fault == CFS_EXPIRED)
		credentials->refused = true;
	else if ((fault == CFS_UNAUTHENTICATED || fault == CFS_CLOCK_SKEW) && !trusted)
		credentials->refused = true;
}

void cfs_credentials_hide(const struct cfs_credentials *credentials, struct cfs_error *error)
{
	const struct cfs_keys *keys = &credentials->keys;

	cfs_error_hide(error, keys->id.data);
	cfs_error_hide(error, keys->secret.data);
	cfs_error_hide(error, keys->token.data);
}

const char *cfs_credentials_source(const struct cfs_credentials *credentials)
{
	return credentials->held ? credentials->source : "";
}

int64_t cfs_credentials_expires(const struct cfs_credentials *credentials)
{
	return credentials->keys.expires;
}

const char *cfs_credentials_looked(const struct cfs_credentials *credentials)
{
	return cfs_buf_text(&credentials->looked);
}

enum cfs_fault cfs_credentials_fault(const struct cfs_credentials *credentials)
{
	return credentials->fault;
}

bool cfs_credentials_absent(const struct cfs_credentials *credentials)
{
	return credentials->absent;
}
