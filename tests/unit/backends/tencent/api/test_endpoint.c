/* SPDX-License-Identifier: MIT */
/* backends/tencent/api/endpoint.h and account.h: where services are, and the region that tools use. */
#include "tests/unit/support/tencent_chain.h"

#include "backends/tencent/cvm/account.h"

#define CONFIGURE "/home/op/.tccli/default.configure"
#define PROD "/home/op/.tccli/prod.configure"

#define HOME \
	{ \
		"HOME", "/home/op" \
	}

/* The account of a machine; NULL when it is refused with a reason that has this in it. */
static struct cfs_account *account_of(const struct cfs_settings *settings,
	const char *const (*variables)[2], const struct file *files, const char *refused)
{
	struct host host = {.variables = variables, .files = files};
	struct cfs_env env = {.get = host_get, .read_file = host_read_file, .arg = &host};
	struct cfs_buf why = CFS_BUF_INIT(512);
	struct cfs_account *account = NULL;
	int r;

	r = cfs_tencent_account_create(settings, &env, &account, &why);
	if (refused) {
		assert_int_equal(r, -EINVAL);
		assert_null(account);
		assert_non_null(strstr(cfs_buf_text(&why), refused));
	} else {
		assert_int_equal(r, 0);
		assert_null(why.data);
	}
	cfs_buf_finish(&why);
	return account;
}

static void assert_at(const struct cfs_account *account, const char *service, const char *region,
	const char *host, bool tls)
{
	struct cfs_tencent_endpoint endpoint = {.tls = !tls};

	cfs_tencent_endpoint_find(&account->endpoints, service, region, &endpoint);
	assert_string_equal(endpoint.host, host);
	assert_int_equal(endpoint.tls, tls);
}

static void the_clouds_own_endpoints(void **state)
{
	struct cfs_settings settings = {.name = "tencent"};
	struct cfs_account *account = account_of(&settings, NULL, NULL, NULL);

	(void)state;
	assert_at(account, "cvm", "ap-guangzhou", "cvm.tencentcloudapi.com", true);
	assert_at(account, "cvm", "na-siliconvalley", "cvm.tencentcloudapi.com", true);
	assert_at(
		account, "cvm", "ap-shanghai-fsi", "cvm.ap-shanghai-fsi.tencentcloudapi.com", true);
	assert_at(
		account, "cvm", "ap-shenzhen-fsi", "cvm.ap-shenzhen-fsi.tencentcloudapi.com", true);
	assert_at(account, "sts", "ap-beijing-fsi", "sts.ap-beijing-fsi.tencentcloudapi.com", true);
	assert_at(account, "sts", "", "sts.tencentcloudapi.com", true);
	assert_at(account, "region", "", "region.tencentcloudapi.com", true);
	assert_at(account, "cvm", "-fsi", "cvm.tencentcloudapi.com", true);
	cfs_tencent_account_destroy(account);
}

