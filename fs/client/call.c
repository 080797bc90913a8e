#include "fs/client/call.h"

#include <errno.h>
#include <string.h>

#include "backends/base/text.h"
#include "fs/base/caller.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/client/credentials.h"
#include "fs/client/endpoint.h"
#include "fs/tree/stats_file.h"

static void advance(struct cfs_call *call);

static void end_reader(struct cfs_call *call)
{
	if (call->reader)
		call->client->backend->reader_destroy(call->reader);
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
	call->client = NULL;
	call->done(call->arg, &error);
}

static void spend_time(struct cfs_call *call)
{
	int64_t now = cfs_clock_ms();

	call->left_ms -= now - call->since_ms;
	call->since_ms = now;
}

/* The milliseconds until the next attempt, -1: there is none. */
static int64_t retry_delay(struct cfs_call *call)
{
	enum cfs_fault fault = call->error.fault;
	int64_t delay;

	if (call->probes)
		return -1;
	delay = cfs_retry_delay(fault, call->attempts, call->left_ms, cfs_clock_random());
	if (delay < 0)
		return -1;
	if (!cfs_retry_quota_spend(
		    cfs_endpoint_quota(call->endpoint), cfs_retry_quota_cost(fault))) {
		cfs_log(CFS_LOG_DEBUG, "%s: %s: not tried again, as too many calls fail",
			call->client->settings.name,
			call->client->backend->action(&call->question));
		return -1;
	}
	call->retry_cost = cfs_retry_quota_cost(fault);
	return delay;
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
		cfs_credentials_refused(call->client->credentials, call->error.fault);
	call->fresh = call->error.fault == CFS_TIMED_OUT || call->error.fault == CFS_RESET;
	delay = retry_delay(call);
	/* A connection may break off for no reason: the next attempt tells more than a probe. */
	if (!call->probes && (delay < 0 || call->error.fault != CFS_RESET))
		cfs_endpoint_report(call->endpoint, &call->error);
	if (delay < 0) {
		finish(call);
		return;
	}
	cfs_log(CFS_LOG_DEBUG, "%s: %s: attempt %u failed (%s), next in %lld ms",
		call->client->settings.name, call->client->backend->action(&call->question),
		call->attempts, call->error.code, (long long)delay);
	cfs_timer_start(call->client->runtime->loop, &call->timer, delay);
}

/* What an attempt may take of one of its limits. */
static int64_t limit(const struct cfs_call *call, int64_t most)
{
	int64_t half = call->probes ? call->timeout_ms : call->timeout_ms / 2;

	return half < most ? half : most;
}

static int answer_data(void *arg, const char *bytes, size_t len)
{
	struct cfs_call *call = arg;

	cfs_timer_start(
		call->client->runtime->loop, &call->patience, limit(call, CFS_CALL_STALL_MS));
	return call->client->backend->reader_feed(call->reader, bytes, len);
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
		call->client->settings.name, -(long long)call->client->cloud_clock.offset);
	call->learnt_time = true;
	end_reader(call);
	spend_time(call);
	cfs_timer_start(call->client->runtime->loop, &call->timer, 0);
}

/* An attempt that was begun late and ran out of time says less than what made it necessary. */
static bool was_cut_short(const struct cfs_call *call, const struct cfs_error *said)
{
	return said->fault == CFS_TIMED_OUT && call->attempts > 1 &&
		call->left_ms < call->timeout_ms / 2;
}

/* What the attempt came to. */
static void judge(
	struct cfs_call *call, const struct cfs_http_outcome *outcome, struct cfs_error *ret_error)
{
	if (outcome->aborted_by)
		cfs_error_set(ret_error, unreadable(outcome),
			"the answer (HTTP status %d) could not be read", outcome->status);
	else if (outcome->fault != CFS_OK)
		cfs_error_set(ret_error, outcome->fault, "%s", outcome->message);
	else
		call->client->backend->reader_finish(call->reader, outcome->status, ret_error);
}

/* What the attempt says to other calls. */
static void tell(struct cfs_call *call, const struct cfs_error *said)
{
	if (call->probes)
		return;
	if (said->fault == CFS_OK)
		cfs_retry_quota_repay(cfs_endpoint_quota(call->endpoint), call->retry_cost);
	cfs_rate_queue_answered(
		cfs_endpoint_queue(call->endpoint), said->fault == CFS_THROTTLED, call->sent_ms);
	if (said->fault == CFS_OK)
		cfs_endpoint_report(call->endpoint, said);
}

static void answer_done(void *arg, const struct cfs_http_outcome *outcome)
{
	struct cfs_call *call = arg;
	struct cfs_error said = {0};

	cfs_timer_stop(&call->patience);
	judge(call, outcome, &said);
	tell(call, &said);
	if (was_cut_short(call, &said)) {
		finish(call);
		return;
	}
	call->error = said;
	if (said.fault == CFS_OK) {
		cfs_credentials_worked(call->client->credentials);
		finish(call);
	} else if (is_about_time(&said) && !call->learnt_time &&
		cfs_cloud_clock_learn(&call->client->cloud_clock, outcome->date)) {
		try_with_cloud_time(call);
	} else {
		judged_failed(call, outcome);
	}
}

/* The attempt hangs: half of the timeout has passed without a byte, or too much since the last. */
static void no_byte_in_time(void *arg)
{
	static const struct cfs_http_outcome outcome = {
		.fault = CFS_TIMED_OUT, .message = "no more of an answer came in time"};
	struct cfs_call *call = arg;

	cfs_http_cancel(&call->transfer);
	answer_done(call, &outcome);
}

