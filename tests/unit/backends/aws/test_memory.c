/* SPDX-License-Identifier: MIT */
/* backends/aws: want of memory, at every allocation in turn. */
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

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */

/* The linker puts these in the place of the C library's (see tests/CMakeLists.txt). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

void *__wrap_malloc(size_t size)
{
	return scarce(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return scarce(__real_calloc(n, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
	if (left == 0)
		return NULL;
	if (left > 0)
		left--;
	return __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return scarce(__real_aligned_alloc(alignment, size));
}

char *__wrap_strdup(const char *text)
{
	return scarce(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t len)
{
	return scarce(__real_strndup(text, len));
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

#include <cjson/cJSON.h>

#include "tests/unit/support/aws_chain.h"

#include "backends/aws/aws.h"

#define ROLE_CONFIG \
	"[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = b\n" \
	"[profile b]\nrole_arn = arn:aws:iam::1:role/y\nsource_profile = c\n"
#define PROCESS_CONFIG "[profile c]\ncredential_process = /bin/keys --one 'two three'\n"
#define SSO_CONFIG \
	"[profile c]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n" \
	"[sso-session corp]\nsso_region = us-east-1\nsso_start_url = x\n"
#define JSON_KEYS(token) \
	"{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"" token \
	"\":\"t\",\"Expiration\":\"2024-05-06T13:53:20Z\"}"
#define ROLE_KEYS STS_KEYS("AssumeRole", "A", "2024-05-06T13:53:20Z")

static const struct way {
	const struct cfs_provider *provider;
	struct fake_env fake;
	const char *answers[8];
} ways[] = {
	{&cfs_aws_provider_environment,
		{.entries = {{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "s"},
			 {"AWS_SESSION_TOKEN", "t"}}},
		{NULL}},
	{&cfs_aws_provider_profile, {.entries = {HOME, {CREDENTIALS, "[default]\n" STATIC("A")}}},
		{NULL}},
	{&cfs_aws_provider_profile, {.entries = {HOME, {CONFIG, ROLE_CONFIG PROCESS_CONFIG}}},
		{JSON_KEYS("SessionToken"), ROLE_KEYS, ROLE_KEYS, NULL}},
	{&cfs_aws_provider_profile,
		{.entries = {HOME, {CONFIG, ROLE_CONFIG SSO_CONFIG},
			 {"/home/ops/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json",
				 "{\"accessToken\":\"t\",\"expiresAt\":\"2024-05-06T12:00:00Z\","
				 "\"clientId\":\"c\",\"clientSecret\":\"s\",\"refreshToken\":\"r\","
				 "\"registrationExpiresAt\":\"2025-01-01T00:00:00Z\"}"}}},
		{"{\"accessToken\":\"n\"}",
			"{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"s\","
			"\"sessionToken\":\"t\",\"expiration\":1715003600999}}",
			ROLE_KEYS, ROLE_KEYS, NULL}},
	{&cfs_aws_provider_profile,
		{.entries = {HOME, {CONFIG, "[default]\nregion = us-east-1\nlogin_session = x\n"},
			 {"/home/ops/.aws/login/cache/2d711642b726b04401627ca9fbac32f5c8530fb1903c"
			  "c4db02258717921a4881.json",
				 "{\"accessToken\":{\"accessKeyId\":\"O\",\"secretAccessKey\":"
				 "\"s\","
				 "\"sessionToken\":\"t\",\"expiresAt\":\"2024-05-06T12:00:00Z\"},"
				 "\"clientId\":\"c\",\"refreshToken\":\"r\",\"dpopKey\":"
				 "\"-----BEGIN EC PRIVATE KEY-----\\n"
				 "MDECAQEEIJDbLHe3A1ii+"
				 "6W3S0cfRd9qbWq2B06HhfPQO8M6zP3LoAoGCCqGSM49AwEH"
				 "\\n-----END EC PRIVATE KEY-----\"}"}}},
		{"{\"accessToken\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"s\","
		 "\"sessionToken\":\"t\"},\"expiresIn\":900,\"refreshToken\":\"r2\"}",
			"", NULL}},
	{&cfs_aws_provider_web_identity,
		{.entries = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}, {"/token", "jwt"},
			 {"AWS_ROLE_ARN", "arn:aws:iam::1:role/x"}}},
		{STS_KEYS("AssumeRoleWithWebIdentity", "A", "2024-05-06T13:53:20Z"), NULL}},
	{&cfs_aws_provider_container,
		{.entries = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/"},
			 {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token"}, {"/token", "t"}}},
		{JSON_KEYS("Token"), NULL}},
	{&cfs_aws_provider_metadata, {.entries = {HOME}},
		{"token", "role", JSON_KEYS("Token"), NULL}},
};

/* Drives a provider to its end with so many allocations. Whether it found keys. */
static bool drive(const struct way *way, long allocations)
{
	const char *const *answer = way->answers;
	struct chain chain = {
		.provider = way->provider, .fake = way->fake, .settings = {.name = "aws"}};
	bool found;
	int r;

	left = allocations;
	r = way->provider->create(&chain.settings, fake_env_of(&chain.fake), &chain.state);
	if (r < 0) {
		assert_int_equal(r, -ENOMEM);
		left = -1;
		return false;
	}
	chain_step(&chain, NULL);
	while (chain.step.kind == CFS_STEP_HTTP || chain.step.kind == CFS_STEP_PROCESS ||
		chain.step.kind == CFS_STEP_WRITE) {
		assert_non_null(*answer);
		chain_answer(&chain, chain.step.kind == CFS_STEP_HTTP ? 200 : 0, *answer++);
	}
	left = -1;
	/* Never "nothing is configured here", and never keys that are not whole. */
	found = chain.step.kind == CFS_STEP_KEYS;
	if (found)
		assert_string_equal(chain.step.keys.id.data, "A");
	else
		assert_int_equal(chain.step.kind, CFS_STEP_FAILED);
	chain_end(&chain);
	return found;
}

