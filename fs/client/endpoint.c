/* SPDX-License-Identifier: MIT */
#include "fs/client/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "backends/base/time.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"

static void begin_probe(void *arg);

/* The configured rate, or the documented one if none is configured. */
static struct cfs_rate rate_of(const struct cfs_client *client, const struct cfs_question *question)
{
	double rate = client->rate;

	if (rate > 0)
		return (struct cfs_rate){.per_second = rate, .burst = rate > 1 ? rate : 1};
	return client->backend->rate(question);
}

static struct cfs_endpoint *create(
	struct cfs_client *client, const struct cfs_question *question, const char *action)
{
	struct cfs_endpoint *endpoint = calloc(1, sizeof(*endpoint));

	if (!endpoint)
		return NULL;
	endpoint->client = client;
	strncpy(endpoint->region, question->region, CFS_REGION_MAX);
	endpoint->action = action;
	cfs_rate_queue_init(&endpoint->queue, client->runtime->loop, rate_of(client, question));
	endpoint->series = cfs_metrics_find(
		client->runtime->metrics, client->settings.name, endpoint->region, action);
	endpoint->question = cfs_probe_question(question);
	endpoint->question.region = endpoint->region;
	cfs_timer_init(&endpoint->timer, begin_probe, endpoint);
	endpoint->next = client->endpoints;
	client->endpoints = endpoint;
	return endpoint;
}

/* A list is enough: regions times actions are a few dozen endpoints at most. */
struct cfs_endpoint *cfs_endpoint_find(
	struct cfs_client *client, const struct cfs_question *question)
{
	const char *action = client->backend->action(question);

	for (struct cfs_endpoint *endpoint = client->endpoints; endpoint; endpoint = endpoint->next)
		if (strcmp(endpoint->region, question->region) == 0 &&
			strcmp(endpoint->action, action) == 0)
			return endpoint;
	return create(client, question, action);
}

static void count_probe(struct cfs_endpoint *endpoint, enum cfs_fault fault)
{
	cfs_metrics_ended(endpoint->series, fault, cfs_clock_us() - endpoint->probe_began_us);
}

void cfs_endpoint_destroy_all(struct cfs_client *client)
{
	struct cfs_endpoint *endpoint;

	while ((endpoint = client->endpoints)) {
		client->endpoints = endpoint->next;
		cfs_timer_stop(&endpoint->timer);
		if (endpoint->probe.client)
			count_probe(endpoint, CFS_INTERRUPTED);
		cfs_probe_cancel(&endpoint->probe);
		cfs_rate_queue_finish(&endpoint->queue);
		free(endpoint);
	}
}

static const char *place(const struct cfs_endpoint *endpoint)
{
	return endpoint->region[0] ? endpoint->region : "the cloud";
}

/* Arms the timer for the next probe, if one is needed. */
static void schedule_probe(struct cfs_endpoint *endpoint)
{
	int64_t delay = cfs_breaker_next_probe(&endpoint->breaker, cfs_clock_ms());

	if (delay >= 0 && !endpoint->probe.client && !endpoint->timer.loop)
		cfs_timer_start(endpoint->client->runtime->loop, &endpoint->timer, delay);
}

static void probe_done(void *arg, bool sent, const struct cfs_error *error)
{
	struct cfs_endpoint *endpoint = arg;
	bool was_down = endpoint->breaker.down;

	count_probe(endpoint, error->fault);
	if (error->fault == CFS_THROTTLED)
		cfs_metrics_throttled(endpoint->series);
	/* A probe that could not be sent says nothing about the cloud. Let calls through: they fail
	 * with the reason. */
	cfs_breaker_probe_ended(&endpoint->breaker, sent ? error->fault : CFS_OK, cfs_clock_ms());
	if (endpoint->breaker.down) {
		endpoint->error = *error;
		if (!was_down)
			endpoint->since = cfs_clock_wall();
	}
	if (was_down != endpoint->breaker.down)
		cfs_log(CFS_LOG_WARNING, "%s: %s: %s %s", endpoint->client->settings.name,
			place(endpoint), endpoint->action,
			was_down ? "answers again"
				 : "does not answer: calls fail at once until it does");
	schedule_probe(endpoint);
	cfs_wait_end_all(&endpoint->waits, 0);
	if (endpoint->breaker.down)
		cfs_rate_queue_flush(&endpoint->queue);
}

static void begin_probe(void *arg)
{
	struct cfs_endpoint *endpoint = arg;

	if (endpoint->probe.client)
		return;
	cfs_timer_stop(&endpoint->timer);
	cfs_breaker_probe_begins(&endpoint->breaker);
	endpoint->probe_began_us = cfs_clock_us();
	cfs_metrics_began(endpoint->series);
	cfs_probe_start(&endpoint->probe, endpoint->client, &endpoint->question,
		CFS_BREAKER_PROBE_MS, probe_done, endpoint);
}

/* Why a call is refused: the error of the last probe. */
static void explain(const struct cfs_endpoint *endpoint, struct cfs_error *ret_error)
{
	char since[CFS_TIME_TEXT];
	const char *date_end;

	cfs_time_format(endpoint->since.tv_sec, since);
	date_end = strchr(since, 'T');
	cfs_error_set(ret_error, endpoint->error.fault,
		"%s has not answered since %s; calls fail until a probe gets an answer: %s",
		place(endpoint), date_end ? date_end + 1 : since, endpoint->error.message);
}

int cfs_endpoint_admit(struct cfs_endpoint *endpoint, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, struct cfs_error *ret_error)
{
	switch (cfs_breaker_ask(&endpoint->breaker, cfs_clock_ms())) {
	case CFS_VERDICT_GO:
		return 1;
	case CFS_VERDICT_REFUSE:
		schedule_probe(endpoint);
		explain(endpoint, ret_error);
		return -1;
	case CFS_VERDICT_WAIT:
		break;
	}
	begin_probe(endpoint);
	cfs_wait_enter(&endpoint->waits, wait, fn, arg);
	return 0;
}

void cfs_endpoint_report(struct cfs_endpoint *endpoint, const struct cfs_error *error)
{
	if (cfs_breaker_heard(&endpoint->breaker, error->fault, cfs_clock_ms()))
		begin_probe(endpoint);
}
