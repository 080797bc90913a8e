/* SPDX-License-Identifier: MIT */
/* backends/http/http.h: how much one dispatch does when answers come as fast as they can be read. */
#include <time.h>

#include "tests/unit/support/http_client.h"

#define READERS 8
#define ANSWER 4000000
#define ANSWER_PATH "/bytes/4000000"
/* Of what libcurl has read when it is told to stop, each reader is given on one buffer. */
#define ONE_MORE (64 * 1024)

#define FLOODS 64
/* Of processor time. It is longer on a busy machine too, but not as much as what this is to find. */
#define LONG_TURN_S 0.05

struct fixture {
	struct server *server;
	struct cfs_http *http;
	struct call calls[READERS];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || cfs_http_create(&f->http) < 0)
		return -1;
	f->server = server_start(NULL, false);
	for (size_t i = 0; i < READERS; i++)
		call_init(&f->calls[i], f->http);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < READERS; i++)
		call_finish(&f->calls[i]);
	cfs_http_destroy(f->http);
	server_stop(f->server);
	free(f);
	return 0;
}

static void start_all(struct fixture *f)
{
	char url[1024];

	for (size_t i = 0; i < READERS; i++)
		call_start(&f->calls[i], url_of(url, sizeof(url), f->server, ANSWER_PATH), NULL,
			&patient);
}

static size_t received(const struct fixture *f)
{
	size_t sum = 0;

	for (size_t i = 0; i < READERS; i++)
		sum += f->calls[i].body.len;
	return sum;
}

