/* SPDX-License-Identifier: MIT */
#include "fs/client/call.h"

#include <string.h>

#include "backends/base/text.h"
#include "fs/base/caller.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/client/credentials.h"
#include "fs/client/endpoint.h"

static void count_end(struct cfs_call *call, enum cfs_fault fault)
{
	if (call->endpoint)
		cfs_metrics_ended(call->endpoint->series, fault, cfs_clock_us() - call->began_us);
}

static void finish(struct cfs_call *call)
{
	/* done may start the call again, which overwrites call->error. */
	struct cfs_error error = call->error;

	count_end(call, error.fault);
	call->client = NULL;
	call->done(call->arg, &error);
}

static void spend_time(struct cfs_call *call)
{
	int64_t now = cfs_clock_ms();

	call->left_ms -= now - call->since_ms;
	call->since_ms = now;
}

/* Whether the call has time left. If not, ends the call. */
static bool has_time(struct cfs_call *call)
{
	spend_time(call);
	if (call->left_ms > 0)
		return true;
	/* The error of an earlier attempt explains more than a timeout. */
	if (call->error.fault == CFS_OK)
		cfs_error_set(&call->error, CFS_TIMED_OUT, "%s", call->late);
	finish(call);
	return false;
}

/* After an attempt. */

/* Milliseconds until the next attempt, or -1 for none. */
static int64_t retry_delay(struct cfs_call *call)
{
	enum cfs_fault fault = call->error.fault;
	unsigned cost = cfs_retry_quota_cost(fault);
	int64_t delay;

	delay = cfs_retry_delay(fault, call->attempts, call->left_ms, cfs_clock_random());
	if (delay < 0)
		return -1;
	if (!cfs_retry_quota_spend(&call->endpoint->quota, cost)) {
		cfs_log(CFS_LOG_DEBUG, "%s: %s: not retried: too many calls are failing",
			call->client->settings.name, call->endpoint->action);
		return -1;
	}
	call->retry_cost = cost;
	return delay;
}

/* Ends the call, or pauses before the next attempt. */
static void attempt_failed(struct cfs_call *call)
{
	enum cfs_fault fault = call->error.fault;
	int64_t delay;

	spend_time(call);
	if (fault == CFS_THROTTLED)
		cfs_metrics_throttled(call->endpoint->series);
	cfs_credentials_report(call->client->credentials, fault);
	call->fresh = fault == CFS_TIMED_OUT || fault == CFS_RESET;
	delay = retry_delay(call);
	/* A single broken connection means little: the next attempt tells more than a probe. */
	if (delay < 0 || fault != CFS_RESET)
		cfs_endpoint_report(call->endpoint, &call->error);
	if (delay < 0) {
		finish(call);
		return;
	}
	cfs_log(CFS_LOG_DEBUG, "%s: %s: attempt %u failed (%s), retrying in %lld ms",
		call->client->settings.name, call->endpoint->action, call->attempts,
		call->error.code, (long long)delay);
	cfs_timer_start(call->client->runtime->loop, &call->timer, delay);
}

/* Whether a retry timed out because it had little time left. The error of the attempt before it
 * then explains more. */
static bool was_cut_short(const struct cfs_call *call, const struct cfs_error *said)
{
	return said->fault == CFS_TIMED_OUT && call->attempts > 1 &&
		call->left_ms < call->client->timeout_ms / 2;
}

/* Tells what other calls share how this attempt ended. */
static void report(struct cfs_call *call, const struct cfs_error *said)
{
	struct cfs_endpoint *endpoint = call->endpoint;

	cfs_rate_queue_answered(&endpoint->queue, said->fault == CFS_THROTTLED, call->sent_ms);
	if (said->fault != CFS_OK)
		return;
	cfs_retry_quota_repay(&endpoint->quota, call->retry_cost);
	cfs_endpoint_report(endpoint, said);
}

/* Whether to retry with the cloud's time, once. */
static bool corrects_clock(struct cfs_call *call, const struct cfs_error *said, int64_t date)
{
	if (call->clock_corrected || !cfs_attempt_corrects_clock(call->client, said, date))
		return false;
	call->clock_corrected = true;
	return true;
}

static void attempt_done(void *arg, const struct cfs_error *said, int64_t date)
{
	struct cfs_call *call = arg;

	report(call, said);
	if (was_cut_short(call, said)) {
		finish(call);
		return;
	}
	call->error = *said;
	if (said->fault == CFS_OK) {
		cfs_credentials_report(call->client->credentials, CFS_OK);
		finish(call);
	} else if (corrects_clock(call, said, date)) {
		spend_time(call);
		cfs_timer_start(call->client->runtime->loop, &call->timer, 0);
	} else {
		/* A cloud may use one code for a wrong time and for expired keys. The time is
		 * right, so the keys have expired. */
		if (said->fault == CFS_CLOCK_SKEW && date > 0)
			call->error.fault = CFS_EXPIRED;
		attempt_failed(call);
	}
}

/* Before an attempt. */

/* A limit of one attempt: at most half of the timeout, so that there is time for another. */
static int64_t limit(const struct cfs_call *call, int64_t most)
{
	int64_t half = call->client->timeout_ms / 2;

	return half < most ? half : most;
}