static const struct cfs_http_handler answer_handler = {
	.data = answer_data,
	.done = answer_done,
};

/* Sends an attempt, signed with the keys. */
static void send(struct cfs_call *call, const struct cfs_keys *keys)
{
	const struct cfs_backend *backend = call->client->backend;
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
		call->client->account, &call->question, call->sink, &call->reader);
	if (r == 0)
		r = backend->request(call->client->account, &call->question, keys,
			cfs_cloud_clock_now(&call->client->cloud_clock), &request);
	if (r < 0) {
		cfs_error_set(
			&call->error, cfs_fault_from_errno(r), "the request could not be made");
		finish(call);
		return;
	}
	options = (struct cfs_http_options){
		.ca_file = backend->account_ca_file(call->client->account),
		.timeout_ms = (long)call->left_ms,
		.connect_ms = (long)limit(call, CFS_CALL_CONNECT_MS),
		.fresh = call->fresh,
	};
	call->sent_ms = cfs_clock_ms();
	cfs_timer_start(
		call->client->runtime->loop, &call->patience, limit(call, call->timeout_ms));
	cfs_http_start(call->client->runtime->http, &call->transfer, &request, &options,
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
		cfs_error_set(&call->error, CFS_TIMED_OUT, "%s", call->awaits);
	finish(call);
	return false;
}

/* What was waited for is there, or is known not to come: either way asking again tells. */
static void waited(void *arg, int result)
{
	struct cfs_call *call = arg;

	(void)result;
	cfs_timer_stop(&call->deadline);
	if (has_time(call))
		advance(call);
}

static void waited_in_vain(void *arg)
{
	struct cfs_call *call = arg;

	cfs_wait_leave(&call->wait);
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
	if (call->probes ||
		cfs_rate_queue_enter(
			cfs_endpoint_queue(call->endpoint), &call->ticket, let_through, call))
		pass_gate(call);
	else
		cfs_series_queued(call->series);
}

/* The wait was entered. */
static void await(struct cfs_call *call, const char *late)
{
	call->awaits = late;
	cfs_timer_start(call->client->runtime->loop, &call->deadline, call->left_ms);
}

/* Everything is looked at before the gate, so that a call that cannot be made does not wait there,
 * and behind it, as it may have changed meanwhile. */
static void advance(struct cfs_call *call)
{
	const struct cfs_keys *keys;
	struct cfs_error refusal;
	int r = 1;

	if (!call->probes)
		r = cfs_endpoint_admit(call->endpoint, &call->wait, waited, call, &refusal);
	if (r == 0) {
		await(call, "no answer in time to whether the cloud answers");
		return;
	}
	if (r < 0) {
		if (call->error.fault == CFS_OK)
			call->error = refusal;
		finish(call);
		return;
	}
	r = cfs_credentials_get(
		call->client->credentials, &call->wait, waited, call, &keys, &call->error);
	if (r == 0) {
		await(call, "no credentials in time");
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

	if (!call->endpoint) {
		cfs_error_set(&call->error, CFS_NO_MEMORY, "out of memory");
		finish(call);
	} else if (has_time(call)) {
		advance(call);
	}
}

/* Who made it necessary. A process may call itself what it likes. */
static void log_asker(const struct cfs_call *call)
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

static void start(struct cfs_call *call, int64_t timeout_ms, bool probes)
{
	struct cfs_client *client = call->client;

	call->probes = call->fresh = probes;
	call->timeout_ms = call->left_ms = timeout_ms;
	call->since_ms = cfs_clock_ms();
	call->began_us = cfs_clock_us();
	call->series = cfs_stats_begin(client->runtime->stats, client->settings.name,
		call->question.region, client->backend->action(&call->question));
	call->endpoint = cfs_endpoints_find(client->endpoints, &call->question);
	cfs_timer_init(&call->timer, begin_attempt, call);
	cfs_timer_init(&call->deadline, waited_in_vain, call);
	cfs_timer_init(&call->patience, no_byte_in_time, call);
	cfs_timer_start(client->runtime->loop, &call->timer, 0);
}

void cfs_call_start(struct cfs_call *call, struct cfs_client *client,
	const struct cfs_question *question, struct cfs_sink *sink,
	void (*done)(void *arg, const struct cfs_error *error), void *arg)
{
	*call = (struct cfs_call){
		.client = client, .question = *question, .sink = sink, .done = done, .arg = arg};
	log_asker(call);
	start(call, client->timeout_ms, false);
}

void cfs_call_probe(struct cfs_call *call, struct cfs_client *client,
	const struct cfs_question *question, struct cfs_sink *sink, int64_t timeout_ms,
	void (*done)(void *arg, const struct cfs_error *error), void *arg)
{
	*call = (struct cfs_call){
		.client = client, .question = *question, .sink = sink, .done = done, .arg = arg};
	start(call, timeout_ms, true);
}

bool cfs_call_was_sent(const struct cfs_call *call)
{
	return call->attempts > 0;
}

void cfs_call_cancel(struct cfs_call *call)
{
	if (!call->client)
		return;
	if (call->ticket.queue)
		cfs_series_dequeued(call->series);
	count_end(call, CFS_INTERRUPTED);
	cfs_timer_stop(&call->timer);
	cfs_timer_stop(&call->deadline);
	cfs_timer_stop(&call->patience);
	cfs_wait_leave(&call->wait);
	cfs_rate_queue_leave(&call->ticket);
	cfs_http_cancel(&call->transfer);
	end_reader(call);
	call->client = NULL;
}
