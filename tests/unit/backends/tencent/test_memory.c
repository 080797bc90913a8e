/* SPDX-License-Identifier: MIT */
/* backends/tencent: want of memory, at every allocation in turn. */
#include <stdlib.h>
#include <string.h>

static long left = -1; /* allocations that still succeed; negative: all do */

static void *scarce(void *memory)
{
	if (left == 0) {
		free(memory);
		return NULL;
	}
	if (left > 0)
		left--;
	return memory;
}

/* These allocate for the backend; the library's own copies of them are then not linked. */
#define malloc(size) scarce(malloc(size))
#define strdup(text) scarce(strdup(text))
#include "backends/base/buf.c"
#include "backends/base/secret.c"
#include "backends/http/request.c"
#undef malloc
#undef strdup

#include "tests/unit/support/tencent_chain.h"

#include <cjson/cJSON.h>

#include "backends/tencent/tencent.h"

#define ROLE_ANSWER \
	"{\"Response\":{\"Credentials\":{\"TmpSecretId\":\"i\",\"TmpSecretKey\":\"k\"," \
	"\"Token\":\"t\"},\"ExpiredTime\":4102444800}}"
#define MACHINE_ANSWER \
	"{\"TmpSecretId\":\"i\",\"TmpSecretKey\":\"k\",\"Token\":\"t\"," \
	"\"ExpiredTime\":4102444800,\"Code\":\"Success\"}"

static void *scarce_malloc(size_t size)
{
	return scarce(malloc(size));
}

static const char *const variables[][2] = {{"HOME", "/home/op"}, {"TENCENTCLOUD_SECRET_ID", "i"},
	{"TENCENTCLOUD_SECRET_KEY", SECRET}, {"TENCENTCLOUD_TOKEN", "t"},
	{"TENCENTCLOUD_ROLE_ARN", "qcs::cam::uin/1:roleName/r"},
	{"TENCENTCLOUD_ROLE_SESSION_NAME", "s1"}, {"TKE_REGION", "ap-tokyo"},
	{"TKE_PROVIDER_ID", "p"}, {"TKE_WEB_IDENTITY_TOKEN_FILE", "/token"},
	{"TKE_ROLE_ARN", "qcs::cam::uin/1:roleName/pod"}, {NULL}};

static const struct file files[] = {{"/token", "eyJ", 0},
	{"/home/op/.tencentcloud/credentials", "[default]\nsecret_id = i\nsecret_key = k\n", 0},
	{"/home/op/.tccli/default.credential",
		"{\"secretId\":\"i\",\"secretKey\":\"k\",\"token\":\"t\","
		"\"expiresAt\":4102444800}",
		0},
	{"/home/op/.tccli/default.configure",
		"{\"_sys_param\":{\"region\":\"ap-tokyo\"},"
		"\"cvm\":{\"endpoint\":\"cvm.intl.tencentcloudapi.com\"}}",
		0},
	{0}};

/* Drives a provider to its end with so many allocations. Whether it found keys. */
static bool drive(const struct cfs_provider *provider, long allocations)
{
	struct run run = {.host = {.variables = variables, .files = files}};
	bool found;

	left = allocations;
	run_begin(&run, provider);
	while (run.step.kind == CFS_STEP_HTTP) {
		const char *url = run.step.request.url;

		if (!run.step.direct)
			run_answer(&run, 200, ROLE_ANSWER);
		else
			run_answer(
				&run, 200, url[strlen(url) - 1] == '/' ? "role" : MACHINE_ANSWER);
	}
	left = -1;
	found = run.step.kind == CFS_STEP_KEYS;
	/* Never "nothing is configured here", and never keys that are not whole. */
	if (!found)
		assert_int_equal(run.step.kind, CFS_STEP_FAILED);
	else
		assert_int_equal(run.step.keys.id.len, 1);
	run_end(&run);
	return found;
}

static void a_provider_without_memory_fails_and_leaks_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; cfs_tencent_providers[i]; i++) {
		long n = 0;

		while (!drive(cfs_tencent_providers[i], n))
			n++;
		assert_in_range(n, 3, 500);
	}
}

static void an_account_and_its_requests_need_memory(void **state)
{
	const struct cfs_question questions[] = {
		{.verb = CFS_LIST, .region = "ap-tokyo", .token = ""},
		{.verb = CFS_REGIONS, .region = ""}, {.verb = CFS_WHOAMI, .region = ""},
		{.verb = CFS_PROBE, .region = "ap-tokyo", .live = cfs_tencent_backend.live}};
	struct host host = {.variables = variables, .files = files};
	struct cfs_env env = {.get = host_get, .read_file = host_read_file, .arg = &host};
	struct cfs_settings settings = {.name = "tencent"};
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct cfs_account *account = NULL;
	struct cfs_buf why = CFS_BUF_INIT(256);
	long n;
	int r;

	(void)state;
	assert_int_equal(cfs_secret_set(&keys.id, "i", 1), 0);
	assert_int_equal(cfs_secret_set(&keys.secret, "k", 1), 0);
	for (n = 0;; n++) {
		left = n;
		r = cfs_tencent_backend.account_create(&settings, &env, &account, &why);
		left = -1;
		if (r == 0)
			break;
		assert_null(account);
	}
	assert_in_range(n, 3, 500);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		struct cfs_http_request request;

		for (n = 0;; n++) {
			left = n;
			r = cfs_tencent_backend.request(
				account, &questions[i], &keys, NOW, &request);
			left = -1;
			if (r == 0)
				break;
			assert_int_equal(r, -ENOMEM);
		}
		assert_in_range(n, 5, 500);
		cfs_http_request_finish(&request);
	}
	cfs_tencent_backend.account_destroy(account);
	cfs_keys_finish(&keys);
	cfs_buf_finish(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_provider_without_memory_fails_and_leaks_nothing),
		cmocka_unit_test(an_account_and_its_requests_need_memory),
	};
	cJSON_Hooks hooks = {.malloc_fn = scarce_malloc, .free_fn = free};

	cJSON_InitHooks(&hooks);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
