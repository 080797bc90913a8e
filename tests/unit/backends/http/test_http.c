/* SPDX-License-Identifier: MIT */
/* backends/http/http.h: the HTTP engine, against servers on loopback that misbehave. */
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

#include "tests/unit/support/http_fixture.h"

/* More than CFS_HTTP_CONNECTIONS_KEPT. */
#define CROWD 300
#define CLOSES_MS 30000 /* within which a server closes a connection, on a busy machine */

static void an_answer_arrives_whole(void **state)
{
	struct fixture *f = *state;

	call_path(&f->a, f->server, "/hello");
	assert_int_equal(f->a.outcome.fault, CFS_OK);
	assert_int_equal(f->a.outcome.status, 200);
	assert_int_equal(f->a.outcome.aborted_by, 0);
	assert_string_equal(f->a.message, "");
	assert_string_equal(cfs_buf_text(&f->a.body), "hello");
	call_path(&f->a, f->server, "/bytes/3000000");
	assert_int_equal(f->a.body.len, 3000000);
	call_path(&f->a, f->server, "/chunked");
	assert_string_equal(cfs_buf_text(&f->a.body), "hello!");
	call_path(&f->a, f->server, "/early");
	assert_int_equal(f->a.outcome.status, 200);
	assert_string_equal(cfs_buf_text(&f->a.body), "hello");
	/* Whatever its status. */
	call_path(&f->a, f->server, "/status/503");
	assert_int_equal(f->a.outcome.fault, CFS_OK);
	assert_int_equal(f->a.outcome.status, 503);
}

static void a_connection_is_kept_for_the_next_call(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 20; i++)
		call_path(i % 2 ? &f->a : &f->b, f->server, "/hello");
	assert_int_equal(f->server->accepted, 1);
	assert_int_equal(f->server->requests, 20);
}

static void a_kept_connection_that_the_server_closed_is_no_failure(void **state)
{
	struct fixture *f = *state;
	char url[256];

	for (int i = 0; i < 3; i++) {
		call_path(&f->a, f->server, "/close");
		assert_int_equal(f->a.outcome.fault, CFS_OK);
	}
	/* Closed only when the next request is on its way. */
	for (int i = 0; i < 3; i++) {
		call_path(&f->a, f->server, "/once");
		assert_int_equal(f->a.outcome.fault, CFS_OK);
		assert_string_equal(cfs_buf_text(&f->a.body), "once");
	}
	call_start(&f->a, url_of(url, sizeof(url), f->server, "/once"), "body", &patient);
	http_run_until(f->http, &f->a.done, 1);
	assert_int_equal(f->a.outcome.fault, CFS_OK);
	assert_string_equal(cfs_buf_text(&f->a.body), "once");
}

static void hundreds_of_calls_are_under_way_at_once(void **state)
{
	struct fixture *f = *state;
	struct call *calls = calloc(CROWD, sizeof(*calls));

	assert_non_null(calls);
	for (size_t i = 0; i < CROWD; i++) {
		call_init(&calls[i], f->http);
		start_path(&calls[i], f->server, "/gate");
	}
	http_run_until_counted(f->http, f->server->arrived, CROWD);
	for (size_t i = 0; i < CROWD; i++)
		assert_int_equal(calls[i].done, 0);
	server_open_gate(f->server, CROWD);
	for (size_t i = 0; i < CROWD; i++) {
		http_run_until(f->http, &calls[i].done, 1);
		assert_int_equal(calls[i].outcome.fault, CFS_OK);
		assert_string_equal(cfs_buf_text(&calls[i].body), "hello");
	}
	/* Their connections serve as many again. */
	for (size_t i = 0; i < CROWD; i++)
		start_path(&calls[i], f->server, "/gate");
	http_run_until_counted(f->http, f->server->arrived, CROWD);
	server_open_gate(f->server, CROWD);
	for (size_t i = 0; i < CROWD; i++)
		http_run_until(f->http, &calls[i].done, 1);
	assert_int_equal(f->server->accepted, CROWD);
	for (size_t i = 0; i < CROWD; i++)
		call_finish(&calls[i]);
	free(calls);
}

