/* SPDX-License-Identifier: MIT */
#include "fs/client/attempt.h"

#include <errno.h>

#include "fs/base/log.h"
#include "fs/client/credentials.h"

static void end_reader(struct cfs_attempt *attempt)
{
	if (attempt->reader)
		attempt->client->backend->reader_destroy(attempt->reader);
	attempt->reader = NULL;
}

static int answer_data(void *arg, const char *bytes, size_t len)
{
	struct cfs_attempt *attempt = arg;

	cfs_timer_start(attempt->client->runtime->loop, &attempt->stall, attempt->stall_ms);
	return attempt->client->backend->reader_feed(attempt->reader, bytes, len);
}

/* The fault of an answer that could not be parsed. If its status is 5xx or 429 the status counts:
 * proxies and load balancers send error pages of their own. */
static enum cfs_fault fault_of_unreadable(const struct cfs_http_outcome *outcome)
{
	bool by_content = outcome->aborted_by == -EBADMSG || outcome->aborted_by == -EFBIG;

	if (by_content && outcome->status >= 500)
		return CFS_SERVER;
	if (by_content && outcome->status == 429)
		return CFS_THROTTLED;
	return cfs_fault_from_errno(outcome->aborted_by);
}

static void judge(struct cfs_attempt *attempt, const struct cfs_http_outcome *outcome,
	struct cfs_error *ret_error)
{
	if (outcome->aborted_by)
		cfs_error_set(ret_error, fault_of_unreadable(outcome),
			"the answer (HTTP status %d) could not be read", outcome->status);
	else if (outcome->fault != CFS_OK)
		cfs_error_set(ret_error, outcome->fault, "%s", outcome->message);
	else
		attempt->client->backend->reader_finish(
			attempt->reader, outcome->status, ret_error);
	cfs_credentials_hide(attempt->client->credentials, ret_error);
}

static void answer_done(void *arg, const struct cfs_http_outcome *outcome)
{
	struct cfs_attempt *attempt = arg;
	struct cfs_error error = {0};

	cfs_timer_stop(&attempt->stall);
	judge(attempt, outcome, &error);
	end_reader(attempt);
	attempt->client = NULL;
	attempt->done(attempt->arg, &error, outcome->date);
}

static void stalled(void *arg)
{
	static const struct cfs_http_outcome outcome = {
		.fault = CFS_TIMED_OUT, .message = "the cloud sent no more data in time"};
	struct cfs_attempt *attempt = arg;

	cfs_http_cancel(&attempt->transfer);
	answer_done(attempt, &outcome);
}

static const struct cfs_http_handler answer_handler = {
	.data = answer_data,
	.done = answer_done,
};

int cfs_attempt_start(struct cfs_attempt *attempt, struct cfs_client *client,
	const struct cfs_question *question, const struct cfs_keys *keys, struct cfs_sink *sink,
	const struct cfs_attempt_limits *limits,
	void (*done)(void *arg, const struct cfs_error *error, int64_t date), void *arg)
{
	const struct cfs_http_options options = {
		.ca_file = client->backend->account_ca_file(client->account),
		.timeout_ms = (long)limits->total_ms,
		.connect_ms = (long)limits->connect_ms,
		.fresh = limits->fresh,
		.yields = limits->yields,
		.insecure = client->settings.insecure_http,
	};
	struct cfs_http_request request;
	int r;

	if (sink->content)
		cfs_buf_clear(sink->content);
	sink->token[0] = '\0';
	sink->total = 0;
	sink->partial = false;
	attempt->client = client;
	attempt->done = done;
	attempt->arg = arg;
	attempt->stall_ms = limits->stall_ms;
	attempt->reader = NULL;
	r = client->backend->reader_create(client->account, question, sink, &attempt->reader);
	if (r == 0)
		r = client->backend->request(client->account, question, keys,
			cfs_cloud_clock_now(&client->cloud_clock), &request);
	if (r < 0) {
		end_reader(attempt);
		attempt->client = NULL;
		return r;
	}
	cfs_timer_init(&attempt->stall, stalled, attempt);
	cfs_timer_start(client->runtime->loop, &attempt->stall, limits->first_byte_ms);
	cfs_http_start(client->runtime->http, &attempt->transfer, &request, &options,
		&answer_handler, attempt);
	return 0;
}

void cfs_attempt_cancel(struct cfs_attempt *attempt)
{
	if (!attempt->client)
		return;
	cfs_timer_stop(&attempt->stall);
	cfs_http_cancel(&attempt->transfer);
	end_reader(attempt);
	attempt->client = NULL;
}

bool cfs_attempt_corrects_clock(
	struct cfs_client *client, const struct cfs_error *error, int64_t date)
{
	if (error->fault != CFS_CLOCK_SKEW && error->fault != CFS_UNAUTHENTICATED)
		return false;
	if (!cfs_cloud_clock_learn(&client->cloud_clock, date))
		return false;
	cfs_log(CFS_LOG_WARNING,
		"[%s]: this host's clock is %+lld s off the cloud's: signing with the cloud's time",
		client->settings.name, -(long long)client->cloud_clock.offset);
	return true;
}
