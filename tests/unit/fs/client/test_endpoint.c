/* SPDX-License-Identifier: MIT */
/* fs/client/endpoint.h: calls to a cloud that is down fail fast, and work again when it is back. */
#include "fs/client/breaker.h"
#include "fs/client/credentials.h"
#include "fs/client/endpoint.h"
#include "tests/unit/support/call_asked.h"

static const struct cfs_question fetch_text = {
	.verb = CFS_FETCH, .region = "r", .id = "x-1", .live = &fake_live[1]};
static const struct cfs_question find = {.verb = CFS_FIND, .region = "r", .id = "x-1"};

static bool is_down(struct fixture *f, const struct cfs_question *question)
{
	struct cfs_wait wait = {0};
	struct cfs_error error;
	struct cfs_endpoint *endpoint = cfs_endpoint_find(f->world->cloud->client, question);
	int r = cfs_endpoint_admit(endpoint, &wait, NULL, NULL, &error);

	cfs_wait_leave(&wait);
	return r < 0;
}

static void there_is_one_for_each_region_and_action(void **state)
{
	struct fixture *f = *state;
	char region[] = "r", other_region[] = "s";
	struct cfs_question asked = fetch;
	struct cfs_endpoint *endpoint;

	world_cloud(f->world);
	endpoint = cfs_endpoint_find(f->world->cloud->client, &fetch);
	assert_non_null(endpoint);
	asked.region = region; /* by what it says, not where it is */
	asked.id = "x-2";
	assert_ptr_equal(cfs_endpoint_find(f->world->cloud->client, &asked), endpoint);
	assert_ptr_not_equal(cfs_endpoint_find(f->world->cloud->client, &find), endpoint);
	assert_ptr_not_equal(cfs_endpoint_find(f->world->cloud->client, &fetch_text), endpoint);
	asked.region = other_region;
	assert_ptr_not_equal(cfs_endpoint_find(f->world->cloud->client, &asked), endpoint);
}

/* The server stops answering, and a call has found that out. */
static void take_down(struct fixture *f)
{
	f->world->config.timeout_ms = 1000;
	if (!f->world->cloud)
		world_cloud(f->world);
	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	server_does(f->server, "PROBE", ALWAYS, SERVER_CLOSES);
	f->asked.done = 0;
	asked_start(&f->asked, &fetch);
	run_until_asked(f->world, f->server->n_log + 1);
	clock_skip(600);
	run_until(f->world, &f->asked.done, 1);
	assert_int_equal(f->asked.error.fault, CFS_TIMED_OUT);
	may_wait_in_vain(true);
	while (!is_down(f, &fetch))
		assert_int_equal(cfs_loop_run(f->world->loop), 0);
	may_wait_in_vain(false);
}

static void come_back(struct fixture *f)
{
	server_forget_rules(f->server);
	server_says(f->server, "PROBE", ALWAYS, "content yes\n");
	server_says(f->server, "FETCH", ALWAYS, "content back\n");
}

static void a_cloud_that_is_down_is_not_asked(void **state)
{
	struct fixture *f = *state;
	unsigned before;

	take_down(f);
	before = server_count(f->server, "FETCH");
	clock_stop();
	for (unsigned i = 0; i < 10; i++) {
		ask(f);
		assert_int_equal(f->asked.error.fault, CFS_RESET); /* as the probe said */
		assert_non_null(strstr(f->asked.error.message, "r has not answered since "));
	}
	clock_go();
	assert_int_equal(server_count(f->server, "FETCH"), before);
}

/* For an instance that does not exist, or in a form without effect. */
static void a_probe_asks_the_same_action(void **state)
{
	struct fixture *f = *state;

	take_down(f);
	assert_true(server_count(f->server, "PROBE r screen key=K") >= 1);
	server_forget_rules(f->server);
	server_does(f->server, "FIND", ALWAYS, SERVER_CLOSES);
	f->asked.done = 0;
	asked_start(&f->asked, &find);
	run_until(f->world, &f->asked.done, 1);
	may_wait_in_vain(true);
	while (server_count(f->server, "FIND r x-made-up key=K") == 0)
		assert_int_equal(cfs_loop_run(f->world->loop), 0);
	may_wait_in_vain(false);
}