/* As a refresh behind does, whose start is the next open's start. */
static void a_call_that_yields_leaves_an_idle_connection_to_the_next(void **state)
{
	static const struct cfs_http_options yielding = {
		.timeout_ms = 60000, .connect_ms = 60000, .yields = true};
	struct fixture *f = *state;
	char url[64];

	call_path(&f->a, f->server, "/hello");
	for (int i = 0; i < 3; i++) {
		call_start(&f->a, url_of(url, sizeof(url), f->server, "/gate"), NULL, &yielding);
		http_run_until_counted(f->http, f->server->arrived, 1);
		call_path(&f->b, f->server, "/hello");
		/* One for each of them, and that is enough. */
		assert_int_equal(f->server->accepted, 2);
		server_open_gate(f->server, 1);
		http_run_until(f->http, &f->a.done, 1);
		assert_int_equal(f->a.outcome.fault, CFS_OK);
	}
	/* What the server has closed is none to leave; it closes after it has answered. */
	assert_int_equal(f->server->closed, 0);
	call_path(&f->a, f->server, "/close");
	for (int i = 0; i < CLOSES_MS && f->server->closed == 0; i++)
		poll(NULL, 0, 1);
	assert_int_equal(f->server->closed, 1);
	call_start(&f->a, url_of(url, sizeof(url), f->server, "/hello"), NULL, &yielding);
	http_run_until(f->http, &f->a.done, 1);
	assert_int_equal(f->server->accepted, 3);
}

static void a_hung_call_delays_no_other_and_wakes_nobody(void **state)
{
	struct fixture *f = *state;
	struct pollfd wait = {.fd = cfs_http_fd(f->http), .events = POLLIN};
	int busy = 0;

	start_path(&f->a, f->server, "/hang");
	http_run_until_counted(f->http, f->server->arrived, 1);
	call_path(&f->b, f->server, "/hello");
	assert_int_equal(f->b.outcome.fault, CFS_OK);
	assert_int_equal(f->a.done, 0);
	while (poll(&wait, 1, 0) == 1) {
		assert_true(busy++ < 100);
		cfs_http_dispatch(f->http);
	}
}

static void a_refused_connection_is_refused(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	char url[256];
	int fd;

	/* A port that is taken, and on which nobody listens. */
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
	call_start(&f->a, url, NULL, &patient);
	http_run_until(f->http, &f->a.done, 1);
	assert_int_equal(f->a.outcome.fault, CFS_REFUSED);
	assert_int_equal(f->a.outcome.status, 0);
	assert_non_null(strstr(f->a.message, "127.0.0.1"));
	close(fd);
}

static void a_host_without_name_or_route_is_unreachable(void **state)
{
	struct fixture *f = *state;

	call_start(&f->a, "https://nowhere.test/", NULL, &patient);
	call_start(&f->b, "https://192.0.2.1/", NULL, &patient);
	http_run_until(f->http, &f->a.done, 1);
	http_run_until(f->http, &f->b.done, 1);
	assert_int_equal(f->a.outcome.fault, CFS_UNREACHABLE);
	assert_non_null(strstr(f->a.message, "nowhere.test"));
	assert_int_equal(f->b.outcome.fault, CFS_UNREACHABLE);
}

static void a_broken_connection_is_reset(void **state)
{
	static const char *const paths[] = {"/reset", "/nothing", "/cuthead", "/truncate"};
	struct fixture *f = *state;
	struct server *slams = server_start(NULL, true);

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		call_path(&f->a, f->server, paths[i]);
		assert_int_equal(f->a.outcome.fault, CFS_RESET);
		assert_string_not_equal(f->a.message, "");
	}
	assert_string_equal(cfs_buf_text(&f->a.body), "half");
	assert_int_equal(f->a.outcome.status, 200);
	call_path(&f->a, slams, "/hello");
	assert_int_equal(f->a.outcome.fault, CFS_RESET);
	server_stop(slams);
}

static void what_nobody_asked_for_is_no_answer_to_the_next(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 20; i++) {
		call_path(&f->a, f->server, "/twice");
		assert_int_equal(f->a.body.len, 70000);
		call_path(&f->a, f->server, "/hello");
		assert_string_equal(cfs_buf_text(&f->a.body), "hello");
	}
}

