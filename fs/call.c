#include "fs/call.h"

#include <errno.h>
#include <string.h>

#include "backends/text.h"
#include "fs/caller.h"
#include "fs/clock.h"
#include "fs/log.h"
#include "fs/stats.h"

/* Of a call's time, for resolving the name, connecting and the TLS handshake. */
#define CONNECT_MS_MAX 10000

static void advance(struct cfs_call *call);

static void end_reader(struct cfs_call *call)
{
	if (call->reader)
		call->cloud->backend->reader_destroy(call->reader);
	call->reader = NULL;
}

static void count_end(struct cfs_call *call, enum cfs_fault fault)
{
	cfs_series_ended(call->series, fault, cfs_clock_us() - call->began_us);
}

static void finish(struct cfs_call *call)
{
	struct cfs_error error = call->error;

	count_end(call, error.fault);
	end_reader(call);
	call->cloud = NULL;
	call->done(call->arg, &error);
}

static void spend_time(struct cfs_call *call)
{
	int64_t now = cfs_clock_ms();

	call->left_ms -= now - call->since_ms;
	call->since_ms = now;
}

/* Ends the call, or pauses before the next attempt. */
static void attempt_failed(struct cfs_call *call)
{
	int64_t delay;

	end_reader(call);
	spend_time(call);
	if (call->error.fault == CFS_THROTTLED)
		cfs_series_throttled(call->series);
	if (call->error.fault == CFS_UNAUTHENTICATED || call->error.fault == CFS_EXPIRED ||
		call->error.fault == CFS_CLOCK_SKEW)
		cfs_keyring_refused(call->cloud->keyring, call->error.fault);
	delay = cfs_retry_delay(
		call->error.fault, call->attempts, call->left_ms, cfs_clock_random());
	if (delay < 0) {
		finish(call);
		return;
	}
	cfs_log(CFS_LOG_DEBUG, "%s: %s: attempt %u failed (%s), next in %lld ms",
		call->cloud->config->name, call->cloud->backend->action(&call->question),
		call->attempts, call->error.code, (long long)delay);
	cfs_timer_start(call->cloud->machine->loop, &call->timer, delay);
}

static int answer_data(void *arg, const char *bytes, size_t len)
{
	struct cfs_call *call = arg;

	return call->cloud->backend->reader_feed(call->reader, bytes, len);
}

/* An answer that could not be read is the cloud's fault or its limit if its status says so: proxies
 * and load balancers send pages of their own. */
static enum cfs_fault unreadable(const struct cfs_http_outcome *outcome)
{
	bool by_content = outcome->aborted_by == -EBADMSG || outcome->aborted_by == -EFBIG;

	if (by_content && outcome->status >= 500)
		return CFS_SERVER;
	if (by_content && outcome->status == 429)
		return CFS_THROTTLED;
	return cfs_fault_from_errno(outcome->aborted_by);
}

/* Clouds refuse a wrong time by more than one code; whether it was the time, the answer's Date
 * tells. */
static bool is_about_time(const struct cfs_error *error)
{
	return error->fault == CFS_CLOCK_SKEW || error->fault == CFS_UNAUTHENTICATED;
}

static void judged_failed(struct cfs_call *call, const struct cfs_http_outcome *outcome)
{
	/* EC2 calls expired keys by the same code (RequestExpired): if the time is right, it is
	 * them. */
	if (call->error.fault == CFS_CLOCK_SKEW && outcome->date > 0)
		call->error.fault = CFS_EXPIRED;
	attempt_failed(call);
}

static void try_with_cloud_time(struct cfs_call *call)
{
	cfs_log(CFS_LOG_WARNING, "[%s]: this machine's clock is %+lld s off the cloud's",
		call->cloud->config->name, -(long long)call->cloud->skew.offset);
	call->learnt_time = true;
	end_reader(call);
	spend_time(call);
	cfs_timer_start(call->cloud->machine->loop, &call->timer, 0);
}

