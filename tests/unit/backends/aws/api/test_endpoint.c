/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/aws_support.h"

#include "backends/aws/api/endpoint.h"
#include "backends/aws/ec2/filters.h"

static void assert_host(
	const char *service, const char *region, bool fips, bool dual_stack, const char *expected)
{
	struct cfs_aws_endpoint endpoint;

	cfs_aws_endpoint_of_region(service, region, fips, dual_stack, &endpoint);
	assert_string_equal(endpoint.host, expected);
	assert_string_equal(endpoint.path, "/");
	assert_true(endpoint.tls);
}

static void test_a_region_has_its_own_endpoint(void **state)
{
	(void)state;
	assert_host("ec2", "eu-central-1", false, false, "ec2.eu-central-1.amazonaws.com");
	assert_host("ec2", "us-gov-west-1", false, false, "ec2.us-gov-west-1.amazonaws.com");
	assert_host("ec2", "cn-north-1", false, false, "ec2.cn-north-1.amazonaws.com.cn");
	assert_host("sts", "us-iso-east-1", false, false, "sts.us-iso-east-1.c2s.ic.gov");
	assert_host("sts", "us-isob-east-1", false, false, "sts.us-isob-east-1.sc2s.sgov.gov");
	assert_host("sts", "us-isof-south-1", false, false, "sts.us-isof-south-1.csp.hci.ic.gov");
	assert_host("sts", "eu-isoe-west-1", false, false, "sts.eu-isoe-west-1.cloud.adc-e.uk");
	assert_host("sts", "eusc-de-east-1", false, false, "sts.eusc-de-east-1.amazonaws.eu");
}

static void test_fips_and_dual_stack_have_names_of_their_own(void **state)
{
	(void)state;
	assert_host("ec2", "us-east-1", true, false, "ec2-fips.us-east-1.amazonaws.com");
	assert_host("ec2", "us-east-1", false, true, "ec2.us-east-1.api.aws");
	assert_host("ec2", "us-east-1", true, true, "ec2-fips.us-east-1.api.aws");
	assert_host("ec2", "cn-north-1", true, true,
		"ec2-fips.cn-north-1.api.amazonwebservices.com.cn");
	/* Those of GovCloud are FIPS endpoints by their plain name. */
	assert_host("ec2", "us-gov-west-1", true, false, "ec2.us-gov-west-1.amazonaws.com");
	assert_host("ec2", "us-gov-west-1", true, true, "ec2-fips.us-gov-west-1.api.aws");
}

static const struct {
	const char *url, *host, *path, *sent;
} good[] = {
	{"https://vpce-1-x.ec2.us-east-1.vpce.amazonaws.com",
		"vpce-1-x.ec2.us-east-1.vpce.amazonaws.com", "/",
		"https://vpce-1-x.ec2.us-east-1.vpce.amazonaws.com/"},
	{"HTTPS://EC2.Example.COM:443/", "ec2.example.com", "/", "https://ec2.example.com/"},
	{"https://example.com:0443", "example.com", "/", "https://example.com/"},
	{"https://example.com:8443/a/b%20c/", "example.com:8443", "/a/b%20c/",
		"https://example.com:8443/a/b%20c/"},
	{"https://example.com:80", "example.com:80", "/", "https://example.com:80/"},
	{"https://[2001:DB8:0:0::1]:443", "[2001:db8::1]", "/", "https://[2001:db8::1]/"},
	{"https://[::1]:4000/x", "[::1]:4000", "/x", "https://[::1]:4000/x"},
	{"https://127.0.0.1:35001", "127.0.0.1:35001", "/", "https://127.0.0.1:35001/"},
	{"http://127.0.0.1:4566", "127.0.0.1:4566", "/", "http://127.0.0.1:4566/"},
	{"http://127.1.2.3:80", "127.1.2.3", "/", "http://127.1.2.3/"},
	{"http://localhost:443/", "localhost:443", "/", "http://localhost:443/"},
	{"http://[::1]", "[::1]", "/", "http://[::1]/"},
};