static void what_is_no_http_is_a_bad_answer(void **state)
{
	struct fixture *f = *state;

	call_path(&f->a, f->server, "/nonsense");
	assert_int_equal(f->a.outcome.fault, CFS_BAD_ANSWER);
	assert_int_equal(f->a.body.len, 0);
	call_path(&f->a, f->server, "/badchunk");
	assert_int_equal(f->a.outcome.fault, CFS_BAD_ANSWER);
	call_path(&f->a, f->server, "/nostatus");
	assert_int_equal(f->a.outcome.fault, CFS_BAD_ANSWER);
	assert_string_equal(f->a.message, "the answer has no HTTP status");
	call_path(&f->a, f->server, "/switch");
	assert_int_equal(f->a.outcome.fault, CFS_BAD_ANSWER);
}

static void a_call_ends_when_its_time_is_over(void **state)
{
	const struct cfs_http_options hasty = {.timeout_ms = 30, .connect_ms = 30};
	struct cfs_http_options hasty_connect = patient;
	struct fixture *f = *state;
	char url[256];

	call_start(&f->a, url_of(url, sizeof(url), f->server, "/hang"), NULL, &hasty);
	http_run_until(f->http, &f->a.done, 1);
	assert_int_equal(f->a.outcome.fault, CFS_TIMED_OUT);
	hasty_connect.connect_ms = 30;
	call_start(&f->a, "https://stuck.test/", NULL, &hasty_connect);
	http_run_until(f->http, &f->a.done, 1);
	assert_int_equal(f->a.outcome.fault, CFS_TIMED_OUT);
}

static void only_https_and_http_to_loopback_are_asked(void **state)
{
	static const char *const refused[] = {"http://192.0.2.1/", "http://cloud.test/",
		"http://localhost.cloud.test/", "http://[2001:db8::1]/", "http://128.0.0.1/",
		"http://0.0.0.0/", "ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1/",
		"https://user:secret@127.0.0.1/", "https://", "", "gopher://127.0.0.1/",
		"http://127.0.0.1.cloud.test/"};
	struct fixture *f = *state;
	unsigned asked = names_asked, strangers = strangers_asked;

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		call_start(&f->a, refused[i], NULL, &patient);
		http_run_until(f->http, &f->a.done, 1);
		assert_int_equal(f->a.outcome.fault, CFS_REJECTED);
		assert_string_not_equal(f->a.message, "");
		assert_null(strstr(f->a.message, "secret"));
	}
	assert_int_equal(names_asked, asked);
	assert_int_equal(strangers_asked, strangers);
	assert_int_equal(f->server->accepted, 0);
}

static void loopback_has_many_names(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "LocalHost", "127.1"};
	struct fixture *f = *state;
	char url[256];

	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		snprintf(url, sizeof(url), "http://%s:%d/hello", hosts[i], f->server->port);
		call_start(&f->a, url, NULL, &patient);
		http_run_until(f->http, &f->a.done, 1);
		assert_int_equal(f->a.outcome.fault, CFS_OK);
	}
	/* Nobody listens there, but it is asked. */
	snprintf(url, sizeof(url), "http://[::1]:%d/hello", f->server->port);
	call_start(&f->a, url, NULL, &patient);
	http_run_until(f->http, &f->a.done, 1);
	assert_int_not_equal(f->a.outcome.fault, CFS_REJECTED);
}

static void a_direct_transfer_may_ask_link_local_addresses_in_the_clear(void **state)
{
	static const char *const refused[] = {"http://192.0.2.1/", "http://169.253.169.254/",
		"http://169.255.169.254/", "http://[2001:db8::1]/", "http://[fd00:ec3::254]/",
		"ftp://169.254.169.254/", "http://user:secret@169.254.169.254/"};
	static const char *const asked[] = {"http://169.254.169.254/", "http://169.254.170.2/",
		"http://[fd00:ec2::254]/", "http://[fe80::1]/"};
	struct cfs_http_options options = patient;
	struct fixture *f = *state;
	unsigned strangers = strangers_asked;

	options.direct = true;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		call_start(&f->a, refused[i], NULL, &options);
		http_run_until(f->http, &f->a.done, 1);
		assert_int_equal(f->a.outcome.fault, CFS_REJECTED);
	}
	assert_int_equal(strangers_asked, strangers);
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		call_start(&f->a, asked[i], NULL, &patient);
		http_run_until(f->http, &f->a.done, 1);
		assert_int_equal(f->a.outcome.fault, CFS_REJECTED);
		call_start(&f->a, asked[i], NULL, &options);
		http_run_until(f->http, &f->a.done, 1);
		assert_int_not_equal(f->a.outcome.fault, CFS_REJECTED);
	}
}

