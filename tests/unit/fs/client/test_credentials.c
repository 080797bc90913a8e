/* SPDX-License-Identifier: MIT */
/* fs/client/credentials.h: finding keys through providers and renewing them. */
#include <fcntl.h>
#include <sys/wait.h>

#include "fs/client/credentials.h"
#include "tests/unit/support/fake_backend.h"

#define PAUSE CFS_CREDENTIALS_PAUSE_MS
#define CROWD 50

struct fixture {
	struct world *world;
	struct server *server;
	struct cfs_cloud_clock cloud_clock;
	struct cfs_settings settings;
	struct cfs_credentials *credentials;
	struct cfs_error error;
};

/* A caller who needs keys. */
struct wanting {
	struct fixture *f;
	struct cfs_wait wait;
	unsigned told;
	int then; /* what asking again gave */
	struct wanting *leaves;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	clock_go();
	f->world = world_create();
	f->server = &f->world->server;
	f->settings.name = "cloud";
	assert_int_equal(cfs_credentials_create(f->world->loop, f->world->http, &fake_backend,
				 &f->settings, &f->world->env, &f->cloud_clock, &f->credentials),
		0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	cfs_credentials_destroy(f->credentials);
	world_destroy(f->world);
	free(f);
	return 0;
}

static void told(void *arg, int result)
{
	struct wanting *wanting = arg;
	const struct cfs_keys *keys;

	assert_int_equal(result, 0);
	wanting->told++;
	if (wanting->leaves)
		cfs_wait_leave(&wanting->leaves->wait);
	wanting->then = cfs_credentials_get(
		wanting->f->credentials, &wanting->wait, told, wanting, &keys, &wanting->f->error);
	cfs_loop_stop(wanting->f->world->loop);
}

static int want(struct fixture *f, struct wanting *wanting, const struct cfs_keys **ret_keys)
{
	*wanting = (struct wanting){.f = f, .then = -1};
	return cfs_credentials_get(
		f->credentials, &wanting->wait, told, wanting, ret_keys, &f->error);
}

/* Keys that are there without a wait. */
static void assert_held(struct fixture *f, const char *id)
{
	const struct cfs_keys *keys = NULL;
	struct wanting wanting;

	assert_int_equal(want(f, &wanting, &keys), 1);
	assert_string_equal(keys->id.data, id);
	assert_non_null(keys->signing.data);
	assert_null(wanting.wait.link);
}

static void assert_none(struct fixture *f, enum cfs_fault fault)
{
	const struct cfs_keys *keys = NULL;
	struct wanting wanting;

	f->error = (struct cfs_error){0};
	assert_int_equal(want(f, &wanting, &keys), -EACCES);
	assert_null(keys);
	assert_int_equal(f->error.fault, fault);
	assert_null(wanting.wait.link);
	assert_null(strstr(f->error.message, "hush"));
	assert_null(strstr(cfs_credentials_looked(f->credentials), "hush"));
}

static unsigned searches(const struct fixture *f)
{
	return f->world->provider[0].created;
}

static void keys_come_from_the_first_provider_that_has_them(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(cfs_credentials_source(f->credentials), "");
	assert_string_equal(cfs_credentials_looked(f->credentials), "");
	SCRIPT(f->world, 0, {.kind = CFS_STEP_ABSENT, .text = "VARIABLE is not set"});
	SCRIPT(f->world, 1, {.kind = CFS_STEP_KEYS, .text = "K2"});
	assert_held(f, "K2");
	assert_held(f, "K2");
	assert_string_equal(cfs_credentials_source(f->credentials), "K2");
	assert_string_equal(cfs_credentials_looked(f->credentials), "first: VARIABLE is not set\n");
	assert_true(cfs_credentials_expires(f->credentials) == INT64_MAX);
	assert_int_equal(searches(f), 1);
	assert_int_equal(f->world->provider_states, 0);
}

static void a_provider_that_failed_ends_the_search(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0,
		{.kind = CFS_STEP_FAILED, .text = "the file is torn", .fault = CFS_EXPIRED});
	SCRIPT(f->world, 1, {.kind = CFS_STEP_KEYS, .text = "K2"});
	assert_none(f, CFS_EXPIRED);
	assert_non_null(strstr(f->error.message, "first: the file is torn"));
	assert_int_equal(f->world->provider[1].created, 0);
	assert_string_equal(cfs_credentials_source(f->credentials), "");
}

