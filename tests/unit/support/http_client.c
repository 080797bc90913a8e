/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/http_client.h"

static int call_data(void *arg, const char *bytes, size_t len)
{
	struct call *call = arg;

	assert_int_equal(call->done, 0);
	if (call->abort_with)
		return call->abort_with;
	return cfs_buf_add(&call->body, bytes, len);
}

static void call_done(void *arg, const struct cfs_http_outcome *outcome)
{
	struct call *call = arg;

	call->done++;
	call->outcome = *outcome;
	snprintf(call->message, sizeof(call->message), "%s", outcome->message);
	call->outcome.message = call->message;
	/* Not kept a moment longer than it takes. */
	assert_null(call->transfer.request.url);
	assert_int_equal(call->transfer.request.n_headers, 0);
	assert_null(call->transfer.request.body.data);
	if (call->then)
		call->then(call);
}

const struct cfs_http_handler call_handler = {.data = call_data, .done = call_done};

const struct cfs_http_options patient = {.timeout_ms = PATIENCE_MS, .connect_ms = PATIENCE_MS};

void call_init(struct call *call, struct cfs_http *http)
{
	*call = (struct call){.http = http};
	cfs_buf_init(&call->body, BODY_MAX);
}

void call_finish(struct call *call)
{
	cfs_http_cancel(&call->transfer);
	cfs_buf_finish(&call->body);
}

void call_start(struct call *call, const char *url, const char *body,
	const struct cfs_http_options *options)
{
	struct cfs_http_request request;

	cfs_http_request_init(&request, body ? "POST" : "GET");
	assert_int_equal(cfs_http_request_set_url(&request, url), 0);
	assert_int_equal(cfs_http_request_add_header(&request, "Authorization", "hush"), 0);
	if (body)
		assert_int_equal(cfs_buf_adds(&request.body, body), 0);
	cfs_buf_clear(&call->body);
	call->done = 0;
	cfs_http_start(call->http, &call->transfer, &request, options, &call_handler, call);
	assert_int_equal(call->done, 0);
	/* It was taken over. */
	assert_null(request.url);
	cfs_http_request_finish(&request);
}

void http_run_until(struct cfs_http *http, const unsigned *value, unsigned n)
{
	while (*value < n) {
		struct pollfd wait = {.fd = cfs_http_fd(http), .events = POLLIN};

		assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
		cfs_http_dispatch(http);
	}
}

void http_run_until_counted(struct cfs_http *http, int counter, unsigned n)
{
	uint64_t more;

	while (n > 0) {
		struct pollfd wait[] = {{.fd = cfs_http_fd(http), .events = POLLIN},
			{.fd = counter, .events = POLLIN}};

		assert_in_range(poll(wait, 2, PATIENCE_MS), 1, 2);
		if (wait[0].revents)
			cfs_http_dispatch(http);
		if (read(counter, &more, sizeof(more)) == sizeof(more))
			n -= (unsigned)more;
	}
}

const char *url_of(char *url, size_t size, const struct server *server, const char *path)
{
	snprintf(url, size, "%s://127.0.0.1:%d%s", server->tls ? "https" : "http", server->port,
		path);
	return url;
}

void call_path(struct call *call, const struct server *server, const char *path)
{
	char url[1024];

	call_start(call, url_of(url, sizeof(url), server, path), NULL, &patient);
	http_run_until(call->http, &call->done, 1);
	assert_int_equal(call->done, 1);
}

atomic_uint names_asked, strangers_asked;

sem_t slow_name;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): theirs are reserved */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
	struct addrinfo **ret_info)
{
	(void)service;
	(void)hints;
	(void)ret_info;
	if (name && strcmp(name, "stuck.test") == 0)
		for (;;)
			pause();
	atomic_fetch_add(&names_asked, 1);
	if (name && strcmp(name, "slow.test") == 0)
		sem_wait(&slow_name);
	return EAI_NONAME;
}

/* connect(2), of which the C library's own declaration takes a union of addresses. */
int connect_to(int fd, const struct sockaddr *address, socklen_t len) __asm__("connect");

int connect_to(int fd, const struct sockaddr *address, socklen_t len)
{
	struct sockaddr_in in;

	if (address->sa_family == AF_INET) {
		memcpy(&in, address, sizeof(in));
		if (ntohl(in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET)
			return (int)syscall(SYS_connect, fd, address, len);
	}
	atomic_fetch_add(&strangers_asked, 1);
	errno = ENETUNREACH;
	return -1;
}

void isolate(void)
{
	static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
		"ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unsetenv(names[i]);
	sem_init(&slow_name, 0, 0);
	alarm(120);
}
