/* SPDX-License-Identifier: MIT */
/* backends/tencent/cvm/account.h: what a configured cloud becomes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/tencent/cvm/account.h"

#define WHY_MAX 256

static const char *get_region(void *arg, const char *name)
{
	return strcmp(name, "TENCENTCLOUD_REGION") == 0 ? arg : NULL;
}

static struct cfs_env env_with(char *region)
{
	return (struct cfs_env){.get = get_region, .arg = region};
}

static struct cfs_account *create(const struct cfs_settings *settings, char *region)
{
	struct cfs_env env = env_with(region);
	struct cfs_buf why = CFS_BUF_INIT(WHY_MAX);
	struct cfs_account *account = NULL;

	assert_int_equal(cfs_tencent_account_create(settings, &env, &account, &why), 0);
	assert_non_null(account);
	assert_int_equal(why.len, 0);
	return account;
}

static void refuse(const struct cfs_settings *settings, const char *setting)
{
	struct cfs_env env = env_with(NULL);
	struct cfs_buf why = CFS_BUF_INIT(WHY_MAX);
	struct cfs_account *account = NULL;

	assert_int_equal(cfs_tencent_account_create(settings, &env, &account, &why), -EINVAL);
	assert_null(account);
	assert_memory_equal(why.data, setting, strlen(setting));
	cfs_buf_finish(&why);
}

static void assert_host(const struct cfs_account *account, const char *region, const char *expected,
	bool expected_tls)
{
	struct cfs_tencent_endpoint endpoint = {.tls = !expected_tls};

	cfs_tencent_endpoint_find(&account->endpoints, "cvm", region, &endpoint);
	assert_string_equal(endpoint.host, expected);
	assert_int_equal(endpoint.tls, expected_tls);
}

static void without_settings_the_documented_ones_hold(void **state)
{
	struct cfs_settings settings = {.name = "tencent"};
	struct cfs_account *account = create(&settings, NULL);
	const char *region = NULL;

	(void)state;
	assert_null(cfs_tencent_account_ca_file(account));
	assert_int_equal(cfs_tencent_account_region(account, &region), 0);
	assert_string_equal(region, "");
	assert_string_equal(account->vnc_page,
		"https://img.qcloud.com/qcloud/app/active_vnc/index.html?InstanceVncUrl=");
	assert_int_equal(account->n_filters, 0);
	assert_host(account, "ap-guangzhou", "cvm.tencentcloudapi.com", true);
	assert_host(account, "ap-shanghai-fsi", "cvm.ap-shanghai-fsi.tencentcloudapi.com", true);
	assert_host(account, "ap-shenzhen-fsi", "cvm.ap-shenzhen-fsi.tencentcloudapi.com", true);
	cfs_tencent_account_destroy(account);
}

static void settings_are_copied(void **state)
{
	char endpoint[] = "http://127.0.0.1:4321/", ca[] = "/ca.pem", filter[] = "zone=a",
	     page[] = "https://vnc.example/?u=", region[] = "eu-frankfurt";
	struct cfs_pair own[] = {{"filter", filter}, {"vnc_page", page}, {"filter", "tag:a=b"}};
	struct cfs_settings settings = {.name = "t",
		.endpoint = endpoint,
		.ca_file = ca,
		.own = own,
		.n_own = sizeof(own) / sizeof(own[0])};
	struct cfs_account *account = create(&settings, region);
	const char *own_region = NULL;

	(void)state;
	memset(endpoint, 'x', strlen(endpoint));
	memset(ca, 'x', strlen(ca));
	memset(filter, 'x', strlen(filter));
	memset(page, 'x', strlen(page));
	memset(region, 'x', strlen(region));
	memset(own, 0, sizeof(own));
	assert_host(account, "ap-guangzhou", "127.0.0.1:4321", false);
	assert_host(account, "ap-shanghai-fsi", "127.0.0.1:4321", false);
	assert_string_equal(cfs_tencent_account_ca_file(account), "/ca.pem");
	assert_int_equal(cfs_tencent_account_region(account, &own_region), 0);
	assert_string_equal(own_region, "eu-frankfurt");
	assert_string_equal(account->vnc_page, "https://vnc.example/?u=");
	assert_int_equal(account->n_filters, 2);
	assert_string_equal(account->filters[0], "zone=a");
	assert_string_equal(account->filters[1], "tag:a=b");
	cfs_tencent_account_destroy(account);
}

static void a_bad_setting_is_refused_by_name(void **state)
{
	struct cfs_pair page = {"vnc_page", "http://vnc.example/?u="}, filter = {"filter", "zone"},
			other = {"colour", "red"};

	(void)state;
	refuse(&(struct cfs_settings){.endpoint = "http://cvm.example"}, "endpoint is ");
	refuse(&(struct cfs_settings){.own = &page, .n_own = 1}, "vnc_page is ");
	refuse(&(struct cfs_settings){.own = &filter, .n_own = 1}, "filter is ");
	refuse(&(struct cfs_settings){.own = &other, .n_own = 1}, "colour is ");
}

static void nine_filters_leave_one_to_find_an_instance_by(void **state)
{
	struct cfs_pair own[10];
	struct cfs_settings settings = {.own = own, .n_own = 9};
	struct cfs_account *account;

	(void)state;
	for (size_t i = 0; i < 10; i++)
		/* cppcheck-suppress unreadVariable ; read by way of settings */
		own[i] = (struct cfs_pair){"filter", "zone=a"};
	account = create(&settings, NULL);
	assert_int_equal(account->n_filters, 9);
	cfs_tencent_account_destroy(account);
	settings.n_own = 10;
	refuse(&settings, "filter is one too many");
}

static void own_settings_are_checked(void **state)
{
	const struct cfs_setting *page = &cfs_tencent_account_settings[0];
	const struct cfs_setting *filter = &cfs_tencent_account_settings[1];
	struct cfs_pair own[] = {{"filters", "tag:env=prod"}};
	struct cfs_settings settings = {.own = own, .n_own = 1};

	(void)state;
	assert_string_equal(page->key, "vnc_page");
	assert_string_equal(filter->key, "filter");
	assert_null(cfs_tencent_account_settings[2].key);
	assert_null(page->check(CFS_TENCENT_VNC_PAGE));
	assert_non_null(page->check("https://vnc.example/"));
	assert_null(filter->check("tag:env=prod"));
	assert_non_null(filter->check("tag:env"));
	refuse(&settings, "filters is not a setting");
}

static void regions_have_the_form_of_regions(void **state)
{
	static const char *const good[] = {"ap-guangzhou", "na-siliconvalley", "eu-frankfurt",
		"ap-shanghai-fsi", "ap-beijing-z1", "sa-saopaulo"};
	static const char *const bad[] = {"", "-", "guangzhou", "ap-", "-guangzhou", "ap--x",
		"AP-guangzhou", "ap-guangzhou ", "ap_guangzhou-", "ap-guang/zhou", "ap-guang.zhou",
		"ap-a\r\nX: y", "../x-y", "ap-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(cfs_tencent_endpoint_valid_region(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cfs_tencent_endpoint_valid_region(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_settings_the_documented_ones_hold),
		cmocka_unit_test(settings_are_copied),
		cmocka_unit_test(a_bad_setting_is_refused_by_name),
		cmocka_unit_test(nine_filters_leave_one_to_find_an_instance_by),
		cmocka_unit_test(own_settings_are_checked),
		cmocka_unit_test(regions_have_the_form_of_regions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