static void without_keys_it_is_said_where_they_were_looked_for(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_ABSENT, .text = "VARIABLE is not set"});
	assert_none(f, CFS_UNAUTHENTICATED);
	assert_string_equal(cfs_credentials_looked(f->credentials),
		"first: VARIABLE is not set\nsecond: nothing there\n");
	assert_string_equal(f->error.message,
		"no usable credentials; looked in: first: VARIABLE is not set; "
		"second: nothing there");
}

static void a_burst_makes_one_search(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_ABSENT, .text = "-"});
	clock_stop();
	for (int i = 0; i < 100; i++)
		assert_none(f, CFS_UNAUTHENTICATED);
	assert_int_equal(searches(f), 1);
	clock_skip(PAUSE - 1);
	assert_none(f, CFS_UNAUTHENTICATED);
	assert_int_equal(searches(f), 1);
	clock_skip(1);
	assert_none(f, CFS_UNAUTHENTICATED);
	assert_int_equal(searches(f), 2);
}

static void corrected_credentials_work_without_a_remount(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_FAILED, .text = "-", .fault = CFS_UNAUTHENTICATED},
		{.kind = CFS_STEP_KEYS, .text = "RIGHT"});
	assert_none(f, CFS_UNAUTHENTICATED);
	clock_skip(PAUSE);
	assert_held(f, "RIGHT");
}

static void a_file_that_has_changed_is_read_again_at_once(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/consolefs.test_keyring.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	f->world->reads = path;
	SCRIPT(f->world, 0, {.kind = CFS_STEP_KEYS, .text = "ONE"},
		{.kind = CFS_STEP_KEYS, .text = "TWO"}, {.kind = CFS_STEP_KEYS, .text = "THREE"});
	assert_held(f, "ONE");
	clock_skip(10 * PAUSE);
	assert_held(f, "ONE");
	assert_int_equal(write(fd, "x", 1), 1);
	clock_skip(1000);
	assert_held(f, "TWO");
	clock_skip(1000);
	assert_held(f, "TWO");
	assert_int_equal(unlink(path), 0);
	clock_skip(1000);
	assert_held(f, "THREE");
	assert_int_equal(searches(f), 3);
	close(fd);
}

/* Through HTTP */

static void an_answer_is_handed_to_the_next_step(void **state)
{
	struct fixture *f = *state;
	const struct cfs_keys *keys;
	struct wanting wanting;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_HTTP, .text = "TOKEN"},
		{.kind = CFS_STEP_HTTP, .text = "ROLE"}, {.kind = CFS_STEP_KEYS, .text = "K"});
	server_says(f->server, "TOKEN", 1, "token");
	server_fails(f->server, "TOKEN", ALWAYS, 500);
	server_rule_add(
		f->server, (struct server_rule){"ROLE", ALWAYS, 418, "the second", SERVER_ANSWERS});
	assert_int_equal(want(f, &wanting, &keys), 0);
	run_until(f->world, &wanting.told, 1);
	assert_int_equal(wanting.then, 1);
	assert_held(f, "K");
	assert_int_equal(f->world->provider[0].answers, 2);
	assert_int_equal(f->world->provider[0].fault, CFS_OK);
	assert_int_equal(f->world->provider[0].status, 418);
	assert_string_equal(f->world->provider[0].content, "the second");
	assert_int_equal(f->server->n_log, 2);
}

static void an_answer_that_fails_is_told_to_the_provider(void **state)
{
	struct fixture *f = *state;
	const struct cfs_keys *keys;
	struct wanting wanting;
	char *body = malloc(CFS_PROVIDER_ANSWER_MAX + 2);

	assert_non_null(body);
	memset(body, 'x', CFS_PROVIDER_ANSWER_MAX + 1);
	body[CFS_PROVIDER_ANSWER_MAX + 1] = '\0';
	SCRIPT(f->world, 0, {.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_FAILED, .text = "no", .fault = CFS_SERVER},
		{.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_FAILED, .text = "no", .fault = CFS_SERVER},
		{.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_FAILED, .text = "no", .fault = CFS_SERVER});
	server_does(f->server, "ROLE", 1, SERVER_HALVES);
	server_says(f->server, "ROLE", 1, body);

	assert_int_equal(want(f, &wanting, &keys), 0);
	run_until(f->world, &wanting.told, 1);
	assert_int_equal(wanting.then, -EACCES);
	assert_int_equal(f->error.fault, CFS_SERVER);
	assert_int_equal(f->world->provider[0].fault, CFS_RESET);

	clock_skip(PAUSE);
	assert_int_equal(want(f, &wanting, &keys), 0);
	run_until(f->world, &wanting.told, 1);
	assert_int_equal(f->world->provider[0].fault, CFS_TOO_LARGE);

	clock_skip(PAUSE);
	server_vanish(f->server);
	assert_int_equal(want(f, &wanting, &keys), 0);
	run_until(f->world, &wanting.told, 1);
	assert_int_equal(f->world->provider[0].fault, CFS_REFUSED);
	assert_int_equal(searches(f), 3);
	free(body);
}

