/* SPDX-License-Identifier: MIT */
/*
 * The signer against published known answers: the header-signed cases of the SigV4 test suite that
 * AWS publishes with its SDKs (aws-c-auth, tests/aws-signing-test-suite/v4), which all share one
 * key, scope and time. The cases with "normalize": false are S3's and not here.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/aws/api/sigv4.h"

#define NOW INT64_C(1440938160) /* 2015-08-30T12:36:00Z */
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

struct known {
	const char *name, *method, *path, *query;
	struct cfs_sigv4_header headers[6];
	const char *body;
	const char *canonical_hash; /* as the string to sign ends with it */
	const char *signature;
};

static const struct known suite[] = {
	{.name = "get-header-key-duplicate",
		.method = "GET",
		.path = "/",
		.headers = {{"Host", "example.amazonaws.com"}, {"My-Header1", "value2"},
			{"My-Header1", "value2"}, {"My-Header1", "value1"}},
		.canonical_hash =
			"dc7f04a3abfde8d472b0ab1a418b741b7c67174dad1551b4117b15527fbe966c",
		.signature = "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
	{.name = "get-header-value-multiline",
		.method = "GET",
		.path = "/",
		.headers = {{"Host", "example.amazonaws.com"},
			{"My-Header1", "value1\n  value2\n     value3"}},
		.canonical_hash =
			"e99419459a677bc11de234014be3c4e72c1ea5b454ceb58b613061f5d7a162e8",
		.signature = "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd"},
	{.name = "get-header-value-order",
		.method = "GET",
		.path = "/",
		.headers = {{"Host", "example.amazonaws.com"}, {"My-Header1", "value4"},
			{"My-Header1", "value1"}, {"My-Header1", "value3"},
			{"My-Header1", "value2"}},
		.canonical_hash =
			"31ce73cd3f3d9f66977ad3dd957dc47af14df92fcd8509f59b349e9137c58b86",
		.signature = "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
	{.name = "get-header-value-trim",
		.method = "GET",
		.path = "/",
		.headers = {{"Host", "example.amazonaws.com"}, {"My-Header1", " value1"},
			{"My-Header2", " \"a   b   c\""}},
		.canonical_hash =
			"a726db9b0df21c14f559d0a978e563112acb1b9e05476f0a6a1c7d68f28605c7",
		.signature = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	{.name = "get-relative-normalized",
		.method = "GET",
		.path = "/example/..",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
		.signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{.name = "get-relative-relative-normalized",
		.method = "GET",
		.path = "/example1/example2/../..",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
		.signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{.name = "get-slash-dot-slash-normalized",
		.method = "GET",
		.path = "/./",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
		.signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{.name = "get-slash-normalized",
		.method = "GET",
		.path = "//",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
		.signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{.name = "get-slash-pointless-dot-normalized",
		.method = "GET",
		.path = "/./example",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"214d50c111a8edc4819da6a636336472c916b5240f51e9a51b5c3305180cf702",
		.signature = "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
	{.name = "get-slashes-normalized",
		.method = "GET",
		.path = "//example//",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"cb96b4ac96d501f7c5c15bc6d67b3035061cfced4af6585ad927f7e6c985c015",
		.signature = "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
	{.name = "get-space-normalized",
		.method = "GET",
		.path = "/example space/",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"63ee75631ed7234ae61b5f736dfc7754cdccfedbff4b5128a915706ee9390d86",
		.signature = "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
	{.name = "get-unreserved",
		.method = "GET",
		.path = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"6a968768eefaa713e2a6b16b589a8ea192661f098f37349f4e2c0082757446f9",
		.signature = "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	{.name = "get-utf8",
		.method = "GET",
		.path = "/\341\210\264",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"2a0a97d02205e45ce2e994789806b19270cfbbb0921b278ccf58f5249ac42102",
		.signature = "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
	{.name = "get-vanilla-empty-query-key",
		.method = "GET",
		.path = "/",
		.query = "Param1=value1",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"1e24db194ed7d0eec2de28d7369675a243488e08526e8c1c73571282f7c517ab",
		.signature = "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
	{.name = "get-vanilla-query-order-encoded",
		.method = "GET",
		.path = "/",
		.query = "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"868294f5c38bd141c4972a373a76654f1418a8e4fc18b2e7903ae45e8ae0ec71",
		.signature = "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
	{.name = "get-vanilla-query-order-key-case",
		.method = "GET",
		.path = "/",
		.query = "Param2=value2&Param1=value1",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"816cd5b414d056048ba4f7c5386d6e0533120fb1fcfa93762cf0fc39e2cf19e0",
		.signature = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	{.name = "get-vanilla-query-unreserved",
		.method = "GET",
		.path = "/",
		.query = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~"
			 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"c30d4703d9f799439be92736156d47ccfb2d879ddf56f5befa6d1d6aab979177",
		.signature = "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
	{.name = "get-vanilla-query",
		.method = "GET",
		.path = "/",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
		.signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{.name = "get-vanilla-utf8-query",
		.method = "GET",
		.path = "/",
		.query = "\341\210\264=bar",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"eb30c5bed55734080471a834cc727ae56beb50e5f39d1bff6d0d38cb192a7073",
		.signature = "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
	{.name = "get-vanilla-with-session-token",
		.method = "GET",
		.path = "/",
		.headers = {{"Host", "example.amazonaws.com"},
			{"X-Amz-Security-Token",
				"6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf19426"
				"7"}},
		.canonical_hash =
			"067b36aa60031588cea4a4cde1f21215227a047690c72247f1d70b32fbbfad2b",
		.signature = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
	{.name = "get-vanilla",
		.method = "GET",
		.path = "/",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
		.signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{.name = "post-header-key-case",
		.method = "POST",
		.path = "/",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"553f88c9e4d10fc9e109e2aeb65f030801b70c2f6468faca261d401ae622fc87",
		.signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{.name = "post-header-key-sort",
		.method = "POST",
		.path = "/",
		.headers = {{"Host", "example.amazonaws.com"}, {"My-Header1", "value1"}},
		.canonical_hash =
			"9368318c2967cf6de74404b30c65a91e8f6253e0a8659d6d5319f1a812f87d65",
		.signature = "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
	{.name = "post-header-value-case",
		.method = "POST",
		.path = "/",
		.headers = {{"Host", "example.amazonaws.com"}, {"My-Header1", "VALUE1"}},
		.canonical_hash =
			"d51ced243e649e3de6ef63afbbdcbca03131a21a7103a1583706a64618606a93",
		.signature = "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
	{.name = "post-sts-header-after",
		.method = "POST",
		.path = "/",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"553f88c9e4d10fc9e109e2aeb65f030801b70c2f6468faca261d401ae622fc87",
		.signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{.name = "post-sts-header-before",
		.method = "POST",
		.path = "/",
		.headers = {{"Host", "example.amazonaws.com"},
			{"X-Amz-Security-Token",
				"AQoDYXdzEPT//////////"
				"wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXm"
				"xfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"
				"kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXD"
				"vp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+"
				"xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
				"scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/"
				"oLxBA=="}},
		.canonical_hash =
			"c237e1b440d4c63c32ca95b5b99481081cb7b13c7e40434868e71567c1a882f6",
		.signature = "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
	{.name = "post-vanilla-empty-query-value",
		.method = "POST",
		.path = "/",
		.query = "Param1=value1",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"9d659678c1756bb3113e2ce898845a0a79dbbc57b740555917687f1b3340fbbd",
		.signature = "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
	{.name = "post-vanilla-query",
		.method = "POST",
		.path = "/",
		.query = "Param1=value1",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"9d659678c1756bb3113e2ce898845a0a79dbbc57b740555917687f1b3340fbbd",
		.signature = "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
	{.name = "post-vanilla",
		.method = "POST",
		.path = "/",
		.headers = {{"Host", "example.amazonaws.com"}},
		.canonical_hash =
			"553f88c9e4d10fc9e109e2aeb65f030801b70c2f6468faca261d401ae622fc87",
		.signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{.name = "post-x-www-form-urlencoded-parameters",
		.method = "POST",
		.path = "/",
		.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
			{"Host", "example.amazonaws.com"}, {"Content-Length", "13"},
			{"x-amz-content-sha256",
				"9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6"
				"e"}},
		.body = "Param1=value1",
		.canonical_hash =
			"a89f1a5b53e37702ee6363ce1da3ce8f54386f3c8f352ae652153c2982a0bc4d",
		.signature = "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"},
	{.name = "post-x-www-form-urlencoded",
		.method = "POST",
		.path = "/",
		.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
			{"Host", "example.amazonaws.com"}, {"Content-Length", "13"},
			{"x-amz-content-sha256",
				"9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6"
				"e"}},
		.body = "Param1=value1",
		.canonical_hash =
			"b1edd1d03544c25390e32085d55b57acc9a3961bb59415ff86c45c3d89d16cfb",
		.signature = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
};

static struct cfs_keys example_keys(void)
{
	struct cfs_keys keys = CFS_KEYS_INIT;

	assert_int_equal(cfs_secret_set(&keys.id, "AKIDEXAMPLE", 11), 0);
	assert_int_equal(cfs_secret_set(&keys.secret, SECRET, strlen(SECRET)), 0);
	return keys;
}

static struct cfs_sigv4_scope example_scope(void)
{
	struct cfs_sigv4_scope scope;

	assert_int_equal(cfs_sigv4_scope(NOW, "us-east-1", "service", &scope), 0);
	return scope;
}

/* The case as a request, with the date that the suite leaves to the signer. */
static struct cfs_sigv4_request known_request(
	const struct known *known, struct cfs_sigv4_header headers[CFS_SIGV4_HEADERS_MAX])
{
	struct cfs_sigv4_request request = {.method = known->method,
		.path = known->path,
		.query = known->query ? known->query : "",
		.headers = headers,
		.body = known->body ? known->body : "",
		.body_len = known->body ? strlen(known->body) : 0};

	for (size_t i = 0; i < N_ELEMENTS(known->headers) && known->headers[i].name; i++)
		headers[request.n_headers++] = known->headers[i];
	headers[request.n_headers++] =
		(struct cfs_sigv4_header){.name = "X-Amz-Date", .value = "20150830T123600Z"};
	return request;
}

static void test_scope_names_day_region_and_service(void **state)
{
	struct cfs_sigv4_scope scope = example_scope();
	char long_name[256];

	(void)state;
	assert_string_equal(scope.date, "20150830T123600Z");
	assert_string_equal(scope.text, "20150830/us-east-1/service/aws4_request");
	assert_int_equal(cfs_sigv4_scope(-1, "r", "s", &scope), -EINVAL);
	assert_int_equal(cfs_sigv4_scope(INT64_MAX, "r", "s", &scope), -EINVAL);
	memset(long_name, 'r', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(cfs_sigv4_scope(NOW, long_name, "s", &scope), -EINVAL);
	assert_string_equal(scope.date, "20150830T123600Z");
}

static void test_signing_key_is_the_known_one(void **state)
{
	static const char known[] =
		"938127b5336810ddb6a5d6af445fcac9e371f9ed418ed386b022aed82901be75";
	struct cfs_sigv4_scope scope = example_scope();
	struct cfs_keys keys = example_keys();
	unsigned char key[CFS_DIGEST_SIZE];
	char hex[3];

	(void)state;
	assert_int_equal(cfs_sigv4_signing_key(&keys, &scope, key), 0);
	for (size_t i = 0; i < sizeof(key); i++) {
		snprintf(hex, sizeof(hex), "%02x", key[i]);
		assert_memory_equal(hex, known + 2 * i, 2);
	}
	cfs_keys_finish(&keys);
}

static void test_canonical_request_is_visible(void **state)
{
	struct cfs_sigv4_header headers[CFS_SIGV4_HEADERS_MAX] = {
		{"X-Amz-Date", "20150830T123600Z"},
		{"Host", "  ec2.us-east-1.amazonaws.com\t"},
		{"Content-Type", "a;  b"},
		{"X-List", "1"},
		{"x-list", "2"},
	};
	struct cfs_sigv4_request request = {.method = "POST",
		.path = "/a%20b/./c/../\xc3\xa9",
		.query = "b=2&&a=%7e+%zz&a=&c",
		.headers = headers,
		.n_headers = 5,
		.body = "",
		.body_len = 0};
	struct cfs_buf canonical = CFS_BUF_INIT(4096), names = CFS_BUF_INIT(256);

	(void)state;
	assert_int_equal(cfs_sigv4_canonical_request(&request, &canonical, &names), 0);
	assert_string_equal(cfs_buf_text(&canonical),
		"POST\n"
		"/a%2520b/%C3%A9\n"
		"a=&a=~%2B%25zz&b=2&c=\n"
		"content-type:a; b\n"
		"host:ec2.us-east-1.amazonaws.com\n"
		"x-amz-date:20150830T123600Z\n"
		"x-list:1,2\n"
		"\n"
		"content-type;host;x-amz-date;x-list\n"
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_string_equal(cfs_buf_text(&names), "content-type;host;x-amz-date;x-list");
	cfs_buf_finish(&canonical);
	cfs_buf_finish(&names);
}

static void test_string_to_sign_is_visible(void **state)
{
	struct cfs_sigv4_scope scope = example_scope();
	struct cfs_buf canonical = CFS_BUF_INIT(16), text = CFS_BUF_INIT(4096);

	(void)state;
	assert_int_equal(cfs_sigv4_string_to_sign(&scope, &canonical, &text), 0);
	assert_string_equal(cfs_buf_text(&text),
		"AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	cfs_buf_finish(&text);
}

static void test_every_case_of_the_suite(void **state)
{
	struct cfs_sigv4_scope scope = example_scope();
	struct cfs_keys keys = example_keys();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(suite); i++) {
		struct cfs_sigv4_header headers[CFS_SIGV4_HEADERS_MAX];
		struct cfs_sigv4_request request = known_request(&suite[i], headers);
		struct cfs_buf canonical = CFS_BUF_INIT(65536), names = CFS_BUF_INIT(256);
		struct cfs_buf text = CFS_BUF_INIT(4096), value = CFS_BUF_INIT(4096);
		struct cfs_buf expected = CFS_BUF_INIT(4096);

		print_message("%s\n", suite[i].name);
		assert_int_equal(cfs_sigv4_canonical_request(&request, &canonical, &names), 0);
		assert_int_equal(cfs_sigv4_string_to_sign(&scope, &canonical, &text), 0);
		assert_string_equal(
			strrchr(cfs_buf_text(&text), '\n') + 1, suite[i].canonical_hash);
		assert_int_equal(cfs_sigv4_authorization(&request, &scope, &keys, &value), 0);
		assert_int_equal(
			cfs_buf_addf(&expected,
				"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/"
				"service/aws4_request, SignedHeaders=%s, Signature=%s",
				cfs_buf_text(&names), suite[i].signature),
			0);
		assert_string_equal(cfs_buf_text(&value), cfs_buf_text(&expected));
		cfs_buf_finish(&canonical);
		cfs_buf_finish(&names);
		cfs_buf_finish(&text);
		cfs_buf_finish(&value);
		cfs_buf_finish(&expected);
	}
	cfs_keys_finish(&keys);
}

static int canonical_of(const struct cfs_sigv4_request *request)
{
	struct cfs_buf canonical = CFS_BUF_INIT(CFS_SIGV4_TEXT_MAX), names = CFS_BUF_INIT(256);
	int r = cfs_sigv4_canonical_request(request, &canonical, &names);

	cfs_buf_finish(&canonical);
	cfs_buf_finish(&names);
	return r;
}

static void test_limits_are_errors_not_cuts(void **state)
{
	struct cfs_sigv4_header headers[CFS_SIGV4_HEADERS_MAX + 1];
	struct cfs_sigv4_request request = {
		.method = "GET", .path = "/", .query = "", .headers = headers, .body = ""};
	struct cfs_buf query = CFS_BUF_INIT(65536);

	(void)state;
	request.path = "relative";
	assert_int_equal(canonical_of(&request), -EINVAL);
	request.path = "/";
	for (size_t i = 0; i < N_ELEMENTS(headers); i++)
		headers[i] = (struct cfs_sigv4_header){"a", "b"};
	request.n_headers = N_ELEMENTS(headers);
	assert_int_equal(canonical_of(&request), -EFBIG);
	request.n_headers = CFS_SIGV4_HEADERS_MAX;
	assert_int_equal(canonical_of(&request), 0);
	for (int i = 0; i <= CFS_SIGV4_PARAMETERS_MAX; i++)
		assert_int_equal(cfs_buf_addf(&query, "p%d=1&", i), 0);
	request.query = cfs_buf_text(&query);
	assert_int_equal(canonical_of(&request), -EFBIG);
	cfs_buf_finish(&query);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scope_names_day_region_and_service),
		cmocka_unit_test(test_signing_key_is_the_known_one),
		cmocka_unit_test(test_canonical_request_is_visible),
		cmocka_unit_test(test_string_to_sign_is_visible),
		cmocka_unit_test(test_every_case_of_the_suite),
		cmocka_unit_test(test_limits_are_errors_not_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