static void other_services_follow_a_configured_cvm(void **state)
{
	static const struct {
		const char *endpoint, *cvm, *sts, *region;
		bool tls;
	} cases[] = {
		{"https://cvm.intl.tencentcloudapi.com", "cvm.intl.tencentcloudapi.com",
			"sts.intl.tencentcloudapi.com", "region.intl.tencentcloudapi.com", true},
		{"https://cvm.ap-shanghai-fsi.tencentcloudapi.com",
			"cvm.ap-shanghai-fsi.tencentcloudapi.com",
			"sts.ap-shanghai-fsi.tencentcloudapi.com",
			"region.ap-shanghai-fsi.tencentcloudapi.com", true},
		{"https://cvm.api3.private.example:8443", "cvm.api3.private.example:8443",
			"sts.api3.private.example:8443", "region.api3.private.example:8443", true},
		{"https://127.0.0.1:4321", "127.0.0.1:4321", "127.0.0.1:4321", "127.0.0.1:4321",
			true},
		{"http://localhost:80", "localhost", "localhost", "localhost", false},
		{"https://cvmx.example", "cvmx.example", "cvmx.example", "cvmx.example", true},
		{"https://cvm", "cvm", "cvm", "cvm", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cfs_settings settings = {.name = "t", .endpoint = cases[i].endpoint};
		struct cfs_account *account = account_of(&settings, NULL, NULL, NULL);

		assert_at(account, "cvm", "ap-tokyo", cases[i].cvm, cases[i].tls);
		assert_at(account, "cvm", "ap-shenzhen-fsi", cases[i].cvm, cases[i].tls);
		assert_at(account, "sts", "ap-tokyo", cases[i].sts, cases[i].tls);
		assert_at(account, "region", "", cases[i].region, cases[i].tls);
		cfs_tencent_account_destroy(account);
	}
}

/* A name is never cut into another's. */
static void a_name_too_long_for_another_service_is_kept(void **state)
{
	char endpoint[8 + CFS_HTTP_HOST_MAX] = "https://cvm.";
	struct cfs_settings settings = {.name = "t", .endpoint = endpoint};
	struct cfs_account *account;

	(void)state;
	memset(endpoint + strlen(endpoint), 'a', 249);
	for (size_t i = 8 + 63; i < 8 + 253; i += 64)
		endpoint[i] = '.';
	assert_int_equal(strlen(endpoint + 8), 253);
	account = account_of(&settings, NULL, NULL, NULL);
	assert_at(account, "cvm", "", endpoint + 8, true);
	assert_at(account, "region", "", endpoint + 8, true);
	cfs_tencent_account_destroy(account);
}

static void a_profile_of_tccli_names_endpoints(void **state)
{
	static const char *const home[][2] = {HOME, {NULL}};
	static const char *const override[][2] = {
		HOME, {"TENCENTCLOUD_STS_ENDPOINT", "http://127.0.0.1:1"}, {NULL}};
	static const struct file intl[] = {
		{CONFIGURE,
			"{\"cvm\":{\"endpoint\":\"cvm.intl.tencentcloudapi.com\"},"
			"\"sts\":{\"endpoint\":\"sts.eu-frankfurt.tencentcloudapi.com\"}}",
			0},
		{0}};
	/* What tccli writes of its own accord. */
	static const struct file plain[] = {
		{CONFIGURE,
			"{\"cvm\":{\"endpoint\":\"cvm.tencentcloudapi.com\"},"
			"\"sts\":{\"endpoint\":\"sts.tencentcloudapi.com\"}}",
			0},
		{0}};
	struct cfs_settings settings = {.name = "t"};
	struct cfs_account *account;

	(void)state;
	account = account_of(&settings, home, intl, NULL);
	assert_at(account, "cvm", "ap-tokyo", "cvm.intl.tencentcloudapi.com", true);
	assert_at(account, "sts", "", "sts.eu-frankfurt.tencentcloudapi.com", true);
	assert_at(account, "region", "", "region.intl.tencentcloudapi.com", true);
	cfs_tencent_account_destroy(account);
	account = account_of(&settings, override, intl, NULL);
	assert_at(account, "sts", "", "127.0.0.1:1", false);
	cfs_tencent_account_destroy(account);
	account = account_of(&settings, home, plain, NULL);
	assert_at(
		account, "cvm", "ap-shanghai-fsi", "cvm.ap-shanghai-fsi.tencentcloudapi.com", true);
	assert_at(
		account, "sts", "ap-shanghai-fsi", "sts.ap-shanghai-fsi.tencentcloudapi.com", true);
	cfs_tencent_account_destroy(account);
	/* The setting goes before, for STS too. */
	settings.endpoint = "https://127.0.0.1:4321";
	account = account_of(&settings, home, intl, NULL);
	assert_at(account, "cvm", "ap-tokyo", "127.0.0.1:4321", true);
	assert_at(account, "sts", "", "127.0.0.1:4321", true);
	cfs_tencent_account_destroy(account);
}

static void what_is_no_endpoint_is_refused_by_name(void **state)
{
	static const struct {
		const char *text, *refused;
	} cases[] = {
		{"{\"cvm\":{\"endpoint\":\"http://cvm.example\"}}",
			"cvm.endpoint in tccli's profile is http"},
		{"{\"sts\":{\"endpoint\":\"a/b\"}}", "sts.endpoint in tccli's profile has a path"},
		{"garbage", "~/.tccli/default.configure: not a JSON object"},
	};
	static const char *const home[][2] = {HOME, {NULL}};
	static const char *const variable[][2] = {
		{"TENCENTCLOUD_STS_ENDPOINT", "http://sts.example"}, {NULL}};
	struct cfs_settings settings = {.name = "t"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct file files[] = {{CONFIGURE, cases[i].text, 0}, {0}};

		assert_null(account_of(&settings, home, files, cases[i].refused));
	}
	assert_null(account_of(&settings, variable, NULL, "TENCENTCLOUD_STS_ENDPOINT is http"));
	settings.profile = "../x";
	assert_null(account_of(&settings, home, NULL, "is not a profile name"));
	/* A reason is one line, whatever is in it. */
	settings.profile = "\x1b[31m\n\xff:/";
	assert_null(account_of(&settings, home, NULL, "?[31m??:/... is not a profile name"));
}

/* Whoever needs keys from beside it says so; a region may come from elsewhere. */
static void a_configure_file_that_cannot_be_read_is_none(void **state)
{
	static const char *const variables[][2] = {HOME, {"TKE_REGION", "ap-tokyo"}, {NULL}};
	static const int errors[] = {-EACCES, -EISDIR, -EFBIG, -EIO, -ENOTDIR};
	struct cfs_settings settings = {.name = "t"};

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		const struct file files[] = {{CONFIGURE, NULL, errors[i]}, {0}};
		struct cfs_account *account = account_of(&settings, variables, files, NULL);

		assert_string_equal(account->region, "ap-tokyo");
		cfs_tencent_account_destroy(account);
	}
}