static void all_who_wait_share_one_search(void **state)
{
	struct fixture *f = *state;
	const struct cfs_keys *keys;
	struct wanting crowd[CROWD];

	SCRIPT(f->world, 0, {.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_KEYS, .text = "K"});
	server_does(f->server, "ROLE", ALWAYS, SERVER_HOLDS);
	for (unsigned i = 0; i < CROWD; i++)
		assert_int_equal(want(f, &crowd[i], &keys), 0);
	run_until_asked(f->world, 1);
	for (unsigned i = 0; i < CROWD; i += 5)
		cfs_wait_leave(&crowd[i].wait);
	crowd[1].leaves = &crowd[2];
	crowd[2].leaves = &crowd[1];
	server_release(f->server, 200, "");
	run_until(f->world, &crowd[CROWD - 1].told, 1);
	run_idle(f->world);
	assert_int_equal(crowd[1].told + crowd[2].told, 1);
	for (unsigned i = 0; i < CROWD; i++) {
		if (i == 1 || i == 2)
			continue;
		assert_int_equal(crowd[i].told, i % 5 != 0);
		assert_int_equal(crowd[i].then, i % 5 != 0 ? 1 : -1);
	}
	assert_int_equal(searches(f), 1);
	assert_int_equal(f->server->n_log, 1);
}

static void a_search_goes_on_though_all_have_left(void **state)
{
	struct fixture *f = *state;
	const struct cfs_keys *keys;
	struct wanting wanting;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_KEYS, .text = "K"});
	server_says(f->server, "ROLE", ALWAYS, "");
	assert_int_equal(want(f, &wanting, &keys), 0);
	cfs_wait_leave(&wanting.wait);
	run_until_asked(f->world, 1);
	while (f->world->provider_states)
		assert_int_equal(cfs_loop_run(f->world->loop), 0);
	assert_held(f, "K");
}

static void a_provider_that_asks_without_end_is_stopped(void **state)
{
	struct fixture *f = *state;
	const struct cfs_keys *keys;
	struct wanting wanting;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_HTTP, .text = "ROLE"});
	SCRIPT(f->world, 1, {.kind = CFS_STEP_KEYS, .text = "K2"});
	server_says(f->server, "ROLE", ALWAYS, "");
	assert_int_equal(want(f, &wanting, &keys), 0);
	run_until(f->world, &wanting.told, 1);
	assert_int_equal(wanting.then, -EACCES);
	assert_int_equal(f->error.fault, CFS_UNAUTHENTICATED);
	assert_int_equal(f->server->n_log, CFS_PROVIDER_STEPS_MAX);
}

static void the_end_of_the_keyring_ends_its_search(void **state)
{
	struct fixture *f = *state;
	const struct cfs_keys *keys;
	struct wanting wanting;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_HTTP, .text = "ROLE"});
	server_does(f->server, "ROLE", ALWAYS, SERVER_HOLDS);
	assert_int_equal(want(f, &wanting, &keys), 0);
	run_until_asked(f->world, 1);
	cfs_wait_leave(&wanting.wait);
	cfs_credentials_destroy(f->credentials);
	f->credentials = NULL;
	assert_int_equal(f->world->provider_states, 0);
	run_until(f->world, &f->server->closed, 1);
	assert_int_equal(wanting.told, 0);
}

static void a_service_that_knows_the_time_sets_ours_right(void **state)
{
	struct fixture *f = *state;
	const struct cfs_keys *keys;
	struct wanting wanting;
	time_t then = cfs_clock_wall().tv_sec + 3600;
	struct tm utc;
	char date[64];

	assert_non_null(gmtime_r(&then, &utc));
	strftime(date, sizeof(date), "Date: %a, %d %b %Y %H:%M:%S GMT", &utc);
	f->server->date = date;
	SCRIPT(f->world, 0, {.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_FAILED, .text = "signature refused", .fault = CFS_CLOCK_SKEW},
		{.kind = CFS_STEP_HTTP, .text = "ROLE"}, {.kind = CFS_STEP_KEYS, .text = "K"});
	server_says(f->server, "ROLE", ALWAYS, "");
	assert_int_equal(want(f, &wanting, &keys), 0);
	run_until(f->world, &wanting.told, 1);
	assert_int_equal(wanting.then, 1);
	assert_int_equal(searches(f), 2);
	assert_in_range(f->cloud_clock.offset, 3598, 3602);
}

