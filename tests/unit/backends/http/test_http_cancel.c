/* SPDX-License-Identifier: MIT */
/* backends/http/http.h: how transfers end when they are cancelled, cannot start, or start and end others from a
 * completion. */
#include <sys/epoll.h>

#include "tests/unit/support/http_fixture.h"

static void a_cancelled_call_has_no_completion(void **state)
{
	struct fixture *f = *state;

	cfs_http_cancel(NULL);
	cfs_http_cancel(&f->b.transfer);
	start_path(&f->a, f->server, "/hang");
	http_run_until_counted(f->http, f->server->arrived, 1);
	cfs_http_cancel(&f->a.transfer);
	cfs_http_cancel(&f->a.transfer);
	assert_null(f->a.transfer.request.url);
	start_path(&f->a, f->server, "/hang");
	cfs_http_cancel(&f->a.transfer);
	call_path(&f->b, f->server, "/hello");
	assert_int_equal(f->a.done, 0);
	/* Its memory serves again. */
	call_path(&f->a, f->server, "/hello");
	cfs_http_cancel(&f->a.transfer);
	assert_int_equal(f->a.outcome.fault, CFS_OK);
}

static void to_cancel_or_destroy_waits_for_no_resolver(void **state)
{
	struct fixture *f = *state;
	struct cfs_http *other;
	struct call call;
	unsigned asked = names_asked;

	assert_int_equal(cfs_http_create(&other), 0);
	call_init(&call, other);
	call_start(&f->a, "https://slow.test/", NULL, &patient);
	call_start(&call, "https://slow.test/", NULL, &patient);
	while (names_asked < asked + 2) {
		struct pollfd wait[] = {{.fd = cfs_http_fd(f->http), .events = POLLIN},
			{.fd = cfs_http_fd(other), .events = POLLIN}};

		assert_true(poll(wait, 2, PATIENCE_MS) > 0);
		cfs_http_dispatch(f->http);
		cfs_http_dispatch(other);
	}
	/* The names resolve only after this; if it waited, it would wait for ever. */
	cfs_http_cancel(&f->a.transfer);
	cfs_http_destroy(other);
	assert_int_equal(f->a.done + call.done, 0);
	sem_post(&slow_name);
	sem_post(&slow_name);
	call.transfer.link = NULL;
	call_finish(&call);
}

/* Waits until n sockets of the engine are ready. Its descriptor is an epoll: to look takes nothing.
 */
static void wait_until_ready(const struct cfs_http *http, int n)
{
	struct epoll_event events[8];
	int ready, sockets;

	do {
		ready = epoll_wait(cfs_http_fd(http), events, 8, PATIENCE_MS);
		assert_true(ready > 0);
		sockets = 0;
		for (int i = 0; i < ready; i++)
			sockets += is_open_socket(events[i].data.fd);
	} while (sockets < n);
}

static void cancel_other(struct call *call)
{
	cfs_http_cancel(&call->other->transfer);
}

static void a_completion_may_cancel_another_that_has_ended(void **state)
{
	struct fixture *f = *state;

	f->a.other = &f->b;
	f->b.other = &f->a;
	f->a.then = f->b.then = cancel_other;
	start_path(&f->a, f->server, "/gate");
	start_path(&f->b, f->server, "/gate");
	http_run_until_counted(f->http, f->server->arrived, 2);
	server_open_gate(f->server, 2);
	/* One dispatch takes both answers. */
	wait_until_ready(f->http, 2);
	cfs_http_dispatch(f->http);
	assert_int_equal(f->a.done + f->b.done, 1);
	assert_null(f->a.transfer.easy);
	assert_null(f->b.transfer.easy);
	/* Nor does it come later. */
	f->a.then = f->b.then = NULL;
	f->a.done = f->b.done = 0;
	call_path(&f->a, f->server, "/hello");
	assert_int_equal(f->a.done, 1);
	assert_int_equal(f->b.done, 0);
}

struct chain {
	struct call call;
	struct server *server;
	unsigned left, ended;
};

static void again(struct call *call)
{
	struct chain *chain = (struct chain *)call;

	chain->ended++;
	if (chain->left-- > 0)
		start_path(call, chain->server, "/hello");
}