static const char *const bad[] = {
	"",
	"example.com",
	"ftp://example.com",
	"https:/example.com",
	"https://",
	"https:///path",
	"https://:443",
	"https://user@example.com",
	"https://user:pass@example.com/",
	"https://example.com?x=1",
	"https://example.com/?x=1",
	"https://example.com/#f",
	"https://example.com:0",
	"https://example.com:65536",
	"https://example.com:",
	"https://example.com:44 3",
	"https://example.com:-1",
	"https://exa mple.com",
	"https://example.com/a b",
	"https://example.com/\xc3\xa9",
	"https://ex\xc3\xa4mple.com",
	"https://example..com",
	"https://.example.com",
	"https://example.com.",
	"https://127.1",
	"https://0x7f000001",
	"https://1.2.3.4.5",
	"https://2001:db8::1",
	"https://[2001:db8::1",
	"https://[::1]x",
	"https://[fe80::1%25eth0]",
	"https://[]",
	"https://example.com/../x",
	"https://example.com/a/./b",
	"https://example.com//a",
	"https://example.com\r\nX: y",
	"http://example.com",
	"http://128.0.0.1",
	"http://localhost.example.com",
	"http://127.0.0.1.example.com",
};

static void test_a_configured_endpoint_is_sent_as_it_is_signed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++) {
		struct cfs_aws_endpoint endpoint;
		struct cfs_buf url = CFS_BUF_INIT(4096);
		const char *why = cfs_aws_endpoint_parse(good[i].url, false, &endpoint);

		if (why)
			fail_msg("%s %s", good[i].url, why);
		assert_string_equal(endpoint.host, good[i].host);
		assert_string_equal(endpoint.path, good[i].path);
		assert_int_equal(cfs_aws_endpoint_url(&endpoint, &url), 0);
		assert_string_equal(cfs_buf_text(&url), good[i].sent);
		cfs_buf_finish(&url);
	}
}

static void test_no_other_endpoint_is_taken(void **state)
{
	struct cfs_aws_endpoint endpoint = {.host = "untouched"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		if (!cfs_aws_endpoint_parse(bad[i], false, &endpoint))
			fail_msg("taken: %s", bad[i]);
		assert_string_equal(endpoint.host, "untouched");
	}
}

static void test_http_to_other_hosts_takes_a_setting(void **state)
{
	static const char *const plain[] = {"http://ec2.vpc.example",
		"http://10.0.0.1:8773/services/Cloud", "http://[fd00::1]"};
	struct cfs_aws_endpoint endpoint = {.tls = true};
	const char *why;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(plain); i++) {
		why = cfs_aws_endpoint_parse(plain[i], false, &endpoint);
		assert_non_null(why);
		assert_non_null(strstr(why, "`insecure_http = yes`"));
		assert_true(endpoint.tls);
		assert_null(cfs_aws_endpoint_parse(plain[i], true, &endpoint));
		assert_false(endpoint.tls);
		endpoint.tls = true;
	}
	assert_non_null(cfs_aws_endpoint_parse("ftp://10.0.0.1", true, &endpoint));
	assert_non_null(cfs_aws_endpoint_parse("http://user@10.0.0.1", true, &endpoint));
}

static void test_parts_of_an_endpoint_have_limits(void **state)
{
	struct cfs_aws_endpoint endpoint;
	struct cfs_buf url = CFS_BUF_INIT(4096);

	(void)state;
	assert_int_equal(cfs_buf_adds(&url, "https://e.com/"), 0);
	for (int i = 0; i < CFS_AWS_PATH_MAX - 2; i++)
		assert_int_equal(cfs_buf_addc(&url, 'a'), 0);
	assert_null(cfs_aws_endpoint_parse(cfs_buf_text(&url), false, &endpoint));
	assert_int_equal(cfs_buf_addc(&url, 'a'), 0);
	assert_non_null(cfs_aws_endpoint_parse(cfs_buf_text(&url), false, &endpoint));
	cfs_buf_clear(&url);
	assert_int_equal(cfs_buf_adds(&url, "https://"), 0);
	for (int i = 0; i < 126; i++)
		assert_int_equal(cfs_buf_adds(&url, "a."), 0);
	assert_int_equal(cfs_buf_adds(&url, "a"), 0);
	assert_null(cfs_aws_endpoint_parse(cfs_buf_text(&url), false, &endpoint));
	assert_int_equal(cfs_buf_adds(&url, "a"), 0);
	assert_non_null(cfs_aws_endpoint_parse(cfs_buf_text(&url), false, &endpoint));
	assert_non_null(cfs_aws_endpoint_parse(
		"https://a123456789012345678901234567890123456789012345678901234567890123", false,
		&endpoint));
	cfs_buf_finish(&url);
}