/* A host that started with a wrong clock, which was then set: the offset found before is wrong, and
 * without keys no call is made that could correct it. */
static void keys_that_come_expired_by_a_wrong_clock_set_it_right(void **state)
{
	struct fixture *f = *state;
	const struct cfs_keys *keys;
	struct wanting wanting;
	time_t now = cfs_clock_wall().tv_sec;
	struct tm utc;
	char date[64];

	f->cloud_clock.offset = 7200;
	assert_non_null(gmtime_r(&now, &utc));
	strftime(date, sizeof(date), "Date: %a, %d %b %Y %H:%M:%S GMT", &utc);
	f->server->date = date;
	SCRIPT(f->world, 0, {.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_KEYS, .text = "K", .lasts_s = -3600});
	server_says(f->server, "ROLE", ALWAYS, "");
	assert_int_equal(want(f, &wanting, &keys), 0);
	run_until(f->world, &wanting.told, 1);
	assert_int_equal(wanting.then, 1);
	assert_held(f, "K");
	assert_int_equal(searches(f), 1);
	assert_true(labs((long)f->cloud_clock.offset) <= 2);
}

/* Through a process */

static void a_process_is_run_and_its_output_handed_on(void **state)
{
	struct fixture *f = *state;
	const struct cfs_keys *keys;
	struct wanting wanting;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_PROCESS, .text = "printf %s-%s a b"},
		{.kind = CFS_STEP_KEYS, .text = "K"});
	assert_int_equal(want(f, &wanting, &keys), 0);
	run_until(f->world, &wanting.told, 1);
	assert_held(f, "K");
	assert_int_equal(f->world->provider[0].fault, CFS_OK);
	assert_int_equal(f->world->provider[0].status, 0);
	assert_string_equal(f->world->provider[0].content, "a-b");
}

static void a_process_that_is_not_there_is_told_to_the_provider(void **state)
{
	struct fixture *f = *state;
	const struct cfs_keys *keys;
	struct wanting wanting;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_PROCESS, .text = "/nonexistent/program"},
		{.kind = CFS_STEP_FAILED, .text = "no", .fault = CFS_UNAUTHENTICATED});
	assert_int_equal(want(f, &wanting, &keys), 0);
	run_until(f->world, &wanting.told, 1);
	assert_int_equal(wanting.then, -EACCES);
	assert_int_equal(f->world->provider[0].fault, CFS_REFUSED);
}

