#include "fs/client/endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/client/breaker.h"
#include "fs/client/call.h"

/* Of a probe's answer no more than this is looked at. */
#define PROBE_CONTENT_MAX 4096

struct cfs_reach {
	struct cfs_reach *next;
	struct cfs_cloud *cloud;
	char region[CFS_REGION_MAX + 1];
	struct cfs_question question; /* a probe's; of the region above */
	struct cfs_gate *gate;
	struct cfs_quota quota;
	struct cfs_breaker breaker;
	struct cfs_error error; /* of the last that got no answer */
	struct timespec since;  /* when it went down */
	struct cfs_timer timer; /* until the next probe */
	struct cfs_call probe;  /* its `cloud` is NULL when none is under way */
	struct cfs_sink sink;
	struct cfs_buf content;
	struct cfs_wait *waits; /* for a probe */
};

struct cfs_reaches {
	struct cfs_cloud *cloud;
	struct cfs_reach *first; /* regions times actions: a few dozen at the most */
};

int cfs_reaches_create(struct cfs_cloud *cloud, struct cfs_reaches **ret_reaches)
{
	struct cfs_reaches *reaches;

	reaches = calloc(1, sizeof(*reaches));
	if (!reaches)
		return -ENOMEM;
	reaches->cloud = cloud;
	*ret_reaches = reaches;
	return 0;
}

void cfs_reaches_destroy(struct cfs_reaches *reaches)
{
	struct cfs_reach *reach;

	if (!reaches)
		return;
	while ((reach = reaches->first)) {
		reaches->first = reach->next;
		cfs_timer_stop(&reach->timer);
		cfs_call_cancel(&reach->probe);
		cfs_buf_finish(&reach->content);
		free(reach);
	}
	free(reaches);
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

static const char *action_of(const struct cfs_reach *reach)
{
	return reach->cloud->backend->action(&reach->question);
}

static void begin_probe(void *arg);

/* What is configured, or else what the cloud documents. */
static struct cfs_rate rate_of(const struct cfs_cloud *cloud, const struct cfs_question *question)
{
	double rate = cloud->config->rate;

	if (rate > 0)
		return (struct cfs_rate){.per_second = rate, .burst = rate > 1 ? rate : 1};
	return cloud->backend->rate(question);
}

struct cfs_reach *cfs_reaches_find(struct cfs_reaches *reaches, const struct cfs_question *question)
{
	const char *action = reaches->cloud->backend->action(question);
	struct cfs_reach *reach;

	for (reach = reaches->first; reach; reach = reach->next)
		if (strcmp(reach->region, question->region) == 0 &&
			strcmp(action_of(reach), action) == 0)
			return reach;
	reach = calloc(1, sizeof(*reach));
	if (!reach)
		return NULL;
	reach->gate = cfs_gates_find(
		reaches->cloud->gates, question->region, action, rate_of(reaches->cloud, question));
	if (!reach->gate) {
		free(reach);
		return NULL;
	}
	reach->cloud = reaches->cloud;
	strncpy(reach->region, question->region, CFS_REGION_MAX);
	reach->question = probe_for(question);
	reach->question.region = reach->region;
	cfs_buf_init(&reach->content, PROBE_CONTENT_MAX);
	reach->sink = (struct cfs_sink){
		.instance = ignore_instance, .region = ignore_region, .content = &reach->content};
	cfs_timer_init(&reach->timer, begin_probe, reach);
	reach->next = reaches->first;
	reaches->first = reach;
	return reach;
}

static const char *place(const struct cfs_reach *reach)
{
	return reach->region[0] ? reach->region : "the cloud";
}

/* Sees to the next probe, if there is to be one. */
static void plan_probe(struct cfs_reach *reach)
{
	int64_t delay = cfs_breaker_next_probe(&reach->breaker, cfs_clock_ms());

	if (delay >= 0 && !reach->probe.cloud && !reach->timer.loop)
		cfs_timer_start(reach->cloud->machine->loop, &reach->timer, delay);
}

static void probe_done(void *arg, const struct cfs_error *error)
{
	struct cfs_reach *reach = arg;
	bool was_down = reach->breaker.down;
	/* One that could not even be sent says nothing; calls shall find out themselves why. */
	enum cfs_fault fault = cfs_call_was_sent(&reach->probe) ? error->fault : CFS_OK;

	cfs_breaker_probe_ended(&reach->breaker, fault, cfs_clock_ms());
	if (reach->breaker.down) {
		reach->error = *error;
		if (!was_down)
			reach->since = cfs_clock_wall();
	}
	if (was_down != reach->breaker.down)
		cfs_log(CFS_LOG_WARNING, "%s: %s: %s %s", reach->cloud->config->name, place(reach),
			action_of(reach),
			was_down ? "is answered again"
				 : "gets no answer: calls fail at once until it does");
	plan_probe(reach);
	cfs_wait_end_all(&reach->waits, 0);
	if (reach->breaker.down)
		cfs_gate_open(reach->gate);
}

static void begin_probe(void *arg)
{
	struct cfs_reach *reach = arg;

	if (reach->probe.cloud)
		return;
	cfs_timer_stop(&reach->timer);
	cfs_breaker_probe_begins(&reach->breaker);
	cfs_call_probe(&reach->probe, reach->cloud, &reach->question, &reach->sink,
		CFS_BREAKER_PROBE_MS, probe_done, reach);
}

/* Why a call is refused: what the last that was made met with. */
static void explain(const struct cfs_reach *reach, struct cfs_error *ret_error)
{
	char since[sizeof("23:59:59Z")] = "";
	struct tm tm;

	if (gmtime_r(&reach->since.tv_sec, &tm))
		strftime(since, sizeof(since), "%H:%M:%SZ", &tm);
	cfs_error_set(ret_error, reach->error.fault,
		"%s has given no answer since %s, and is asked again by itself: %s", place(reach),
		since, reach->error.message);
}

int cfs_reach_ask(struct cfs_reach *reach, struct cfs_wait *wait, void (*fn)(void *arg, int result),
	void *arg, struct cfs_error *ret_error)
{
	switch (cfs_breaker_ask(&reach->breaker, cfs_clock_ms())) {
	case CFS_VERDICT_GO:
		return 1;
	case CFS_VERDICT_REFUSE:
		plan_probe(reach);
		explain(reach, ret_error);
		return -1;
	case CFS_VERDICT_WAIT:
		break;
	}
	begin_probe(reach);
	cfs_wait_enter(&reach->waits, wait, fn, arg);
	return 0;
}

void cfs_reach_heard(struct cfs_reach *reach, const struct cfs_error *error)
{
	if (cfs_breaker_heard(&reach->breaker, error->fault, cfs_clock_ms()))
		begin_probe(reach);
}

struct cfs_quota *cfs_reach_quota(struct cfs_reach *reach)
{
	return &reach->quota;
}

void cfs_reaches_each(const struct cfs_reaches *reaches,
	void (*fn)(void *arg, const char *region, const char *action, bool down), void *arg)
{
	const struct cfs_reach *reach;

	for (reach = reaches->first; reach; reach = reach->next)
		fn(arg, reach->region, action_of(reach), reach->breaker.down);
}

struct cfs_gate *cfs_reach_gate(struct cfs_reach *reach)
{
	return reach->gate;
}
