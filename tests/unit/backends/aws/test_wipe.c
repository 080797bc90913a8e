/* SPDX-License-Identifier: MIT */
/*
 * Keys are wiped when a search ends: afterwards the whole writable memory of the process is looked
 * through for them. They are kept masked here, and in the clear only while they are handed in.
 */
#include "tests/unit/support/aws_chain.h"

#include <fcntl.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define MASK 0x55
#define SECRET_LEN 32
#define TEXT_MAX 4096
#define REGION_MAX (256UL << 20) /* what sanitizers reserve for themselves is larger */
#define WINDOW 65536

/* Nothing that is in the program's own text. */
static unsigned char masked[SECRET_LEN];

static void make_secret(void)
{
	for (int i = 0; i < SECRET_LEN; i++)
		masked[i] = (unsigned char)("abcdefghijkmnpqrstuvwxyz23456789"[(i * 7 + 3) % 32] ^
			MASK);
}

static void unmask(unsigned char *out)
{
	for (int i = 0; i < SECRET_LEN; i++)
		out[i] = masked[i] ^ MASK;
}

/* The secret as a private key on P-256: ECPrivateKey of RFC 5915, in base64. Returns the length. */
static size_t fill_key(char *out)
{
	static const unsigned char head[] = {0x30, 0x31, 2, 1, 1, 4, SECRET_LEN};
	static const unsigned char tail[] = {
		0xa0, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};
	unsigned char der[sizeof(head) + SECRET_LEN + sizeof(tail)];
	int n;

	memcpy(der, head, sizeof(head));
	unmask(der + sizeof(head));
	memcpy(der + sizeof(head) + SECRET_LEN, tail, sizeof(tail));
	n = EVP_EncodeBlock((unsigned char *)out, der, sizeof(der));
	OPENSSL_cleanse(der, sizeof(der));
	return (size_t)n;
}

/* Text with the secret where it says %, and a key made of it where it says &. To be wiped. */
static void fill(char *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '%') {
			unmask((unsigned char *)out);
			out += SECRET_LEN;
		} else if (*text == '&') {
			out += fill_key(out);
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

static bool holds_secret(const unsigned char *bytes, size_t len)
{
	const unsigned char *end = bytes + len, *at = bytes;

	while (end - at >= SECRET_LEN) {
		size_t n = 0;

		at = memchr(at, masked[0] ^ MASK, (size_t)(end - at));
		if (!at || end - at < SECRET_LEN)
			return false;
		while (n < SECRET_LEN && (at[n] ^ MASK) == masked[n])
			n++;
		if (n == SECRET_LEN)
			return true;
		at++;
	}
	return false;
}

/* Whether nobody has ever written to private memory: none of its pages is there, nor swapped out. To read
 * what sanitizers have only reserved takes most of the time. */
static bool untouched(int pagemap, unsigned long from, size_t len)
{
	static const uint64_t swapped_or_there = 3ULL << 62;
	unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE), first = from / page;
	uint64_t entries[64];
	size_t n = (from + len - 1) / page - first + 1;

	if (n > N_ELEMENTS(entries) ||
		pread(pagemap, entries, n * sizeof(*entries), (off_t)(first * sizeof(*entries))) !=
			(ssize_t)(n * sizeof(*entries)))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (entries[i] & swapped_or_there)
			return false;
	}
	return true;
}

/* How many parts of the process's writable memory hold the secret. */
static unsigned count_copies(void)
{
	static unsigned char window[WINDOW + SECRET_LEN];
	FILE *maps = fopen("/proc/self/maps", "r");
	int mem = open("/proc/self/mem", O_RDONLY), pagemap = open("/proc/self/pagemap", O_RDONLY);
	char line[512], mode[8];
	unsigned long from, to;
	unsigned found = 0;
	size_t len;
	ssize_t n;

	assert_non_null(maps);
	assert_true(mem >= 0 && pagemap >= 0);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 ||
			strncmp(mode, "rw", 2) != 0 || to - from > REGION_MAX)
			continue;
		for (; from < to; from += WINDOW) {
			len = to - from < sizeof(window) ? to - from : sizeof(window);
			if (mode[3] == 'p' && untouched(pagemap, from, len))
				continue;
			n = pread(mem, window, len, (off_t)from);
			if (n > 0 && holds_secret(window, (size_t)n))
				found++;
			memset(window, 0, sizeof(window));
		}
	}
	fclose(maps);
	close(mem);
	close(pagemap);
	return found;
}