static void the_end_of_the_keyring_ends_its_process(void **state)
{
	struct fixture *f = *state;
	const struct cfs_keys *keys;
	struct wanting wanting;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_PROCESS, .text = "sleep 1000"});
	assert_int_equal(want(f, &wanting, &keys), 0);
	run_idle(f->world);
	cfs_wait_leave(&wanting.wait);
	cfs_credentials_destroy(f->credentials);
	f->credentials = NULL;
	assert_int_equal(f->world->provider_states, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* Through a file that is written */

static void what_was_written_is_told_and_is_no_change(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/consolefs.test_keyring.XXXXXX", text[8] = "";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	f->world->reads = path;
	SCRIPT(f->world, 0, {.kind = CFS_STEP_WRITE, .text = "new"},
		{.kind = CFS_STEP_KEYS, .text = "ONE"}, {.kind = CFS_STEP_KEYS, .text = "TWO"});
	assert_held(f, "ONE");
	assert_int_equal(f->world->provider[0].answers, 1);
	assert_int_equal(f->world->provider[0].status, 0);
	close(fd);
	fd = open(path, O_RDWR);
	assert_int_equal(read(fd, text, sizeof(text)), 3);
	assert_string_equal(text, "new");
	clock_skip(10 * PAUSE);
	assert_held(f, "ONE");
	/* What another writes is one. */
	assert_int_equal(write(fd, "x", 1), 1);
	clock_skip(1000);
	assert_held(f, "TWO");
	assert_int_equal(unlink(path), 0);
	close(fd);
}

static void what_cannot_be_written_is_told_to_the_provider(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/consolefs.test_keyring.nowhere";

	f->world->reads = path;
	SCRIPT(f->world, 0, {.kind = CFS_STEP_WRITE, .text = "new"},
		{.kind = CFS_STEP_KEYS, .text = "K"});
	assert_held(f, "K");
	assert_int_equal(f->world->provider[0].fault, CFS_OK);
	assert_int_equal(f->world->provider[0].status, -ENOENT);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_provider_that_writes_for_ever_is_given_up(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/consolefs.test_keyring.nowhere";

	f->world->reads = path;
	SCRIPT(f->world, 0, {.kind = CFS_STEP_WRITE, .text = "new"});
	assert_none(f, CFS_UNAUTHENTICATED);
	assert_int_equal(f->world->provider[0].answers, CFS_PROVIDER_STEPS_MAX);
}

/* Expiry, renewal and refusal */

static void keys_are_renewed_behind_before_they_expire(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_KEYS, .text = "OLD", .lasts_s = 10000},
		{.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_KEYS, .text = "NEW", .lasts_s = 10000});
	server_does(f->server, "ROLE", ALWAYS, SERVER_HOLDS);
	assert_held(f, "OLD");
	clock_skip((10000 - CFS_CREDENTIALS_EARLY - 5) * 1000);
	assert_held(f, "OLD");
	assert_int_equal(searches(f), 1);
	clock_skip(10 * 1000);
	assert_held(f, "OLD");
	assert_int_equal(searches(f), 2);
	run_until_asked(f->world, 1);
	assert_held(f, "OLD");
	assert_string_equal(cfs_credentials_source(f->credentials), "OLD");
	server_release(f->server, 200, "");
	while (f->world->provider_states)
		assert_int_equal(cfs_loop_run(f->world->loop), 0);
	assert_held(f, "NEW");
	assert_int_equal(searches(f), 2);
}

static void short_lived_keys_are_renewed_at_half_their_life(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_KEYS, .text = "OLD", .lasts_s = 100},
		{.kind = CFS_STEP_KEYS, .text = "NEW", .lasts_s = 100});
	assert_held(f, "OLD");
	clock_skip(45000);
	assert_held(f, "OLD");
	clock_skip(7000);
	assert_held(f, "NEW");
}

static void keys_that_cannot_be_renewed_serve_until_they_expire(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_KEYS, .text = "OLD", .lasts_s = 2000},
		{.kind = CFS_STEP_FAILED, .text = "gone", .fault = CFS_UNAUTHENTICATED});
	assert_held(f, "OLD");
	clock_skip(1500 * 1000);
	assert_held(f, "OLD");
	assert_held(f, "OLD");
	assert_int_equal(searches(f), 2);
	clock_skip(PAUSE);
	assert_held(f, "OLD");
	assert_int_equal(searches(f), 3);
	clock_skip(600 * 1000);
	assert_none(f, CFS_EXPIRED);
	assert_non_null(strstr(f->error.message, "gone"));
}

static void after_expiry_all_wait_for_new_keys(void **state)
{
	struct fixture *f = *state;
	const struct cfs_keys *keys;
	struct wanting wanting;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_KEYS, .text = "OLD", .lasts_s = 100},
		{.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_KEYS, .text = "NEW", .lasts_s = 100});
	server_does(f->server, "ROLE", ALWAYS, SERVER_HOLDS);
	assert_held(f, "OLD");
	clock_skip(101 * 1000);
	assert_int_equal(want(f, &wanting, &keys), 0);
	run_until_asked(f->world, 1);
	run_idle(f->world);
	assert_int_equal(wanting.told, 0);
	server_release(f->server, 200, "");
	run_until(f->world, &wanting.told, 1);
	assert_held(f, "NEW");
}

/* A service that returns expired keys is not asked without a pause. */
static void keys_that_come_expired_are_not_asked_for_without_pause(void **state)
{
	struct fixture *f = *state;
	const struct cfs_keys *keys;
	struct wanting wanting;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_KEYS, .text = "STALE", .lasts_s = -60},
		{.kind = CFS_STEP_HTTP, .text = "ROLE"},
		{.kind = CFS_STEP_KEYS, .text = "GOOD", .lasts_s = 6000});
	server_says(f->server, "ROLE", ALWAYS, "");
	assert_int_equal(want(f, &wanting, &keys), 0);
	run_until(f->world, &wanting.told, 1);
	assert_int_equal(wanting.then, -EACCES);
	assert_int_equal(f->error.fault, CFS_EXPIRED);
	assert_none(f, CFS_EXPIRED);
	assert_int_equal(f->server->n_log, 1);
	clock_skip(PAUSE);
	assert_int_equal(want(f, &wanting, &keys), 0);
	run_until(f->world, &wanting.told, 1);
	assert_held(f, "GOOD");
}

