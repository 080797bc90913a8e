/* SPDX-License-Identifier: MIT */
/* fs/client/call.h: one API request, with rate limit, retries and timeout. */
#include "tests/unit/support/call_asked.h"

static const struct cfs_question fetch_text = {
	.verb = CFS_FETCH, .region = "r", .id = "x-1", .live = &fake_live[1]};

static void a_good_answer_is_in_the_sink(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "FETCH r x-1 screen wake=0 key=K", ALWAYS, "content one\n");
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_string_equal(cfs_buf_text(&f->asked.content), "one");
	assert_int_equal(f->server->n_log, 1);
}

static void every_status_is_retried_as_its_fault_is(void **state)
{
	static const struct {
		int status;
		enum cfs_fault fault;
		unsigned attempts;
	} table[] = {
		{401, CFS_UNAUTHENTICATED, 1},
		{403, CFS_DENIED, 1},
		{404, CFS_NOT_FOUND, 1},
		{409, CFS_STOPPED, 1},
		{419, CFS_EXPIRED, 1},
		{418, CFS_REJECTED, 1},
		{500, CFS_SERVER, CFS_RETRY_ATTEMPTS},
		{503, CFS_SERVER, CFS_RETRY_ATTEMPTS},
	};
	struct fixture *f = *state;
	unsigned before;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		before = f->server->n_log;
		server_forget_rules(f->server);
		server_fails(f->server, "FETCH", ALWAYS, table[i].status);
		ask(f);
		assert_int_equal(f->asked.error.fault, table[i].fault);
		assert_int_equal(f->server->n_log - before, table[i].attempts);
	}
}

static void a_passing_failure_is_got_over(void **state)
{
	struct fixture *f = *state;

	server_fails(f->server, "FETCH", 1, 503);
	server_does(f->server, "FETCH", 1, SERVER_CLOSES);
	server_says(f->server, "FETCH", ALWAYS, "content whole\n");
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_string_equal(cfs_buf_text(&f->asked.content), "whole");
	assert_int_equal(f->server->n_log, 3);
}

/* The first half of a broken answer is not part of the next one. */
static void content_is_emptied_before_each_attempt(void **state)
{
	struct fixture *f = *state;

	server_rule_add(f->server,
		(struct server_rule){
			"FETCH", 2, 200, "content a\ncontent b\ncontent c\n", SERVER_HALVES});
	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_string_equal(cfs_buf_text(&f->asked.content), "d");
	assert_int_equal(f->server->n_log, 3);
}

static void a_connection_that_breaks_each_time_is_a_reset(void **state)
{
	struct fixture *f = *state;

	server_does(f->server, "FETCH", ALWAYS, SERVER_HALVES);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_RESET);
	assert_int_equal(server_count(f->server, "FETCH"), CFS_RETRY_ATTEMPTS);
}

static void a_refused_connection_is_told_at_once(void **state)
{
	struct fixture *f = *state;

	fake_clock.chance = 0.9;
	server_vanish(f->server);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_REFUSED);
	assert_int_not_equal(f->asked.error.message[0], '\0');
}

static void the_pause_before_the_next_attempt_is_kept(void **state)
{
	struct fixture *f = *state;

	fake_clock.chance = 0.5;
	world_cloud(f->world);
	server_fails(f->server, "FETCH", 2, 503);
	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	clock_stop();
	asked_start(&f->asked, &fetch);
	world_settle(f->world);
	clock_skip(499);
	run_idle(f->world);
	assert_int_equal(f->server->n_log, 1);
	clock_skip(1);
	world_settle(f->world);
	clock_skip(999);
	run_idle(f->world);
	assert_int_equal(f->server->n_log, 2);
	clock_skip(1);
	run_until(f->world, &f->asked.done, 1);
	clock_go();
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_int_equal(f->server->n_log, 3);
}