static void a_call_without_descriptors_left_fails(void **state)
{
	struct fixture *f = *state;
	struct rlimit limit, none;
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(next >= 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)next;
	close(next);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	start_path(&f->a, f->server, "/hello");
	while (!f->a.done)
		cfs_http_dispatch(f->http);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(f->a.outcome.fault, CFS_NO_MEMORY);
	call_path(&f->a, f->server, "/hello");
	assert_int_equal(f->a.outcome.fault, CFS_OK);
}

/* What libcurl says then is that the name does not resolve. */
static void a_name_that_cannot_be_asked_for_is_not_unknown(void **state)
{
	struct fixture *f = *state;
	struct rlimit limit, few;
	int next;

	/* Valgrind keeps the limit itself, and not in every thread: see tests/torture/valgrind. */
	if (getenv("UNDER_VALGRIND"))
		skip();
	next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(next >= 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	close(next);
	for (rlim_t spare = 0; spare < 3; spare++) {
		few = limit;
		few.rlim_cur = (rlim_t)next + spare;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		call_start(&f->a, "https://cloud.invalid/", NULL, &patient);
		http_run_until(f->http, &f->a.done, 1);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_int_equal(f->a.outcome.fault, CFS_NO_MEMORY);
		assert_non_null(strstr(f->a.message, "descriptor"));
	}
}

static void headers_over_their_limit_are_too_large(void **state)
{
	struct fixture *f = *state;

	call_path(&f->a, f->server, "/headers/65000");
	assert_int_equal(f->a.outcome.fault, CFS_OK);
	call_path(&f->a, f->server, "/headers/66000");
	assert_int_equal(f->a.outcome.fault, CFS_TOO_LARGE);
	assert_int_equal(f->a.outcome.aborted_by, 0);
	assert_non_null(strstr(f->a.message, "headers"));
	call_path(&f->a, f->server, "/longline");
	assert_int_equal(f->a.outcome.fault, CFS_TOO_LARGE);
	assert_non_null(strstr(f->a.message, "headers"));
}

static void the_data_callback_may_end_the_call(void **state)
{
	struct fixture *f = *state;

	f->a.abort_with = -EBADMSG;
	call_path(&f->a, f->server, "/bytes/1000000");
	assert_int_equal(f->a.outcome.fault, CFS_BAD_ANSWER);
	assert_int_equal(f->a.outcome.aborted_by, -EBADMSG);
	assert_int_equal(f->a.outcome.status, 200);
	f->a.abort_with = -EFBIG;
	call_path(&f->a, f->server, "/hello");
	assert_int_equal(f->a.outcome.fault, CFS_TOO_LARGE);
	assert_int_equal(f->a.outcome.aborted_by, -EFBIG);
	f->a.abort_with = -ENOMEM;
	call_path(&f->a, f->server, "/chunked");
	assert_int_equal(f->a.outcome.fault, CFS_NO_MEMORY);
	f->a.abort_with = 0;
	call_path(&f->a, f->server, "/hello");
	assert_int_equal(f->a.outcome.fault, CFS_OK);
}

static void no_redirect_is_followed_and_nothing_unpacked(void **state)
{
	struct fixture *f = *state;

	call_path(&f->a, f->server, "/redirect");
	assert_int_equal(f->a.outcome.fault, CFS_OK);
	assert_int_equal(f->a.outcome.status, 302);
	call_path(&f->a, f->server, "/packed");
	assert_int_equal(f->a.body.len, 2);
	assert_memory_equal(f->a.body.data, "\x1f\x8b", 2);
	assert_int_equal(f->server->requests, 2);
}

static void the_date_of_an_answer_is_read(void **state)
{
	struct fixture *f = *state;

	call_path(&f->a, f->server, "/date/Sun,_06_Nov_1994_08:49:37_GMT");
	assert_true(f->a.outcome.date == 784111777);
	call_path(&f->a, f->server, "/hello");
	assert_true(f->a.outcome.date == 0);
	call_path(&f->a, f->server, "/date/yesterday");
	assert_true(f->a.outcome.date == 0);
	call_path(&f->a, f->server,
		"/date/"
		"Sun,_06_Nov_1994_08:49:37_GMT______________________________________________");
	assert_true(f->a.outcome.date == 0);
}

/* Sends one request of that method and returns what the server saw of it. */
static const char *send_request(struct fixture *f, const char *method, const char *path,
	const char *name, const char *value, const char *body, size_t len)
{
	struct cfs_http_request request;
	char url[256];

	cfs_http_request_init(&request, method);
	assert_int_equal(
		cfs_http_request_set_url(&request, url_of(url, sizeof(url), f->server, path)), 0);
	if (name)
		assert_int_equal(cfs_http_request_add_header(&request, name, value), 0);
	assert_int_equal(cfs_buf_add(&request.body, body, len), 0);
	f->a.done = 0;
	cfs_buf_clear(&f->a.body);
	cfs_http_start(f->http, &f->a.transfer, &request, &patient, &call_handler, &f->a);
	http_run_until(f->http, &f->a.done, 1);
	assert_int_equal(f->a.outcome.fault, CFS_OK);
	return f->server->request;
}

static void a_request_is_sent_as_it_was_made(void **state)
{
	struct fixture *f = *state;
	const char *seen;
	char *big = malloc(CFS_HTTP_BODY_MAX);

	assert_non_null(big);
	seen = send_request(f, "GET", "/a/../hello?x=%2F&y", NULL, NULL, "", 0);
	assert_ptr_equal(strstr(seen, "GET /a/../hello?x=%2F&y HTTP/1.1\r\n"), seen);
	assert_non_null(strstr(seen, "\r\nUser-Agent: consolefs/" CONSOLEFS_VERSION "\r\n"));
	assert_null(strcasestr(seen, "\r\nAccept-Encoding:"));
	assert_null(strcasestr(seen, "\r\nContent-"));

	seen = send_request(f, "POST", "/echo", "Content-Type", "application/json", "{\0}", 3);
	assert_ptr_equal(strstr(seen, "POST /echo HTTP/1.1\r\n"), seen);
	assert_non_null(strstr(seen, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(seen, "\r\nContent-Length: 3\r\n"));
	assert_int_equal(f->a.body.len, 3);
	assert_memory_equal(f->a.body.data, "{\0}", 3);

	seen = send_request(f, "PUT", "/hello", "X-Empty", "", "", 0);
	assert_ptr_equal(strstr(seen, "PUT /hello HTTP/1.1\r\n"), seen);
	assert_non_null(strstr(seen, "\r\nX-Empty:\r\n"));
	assert_non_null(strstr(seen, "\r\nContent-Length: 0\r\n"));
	assert_null(strcasestr(seen, "\r\nContent-Type:"));

	/* Large enough for libcurl to ask for leave first, if it were let. */
	memset(big, 'b', CFS_HTTP_BODY_MAX);
	seen = send_request(f, "POST", "/echo", NULL, NULL, big, 200000);
	assert_null(strcasestr(seen, "\r\nExpect:"));
	assert_int_equal(f->a.body.len, 200000);
	/* Handles are used again; no call is what the one before it was. */
	seen = send_request(f, "GET", "/hello", NULL, NULL, "", 0);
	assert_ptr_equal(strstr(seen, "GET /hello HTTP/1.1\r\n"), seen);
	assert_null(strcasestr(seen, "\r\nContent-"));
	free(big);
}

static void proxies_are_asked_unless_the_call_is_direct(void **state)
{
	struct cfs_http_options direct = patient;
	struct fixture *f = *state;
	struct server *proxy = server_start(NULL, false);
	unsigned asked = names_asked;
	char url[256];

	direct.direct = true;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", proxy->port);
	assert_int_equal(setenv("https_proxy", url, 1), 0);
	assert_int_equal(setenv("http_proxy", url, 1), 0);
	assert_int_equal(setenv("all_proxy", url, 1), 0);

	/* The proxy resolves; ours would not answer 404 to a name. */
	call_start(&f->a, "https://cloud.test/", NULL, &patient);
	http_run_until(f->http, &f->a.done, 1);
	assert_int_equal(names_asked, asked);
	assert_int_equal(proxy->requests, 1);
	assert_ptr_equal(strstr(proxy->request, "CONNECT cloud.test:443 "), proxy->request);
	/* The proxy is told nothing that is for the cloud. */
	assert_null(strcasestr(proxy->request, "Authorization"));
	assert_int_equal(f->a.outcome.fault, CFS_UNREACHABLE);

	call_start(&f->a, "https://cloud.test/", NULL, &direct);
	http_run_until(f->http, &f->a.done, 1);
	assert_int_equal(f->a.outcome.fault, CFS_UNREACHABLE);
	assert_int_equal(names_asked, asked + 1);
	call_path(&f->a, f->server, "/hello");
	assert_int_equal(f->a.outcome.fault, CFS_OK);
	assert_int_equal(proxy->requests, 1);
	assert_int_equal(proxy->accepted, 1);

	/* It wants to know who asks, for a tunnel and for a request in the clear. */
	call_start(&f->a, "https://denied.test/", NULL, &patient);
	http_run_until(f->http, &f->a.done, 1);
	assert_int_equal(f->a.outcome.fault, CFS_PROXY_DENIED);
	assert_non_null(strstr(f->a.message, "the proxy asks for a user and a password"));
	call_path(&f->a, f->server, "/status/407");
	assert_int_equal(f->a.outcome.fault, CFS_PROXY_DENIED);

	/* No message shows a proxy's password. */
	assert_int_equal(setenv("https_proxy", "http://user:secret@[::1", 1), 0);
	call_start(&f->a, "https://cloud.test/", NULL, &patient);
	http_run_until(f->http, &f->a.done, 1);
	assert_int_equal(f->a.outcome.fault, CFS_UNREACHABLE);
	assert_string_not_equal(f->a.message, "");
	assert_null(strstr(f->a.message, "secret"));
	isolate();
	server_stop(proxy);
}

static void no_child_inherits_a_connection(void **state)
{
	struct fixture *f = *state;
	bool before[256];
	int found = 0;

	for (int fd = 0; fd < 256; fd++)
		before[fd] = is_open_socket(fd);
	call_path(&f->a, f->server, "/hello");
	for (int fd = 0; fd < 256; fd++) {
		if (before[fd] || !is_open_socket(fd))
			continue;
		found++;
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	assert_int_equal(found, 2); /* ours and the server's */
}

/* Of descriptors: two for each connection, and the engine lets an eighth of them be idle. */
static void raise_limit(void)
{
	struct rlimit files;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	assert_true(files.rlim_cur >= 8 * CROWD);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, http_fixture_set_up, http_fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_arrives_whole),
		TEST(a_connection_is_kept_for_the_next_call),
		TEST(a_kept_connection_that_the_server_closed_is_no_failure),
		TEST(hundreds_of_calls_are_under_way_at_once),
		TEST(a_call_that_yields_leaves_an_idle_connection_to_the_next),
		TEST(a_hung_call_delays_no_other_and_wakes_nobody),
		TEST(a_refused_connection_is_refused),
		TEST(a_host_without_name_or_route_is_unreachable),
		TEST(a_broken_connection_is_reset),
		TEST(what_nobody_asked_for_is_no_answer_to_the_next),
		TEST(what_is_no_http_is_a_bad_answer),
		TEST(a_call_ends_when_its_time_is_over),
		TEST(only_https_and_http_to_loopback_are_asked),
		TEST(loopback_has_many_names),
		TEST(a_direct_transfer_may_ask_link_local_addresses_in_the_clear),
		TEST(a_call_without_descriptors_left_fails),
		TEST(a_name_that_cannot_be_asked_for_is_not_unknown),
		TEST(headers_over_their_limit_are_too_large),
		TEST(the_data_callback_may_end_the_call),
		TEST(no_redirect_is_followed_and_nothing_unpacked),
		TEST(the_date_of_an_answer_is_read),
		TEST(a_request_is_sent_as_it_was_made),
		TEST(proxies_are_asked_unless_the_call_is_direct),
		TEST(no_child_inherits_a_connection),
	};

	isolate();
	raise_limit();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
