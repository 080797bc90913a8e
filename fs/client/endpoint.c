#include "fs/client/endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/client/breaker.h"
#include "fs/client/call.h"
#include "fs/client/rate_queue.h"

/* Of a probe's answer no more than this is looked at. */
#define PROBE_CONTENT_MAX 4096

struct cfs_endpoint {
	struct cfs_endpoint *next;
	struct cfs_client *client;
	char region[CFS_REGION_MAX + 1];
	struct cfs_question question; /* a probe's; of the region above */
	struct cfs_rate_queue *queue;
	struct cfs_retry_quota quota;
	struct cfs_breaker breaker;
	struct cfs_error error; /* of the last that got no answer */
	struct timespec since;  /* when it went down */
	struct cfs_timer timer; /* until the next probe */
	struct cfs_call probe;  /* its `cloud` is NULL when none is under way */
	struct cfs_sink sink;
	struct cfs_buf content;
	struct cfs_wait *waits; /* for a probe */
};

struct cfs_endpoints {
	struct cfs_client *client;
	struct cfs_endpoint *first; /* regions times actions: a few dozen at the most */
};

int cfs_endpoints_create(struct cfs_client *client, struct cfs_endpoints **ret_endpoints)
{
	struct cfs_endpoints *endpoints;

	endpoints = calloc(1, sizeof(*endpoints));
	if (!endpoints)
		return -ENOMEM;
	endpoints->client = client;
	*ret_endpoints = endpoints;
	return 0;
}

void cfs_endpoints_destroy(struct cfs_endpoints *endpoints)
{
	struct cfs_endpoint *endpoint;

	if (!endpoints)
		return;
	while ((endpoint = endpoints->first)) {
		endpoints->first = endpoint->next;
		cfs_timer_stop(&endpoint->timer);
		cfs_call_cancel(&endpoint->probe);
		cfs_buf_finish(&endpoint->content);
		free(endpoint);
	}
	free(endpoints);
}

/* What a probe does with an answer that has more to say than that there is one. */

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

/* The question that stands for another's action, without its effect or the length of its answer. */
static struct cfs_question probe_for(const struct cfs_question *question)
{
	struct cfs_question probe = {.verb = question->verb, .live = question->live};

	if (question->verb == CFS_FETCH)
		probe.verb = CFS_PROBE;
	else if (question->verb == CFS_LIST)
		probe.verb = CFS_FIND;
	return probe;
}

static const char *action_of(const struct cfs_endpoint *endpoint)
{
	return endpoint->client->backend->action(&endpoint->question);
}

static void begin_probe(void *arg);

/* What is configured, or else what the cloud documents. */
static struct cfs_rate rate_of(const struct cfs_client *client, const struct cfs_question *question)
{
	double rate = client->rate;

	if (rate > 0)
		return (struct cfs_rate){.per_second = rate, .burst = rate > 1 ? rate : 1};
	return client->backend->rate(question);
}

struct cfs_endpoint *cfs_endpoints_find(
	struct cfs_endpoints *endpoints, const struct cfs_question *question)
{
	const char *action = endpoints->client->backend->action(question);
	struct cfs_endpoint *endpoint;

	for (endpoint = endpoints->first; endpoint; endpoint = endpoint->next)
		if (strcmp(endpoint->region, question->region) == 0 &&
			strcmp(action_of(endpoint), action) == 0)
			return endpoint;
	endpoint = calloc(1, sizeof(*endpoint));
	if (!endpoint)
		return NULL;
	endpoint->queue = cfs_rate_queues_find(endpoints->client->queues, question->region, action,
		rate_of(endpoints->client, question));
	if (!endpoint->queue) {
		free(endpoint);
		return NULL;
	}
	endpoint->client = endpoints->client;
	strncpy(endpoint->region, question->region, CFS_REGION_MAX);
	endpoint->question = probe_for(question);
	endpoint->question.region = endpoint->region;
	cfs_buf_init(&endpoint->content, PROBE_CONTENT_MAX);
	endpoint->sink = (struct cfs_sink){.instance = ignore_instance,
		.region = ignore_region,
		.content = &endpoint->content};
	cfs_timer_init(&endpoint->timer, begin_probe, endpoint);
	endpoint->next = endpoints->first;
	endpoints->first = endpoint;
	return endpoint;
}