/* A region that the account has not opted in to refuses keys that the others take. */
static void keys_that_worked_lately_are_not_the_reason_of_a_refusal(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_KEYS, .text = "A"},
		{.kind = CFS_STEP_KEYS, .text = "B"}, {.kind = CFS_STEP_KEYS, .text = "C"});
	clock_stop();
	assert_held(f, "A");
	clock_skip(PAUSE);
	cfs_credentials_report(f->credentials, CFS_OK);
	cfs_credentials_report(f->credentials, CFS_UNAUTHENTICATED);
	assert_held(f, "A");
	assert_int_equal(searches(f), 1);
	/* "Expired" can only be about the keys. */
	cfs_credentials_report(f->credentials, CFS_EXPIRED);
	assert_held(f, "B");
	cfs_credentials_report(f->credentials, CFS_OK);
	clock_skip(CFS_CREDENTIALS_TRUST_MS + 1);
	cfs_credentials_report(f->credentials, CFS_UNAUTHENTICATED);
	assert_held(f, "C");
}

static void refused_keys_are_looked_for_again_after_the_pause(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_KEYS, .text = "A"},
		{.kind = CFS_STEP_KEYS, .text = "A"}, {.kind = CFS_STEP_KEYS, .text = "B"});
	clock_stop();
	assert_held(f, "A");
	cfs_credentials_report(f->credentials, CFS_UNAUTHENTICATED);
	assert_held(f, "A");
	assert_int_equal(searches(f), 1);
	clock_skip(PAUSE);
	assert_held(f, "A");
	assert_int_equal(searches(f), 2);
	/* The same keys are refused again: that does not cause a search per refusal. */
	cfs_credentials_report(f->credentials, CFS_UNAUTHENTICATED);
	cfs_credentials_report(f->credentials, CFS_UNAUTHENTICATED);
	assert_held(f, "A");
	assert_int_equal(searches(f), 2);
	clock_skip(PAUSE);
	assert_held(f, "B");
	assert_int_equal(searches(f), 3);
	clock_skip(100 * PAUSE);
	assert_held(f, "B");
	assert_int_equal(searches(f), 3);
}

static void a_provider_that_cannot_begin_is_no_memory(void **state)
{
	struct fixture *f = *state;

	f->world->create_fails = -ENOMEM;
	assert_none(f, CFS_NO_MEMORY);
	f->world->create_fails = 0;
	clock_skip(PAUSE);
	assert_held(f, "K");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(keys_come_from_the_first_provider_that_has_them),
		TEST(a_provider_that_failed_ends_the_search),
		TEST(without_keys_it_is_said_where_they_were_looked_for),
		TEST(a_burst_makes_one_search),
		TEST(corrected_credentials_work_without_a_remount),
		TEST(a_file_that_has_changed_is_read_again_at_once),
		TEST(an_answer_is_handed_to_the_next_step),
		TEST(an_answer_that_fails_is_told_to_the_provider),
		TEST(all_who_wait_share_one_search),
		TEST(a_search_goes_on_though_all_have_left),
		TEST(a_provider_that_asks_without_end_is_stopped),
		TEST(the_end_of_the_keyring_ends_its_search),
		TEST(a_service_that_knows_the_time_sets_ours_right),
		TEST(keys_that_come_expired_by_a_wrong_clock_set_it_right),
		TEST(a_process_is_run_and_its_output_handed_on),
		TEST(a_process_that_is_not_there_is_told_to_the_provider),
		TEST(the_end_of_the_keyring_ends_its_process),
		TEST(what_was_written_is_told_and_is_no_change),
		TEST(what_cannot_be_written_is_told_to_the_provider),
		TEST(a_provider_that_writes_for_ever_is_given_up),
		TEST(keys_are_renewed_behind_before_they_expire),
		TEST(short_lived_keys_are_renewed_at_half_their_life),
		TEST(keys_that_cannot_be_renewed_serve_until_they_expire),
		TEST(after_expiry_all_wait_for_new_keys),
		TEST(keys_that_come_expired_are_not_asked_for_without_pause),
		TEST(keys_that_worked_lately_are_not_the_reason_of_a_refusal),
		TEST(refused_keys_are_looked_for_again_after_the_pause),
		TEST(a_provider_that_cannot_begin_is_no_memory),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