static void the_region_is_the_tools(void **state)
{
	static const struct {
		const char *variables[4][2];
		const char *profile, *region;
	} cases[] = {
		{{HOME}, NULL, "ap-default"},
		{{HOME, {"TENCENTCLOUD_REGION", "ap-variable"}, {"TKE_REGION", "ap-tke"}}, NULL,
			"ap-variable"},
		{{HOME, {"TENCENTCLOUD_REGION", ""}, {"TKE_REGION", "ap-tke"}}, NULL, "ap-default"},
		{{HOME, {"TCCLI_PROFILE", "prod"}}, NULL, "ap-prod"},
		{{HOME, {"TCCLI_PROFILE", "none"}, {"TKE_REGION", "ap-tke"}}, NULL, "ap-tke"},
		{{{"TKE_REGION", "ap-tke"}}, NULL, "ap-tke"},
		{{{"TKE_REGION", "ap-tke"}, {"TENCENTCLOUD_REGION", "ap-variable"}}, NULL,
			"ap-variable"},
		{{{NULL}}, NULL, ""},
		/* `tccli --profile` overlooks the variable, unless the profile says nothing. */
		{{HOME, {"TENCENTCLOUD_REGION", "ap-variable"}}, "prod", "ap-prod"},
		{{HOME, {"TENCENTCLOUD_REGION", "ap-variable"}}, "none", "ap-variable"},
	};
	static const struct file files[] = {
		{CONFIGURE, "{\"_sys_param\":{\"region\":\"ap-default\"}}", 0},
		{PROD, "{\"_sys_param\":{\"region\":\"ap-prod\"}}", 0}, {0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cfs_settings settings = {.name = "t", .profile = cases[i].profile};
		struct cfs_account *account =
			account_of(&settings, cases[i].variables, files, NULL);
		const char *region = NULL;

		assert_int_equal(cfs_tencent_account_region(account, &region), 0);
		assert_string_equal(region, cases[i].region);
		cfs_tencent_account_destroy(account);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clouds_own_endpoints),
		cmocka_unit_test(other_services_follow_a_configured_cvm),
		cmocka_unit_test(a_name_too_long_for_another_service_is_kept),
		cmocka_unit_test(a_profile_of_tccli_names_endpoints),
		cmocka_unit_test(what_is_no_endpoint_is_refused_by_name),
		cmocka_unit_test(a_configure_file_that_cannot_be_read_is_none),
		cmocka_unit_test(the_region_is_the_tools),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