static const char *place(const struct cfs_endpoint *endpoint)
{
	return endpoint->region[0] ? endpoint->region : "the cloud";
}

/* Sees to the next probe, if there is to be one. */
static void plan_probe(struct cfs_endpoint *endpoint)
{
	int64_t delay = cfs_breaker_next_probe(&endpoint->breaker, cfs_clock_ms());

	if (delay >= 0 && !endpoint->probe.client && !endpoint->timer.loop)
		cfs_timer_start(endpoint->client->runtime->loop, &endpoint->timer, delay);
}

static void probe_done(void *arg, const struct cfs_error *error)
{
	struct cfs_endpoint *endpoint = arg;
	bool was_down = endpoint->breaker.down;
	/* One that could not even be sent says nothing; calls shall find out themselves why. */
	enum cfs_fault fault = cfs_call_was_sent(&endpoint->probe) ? error->fault : CFS_OK;

	cfs_breaker_probe_ended(&endpoint->breaker, fault, cfs_clock_ms());
	if (endpoint->breaker.down) {
		endpoint->error = *error;
		if (!was_down)
			endpoint->since = cfs_clock_wall();
	}
	if (was_down != endpoint->breaker.down)
		cfs_log(CFS_LOG_WARNING, "%s: %s: %s %s", endpoint->client->settings.name,
			place(endpoint), action_of(endpoint),
			was_down ? "is answered again"
				 : "gets no answer: calls fail at once until it does");
	plan_probe(endpoint);
	cfs_wait_end_all(&endpoint->waits, 0);
	if (endpoint->breaker.down)
		cfs_rate_queue_flush(endpoint->queue);
}

static void begin_probe(void *arg)
{
	struct cfs_endpoint *endpoint = arg;

	if (endpoint->probe.client)
		return;
	cfs_timer_stop(&endpoint->timer);
	cfs_breaker_probe_begins(&endpoint->breaker);
	cfs_call_probe(&endpoint->probe, endpoint->client, &endpoint->question, &endpoint->sink,
		CFS_BREAKER_PROBE_MS, probe_done, endpoint);
}

/* Why a call is refused: what the last that was made met with. */
static void explain(const struct cfs_endpoint *endpoint, struct cfs_error *ret_error)
{
	char since[sizeof("23:59:59Z")] = "";
	struct tm tm;

	if (gmtime_r(&endpoint->since.tv_sec, &tm))
		strftime(since, sizeof(since), "%H:%M:%SZ", &tm);
	cfs_error_set(ret_error, endpoint->error.fault,
		"%s has given no answer since %s, and is asked again by itself: %s",
		place(endpoint), since, endpoint->error.message);
}

int cfs_endpoint_admit(struct cfs_endpoint *endpoint, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, struct cfs_error *ret_error)
{
	switch (cfs_breaker_ask(&endpoint->breaker, cfs_clock_ms())) {
	case CFS_VERDICT_GO:
		return 1;
	case CFS_VERDICT_REFUSE:
		plan_probe(endpoint);
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

struct cfs_retry_quota *cfs_endpoint_quota(struct cfs_endpoint *endpoint)
{
	return &endpoint->quota;
}

void cfs_endpoints_each(const struct cfs_endpoints *endpoints,
	void (*fn)(void *arg, const char *region, const char *action, bool down), void *arg)
{
	const struct cfs_endpoint *endpoint;

	for (endpoint = endpoints->first; endpoint; endpoint = endpoint->next)
		fn(arg, endpoint->region, action_of(endpoint), endpoint->breaker.down);
}

struct cfs_rate_queue *cfs_endpoint_queue(struct cfs_endpoint *endpoint)
{
	return endpoint->queue;
}
