/* SPDX-License-Identifier: MIT */
#include "fs/client/probe.h"

#include "fs/base/clock.h"
#include "fs/client/credentials.h"

#define CONTENT_MAX 4096 /* bytes of a probe's answer */

/* Any answer is good enough for a probe, so its content is discarded. */

static int ignore_instance(void *arg, struct cfs_instance *instance)
{
	(void)arg;
	cfs_instance_destroy(instance);
	return 0;
}

static int ignore_region(void *arg, const char *region)
{
	(void)arg;
	(void)region;
	return 0;
}

struct cfs_question cfs_probe_question(const struct cfs_question *question)
{
	struct cfs_question probe = {.verb = question->verb, .live = question->live};

	if (question->verb == CFS_FETCH)
		probe.verb = CFS_PROBE;
	else if (question->verb == CFS_LIST)
		probe.verb = CFS_FIND;
	return probe;
}

static void finish(struct cfs_probe *probe, bool sent, const struct cfs_error *error)
{
	cfs_buf_finish(&probe->content);
	probe->client = NULL;
	probe->done(probe->arg, sent, error);
}

/* What an answer says of the clock or the keys, the calls that wait for it shall know. */
static void report(struct cfs_client *client, const struct cfs_error *error, int64_t date)
{
	if (cfs_attempt_corrects_clock(client, error, date))
		return;
	/* The time is right, so it is the keys. */
	cfs_credentials_report(client->credentials,
		error->fault == CFS_CLOCK_SKEW && date > 0 ? CFS_EXPIRED : error->fault);
}

static void answered(void *arg, const struct cfs_error *error, int64_t date)
{
	struct cfs_probe *probe = arg;

	report(probe->client, error, date);
	finish(probe, true, error);
}

static void no_credentials_in_time(void *arg)
{
	struct cfs_probe *probe = arg;
	struct cfs_error error;

	cfs_wait_leave(&probe->wait);
	cfs_error_set(&error, CFS_TIMED_OUT, "timed out waiting for credentials");
	finish(probe, false, &error);
}

static void send(struct cfs_probe *probe, const struct cfs_keys *keys)
{
	int64_t left_ms = probe->ends_ms - cfs_clock_ms();
	const struct cfs_attempt_limits limits = {
		.total_ms = left_ms,
		.connect_ms = left_ms,
		.first_byte_ms = left_ms,
		.stall_ms = left_ms,
		.fresh = true,
	};
	struct cfs_error error;
	int r;

	r = cfs_attempt_start(&probe->attempt, probe->client, probe->question, keys, &probe->sink,
		&limits, answered, probe);
	if (r < 0) {
		cfs_error_set(&error, cfs_fault_from_errno(r), "the request could not be made");
		finish(probe, false, &error);
	}
}

static void credentials_changed(void *arg, int result);

static void advance(struct cfs_probe *probe)
{
	const struct cfs_keys *keys;
	struct cfs_error error;
	int r;

	if (cfs_clock_ms() >= probe->ends_ms) {
		no_credentials_in_time(probe);
		return;
	}
	r = cfs_credentials_get(probe->client->credentials, &probe->wait, credentials_changed,
		probe, &keys, &error);
	if (r > 0) {
		send(probe, keys);
	} else if (r < 0) {
		finish(probe, false, &error);
	} else {
		cfs_timer_init(&probe->timer, no_credentials_in_time, probe);
		cfs_timer_start(probe->client->runtime->loop, &probe->timer,
			probe->ends_ms - cfs_clock_ms());
	}
}

static void credentials_changed(void *arg, int result)
{
	struct cfs_probe *probe = arg;

	(void)result; /* advance asks for the credentials again */
	cfs_timer_stop(&probe->timer);
	advance(probe);
}

static void begin(void *arg)
{
	advance(arg);
}

void cfs_probe_start(struct cfs_probe *probe, struct cfs_client *client,
	const struct cfs_question *question, int64_t timeout_ms,
	void (*done)(void *arg, bool sent, const struct cfs_error *error), void *arg)
{
	*probe = (struct cfs_probe){
		.client = client,
		.question = question,
		.ends_ms = cfs_clock_ms() + timeout_ms,
		.sink = {.instance = ignore_instance, .region = ignore_region},
		.done = done,
		.arg = arg,
	};
	cfs_buf_init(&probe->content, CONTENT_MAX);
	probe->sink.content = &probe->content;
	cfs_timer_init(&probe->timer, begin, probe);
	cfs_timer_start(client->runtime->loop, &probe->timer, 0);
}

void cfs_probe_cancel(struct cfs_probe *probe)
{
	if (!probe->client)
		return;
	cfs_timer_stop(&probe->timer);
	cfs_wait_leave(&probe->wait);
	cfs_attempt_cancel(&probe->attempt);
	cfs_buf_finish(&probe->content);
	probe->client = NULL;
}