static void test_a_provider_without_memory_fails_and_leaks_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(ways); i++) {
		long n = 0;

		while (!drive(&ways[i], n))
			n++;
		assert_in_range(n, 3, 2000);
	}
}

static void test_an_account_and_its_requests_need_memory(void **state)
{
	const struct cfs_question questions[] = {
		{.verb = CFS_LIST, .region = "us-east-1", .token = "next"},
		{.verb = CFS_REGIONS, .region = ""}, {.verb = CFS_WHOAMI, .region = ""},
		{.verb = CFS_PROBE, .region = "us-east-1", .live = cfs_aws_backend.live}};
	struct fake_env fake = {
		.entries = {HOME, {"AWS_CA_BUNDLE", "~/ca.pem"},
			{CONFIG,
				"[default]\nregion = eu-west-1\nservices = s\n[services s]\n"
				"ec2 =\n  endpoint_url = https://ec2.example.com\n"}}};
	const struct cfs_pair own[] = {{"filter", "tag:a=b"}};
	struct cfs_settings settings = {.name = "aws", .own = own, .n_own = 1};
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct cfs_account *account = NULL;
	struct cfs_buf why = CFS_BUF_INIT(256);
	struct cfs_http_request request;
	long n;
	int r;

	(void)state;
	assert_int_equal(cfs_keys_set(&keys, "A", "s", "t"), 0);
	for (n = 0, r = -ENOMEM; r < 0; n++) {
		left = n;
		r = cfs_aws_backend.account_create(&settings, fake_env_of(&fake), &account, &why);
		left = -1;
		if (r < 0)
			assert_int_equal(r, -ENOMEM);
	}
	assert_in_range(n, 10, 500);
	for (size_t i = 0; i < N_ELEMENTS(questions); i++) {
		for (n = 0, r = -ENOMEM; r < 0; n++) {
			left = n;
			r = cfs_aws_backend.request(account, &questions[i], &keys, NOW, &request);
			left = -1;
			if (r < 0)
				assert_int_equal(r, -ENOMEM);
		}
		assert_in_range(n, 5, 500);
		cfs_http_request_finish(&request);
	}
	cfs_aws_backend.account_destroy(account);
	cfs_keys_finish(&keys);
	cfs_buf_finish(&why);
}

static int set_up(void **state)
{
	cJSON_Hooks hooks = {.malloc_fn = __wrap_malloc, .free_fn = free};

	(void)state;
	cJSON_InitHooks(&hooks);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_provider_without_memory_fails_and_leaks_nothing),
		cmocka_unit_test(test_an_account_and_its_requests_need_memory),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