static void another_action_is_asked_all_the_same(void **state)
{
	struct fixture *f = *state;
	struct asked other;

	take_down(f);
	server_forget_rules(f->server);
	server_says(f->server, "FETCH r x-1 text", ALWAYS, "content a log\n");
	asked_init(&other, f->world);
	asked_start(&other, &fetch_text);
	run_until(f->world, &other.done, 1);
	assert_int_equal(other.error.fault, CFS_OK);
	assert_true(is_down(f, &fetch));
	asked_finish(&other);
}

static void a_probe_that_is_answered_keeps_it_up(void **state)
{
	struct fixture *f = *state;
	unsigned probes;

	f->world->config.timeout_ms = 200;
	fake_clock.chance = 0.9; /* no time for another attempt */
	world_cloud(f->world);
	server_does(f->server, "FETCH", 1, SERVER_HOLDS);
	server_fails(f->server, "PROBE", ALWAYS, 403);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_TIMED_OUT);
	world_settle(f->world);
	probes = server_count(f->server, "PROBE");
	assert_int_equal(probes, 1);
	server_says(f->server, "FETCH", ALWAYS, "content fine\n");
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
}

static void it_is_found_again_while_calls_come_in(void **state)
{
	struct fixture *f = *state;

	take_down(f);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_RESET);
	come_back(f);
	/* The probe that this call triggered is sent within a second. */
	clock_skip(CFS_BREAKER_PAUSE_MS);
	may_wait_in_vain(true);
	while (is_down(f, &fetch))
		assert_int_equal(cfs_loop_run(f->world->loop), 0);
	may_wait_in_vain(false);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_string_equal(cfs_buf_text(&f->asked.content), "back");
}

static void after_a_while_a_call_waits_for_a_probe(void **state)
{
	struct fixture *f = *state;

	take_down(f);
	come_back(f);
	run_idle(f->world);
	clock_skip(CFS_BREAKER_FRESH_MS + CFS_BREAKER_PROBE_MS);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_string_equal(cfs_buf_text(&f->asked.content), "back");
}

static void without_calls_nothing_is_sent(void **state)
{
	struct fixture *f = *state;
	unsigned before;

	take_down(f);
	/* The call of take_down itself triggers one more. */
	clock_skip(CFS_BREAKER_PAUSE_MS);
	world_settle(f->world);
	before = f->server->n_log;
	for (int i = 0; i < 20; i++) {
		clock_skip(1000);
		run_idle(f->world);
	}
	assert_int_equal(f->server->n_log, before);
}

/* Down for so long that a call waits for a probe, which the server does not answer yet. */
static void wait_for_a_probe(struct fixture *f)
{
	take_down(f);
	server_forget_rules(f->server);
	server_does(f->server, "PROBE", ALWAYS, SERVER_HOLDS);
	clock_skip(CFS_BREAKER_FRESH_MS + CFS_BREAKER_PROBE_MS);
	f->asked.done = 0;
	asked_start(&f->asked, &fetch);
	run_idle(f->world);
}

static void a_call_that_waits_for_a_probe_can_be_cancelled(void **state)
{
	struct fixture *f = *state;

	wait_for_a_probe(f);
	assert_non_null(f->asked.call.wait.link);
	cfs_call_cancel(&f->asked.call);
	server_release(f->server, 200, "");
	world_settle(f->world);
	assert_int_equal(f->asked.done, 0);
}