static void a_throttled_call_is_tried_until_its_time_is_up(void **state)
{
	struct fixture *f = *state;

	fake_clock.chance = 0.5;
	f->world->config.timeout_ms = 100000;
	world_cloud(f->world);
	server_fails(f->server, "FETCH", ALWAYS, 429);
	clock_stop();
	asked_start(&f->asked, &fetch);
	/* After 0.5, 1, 2, 4 and 8 seconds, and then every 10: the 14th attempt is made after 95.5,
	 * and the next would come too late. */
	for (unsigned i = 0; i < 200; i++) {
		world_settle(f->world);
		assert_int_equal(f->asked.done, i > 190);
		clock_skip(500);
	}
	clock_go();
	assert_int_equal(f->asked.error.fault, CFS_THROTTLED);
	assert_int_equal(f->server->n_log, 14);
}

static void a_throttled_call_goes_through_when_it_may(void **state)
{
	struct fixture *f = *state;

	server_fails(f->server, "FETCH", 20, 429);
	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_int_equal(f->server->n_log, 21);
}

static void an_answer_that_does_not_come_is_timed_out(void **state)
{
	struct fixture *f = *state;

	fake_clock.chance = 0.5;
	f->world->config.timeout_ms = 100;
	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_TIMED_OUT);
	assert_int_equal(server_count(f->server, "FETCH"), 1);
	assert_int_equal(f->server->closed, 1);
}

/* A NAT has dropped the connection: nothing arrives, not even a reset. */
static void an_attempt_that_hangs_is_made_again_on_a_new_connection(void **state)
{
	struct fixture *f = *state;

	f->world->config.timeout_ms = 1000;
	server_says(f->server, "FETCH", 1, "content first\n");
	server_does(f->server, "FETCH", 1, SERVER_HOLDS);
	server_says(f->server, "FETCH", ALWAYS, "content second\n");
	ask(f);
	f->asked.done = 0;
	asked_start(&f->asked, &fetch);
	run_until_asked(f->world, 2);
	assert_int_equal(f->server->accepted, 1);
	clock_skip(501);
	run_until(f->world, &f->asked.done, 1);
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_string_equal(cfs_buf_text(&f->asked.content), "second");
	assert_true(f->server->accepted >= 2);
}

static void an_answer_that_stalls_is_dropped(void **state)
{
	struct fixture *f = *state;

	f->world->config.timeout_ms = 60000;
	server_does(f->server, "FETCH", 1, SERVER_STALLS);
	server_says(f->server, "FETCH", ALWAYS, "content whole\n");
	world_cloud(f->world);
	f->asked.done = 0;
	asked_start(&f->asked, &fetch);
	run_until_asked(f->world, 1);
	while (f->asked.content.len == 0 && !f->asked.call.attempt.stall.loop)
		assert_int_equal(cfs_loop_run(f->world->loop), 0);
	run_idle(f->world);
	/* The first byte may take half of the timeout, the next one less. */
	clock_skip(CFS_CALL_STALL_MS - 1000);
	run_idle(f->world);
	assert_int_equal(f->server->n_log, 1);
	clock_skip(1001);
	run_until(f->world, &f->asked.done, 1);
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_string_equal(cfs_buf_text(&f->asked.content), "whole");
	assert_true(server_count(f->server, "FETCH") == 2);
}

/* A search for keys counts against the call's timeout. */
static void keys_that_do_not_come_are_timed_out(void **state)
{
	struct fixture *f = *state;

	f->world->config.timeout_ms = 100;
	SCRIPT(f->world, 0, {.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_KEYS, .text = "LATE"});
	server_does(f->server, "ROLE", ALWAYS, SERVER_HOLDS);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_TIMED_OUT);
	assert_null(f->asked.call.wait.link);
	assert_int_equal(server_count(f->server, "FETCH"), 0);
}

/* Two attempts share the timeout, and the last error is reported when there is no time for a
 * third. */
static void the_time_is_for_all_attempts_together(void **state)
{
	struct fixture *f = *state;

	f->world->config.timeout_ms = 60000;
	world_cloud(f->world);
	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	asked_start(&f->asked, &fetch);
	run_until_asked(f->world, 1);
	clock_skip(29500);
	server_release(f->server, 503, "");
	run_until_asked(f->world, 2);
	assert_in_range(f->asked.call.left_ms, 25000, 30500);
	clock_skip(29500);
	fake_clock.chance = 0.9;
	server_release(f->server, 503, "");
	run_until(f->world, &f->asked.done, 1);
	assert_int_equal(f->asked.error.fault, CFS_SERVER);
	assert_int_equal(f->server->n_log, 2);
}