static void test_a_copy_would_be_found(void **state)
{
	char *copy = malloc(TEXT_MAX);

	(void)state;
	assert_non_null(copy);
	assert_int_equal(count_copies(), 0);
	fill(copy, "x%y");
	assert_true(count_copies() > 0);
	OPENSSL_cleanse(copy, TEXT_MAX);
	assert_int_equal(count_copies(), 0);
	free(copy);
}

/* Runs a provider whose variable or file `name` has the text, and answers its steps with what is
 * given, NULL-terminated; the last step has to be `kind`. */
static void run(const struct cfs_provider *provider, struct fake_env fake, const char *name,
	const char *text, const char *const *answers, enum cfs_step_kind kind)
{
	char *filled = malloc(TEXT_MAX), *answer = malloc(TEXT_MAX);
	struct chain chain;
	size_t n = 0;

	assert_non_null(filled);
	assert_non_null(answer);
	while (fake.entries[n].name)
		n++;
	fake.entries[n].name = name;
	fake.entries[n].value = filled;
	fill(filled, text);
	chain_begin(&chain, provider, NULL, fake);
	for (; answers && *answers; answers++) {
		fill(answer, *answers);
		chain_answer(&chain, chain.step.kind == CFS_STEP_HTTP ? 200 : 0, answer);
		OPENSSL_cleanse(answer, TEXT_MAX);
	}
	OPENSSL_cleanse(filled, TEXT_MAX);
	assert_int_equal(chain.step.kind, kind);
	chain_end(&chain);
	assert_int_equal(count_copies(), 0);
	free(answer);
	free(filled);
}

#define JSON_KEYS(token) \
	"{\"Version\":1,\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"%\",\"" token \
	"\":\"x%\",\"Expiration\":\"2024-05-06T13:53:20Z\"}"
#define ROLE_CONFIG "[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = b\n"

static void test_static_keys_are_wiped(void **state)
{
	struct fake_env home = {.entries = {HOME}};
	struct fake_env id = {.entries = {{"AWS_ACCESS_KEY_ID", "A"}}};

	(void)state;
	run(&cfs_aws_provider_environment, id, "AWS_SECRET_ACCESS_KEY", "%", NULL, CFS_STEP_KEYS);
	run(&cfs_aws_provider_profile, home, CREDENTIALS,
		"[other]\naws_secret_access_key = o%\n[default]\naws_access_key_id = A\n"
		"aws_secret_access_key = %\naws_session_token = t%\n",
		NULL, CFS_STEP_KEYS);
	/* Of a file that is refused, too. */
	run(&cfs_aws_provider_profile, home, CREDENTIALS,
		"[default]\naws_secret_access_key = %\n%\n", NULL, CFS_STEP_FAILED);
	run(&cfs_aws_provider_profile, home, CREDENTIALS,
		"[default]\naws_access_key_id = A\naws_secret_access_key = %\x01\n", NULL,
		CFS_STEP_FAILED);
}

