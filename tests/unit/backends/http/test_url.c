/* SPDX-License-Identifier: MIT */
/* backends/http/url.h: URLs taken apart as libcurl takes them, and no more than RFC 3986 allows. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/http/url.h"

static void a_url_is_a_scheme_a_host_and_a_rest(void **state)
{
	static const struct {
		const char *text, *host, *rest;
		bool tls;
		enum cfs_http_place place;
	} good[] = {
		{"https://cloud.test", "cloud.test", "", true, CFS_HTTP_NAMED},
		{"HTTPS://Cloud.TEST/", "cloud.test", "/", true, CFS_HTTP_NAMED},
		{"http://cloud.test:80/a?b#c", "cloud.test", "/a?b#c", false, CFS_HTTP_NAMED},
		{"https://cloud.test:80?b", "cloud.test:80", "?b", true, CFS_HTTP_NAMED},
		{"https://a_b-c.1x.test:00443#c", "a_b-c.1x.test", "#c", true, CFS_HTTP_NAMED},
		{"https://cloud.test/a@b:1/%2e/../", "cloud.test", "/a@b:1/%2e/../", true,
			CFS_HTTP_NAMED},
		{"http://localhost:443", "localhost:443", "", false, CFS_HTTP_LOOPBACK},
		{"http://LOCALHOST", "localhost", "", false, CFS_HTTP_LOOPBACK},
		{"http://127.255.0.1:65535/", "127.255.0.1:65535", "/", false, CFS_HTTP_LOOPBACK},
		{"http://[::1]:1", "[::1]:1", "", false, CFS_HTTP_LOOPBACK},
		{"http://[0:0:0:0:0:0:0:1]", "[::1]", "", false, CFS_HTTP_LOOPBACK},
		{"http://localhost.test", "localhost.test", "", false, CFS_HTTP_NAMED},
		{"http://127.0.0.1.test", "127.0.0.1.test", "", false, CFS_HTTP_NAMED},
		{"http://169.254.169.254", "169.254.169.254", "", false, CFS_HTTP_METADATA},
		{"http://[fd00:EC2::254]", "[fd00:ec2::254]", "", false, CFS_HTTP_METADATA},
		{"http://[fe80::1]", "[fe80::1]", "", false, CFS_HTTP_METADATA},
		{"http://128.0.0.1", "128.0.0.1", "", false, CFS_HTTP_ELSEWHERE},
		{"http://[::2]", "[::2]", "", false, CFS_HTTP_ELSEWHERE},
		{"http://0.0.0.0", "0.0.0.0", "", false, CFS_HTTP_ELSEWHERE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct cfs_http_url url;
		const char *why = cfs_http_url_parse(good[i].text, &url);

		if (why)
			fail_msg("%s %s", good[i].text, why);
		assert_string_equal(url.host, good[i].host);
		assert_string_equal(url.rest, good[i].rest);
		assert_int_equal(url.tls, good[i].tls);
		assert_int_equal(url.place, good[i].place);
	}
}

static void what_only_libcurl_takes_for_a_url_is_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "does not begin with https://"},
		{"cloud.test", "does not begin with https://"},
		{"https:/cloud.test", "does not begin with https://"},
		{"ftp://cloud.test", "does not begin with https://"},
		{" https://cloud.test", "does not begin with https://"},
		{"https://", "has no host"},
		{"https:///cloud.test", "has no host"},
		{"https://:443", "has no host"},
		{"https://?x", "has no host"},
		{"https://@cloud.test", "holds a user name"},
		{"https://a:b@cloud.test", "holds a user name"},
		{"https://cloud.test:", "has no valid port"},
		{"https://cloud.test:0", "has no valid port"},
		{"https://cloud.test:00000", "has no valid port"},
		{"https://cloud.test:65536", "has no valid port"},
		{"https://cloud.test:000443", "has no valid port"},
		{"https://cloud.test:+443", "has no valid port"},
		{"https://cloud.test:443:443", "has no valid port"},
		{"https://[::1]443", "has no valid port"},
		{"https://cloud%2Etest", "has no valid host name"},
		{"https://cl\xc3\xb6ud.test", "has no valid host name"},
		{"https://cloud\\test", "has no valid host name"},
		{"https://cloud test", "has no valid host name"},
		{"https://cloud\ttest", "has no valid host name"},
		{"https://cloud.test.", "has no valid host name"},
		{"https://.cloud.test", "has no valid host name"},
		{"https://cloud..test", "has no valid host name"},
		{"https://127.1", "has no valid host name"},
		{"https://127.0.0.01", "has no valid host name"},
		{"https://0x7f.1", "has no valid host name"},
		{"https://2130706433", "has no valid host name"},
		{"https://1.2.3.4.5", "has no valid host name"},
		{"https://1.2.3.256", "has no valid host name"},
		{"https://cloud.1test", "has no valid host name"},
		{"https://::1", "has no host"},
		{"https://[::1", "has no valid IPv6 address"},
		{"https://[]", "has no valid IPv6 address"},
		{"https://[127.0.0.1]", "has no valid IPv6 address"},
		{"https://[::1%25lo]", "has no valid IPv6 address"},
		{"https://[1:2]", "has no valid IPv6 address"},
	};
	static const char label[] =
		"a2345678901234567890123456789012345678901234567890123456789012.";
	char name[1024] = "https://";
	struct cfs_http_url url = {.host = "untouched"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *why = cfs_http_url_parse(bad[i].text, &url);

		if (!why || strcmp(why, bad[i].why) != 0)
			fail_msg("%s %s", bad[i].text, why ? why : "is taken");
		assert_string_equal(url.host, "untouched");
	}
	/* A label has 63 bytes at most, and a name 253. */
	for (int i = 0; i < 4; i++)
		memcpy(name + 8 + i * 63, label, sizeof(label));
	assert_int_equal(strlen(name), 8 + 252);
	strcpy(name + 8 + 252, "a:12345");
	assert_null(cfs_http_url_parse(name, &url));
	assert_int_equal(strlen(url.host), 253 + 6);
	strcpy(name + 8 + 252, "aa:12345");
	assert_non_null(cfs_http_url_parse(name, &url));
	assert_non_null(cfs_http_url_parse(
		"https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test",
		&url));
	assert_null(cfs_http_url_parse(
		"https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test",
		&url));
}

static void a_path_alone_is_one_that_both_sides_read_alike(void **state)
{
	static const char *const good[] = {
		"", "/", "/a", "/a/", "/a/b.c/...", "/%2e/x~!$&'()*+,;=:@"};
	static const char *const bad[] = {"?", "#", "/a?b", "/a#b", "/a b", "/\xc3\xa9", "/a\"",
		"/.", "/..", "/../a", "/a/./b", "/a/../b", "//", "//a", "/a//b"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(cfs_http_url_check_path(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!cfs_http_url_check_path(bad[i]))
			fail_msg("%s is taken", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_is_a_scheme_a_host_and_a_rest),
		cmocka_unit_test(what_only_libcurl_takes_for_a_url_is_refused),
		cmocka_unit_test(a_path_alone_is_one_that_both_sides_read_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