/* Throttling is reported even if the last attempt had no time left for an answer. */
static void an_attempt_cut_short_tells_why_it_was_made(void **state)
{
	struct fixture *f = *state;

	f->world->config.timeout_ms = 1000;
	world_cloud(f->world);
	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	asked_start(&f->asked, &fetch);
	run_until_asked(f->world, 1);
	clock_skip(450);
	server_release(f->server, 429, "");
	run_until_asked(f->world, 2);
	clock_skip(450);
	server_release(f->server, 429, "");
	run_until_asked(f->world, 3);
	run_until(f->world, &f->asked.done, 1);
	assert_int_equal(f->asked.error.fault, CFS_THROTTLED);
	assert_int_equal(server_count(f->server, "FETCH"), 3);
}

static void an_attempt_that_had_its_time_is_timed_out(void **state)
{
	struct fixture *f = *state;

	fake_clock.chance = 0.001;
	f->world->config.timeout_ms = 400;
	server_fails(f->server, "FETCH", 1, 429);
	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_TIMED_OUT);
	assert_in_range(server_count(f->server, "FETCH"), 2, 3);
}

static void time_at_the_gate_does_not_count(void **state)
{
	struct fixture *f = *state;
	struct asked first;

	f->world->config.timeout_ms = 5000;
	f->world->config.rate = 0.01;
	server_says(f->server, "FETCH", 1, "content c\n");
	server_fails(f->server, "FETCH", 1, 503);
	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	world_cloud(f->world);
	asked_init(&first, f->world);
	asked_start(&first, &fetch);
	run_until(f->world, &first.done, 1);
	asked_start(&f->asked, &fetch);
	world_settle(f->world);
	assert_int_equal(f->server->n_log, 1);
	assert_non_null(f->asked.call.ticket.queue);
	/* Nor before the attempt that fails, nor before the one after it. */
	clock_skip(100000);
	world_settle(f->world);
	assert_int_equal(f->server->n_log, 2);
	assert_non_null(f->asked.call.ticket.queue);
	clock_skip(100000);
	run_until(f->world, &f->asked.done, 1);
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_int_equal(f->server->n_log, 3);
	asked_finish(&first);
}

static void gates_are_by_region_and_action(void **state)
{
	struct fixture *f = *state;
	struct asked other;

	f->world->config.rate = 0.01;
	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	ask(f);
	asked_init(&other, f->world);
	asked_start(&other, &fetch_text);
	run_until(f->world, &other.done, 1);
	assert_int_equal(other.error.fault, CFS_OK);
	asked_finish(&other);
}

static void each_attempt_passes_the_gate(void **state)
{
	struct fixture *f = *state;

	f->world->config.rate = 0.1;
	world_cloud(f->world);
	server_fails(f->server, "FETCH", 1, 503);
	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	asked_start(&f->asked, &fetch);
	run_until_asked(f->world, 1);
	run_idle(f->world);
	assert_int_equal(f->server->n_log, 1);
	clock_skip(10001);
	run_until(f->world, &f->asked.done, 1);
	assert_int_equal(f->asked.error.fault, CFS_OK);
}

static void without_credentials_nothing_is_sent(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_ABSENT, .text = "THE_VARIABLE is not set"});
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_UNAUTHENTICATED);
	assert_non_null(strstr(f->asked.error.message, "THE_VARIABLE is not set"));
	assert_int_equal(f->server->n_log, 0);
}

static void a_call_waits_for_credentials(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_KEYS, .text = "LATE"});
	server_does(f->server, "ROLE", ALWAYS, SERVER_HOLDS);
	server_says(f->server, "FETCH r x-1 screen wake=0 key=LATE", ALWAYS, "content d\n");
	world_cloud(f->world);
	asked_start(&f->asked, &fetch);
	run_until_asked(f->world, 1);
	run_idle(f->world);
	assert_int_equal(f->server->n_log, 1);
	server_release(f->server, 200, "");
	run_until(f->world, &f->asked.done, 1);
	assert_int_equal(f->asked.error.fault, CFS_OK);
}

