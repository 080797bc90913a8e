/* SPDX-License-Identifier: MIT */
/* backends/tencent/api/url.h: which endpoints and pages may be configured. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/tencent/api/url.h"

static void an_endpoint_is_a_scheme_a_host_and_perhaps_a_port(void **state)
{
	static const struct {
		const char *url, *host;
		bool tls;
	} good[] = {
		{"https://cvm.tencentcloudapi.com", "cvm.tencentcloudapi.com", true},
		{"https://CVM.TencentCloudAPI.com/", "cvm.tencentcloudapi.com", true},
		{"HTTPS://cvm.example", "cvm.example", true},
		{"https://cvm.example:443", "cvm.example", true},
		{"https://cvm.example:80", "cvm.example:80", true},
		{"https://cvm.example:8443/", "cvm.example:8443", true},
		{"https://10.0.0.1:1", "10.0.0.1:1", true},
		{"https://[2001:DB8::1]:65535", "[2001:db8::1]:65535", true},
		/* As an HTTP client takes them. */
		{"https://[2001:db8:0:0::0001]", "[2001:db8::1]", true},
		{"https://cvm.example:0443", "cvm.example", true},
		{"https://cvm.example:080", "cvm.example:80", true},
		{"https://127.0.0.1:45678", "127.0.0.1:45678", true},
		{"http://127.0.0.1:45678", "127.0.0.1:45678", false},
		{"http://127.1.2.3", "127.1.2.3", false},
		{"http://localhost:80", "localhost", false},
		{"http://LOCALHOST:443/", "localhost:443", false},
		{"http://[::1]:8080", "[::1]:8080", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char host[CFS_HTTP_HOST_MAX] = "";
		bool tls = !good[i].tls;

		assert_null(cfs_tencent_url_endpoint(good[i].url, false, &tls, host));
		assert_string_equal(host, good[i].host);
		assert_int_equal(tls, good[i].tls);
	}
}

static void another_endpoint_is_refused_with_a_reason(void **state)
{
	static const char *const bad[] = {"", "cvm.tencentcloudapi.com", "ftp://cvm.example",
		"https:/cvm.example", "https://", "https:///", "https://:443",
		"https://a:", "https://a:0", "https://a:65536", "https://a:123456", "https://a:8x",
		"https://a/path", "https://a//", "https://a/?x=1", "https://a?x=1", "https://a#f",
		"https://user@a", "https://user:pw@a", "https://a b", "https://a\nb",
		"https://a\"b", "https://\xc3\xa9", "https://[::1", "https://[]", "https://[::1]x",
		"https://[g h]", "http://cvm.tencentcloudapi.com", "http://127.evil.example",
		"http://localhost.evil.example", "http://10.0.0.1", "http://[::2]",
		"http://0.0.0.0",
		/* An address to some, and a name to others. */
		"http://127.1", "http://127.1.2.3.4", "http://127.0.0.1.", "http://0x7f.1",
		"https://10.1", "https://1.2.3.256", "https://a..b", "https://[127.0.0.1]",
		"https://[::1%lo]"};
	char host[CFS_HTTP_HOST_MAX] = "untouched", endless[600] = "https://";
	bool tls = false;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!cfs_tencent_url_endpoint(bad[i], false, &tls, host))
			fail_msg("%s is taken", bad[i]);
		assert_string_equal(host, "untouched");
	}
	assert_non_null(strstr(cfs_tencent_url_endpoint("http://10.0.0.1", false, &tls, host),
		"`insecure_http = yes`"));
	tls = true;
	assert_null(cfs_tencent_url_endpoint("http://10.0.0.1:8080", true, &tls, host));
	assert_false(tls);
	assert_string_equal(host, "10.0.0.1:8080");
	strcpy(host, "untouched");
	memset(endless + strlen(endless), 'a', sizeof(endless) - strlen(endless) - 1);
	assert_non_null(cfs_tencent_url_endpoint(endless, false, &tls, host));
	assert_string_equal(host, "untouched");
}

/* As tccli's profiles have it. */
static void a_host_without_a_scheme_is_one_of_https(void **state)
{
	static const char *const bad[] = {
		"", "cvm.example/path", "a b", "http://cvm.example", "//cvm.example", "user@a"};
	char host[CFS_HTTP_HOST_MAX] = "untouched", endless[600];
	bool tls = false;

	(void)state;
	assert_null(cfs_tencent_url_host("CVM.intl.tencentcloudapi.com", false, &tls, host));
	assert_string_equal(host, "cvm.intl.tencentcloudapi.com");
	assert_true(tls);
	assert_null(cfs_tencent_url_host("cvm.example:8443", false, &tls, host));
	assert_string_equal(host, "cvm.example:8443");
	assert_null(cfs_tencent_url_host("http://127.0.0.1:4321", false, &tls, host));
	assert_string_equal(host, "127.0.0.1:4321");
	assert_false(tls);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!cfs_tencent_url_host(bad[i], false, &tls, host))
			fail_msg("%s is taken", bad[i]);
	}
	memset(endless, 'a', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_non_null(cfs_tencent_url_host(endless, false, &tls, host));
	assert_string_equal(host, "127.0.0.1:4321");
}

static void a_page_is_https_and_ends_where_the_address_goes(void **state)
{
	static const char *const good[] = {
		"https://img.qcloud.com/qcloud/app/active_vnc/index.html?InstanceVncUrl=",
		"https://vnc.example:8443/open?a=b&url=",
		"http://localhost:8080/?InstanceVncUrl=",
		"http://127.0.0.1/?=",
	};
	static const char *const bad[] = {"", "=", "https://vnc.example/", "https://vnc.example",
		"http://vnc.example/?u=", "ftp://vnc.example/?u=", "javascript:alert(1)//=",
		"https:///?u=", "https://a b/?u=", "https://a/?u=\"onload=", "https://a/'?u=",
		"https://a/<script>=", "https://a/\\=", "https://a/\n=", "https://a/\x7f=",
		"https://a/\xc3\xa9=", "https://user@a/?u="};
	char endless[CFS_TENCENT_URL_MAX + 16] = "https://a/?";

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(cfs_tencent_url_page(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!cfs_tencent_url_page(bad[i]))
			fail_msg("%s is taken", bad[i]);
	}
	memset(endless + strlen(endless), '=', sizeof(endless) - strlen(endless) - 1);
	assert_non_null(cfs_tencent_url_page(endless));
	endless[CFS_TENCENT_URL_MAX] = '\0';
	assert_null(cfs_tencent_url_page(endless));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_endpoint_is_a_scheme_a_host_and_perhaps_a_port),
		cmocka_unit_test(another_endpoint_is_refused_with_a_reason),
		cmocka_unit_test(a_host_without_a_scheme_is_one_of_https),
		cmocka_unit_test(a_page_is_https_and_ends_where_the_address_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
