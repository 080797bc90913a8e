/* backends/http/http.h: how much one dispatch does when answers come as fast as they can be read. */
#include "tests/unit/support/http_client.h"

#define READERS 8
#define ANSWER 4000000
#define ANSWER_PATH "/bytes/4000000"
/* Of what libcurl has read when it is told to stop, each reader is given on one buffer. */
#define ONE_MORE (64 * 1024)

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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(no_dispatch_gives_on_more_than_its_share),
		TEST(one_that_waits_for_its_turn_can_be_cancelled),
		TEST(one_that_waits_for_its_turn_can_be_refused),
	};

	isolate();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