static void dispatch(struct fixture *f)
{
	struct pollfd wait = {.fd = cfs_http_fd(f->http), .events = POLLIN};

	assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
	cfs_http_dispatch(f->http);
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Waits until an eventfd of the server has counted to n, without a dispatch. */
static void await_counted(int counter, unsigned n)
{
	struct pollfd wait = {.fd = counter, .events = POLLIN};
	eventfd_t more;

	for (eventfd_t counted = 0; counted < n; counted += more) {
		assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
		assert_int_equal(eventfd_read(counter, &more), 0);
	}
}

static void no_dispatch_gives_on_more_than_its_share(void **state)
{
	struct fixture *f = *state;
	size_t before;

	start_all(f);
	while (received(f) < (size_t)READERS * ANSWER) {
		before = received(f);
		dispatch(f);
		assert_in_range(received(f) - before, 0, CFS_HTTP_DISPATCH_BYTES + ONE_MORE);
	}
	for (size_t i = 0; i < READERS; i++) {
		http_run_until(f->http, &f->calls[i].done, 1);
		assert_int_equal(f->calls[i].outcome.fault, CFS_OK);
		assert_int_equal(f->calls[i].body.len, ANSWER);
	}
}

/* Until as much has come as is one answer. A busy machine may have sent it all to one of them. */
static void start_and_wait(struct fixture *f, bool ret_is_done[READERS])
{
	start_all(f);
	while (received(f) < ANSWER)
		dispatch(f);
	for (size_t i = 0; i < READERS; i++)
		ret_is_done[i] = f->calls[i].done;
}

static void one_that_waits_for_its_turn_can_be_cancelled(void **state)
{
	struct fixture *f = *state;
	bool was_done[READERS];

	start_and_wait(f, was_done);
	for (size_t i = 0; i < READERS - 1; i++)
		cfs_http_cancel(&f->calls[i].transfer);
	http_run_until(f->http, &f->calls[READERS - 1].done, 1);
	assert_int_equal(f->calls[READERS - 1].body.len, ANSWER);
	for (size_t i = 0; i < READERS - 1; i++)
		assert_int_equal(f->calls[i].done, was_done[i]);
	/* And all, by the engine's end. */
	start_all(f);
	while (received(f) < 2 * ANSWER)
		dispatch(f);
}

static void one_that_waits_for_its_turn_can_be_refused(void **state)
{
	struct fixture *f = *state;
	bool was_done[READERS];
	size_t refused = 0;

	start_and_wait(f, was_done);
	for (size_t i = 0; i < READERS - 1; i++)
		f->calls[i].abort_with = -EBADMSG;
	for (size_t i = 0; i < READERS; i++)
		http_run_until(f->http, &f->calls[i].done, 1);
	for (size_t i = 0; i < READERS - 1; i++) {
		assert_int_equal(f->calls[i].outcome.aborted_by, was_done[i] ? 0 : -EBADMSG);
		assert_int_equal(f->calls[i].done, 1);
		refused += !was_done[i];
	}
	assert_true(refused >= READERS - 2);
	assert_int_equal(f->calls[READERS - 1].body.len, ANSWER);
}

/* All of them wait to be read when the first turn begins. */
static struct call *start_floods(struct fixture *f, const char *path)
{
	struct call *calls = calloc(FLOODS, sizeof(*calls));
	char url[1024];

	assert_non_null(calls);
	for (size_t i = 0; i < FLOODS; i++) {
		call_init(&calls[i], f->http);
		call_start(&calls[i], url_of(url, sizeof(url), f->server, path), NULL, &patient);
	}
	http_run_until_counted(f->http, f->server->arrived, FLOODS);
	server_open_gate(f->server, FLOODS);
	await_counted(f->server->flooded, FLOODS);
	return calls;
}

/* What no caller sees takes time too. */
static void no_turn_is_long(void **state, const char *path, double long_s, enum cfs_fault fault)
{
	struct fixture *f = *state;
	struct call *calls = start_floods(f, path);
	double longest = 0, took;
	unsigned turns = 0;

	for (size_t i = 0; i < FLOODS; i++) {
		while (!calls[i].done) {
			took = cpu_seconds();
			dispatch(f);
			took = cpu_seconds() - took;
			longest = took > longest ? took : longest;
			turns++;
		}
	}
	print_message("%s: %u turns, the longest %.1f ms\n", path, turns, longest * 1000);
	assert_true(longest < long_s);
	for (size_t i = 0; i < FLOODS; i++) {
		/* Which one ends it may be chance: then it is not told. */
		if (fault != CFS_OK)
			assert_int_equal(calls[i].outcome.fault, fault);
		assert_int_not_equal(calls[i].outcome.fault, CFS_OK);
		call_finish(&calls[i]);
	}
	free(calls);
}

static void headers_make_no_turn_long(void **state)
{
	no_turn_is_long(state, "/flood/headers", LONG_TURN_S, CFS_TOO_LARGE);
}

static void interim_answers_make_no_turn_long(void **state)
{
	no_turn_is_long(state, "/flood/interim", LONG_TURN_S, CFS_TOO_LARGE);
}

/* libcurl would read it in one call, for as long as it comes. */
static void an_extension_of_a_chunk_that_does_not_end_is_given_up(void **state)
{
	no_turn_is_long(state, "/flood/extension", FLOODS * LONG_TURN_S, CFS_OK);
}

static void trailers_make_no_turn_long(void **state)
{
	no_turn_is_long(state, "/flood/trailers", LONG_TURN_S, CFS_TOO_LARGE);
}

static void small_chunks_make_no_turn_long(void **state)
{
	no_turn_is_long(state, "/flood/chunks", LONG_TURN_S, CFS_RESET);
	no_turn_is_long(state, "/flood/extensions", LONG_TURN_S, CFS_RESET);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(no_dispatch_gives_on_more_than_its_share),
		TEST(one_that_waits_for_its_turn_can_be_cancelled),
		TEST(one_that_waits_for_its_turn_can_be_refused),
		TEST(headers_make_no_turn_long),
		TEST(interim_answers_make_no_turn_long),
		TEST(an_extension_of_a_chunk_that_does_not_end_is_given_up),
		TEST(trailers_make_no_turn_long),
		TEST(small_chunks_make_no_turn_long),
	};

	isolate();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