static void credentials_that_come_too_late_are_a_time_out(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_KEYS, .text = "LATE"});
	server_does(f->server, "ROLE", ALWAYS, SERVER_HOLDS);
	world_cloud(f->world);
	asked_start(&f->asked, &fetch);
	run_until_asked(f->world, 1);
	clock_skip(30001);
	server_release(f->server, 200, "");
	run_until(f->world, &f->asked.done, 1);
	assert_int_equal(f->asked.error.fault, CFS_TIMED_OUT);
	assert_int_equal(f->server->n_log, 1);
}

/* After a refusal keys are searched for again, so that the next call has the new ones. */
static void refused_keys_are_not_used_for_ever(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_KEYS, .text = "OLD"},
		{.kind = CFS_STEP_KEYS, .text = "NEW"});
	server_fails(f->server, "FETCH r x-1 screen wake=0 key=OLD", ALWAYS, 401);
	server_says(f->server, "FETCH r x-1 screen wake=0 key=NEW", ALWAYS, "content d\n");
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_UNAUTHENTICATED);
	clock_skip(CFS_CREDENTIALS_PAUSE_MS);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
}

/* Denied access says nothing about the keys. */
static void denied_keys_are_kept(void **state)
{
	struct fixture *f = *state;

	server_fails(f->server, "FETCH", ALWAYS, 403);
	ask(f);
	clock_skip(CFS_CREDENTIALS_PAUSE_MS);
	ask(f);
	assert_int_equal(f->world->provider[0].created, 1);
}

static void nonsense_is_a_bad_answer_and_not_asked_for_again(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "FETCH", ALWAYS, "what is this\n");
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_BAD_ANSWER);
	assert_int_equal(f->server->n_log, 1);
}

/* An error page of a proxy is not the cloud's answer, but its status counts. */
static void nonsense_with_the_status_of_a_failure_is_that_failure(void **state)
{
	struct fixture *f = *state;

	server_rule_add(
		f->server, (struct server_rule){"FETCH", ALWAYS, 502, "<html>\n", SERVER_ANSWERS});
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_SERVER);
	assert_int_equal(f->server->n_log, CFS_RETRY_ATTEMPTS);
	server_forget_rules(f->server);
	server_rule_add(
		f->server, (struct server_rule){"FETCH", 5, 429, "<html>\n", SERVER_ANSWERS});
	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_int_equal(f->server->n_log, CFS_RETRY_ATTEMPTS + 6);
}

static void content_over_its_limit_is_too_large(void **state)
{
	struct fixture *f = *state;
	char body[SCREEN_MAX + 32];

	snprintf(body, sizeof(body), "content %0*d\n", SCREEN_MAX, 7);
	server_says(f->server, "FETCH", 1, body);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_int_equal(f->asked.content.len, SCREEN_MAX);
	snprintf(body, sizeof(body), "content %0*d\n", SCREEN_MAX + 1, 7);
	server_says(f->server, "FETCH", 1, body);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_TOO_LARGE);
	assert_int_equal(f->server->n_log, 2);
}

static void a_request_that_cannot_be_made_is_an_error(void **state)
{
	struct fixture *f = *state;

	f->world->request_fails = -EFBIG;
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_TOO_LARGE);
	f->world->request_fails = -ENOMEM;
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_NO_MEMORY);
	f->world->reader_fails = -ENOMEM;
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_NO_MEMORY);
	assert_int_equal(f->server->n_log, 0);
}

/* Sets the server's Date header this many seconds ahead of us. */
static void set_date(struct fixture *f, char date[64], int64_t ahead)
{
	time_t then = cfs_clock_wall().tv_sec + ahead;
	struct tm utc;

	assert_non_null(gmtime_r(&then, &utc));
	assert_int_not_equal(strftime(date, 64, "Date: %a, %d %b %Y %H:%M:%S GMT", &utc), 0);
	f->server->date = date;
}