static void send(struct cfs_call *call, const struct cfs_keys *keys)
{
	const struct cfs_attempt_limits limits = {
		.total_ms = call->left_ms,
		.connect_ms = limit(call, CFS_CALL_CONNECT_MS),
		.first_byte_ms = limit(call, INT64_MAX),
		.stall_ms = limit(call, CFS_CALL_STALL_MS),
		.fresh = call->fresh,
		.yields = call->yields,
	};
	int r;

	if (++call->attempts > 1)
		cfs_metrics_retried(call->endpoint->series);
	call->sent_ms = cfs_clock_ms();
	r = cfs_attempt_start(&call->attempt, call->client, &call->question, keys, call->sink,
		&limits, attempt_done, call);
	if (r < 0) {
		cfs_error_set(
			&call->error, cfs_fault_from_errno(r), "the request could not be made");
		finish(call);
	}
}

static void advance(struct cfs_call *call);

/* The wait's result does not matter: asking again gives what was waited for, or an error. */
static void wait_ended(void *arg, int result)
{
	struct cfs_call *call = arg;

	(void)result;
	cfs_timer_stop(&call->deadline);
	if (has_time(call))
		advance(call);
}

static void wait_timed_out(void *arg)
{
	struct cfs_call *call = arg;

	cfs_wait_leave(&call->wait);
	call->left_ms = 0;
	has_time(call);
}

/* Limits the wait that was just entered. `late` is the error message if it times out. */
static void set_deadline(struct cfs_call *call, const char *late)
{
	call->late = late;
	cfs_timer_start(call->client->runtime->loop, &call->deadline, call->left_ms);
}

/* Whether the call can be sent now, with *ret_keys. If not, it is waiting or has ended. */
static bool is_ready(struct cfs_call *call, const struct cfs_keys **ret_keys)
{
	struct cfs_error refusal;
	int r;

	r = cfs_endpoint_admit(call->endpoint, &call->wait, wait_ended, call, &refusal);
	if (r == 0) {
		set_deadline(call, "timed out waiting to find out whether the cloud answers");
		return false;
	}
	if (r < 0) {
		if (call->error.fault == CFS_OK)
			call->error = refusal;
		finish(call);
		return false;
	}
	r = cfs_credentials_get(
		call->client->credentials, &call->wait, wait_ended, call, ret_keys, &call->error);
	if (r == 0)
		set_deadline(call, "timed out waiting for credentials");
	else if (r < 0)
		finish(call);
	return r > 0;
}

static void left_queue(void *arg)
{
	struct cfs_call *call = arg;

	cfs_metrics_dequeued(call->endpoint->series);
	call->has_turn = true;
	call->since_ms = cfs_clock_ms();
	advance(call);
}

/* Checks breaker and credentials before the rate queue, so that a call that cannot be sent does not
 * wait there, and again after it, because they may have changed. */
static void advance(struct cfs_call *call)
{
	const struct cfs_keys *keys;

	if (!is_ready(call, &keys))
		return;
	if (!call->has_turn &&
		!cfs_rate_queue_enter(&call->endpoint->queue, &call->ticket, left_queue, call)) {
		cfs_metrics_queued(call->endpoint->series);
		return;
	}
	call->has_turn = false;
	send(call, keys);
}

/* Begins the first attempt, or the next one after a pause. */
static void begin_attempt(void *arg)
{
	struct cfs_call *call = arg;

	if (!call->endpoint) {
		cfs_error_set(&call->error, CFS_NO_MEMORY, "out of memory");
		finish(call);
	} else if (has_time(call)) {
		advance(call);
	}
}

/* Logs which process caused the call. A process chooses its own name, so the name is escaped. */
static void log_caller(const struct cfs_call *call)
{
	const struct cfs_client *client = call->client;
	const struct cfs_question *question = &call->question;
	struct cfs_current_caller *current_caller = client->runtime->current_caller;
	const struct cfs_caller *caller;
	char comm[CFS_COMM_MAX + 1] = "?";

	if (!current_caller || current_caller->tid == 0)
		return;
	if (cfs_caller_get_current(current_caller, cfs_proc_read, &caller))
		cfs_text_line(comm, sizeof(comm), caller->comm, strlen(caller->comm));
	cfs_log(CFS_LOG_INFO, "%s: %s: %s for pid %d (%s)", client->settings.name,
		question->id                  ? question->id
			: question->region[0] ? question->region
					      : "all regions",
		client->backend->action(question), caller->pid, comm);
}

void cfs_call_start(struct cfs_call *call, struct cfs_client *client,
	const struct cfs_question *question, struct cfs_sink *sink,
	void (*done)(void *arg, const struct cfs_error *error), void *arg)
{
	*call = (struct cfs_call){
		.client = client,
		.question = *question,
		.sink = sink,
		.done = done,
		.arg = arg,
		.endpoint = cfs_endpoint_find(client, question),
		.left_ms = client->timeout_ms,
		.since_ms = cfs_clock_ms(),
		.began_us = cfs_clock_us(),
	};
	log_caller(call);
	if (call->endpoint)
		cfs_metrics_began(call->endpoint->series);
	cfs_timer_init(&call->timer, begin_attempt, call);
	cfs_timer_init(&call->deadline, wait_timed_out, call);
	cfs_timer_start(client->runtime->loop, &call->timer, 0);
}

void cfs_call_yield(struct cfs_call *call)
{
	call->yields = true;
}

void cfs_call_cancel(struct cfs_call *call)
{
	if (!call->client)
		return;
	if (call->ticket.queue)
		cfs_metrics_dequeued(call->endpoint->series);
	count_end(call, CFS_INTERRUPTED);
	cfs_timer_stop(&call->timer);
	cfs_timer_stop(&call->deadline);
	cfs_wait_leave(&call->wait);
	cfs_rate_queue_leave(&call->ticket);
	cfs_attempt_cancel(&call->attempt);
	call->client = NULL;
}