static void test_answers_in_json_are_wiped(void **state)
{
	static const char *const process[] = {JSON_KEYS("SessionToken"), NULL};
	static const char *const no_keys[] = {"{\"a\":[\"%\",{\"b\":\"%\"}],\"c\":\"%\"}", NULL};
	static const char *const agent[] = {JSON_KEYS("Token"), NULL};
	static const char *const metadata[] = {"%", "role", JSON_KEYS("Token"), NULL};
	struct fake_env home = {.entries = {HOME}};
	struct fake_env container = {
		.entries = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://[::1]/"}}};

	(void)state;
	run(&cfs_aws_provider_profile, home, CONFIG, "[default]\ncredential_process = keys\n",
		process, CFS_STEP_KEYS);
	run(&cfs_aws_provider_profile, home, CONFIG, "[default]\ncredential_process = keys\n",
		no_keys, CFS_STEP_FAILED);
	run(&cfs_aws_provider_container, container, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "%", agent,
		CFS_STEP_KEYS);
	run(&cfs_aws_provider_metadata, home, "UNUSED", "", metadata, CFS_STEP_KEYS);
}

static void test_tokens_of_identity_center_are_wiped(void **state)
{
	static const char *const answers[] = {"{\"accessToken\":\"n%\"}",
		"{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"%\","
		"\"sessionToken\":\"t%\",\"expiration\":1715003600999}}",
		NULL};
	struct fake_env fake = {.entries = {HOME,
					{CONFIG,
						"[default]\nsso_session = corp\n"
						"sso_account_id = 1\nsso_role_name = r\n"
						"[sso-session corp]\nsso_region = us-east-1\n"
						"sso_start_url = x\n"}}};

	(void)state;
	run(&cfs_aws_provider_profile, fake,
		"/home/ops/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json",
		"{\"accessToken\":\"%\",\"expiresAt\":\"2024-05-06T13:00:00Z\",\"clientId\":\"c\","
		"\"clientSecret\":\"%\",\"refreshToken\":\"r%\","
		"\"registrationExpiresAt\":\"2024-06-06T00:00:00Z\"}",
		answers, CFS_STEP_KEYS);
}

static void test_keys_of_a_role_are_wiped(void **state)
{
	static const char *const answers[] = {
		"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>"
		"<SecretAccessKey>%</SecretAccessKey><SessionToken>t%</SessionToken><Expiration>"
		"2024-05-06T13:53:20Z</Expiration></Credentials></AssumeRoleResult>"
		"</AssumeRoleResponse>",
		NULL};
	struct fake_env fake = {.entries = {HOME, {CONFIG, ROLE_CONFIG}}};

	(void)state;
	run(&cfs_aws_provider_profile, fake, CREDENTIALS,
		"[b]\naws_access_key_id = A\naws_secret_access_key = %\naws_session_token = t%\n",
		answers, CFS_STEP_KEYS);
}

static void test_the_session_of_a_login_is_wiped(void **state)
{
	static const char *const answers[] = {
		"{\"accessToken\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"n%\","
		"\"sessionToken\":\"n%\"},\"expiresIn\":900,\"refreshToken\":\"n%\"}",
		"", NULL};
	struct fake_env fake = {
		.entries = {HOME, {CONFIG, "[default]\nregion = us-east-1\nlogin_session = x\n"}}};

	(void)state;
	run(&cfs_aws_provider_profile, fake,
		"/home/ops/.aws/login/cache/"
		"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881.json",
		"{\"accessToken\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"%\","
		"\"sessionToken\":\"t%\",\"expiresAt\":\"2024-05-06T12:55:00Z\"},\"clientId\":"
		"\"c\","
		"\"refreshToken\":\"r%\",\"idToken\":\"%.%.%\",\"dpopKey\":"
		"\"-----BEGIN EC PRIVATE KEY-----\\n&\\n-----END EC PRIVATE KEY-----\\n\"}",
		answers, CFS_STEP_KEYS);
}

static int set_up(void **state)
{
	(void)state;
	make_secret();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_copy_would_be_found),
		cmocka_unit_test(test_static_keys_are_wiped),
		cmocka_unit_test(test_answers_in_json_are_wiped),
		cmocka_unit_test(test_tokens_of_identity_center_are_wiped),
		cmocka_unit_test(test_keys_of_a_role_are_wiped),
		cmocka_unit_test(test_the_session_of_a_login_is_wiped),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