/* An attempt that was begun late and ran out of time says less than what made it necessary. */
static bool was_cut_short(const struct cfs_call *call, const struct cfs_http_outcome *outcome)
{
	return outcome->fault == CFS_TIMED_OUT && call->attempts > 1 &&
		call->left_ms < call->cloud->config->timeout_ms / 2;
}

static void answer_done(void *arg, const struct cfs_http_outcome *outcome)
{
	struct cfs_call *call = arg;

	if (was_cut_short(call, outcome)) {
		finish(call);
		return;
	}
	if (outcome->aborted_by)
		cfs_error_set(&call->error, unreadable(outcome),
			"the answer (HTTP status %d) could not be read", outcome->status);
	else if (outcome->fault != CFS_OK)
		cfs_error_set(&call->error, outcome->fault, "%s", outcome->message);
	else
		call->cloud->backend->reader_finish(call->reader, outcome->status, &call->error);
	if (call->error.fault == CFS_OK) {
		cfs_keyring_worked(call->cloud->keyring);
		finish(call);
	} else if (is_about_time(&call->error) && !call->learnt_time &&
		cfs_skew_learn(&call->cloud->skew, outcome->date)) {
		try_with_cloud_time(call);
	} else {
		judged_failed(call, outcome);
	}
}

static const struct cfs_http_handler answer_handler = {
	.data = answer_data,
	.done = answer_done,
};

/* Sends an attempt, signed with the keys. */
static void send(struct cfs_call *call, const struct cfs_keys *keys)
{
	const struct cfs_backend *backend = call->cloud->backend;
	struct cfs_http_request request;
	struct cfs_http_options options;
	int r;

	call->attempts++;
	if (call->attempts > 1)
		cfs_series_retried(call->series);
	if (call->sink->content)
		cfs_buf_clear(call->sink->content);
	call->sink->page[0] = '\0';
	call->sink->total = 0;
	call->sink->partial = false;
	r = backend->reader_create(
		call->cloud->account, &call->question, call->sink, &call->reader);
	if (r == 0)
		r = backend->request(call->cloud->account, &call->question, keys,
			cfs_skew_now(&call->cloud->skew), &request);
	if (r < 0) {
		cfs_error_set(
			&call->error, cfs_fault_from_errno(r), "the request could not be made");
		finish(call);
		return;
	}
	options = (struct cfs_http_options){
		.ca_file = backend->account_ca_file(call->cloud->account),
		.timeout_ms = (long)call->left_ms,
		.connect_ms =
			(long)(call->left_ms < CONNECT_MS_MAX ? call->left_ms : CONNECT_MS_MAX),
	};
	cfs_http_start(call->cloud->machine->http, &call->transfer, &request, &options,
		&answer_handler, call);
}

/* Whether the call has time left; if not, it ends. */
static bool has_time(struct cfs_call *call)
{
	spend_time(call);
	if (call->left_ms > 0)
		return true;
	/* What an attempt before said is the better reason. */
	if (call->error.fault == CFS_OK)
		cfs_error_set(&call->error, CFS_TIMED_OUT, "no credentials in time");
	finish(call);
	return false;
}

static void keys_found(void *arg, int result)
{
	struct cfs_call *call = arg;

	(void)result;
	cfs_timer_stop(&call->deadline);
	if (has_time(call))
		advance(call);
}

static void no_keys_in_time(void *arg)
{
	struct cfs_call *call = arg;

	cfs_wait_leave(&call->key_wait);
	call->left_ms = 0;
	has_time(call);
}

static void pass_gate(struct cfs_call *call)
{
	call->passed_gate = true;
	call->since_ms = cfs_clock_ms();
	advance(call);
}

static void let_through(void *arg)
{
	struct cfs_call *call = arg;

	cfs_series_dequeued(call->series);
	pass_gate(call);
}