/* How many seconds ahead of us the n-th request was signed. */
static int64_t signed_ahead(struct fixture *f, unsigned n)
{
	const char *now = strstr(f->server->log[n], " now=");

	assert_non_null(now);
	return strtoll(now + strlen(" now="), NULL, 10) - cfs_clock_wall().tv_sec;
}

static void a_refused_time_is_set_right_by_the_cloud_and_kept(void **state)
{
	static const int64_t offs[] = {3600, -3600};
	struct fixture *f = *state;
	char date[64], skewed[64];

	snprintf(skewed, sizeof(skewed), "error %d Skewed not this time\n", CFS_CLOCK_SKEW);
	for (size_t i = 0; i < 2; i++) {
		set_date(f, date, offs[i]);
		server_forget_rules(f->server);
		server_says(f->server, "FETCH", 1, skewed);
		server_says(f->server, "FETCH", ALWAYS, "content d\n");
		ask(f);
		assert_int_equal(f->asked.error.fault, CFS_OK);
		assert_int_equal(f->server->n_log, 3 * i + 2);
		assert_true(llabs(signed_ahead(f, 3 * i + 1) - offs[i]) <= 2);
		ask(f);
		assert_int_equal(f->server->n_log, 3 * i + 3);
		assert_true(llabs(signed_ahead(f, 3 * i + 2) - offs[i]) <= 2);
	}
}

/* RequestExpired means a wrong time or expired keys; if the time is right, the keys. */
static void a_time_that_is_right_and_refused_means_expired_keys(void **state)
{
	struct fixture *f = *state;
	char date[64], skewed[64];

	snprintf(skewed, sizeof(skewed), "error %d Skewed not this time\n", CFS_CLOCK_SKEW);
	server_says(f->server, "FETCH", ALWAYS, skewed);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_CLOCK_SKEW);
	set_date(f, date, 0);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_EXPIRED);
	assert_int_equal(f->server->n_log, 2);
	/* Corrected and still refused: two attempts, not an endless loop. */
	set_date(f, date, 7200);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_EXPIRED);
	assert_int_equal(f->server->n_log, 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, asked_set_up, asked_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_good_answer_is_in_the_sink),
		TEST(every_status_is_retried_as_its_fault_is),
		TEST(a_passing_failure_is_got_over),
		TEST(content_is_emptied_before_each_attempt),
		TEST(a_connection_that_breaks_each_time_is_a_reset),
		TEST(a_refused_connection_is_told_at_once),
		TEST(the_pause_before_the_next_attempt_is_kept),
		TEST(a_throttled_call_is_tried_until_its_time_is_up),
		TEST(a_throttled_call_goes_through_when_it_may),
		TEST(an_answer_that_does_not_come_is_timed_out),
		TEST(an_attempt_that_hangs_is_made_again_on_a_new_connection),
		TEST(an_answer_that_stalls_is_dropped),
		TEST(keys_that_do_not_come_are_timed_out),
		TEST(the_time_is_for_all_attempts_together),
		TEST(an_attempt_cut_short_tells_why_it_was_made),
		TEST(an_attempt_that_had_its_time_is_timed_out),
		TEST(time_at_the_gate_does_not_count),
		TEST(gates_are_by_region_and_action),
		TEST(each_attempt_passes_the_gate),
		TEST(without_credentials_nothing_is_sent),
		TEST(a_call_waits_for_credentials),
		TEST(credentials_that_come_too_late_are_a_time_out),
		TEST(refused_keys_are_not_used_for_ever),
		TEST(denied_keys_are_kept),
		TEST(nonsense_is_a_bad_answer_and_not_asked_for_again),
		TEST(nonsense_with_the_status_of_a_failure_is_that_failure),
		TEST(content_over_its_limit_is_too_large),
		TEST(a_request_that_cannot_be_made_is_an_error),
		TEST(a_refused_time_is_set_right_by_the_cloud_and_kept),
		TEST(a_time_that_is_right_and_refused_means_expired_keys),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