static void those_in_the_queue_are_told_when_it_goes_down(void **state)
{
	struct fixture *f = *state;
	struct asked queued[5];

	f->world->config.rate = 0.001;
	f->world->config.timeout_ms = 1000;
	world_cloud(f->world);
	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	server_does(f->server, "PROBE", ALWAYS, SERVER_CLOSES);
	asked_start(&f->asked, &fetch);
	for (unsigned i = 0; i < 5; i++) {
		asked_init(&queued[i], f->world);
		asked_start(&queued[i], &fetch);
	}
	run_until_asked(f->world, 1);
	clock_skip(600);
	for (unsigned i = 0; i < 5; i++) {
		run_until(f->world, &queued[i].done, 1);
		assert_int_equal(queued[i].error.fault, CFS_RESET);
		asked_finish(&queued[i]);
	}
	assert_int_equal(server_count(f->server, "FETCH"), 1);
}

/* A thousand callers do not cause three thousand requests. */
static void retries_of_all_calls_together_are_bounded(void **state)
{
	struct fixture *f = *state;

	world_cloud(f->world);
	server_fails(f->server, "FETCH", ALWAYS, 503);
	for (unsigned i = 0; i < 200; i++)
		ask(f);
	assert_int_equal(f->server->n_log, 200 + CFS_RETRY_QUOTA_MAX / 5);
	server_forget_rules(f->server);
	server_fails(f->server, "FETCH", 1, 503);
	server_says(f->server, "FETCH", ALWAYS, "content fine\n");
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_SERVER);
	/* Calls that succeed pay back. */
	for (unsigned i = 0; i < 5; i++)
		ask(f);
	server_forget_rules(f->server);
	server_fails(f->server, "FETCH", 1, 503);
	server_says(f->server, "FETCH", ALWAYS, "content fine\n");
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
}

static void a_cloud_ends_with_a_probe_under_way(void **state)
{
	struct fixture *f = *state;

	wait_for_a_probe(f);
	cfs_call_cancel(&f->asked.call);
	/* asked_tear_down ends the cloud. */
}

/* Else the first call after an outage would fail for keys that were revoked meanwhile. */
static void a_probe_tells_what_the_cloud_says_of_the_keys(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_KEYS, .text = "K"},
		{.kind = CFS_STEP_KEYS, .text = "K2"});
	take_down(f);
	server_forget_rules(f->server);
	server_fails(f->server, "PROBE", ALWAYS, 401);
	server_says(f->server, "FETCH r x-1 screen wake=0 key=K2", ALWAYS, "content new keys\n");
	server_fails(f->server, "FETCH", ALWAYS, 401);
	clock_skip(CFS_CREDENTIALS_TRUST_MS + 1000);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_string_equal(cfs_buf_text(&f->asked.content), "new keys");
}

static void a_probe_that_is_throttled_is_counted(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(cfs_metrics_create(&f->world->runtime.metrics), 0);
	take_down(f);
	server_forget_rules(f->server);
	server_fails(f->server, "PROBE", ALWAYS, 429);
	server_says(f->server, "FETCH", ALWAYS, "content back\n");
	clock_skip(CFS_BREAKER_FRESH_MS + 1000);
	ask(f);
	assert_int_equal(f->asked.error.fault, CFS_OK);
	assert_int_equal(cfs_metrics_sum(f->world->runtime.metrics, "cloud").throttles, 1);
	cfs_cloud_destroy(f->world->cloud);
	f->world->cloud = NULL;
	cfs_metrics_destroy(f->world->runtime.metrics);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, asked_set_up, asked_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(there_is_one_for_each_region_and_action),
		TEST(a_cloud_that_is_down_is_not_asked),
		TEST(a_probe_asks_the_same_action),
		TEST(another_action_is_asked_all_the_same),
		TEST(a_probe_that_is_answered_keeps_it_up),
		TEST(it_is_found_again_while_calls_come_in),
		TEST(after_a_while_a_call_waits_for_a_probe),
		TEST(without_calls_nothing_is_sent),
		TEST(a_call_that_waits_for_a_probe_can_be_cancelled),
		TEST(those_in_the_queue_are_told_when_it_goes_down),
		TEST(retries_of_all_calls_together_are_bounded),
		TEST(a_probe_tells_what_the_cloud_says_of_the_keys),
		TEST(a_probe_that_is_throttled_is_counted),
		TEST(a_cloud_ends_with_a_probe_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
