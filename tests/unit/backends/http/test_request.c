/* SPDX-License-Identifier: MIT */
/* backends/http/http.h: requests and their limits. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/http/http.h"

static int set_up(void **state)
{
	struct cfs_http_request *request = malloc(sizeof(*request));

	if (!request)
		return -1;
	cfs_http_request_init(request, "GET");
	*state = request;
	return 0;
}

static int tear_down(void **state)
{
	cfs_http_request_finish(*state);
	free(*state);
	return 0;
}

/* A text of n bytes, to be freed. */
static char *text_of(size_t n)
{
	char *text = malloc(n + 1);

	assert_non_null(text);
	memset(text, 'x', n);
	text[n] = '\0';
	return text;
}

static void a_request_holds_what_it_was_given(void **state)
{
	struct cfs_http_request *request = *state;

	assert_string_equal(request->method, "GET");
	assert_int_equal(request->body.max, CFS_HTTP_BODY_MAX);
	assert_int_equal(cfs_http_request_set_url(request, "https://one.test/"), 0);
	assert_int_equal(cfs_http_request_set_url(request, "https://two.test/"), 0);
	assert_string_equal(request->url, "https://two.test/");
	assert_int_equal(cfs_http_request_add_header(request, "Host", "two.test"), 0);
	assert_int_equal(cfs_http_request_add_header(request, "X-Empty", ""), 0);
	assert_int_equal(cfs_http_request_add_header(request, "X-Tab", "a\tb: \xc3\xa9"), 0);
	assert_int_equal(request->n_headers, 3);
	assert_string_equal(request->headers[0], "Host: two.test");
	assert_string_equal(request->headers[1], "X-Empty: ");
	assert_string_equal(request->headers[2], "X-Tab: a\tb: \xc3\xa9");

	cfs_http_request_finish(request);
	cfs_http_request_finish(request);
	cfs_http_request_finish(NULL);
	assert_null(request->url);
	assert_int_equal(request->n_headers, 0);
	assert_null(request->headers[0]);
	/* It may be filled anew. */
	assert_int_equal(request->body.max, CFS_HTTP_BODY_MAX);
	assert_int_equal(cfs_http_request_set_url(request, "https://three.test/"), 0);
}

static void a_url_has_its_limit(void **state)
{
	struct cfs_http_request *request = *state;
	char *fits = text_of(CFS_HTTP_URL_MAX), *over = text_of(CFS_HTTP_URL_MAX + 1);

	assert_int_equal(cfs_http_request_set_url(request, fits), 0);
	assert_int_equal(cfs_http_request_set_url(request, over), -EFBIG);
	assert_string_equal(request->url, fits);
	free(fits);
	free(over);
}

static void a_header_has_its_limits(void **state)
{
	struct cfs_http_request *request = *state;
	char *fits = text_of(CFS_HTTP_HEADER_MAX - 3), *over = text_of(CFS_HTTP_HEADER_MAX - 2);

	assert_int_equal(cfs_http_request_add_header(request, "N", over), -EFBIG);
	assert_int_equal(cfs_http_request_add_header(request, "N", fits), 0);
	for (size_t i = 1; i < CFS_HTTP_HEADERS_MAX; i++)
		assert_int_equal(cfs_http_request_add_header(request, "N", "v"), 0);
	assert_int_equal(cfs_http_request_add_header(request, "N", "v"), -EFBIG);
	assert_int_equal(request->n_headers, CFS_HTTP_HEADERS_MAX);
	free(fits);
	free(over);
}

static void no_line_can_be_smuggled_in(void **state)
{
	static const char *const values[] = {"a\r\nX-Evil: 1", "a\n", "\r", "a\x01", "\x7f"};
	static const char *const names[] = {"", "a b", "a:", "a\r\n", "a\n", "\xc3\xa9", "a\t"};
	struct cfs_http_request *request = *state;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		assert_int_equal(cfs_http_request_add_header(request, "N", values[i]), -EINVAL);
		assert_int_equal(cfs_http_request_set_url(request, values[i]), -EINVAL);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(cfs_http_request_add_header(request, names[i], "v"), -EINVAL);
	assert_int_equal(cfs_http_request_set_url(request, "https://a\tb/"), -EINVAL);
	assert_int_equal(request->n_headers, 0);
	assert_null(request->url);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_holds_what_it_was_given),
		TEST(a_url_has_its_limit),
		TEST(a_header_has_its_limits),
		TEST(no_line_can_be_smuggled_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