static void enter_gate(struct cfs_call *call)
{
	struct cfs_cloud *cloud = call->cloud;
	struct cfs_rate rate = cloud->backend->rate(&call->question);
	int r;

	if (cloud->config->rate > 0)
		rate = (struct cfs_rate){
			cloud->config->rate, cloud->config->rate > 1 ? cloud->config->rate : 1};
	r = cfs_gates_enter(cloud->gates, call->question.region,
		cloud->backend->action(&call->question), rate, &call->ticket, let_through, call);
	if (r < 0) {
		cfs_error_set(&call->error, CFS_NO_MEMORY, "out of memory");
		finish(call);
	} else if (r > 0) {
		pass_gate(call);
	} else {
		cfs_series_queued(call->series);
	}
}

/* Keys are looked at before the gate, so that a call without any does not wait there, and behind
 * it, as they may have changed meanwhile. */
static void advance(struct cfs_call *call)
{
	const struct cfs_keys *keys;
	int r;

	r = cfs_keyring_get(
		call->cloud->keyring, &call->key_wait, keys_found, call, &keys, &call->error);
	if (r == 0) {
		cfs_timer_start(call->cloud->machine->loop, &call->deadline, call->left_ms);
	} else if (r < 0) {
		finish(call);
	} else if (!call->passed_gate) {
		enter_gate(call);
	} else {
		call->passed_gate = false;
		send(call, keys);
	}
}

/* Of the first attempt, or of one after a pause. */
static void begin_attempt(void *arg)
{
	struct cfs_call *call = arg;

	if (has_time(call))
		advance(call);
}

/* Who made it necessary. A process may call itself what it likes. */
static void log_asker(const struct cfs_call *call)
{
	const struct cfs_cloud *cloud = call->cloud;
	const struct cfs_question *question = &call->question;
	char comm[CFS_COMM_MAX + 1];
	struct cfs_caller caller;

	if (!cloud->machine->asker || *cloud->machine->asker == 0)
		return;
	if (!cfs_caller_find(*cloud->machine->asker, cfs_proc_read, &caller))
		strcpy(caller.comm, "?");
	cfs_text_line(comm, sizeof(comm), caller.comm, strlen(caller.comm));
	cfs_log(CFS_LOG_INFO, "%s: %s: %s for pid %d (%s)", cloud->config->name,
		question->id                  ? question->id
			: question->region[0] ? question->region
					      : "all regions",
		cloud->backend->action(question), caller.pid, comm);
}

void cfs_call_start(struct cfs_call *call, struct cfs_cloud *cloud,
	const struct cfs_question *question, struct cfs_sink *sink,
	void (*done)(void *arg, const struct cfs_error *error), void *arg)
{
	*call = (struct cfs_call){
		.cloud = cloud,
		.question = *question,
		.sink = sink,
		.done = done,
		.arg = arg,
		.left_ms = cloud->config->timeout_ms,
		.since_ms = cfs_clock_ms(),
		.began_us = cfs_clock_us(),
		.series = cfs_stats_begin(cloud->machine->stats, cloud->config->name,
			question->region, cloud->backend->action(question)),
	};
	log_asker(call);
	cfs_timer_init(&call->timer, begin_attempt, call);
	cfs_timer_init(&call->deadline, no_keys_in_time, call);
	cfs_timer_start(cloud->machine->loop, &call->timer, 0);
}

void cfs_call_cancel(struct cfs_call *call)
{
	if (!call->cloud)
		return;
	if (call->ticket.gate)
		cfs_series_dequeued(call->series);
	count_end(call, CFS_INTERRUPTED);
	cfs_timer_stop(&call->timer);
	cfs_timer_stop(&call->deadline);
	cfs_wait_leave(&call->key_wait);
	cfs_ticket_leave(&call->ticket);
	cfs_http_cancel(&call->transfer);
	end_reader(call);
	call->cloud = NULL;
}