static void test_a_region_is_a_short_name_of_letters_digits_and_dashes(void **state)
{
	static const char *const no[] = {"", "-", "us-east-1-", "-us", "us_east_1", "us.east",
		"US-EAST-1", "us/east", "us-east-1\n", "us east",
		"abcdefghijklmnopqrstuvwxyz-012345", "../x"};

	(void)state;
	assert_true(cfs_aws_endpoint_valid_region("us-east-1"));
	assert_true(cfs_aws_endpoint_valid_region("ap-southeast-7"));
	assert_true(cfs_aws_endpoint_valid_region("us-iso-east-1"));
	for (size_t i = 0; i < N_ELEMENTS(no); i++)
		assert_false(cfs_aws_endpoint_valid_region(no[i]));
}

static void test_a_filter_is_a_name_and_values(void **state)
{
	static const char *const no[] = {"", "=", "name", "=x", " =x", "a=", "a=,", "a=b,", "a=,b",
		"a=b,,c", "a=b\n", "a=\xff", "a= "};
	struct cfs_buf text = CFS_BUF_INIT(2 * CFS_AWS_FILTER_TEXT_MAX);

	(void)state;
	assert_null(cfs_aws_filters_check("tag:env=prod"));
	assert_null(cfs_aws_filters_check("instance-state-name = running , stopped"));
	assert_null(cfs_aws_filters_check("tag:a=b=c"));
	for (size_t i = 0; i < N_ELEMENTS(no); i++) {
		if (!cfs_aws_filters_check(no[i]))
			fail_msg("taken: %s", no[i]);
	}
	assert_int_equal(cfs_buf_adds(&text, "a=0"), 0);
	for (int i = 1; i < CFS_AWS_FILTER_VALUES_MAX; i++)
		assert_int_equal(cfs_buf_adds(&text, ",0"), 0);
	assert_null(cfs_aws_filters_check(cfs_buf_text(&text)));
	assert_int_equal(cfs_buf_adds(&text, ",0"), 0);
	assert_non_null(cfs_aws_filters_check(cfs_buf_text(&text)));
	cfs_buf_clear(&text);
	assert_int_equal(cfs_buf_adds(&text, "a="), 0);
	for (int i = 2; i < CFS_AWS_FILTER_TEXT_MAX; i++)
		assert_int_equal(cfs_buf_addc(&text, 'x'), 0);
	assert_null(cfs_aws_filters_check(cfs_buf_text(&text)));
	assert_int_equal(cfs_buf_addc(&text, 'x'), 0);
	assert_non_null(cfs_aws_filters_check(cfs_buf_text(&text)));
	cfs_buf_finish(&text);
}

static void test_a_filter_is_sent_encoded(void **state)
{
	struct cfs_buf form = CFS_BUF_INIT(4096);

	(void)state;
	assert_int_equal(cfs_aws_filters_add(&form, 3, " tag:env = a b ,\xc3\xa9=&*"), 0);
	assert_string_equal(cfs_buf_text(&form),
		"&Filter.3.Name=tag%3Aenv&Filter.3.Value.1=a%20b&Filter.3.Value.2=%C3%A9%3D%26%2A");
	cfs_buf_finish(&form);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_region_has_its_own_endpoint),
		cmocka_unit_test(test_fips_and_dual_stack_have_names_of_their_own),
		cmocka_unit_test(test_a_configured_endpoint_is_sent_as_it_is_signed),
		cmocka_unit_test(test_no_other_endpoint_is_taken),
		cmocka_unit_test(test_http_to_other_hosts_takes_a_setting),
		cmocka_unit_test(test_parts_of_an_endpoint_have_limits),
		cmocka_unit_test(test_a_region_is_a_short_name_of_letters_digits_and_dashes),
		cmocka_unit_test(test_a_filter_is_a_name_and_values),
		cmocka_unit_test(test_a_filter_is_sent_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