static void a_completion_may_start_anew_in_its_own_memory(void **state)
{
	struct fixture *f = *state;
	struct chain chain = {.server = f->server, .left = 50};

	call_init(&chain.call, f->http);
	chain.call.then = again;
	start_path(&chain.call, f->server, "/hello");
	http_run_until(f->http, &chain.ended, 51);
	assert_int_equal(chain.call.outcome.fault, CFS_OK);
	assert_int_equal(f->server->accepted, 1);
	assert_int_equal(f->server->requests, 51);
	call_finish(&chain.call);
}

static void discard(struct call *call)
{
	call->other->done++;
	call_finish(call);
	free(call);
}

static void a_completion_may_free_its_transfer(void **state)
{
	struct fixture *f = *state;
	const char *urls[] = {"https://nowhere.test/", "http://192.0.2.1/", NULL};
	char url[256];

	urls[2] = url_of(url, sizeof(url), f->server, "/hello");
	for (size_t i = 0; i < 3; i++) {
		struct call *call = malloc(sizeof(*call));

		assert_non_null(call);
		call_init(call, f->http);
		call->then = discard;
		call->other = &f->a;
		call_start(call, urls[i], NULL, &patient);
	}
	http_run_until(f->http, &f->a.done, 3);
}

static void destroy_ends_what_is_under_way_without_completions(void **state)
{
	struct fixture *f = *state;
	struct call calls[20];
	struct cfs_http *http;

	assert_int_equal(cfs_http_create(&http), 0);
	for (size_t i = 0; i < 20; i++) {
		call_init(&calls[i], http);
		start_path(&calls[i], f->server, i % 2 ? "/hang" : "/gate");
	}
	http_run_until_counted(http, f->server->arrived, 20);
	server_open_gate(f->server, 10);
	wait_until_ready(http, 1);
	call_init(&f->b, http);
	call_start(&f->b, "http://192.0.2.1/", NULL, &patient);
	cfs_http_destroy(http);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(calls[i].done, 0);
		call_finish(&calls[i]);
	}
	assert_int_equal(f->b.done, 0);
	cfs_http_destroy(NULL);
}

static void fail_again(struct call *call)
{
	struct chain *chain = (struct chain *)call;

	chain->ended++;
	call_start(call, "http://192.0.2.1/", NULL, &patient);
}

static void what_cannot_start_ends_from_a_later_dispatch(void **state)
{
	struct fixture *f = *state;
	struct chain chain = {0};
	struct call c;

	/* A completion that starts what fails at once does not keep its dispatch. */
	call_init(&chain.call, f->http);
	chain.call.then = fail_again;
	call_start(&chain.call, "http://192.0.2.1/", NULL, &patient);
	for (unsigned i = 1; i <= 10; i++) {
		struct pollfd wait = {.fd = cfs_http_fd(f->http), .events = POLLIN};

		assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
		cfs_http_dispatch(f->http);
		assert_int_equal(chain.ended, i);
	}
	/* It does not keep others from theirs either. */
	call_path(&f->b, f->server, "/hello");
	assert_int_equal(f->b.outcome.fault, CFS_OK);
	call_finish(&chain.call);

	/* Nor does it wait for the time that another would have taken. */
	start_path(&f->b, f->server, "/hang");
	http_run_until_counted(f->http, f->server->arrived, 1);
	call_start(&f->a, "http://192.0.2.1/", NULL, &patient);
	cfs_http_cancel(&f->b.transfer);
	http_run_until(f->http, &f->a.done, 1);

	/* Cancelled before its completion, by the caller or by another's completion. */
	call_init(&c, f->http);
	call_start(&c, "http://192.0.2.1/", NULL, &patient);
	cfs_http_cancel(&c.transfer);
	f->a.other = &f->b;
	f->b.other = &f->a;
	f->a.then = f->b.then = cancel_other;
	call_start(&f->a, "http://192.0.2.1/", NULL, &patient);
	call_start(&f->b, "http://192.0.2.1/", NULL, &patient);
	cfs_http_dispatch(f->http);
	cfs_http_dispatch(f->http);
	assert_int_equal(f->a.done + f->b.done, 1);
	assert_int_equal(c.done, 0);
	call_finish(&c);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, http_fixture_set_up, http_fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cancelled_call_has_no_completion),
		TEST(to_cancel_or_destroy_waits_for_no_resolver),
		TEST(a_completion_may_cancel_another_that_has_ended),
		TEST(a_completion_may_start_anew_in_its_own_memory),
		TEST(a_completion_may_free_its_transfer),
		TEST(destroy_ends_what_is_under_way_without_completions),
		TEST(what_cannot_start_ends_from_a_later_dispatch),
	};

	isolate();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
