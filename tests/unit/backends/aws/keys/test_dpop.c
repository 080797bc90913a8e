/* SPDX-License-Identifier: MIT */
/* backends/aws/keys/dpop.h: the proof is a JWT that the key in its header verifies. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "tests/unit/support/aws_chain.h"

#include "backends/aws/keys/dpop.h"

/* Made by openssl ecparam and openssl pkcs8; a key of nobody's. */
#define BODY \
	"MHcCAQEEIJDbLHe3A1ii+6W3S0cfRd9qbWq2B06HhfPQO8M6zP3LoAoGCCqGSM49\n" \
	"AwEHoUQDQgAEibvnCllburQoVTUeq4+emVCc72UihHnxrTgmBbrWgS2aEZeI9vir\n" \
	"DevuhMnSSFaSIRiO1v9jIKGtLPt8RRFWVQ==\n"
#define SEC1 "-----BEGIN EC PRIVATE KEY-----\n" BODY "-----END EC PRIVATE KEY-----\n"
#define PKCS8 \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkNssd7cDWKL7pbdL\n" \
	"Rx9F32ptarYHToeF89A7wzrM/cuhRANCAASJu+cKWVu6tChVNR6rj56ZUJzvZSKE\n" \
	"efGtOCYFutaBLZoRl4j2+KsN6+6EydJIVpIhGI7W/2Mgoa0s+3xFEVZV\n" \
	"-----END PRIVATE KEY-----"
#define X "ibvnCllburQoVTUeq4-emVCc72UihHnxrTgmBbrWgS0"
#define Y "mhGXiPb4qw3r7oTJ0khWkiEYjtb_YyChrSz7fEURVlU"
#define HEADER \
	"{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\"," \
	"\"x\":\"" X "\",\"y\":\"" Y "\"}}"
#define URL "https://us-east-1.signin.aws.amazon.com/v1/token"
#define POINT 65
#define NUMBER 32

static const unsigned char random_bytes[CFS_AWS_DPOP_RANDOM] = {
	0xff, 1, 2, 3, 4, 5, 0xff, 7, 0xff, 9, 10, 11, 12, 13, 14, 15};

/* Decodes base64url up to the end or the next dot, and returns the length. */
static size_t decode(const char *text, unsigned char *ret_bytes)
{
	char padded[1024];
	size_t len = strcspn(text, "."), pad;
	int n;

	assert_true(len > 0 && len < sizeof(padded) - 4);
	assert_int_equal(
		strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
		len);
	memcpy(padded, text, len);
	for (size_t i = 0; i < len; i++)
		padded[i] = (char)(padded[i] == '-' ? '+' : padded[i] == '_' ? '/' : padded[i]);
	pad = (4 - len % 4) % 4;
	memcpy(padded + len, "===", pad);
	n = EVP_DecodeBlock(ret_bytes, (unsigned char *)padded, (int)(len + pad));
	assert_true(n > 0);
	ret_bytes[(size_t)n - pad] = '\0';
	return (size_t)n - pad;
}

static EVP_PKEY *public_key(void)
{
	unsigned char point[POINT + 4] = {4};
	char group[] = "prime256v1";
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, POINT),
		OSSL_PARAM_construct_end(),
	};

	assert_int_equal(decode(X, point + 1), NUMBER);
	assert_int_equal(decode(Y, point + 1 + NUMBER), NUMBER);
	assert_non_null(context);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters), 1);
	EVP_PKEY_CTX_free(context);
	return pkey;
}

static void assert_signed(const char *text, size_t len, const unsigned char both[2 * NUMBER])
{
	ECDSA_SIG *signature = ECDSA_SIG_new();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY *pkey = public_key();
	unsigned char *der = NULL;
	int n;

	assert_int_equal(ECDSA_SIG_set0(signature, BN_bin2bn(both, NUMBER, NULL),
				 BN_bin2bn(both + NUMBER, NUMBER, NULL)),
		1);
	n = i2d_ECDSA_SIG(signature, &der);
	assert_true(n > 0);
	assert_int_equal(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, pkey), 1);
	assert_int_equal(
		EVP_DigestVerify(context, der, (size_t)n, (const unsigned char *)text, len), 1);
	OPENSSL_free(der);
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
}

static void test_the_proof_is_what_rfc_9449_says(void **state)
{
	static const char *const pems[] = {SEC1, PKCS8,
		/* Without the public key; with the parameters before it; lines of another system. */
		"-----BEGIN EC PRIVATE KEY-----\n"
		"MDECAQEEIJDbLHe3A1ii+6W3S0cfRd9qbWq2B06HhfPQO8M6zP3LoAoGCCqGSM49\nAwEH\n"
		"-----END EC PRIVATE KEY-----\n",
		"\r\n-----BEGIN EC PRIVATE KEY-----\r\n" BODY "\r\n-----END EC PRIVATE KEY-----"};
	unsigned char bytes[1024];

	(void)state;
	for (size_t i = 0; i < 8 * N_ELEMENTS(pems); i++) {
		struct cfs_buf proof = CFS_BUF_INIT(CFS_AWS_DPOP_MAX);
		const char *text, *claims, *signature;

		assert_int_equal(cfs_aws_dpop_add(&proof, pems[i % N_ELEMENTS(pems)], "POST", URL,
					 NOW, random_bytes),
			0);
		text = cfs_buf_text(&proof);
		decode(text, bytes);
		assert_string_equal((char *)bytes, HEADER);
		claims = strchr(text, '.') + 1;
		decode(claims, bytes);
		assert_string_equal((char *)bytes,
			"{\"jti\":\"ff010203-0405-4f07-bf09-0a0b0c0d0e0f\",\"htm\":\"POST\","
			"\"htu\":\"" URL "\",\"iat\":1715000000}");
		signature = strchr(claims, '.') + 1;
		assert_null(strchr(signature, '.'));
		assert_int_equal(decode(signature, bytes), 2 * NUMBER);
		assert_signed(text, (size_t)(signature - text) - 1, bytes);
		cfs_buf_finish(&proof);
	}
}

static void test_what_is_no_key_is_refused(void **state)
{
	static const char *const bad[] = {"", "k", "-----BEGIN EC PRIVATE KEY-----",
		"-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n",
		"-----BEGIN EC PRIVATE KEY-----\n" BODY, BODY,
		"-----BEGIN PUBLIC KEY-----\n" BODY "-----END PUBLIC KEY-----\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" BODY
		"-----END ENCRYPTED PRIVATE KEY-----\n",
		"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n" BODY
		"-----END EC PRIVATE KEY-----\n",
		/* P-384; explicit parameters; 0; the order of the group; one byte too few, too many. */
		"-----BEGIN EC PRIVATE KEY-----\n"
		"MIGkAgEBBDASNRA6wCSY+fg28k2rNWiAkFa8rxJUcYYblgKDsm+WjPQORJrcClWj\n"
		"ENw7/0otXgegBwYFK4EEACKhZANiAAQGGDqeTDXICo8p+FWOnrdn+Vk/dvoOViBG\n"
		"ohMXIAyZsPkwuaGuhNFONwOmyoDOhGwTBleS81DMfEbvc3mjsOD2OfrFk7CsWgKT\n"
		"hSLMaOy1JkjCAo3+9LJ6/PnE63e5084=\n-----END EC PRIVATE KEY-----\n",
		"-----BEGIN EC PRIVATE KEY-----\n"
		"MIIBaAIBAQQgiuNVKPTx6dqWg8SJtuMYFJtOFmhdm4Em2Gk7rwVETXqggfowgfcC\n"
		"AQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAAAAAAAAAAAAAA////////////////\n"
		"-----END EC PRIVATE KEY-----\n",
		"-----BEGIN EC PRIVATE KEY-----\n"
		"MDECAQEEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAoGCCqGSM49\nAwEH\n"
		"-----END EC PRIVATE KEY-----\n",
		"-----BEGIN EC PRIVATE KEY-----\n"
		"MDECAQEEIP////8AAAAA//////////+85vqtpxeehPO5ysL8YyVRoAoGCCqGSM49\nAwEH\n"
		"-----END EC PRIVATE KEY-----\n",
		"-----BEGIN EC PRIVATE KEY-----\n"
		"MDECAQEEIJDbLHe3A1ii+6W3S0cfRd9qbWq2B06HhfPQO8M6zP3LoAoGCCqGSM49\nAw==\n"
		"-----END EC PRIVATE KEY-----\n",
		"-----BEGIN EC PRIVATE KEY-----\n"
		"MDECAQEEIJDbLHe3A1ii+6W3S0cfRd9qbWq2B06HhfPQO8M6zP3LoAoGCCqGSM49\nAwEHAA==\n"
		"-----END EC PRIVATE KEY-----\n"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		struct cfs_buf proof = CFS_BUF_INIT(CFS_AWS_DPOP_MAX);

		assert_int_equal(
			cfs_aws_dpop_add(&proof, bad[i], "POST", URL, NOW, random_bytes), -EBADMSG);
		assert_int_equal(proof.len, 0);
		cfs_buf_finish(&proof);
	}
}

/* Every byte of a key replaced, and every end cut off: either a key or none, and no more is read than there is. */
static void test_a_damaged_key_is_read_to_its_end_at_most(void **state)
{
	static const unsigned char values[] = {0x00, 0x02, 0x30, 0x7f, 0x80, 0x81, 0x82, 0xff};
	unsigned char der[256];
	char *pem;
	int n;

	(void)state;
	n = EVP_DecodeBlock(der,
		(const unsigned char *)"MDECAQEEIJDbLHe3A1ii+6W3S0cfRd9qbWq2B06HhfPQO8M6zP"
				       "3LoAoGCCqGSM49AwEH",
		68);
	assert_int_equal(n, 51);
	for (int i = 0; i < n; i++) {
		for (size_t j = 0; j <= N_ELEMENTS(values); j++) {
			struct cfs_buf proof = CFS_BUF_INIT(CFS_AWS_DPOP_MAX);
			unsigned char copy[64], text[128];
			int len = j < N_ELEMENTS(values) ? n : i, r;

			memcpy(copy, der, (size_t)n);
			if (j < N_ELEMENTS(values))
				copy[i] = values[j];
			EVP_EncodeBlock(text, copy, len);
			assert_true(asprintf(&pem,
					    "-----BEGIN EC PRIVATE KEY-----\n%s\n"
					    "-----END EC PRIVATE KEY-----\n",
					    (char *)text) > 0);
			r = cfs_aws_dpop_add(&proof, pem, "POST", URL, NOW, random_bytes);
			assert_true(r == 0 || r == -EBADMSG);
			assert_true(j < N_ELEMENTS(values) || r == -EBADMSG);
			free(pem);
			cfs_buf_finish(&proof);
		}
	}
}

static void test_a_proof_that_does_not_fit_is_refused(void **state)
{
	struct cfs_buf small = CFS_BUF_INIT(100), proof = CFS_BUF_INIT(CFS_AWS_DPOP_MAX);
	char url[4096];

	(void)state;
	assert_int_equal(cfs_aws_dpop_add(&small, SEC1, "POST", URL, NOW, random_bytes), -EFBIG);
	memset(url, 'x', sizeof(url) - 1);
	url[sizeof(url) - 1] = '\0';
	assert_int_equal(cfs_aws_dpop_add(&proof, SEC1, "POST", url, NOW, random_bytes), -EFBIG);
	cfs_buf_finish(&small);
	cfs_buf_finish(&proof);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_proof_is_what_rfc_9449_says),
		cmocka_unit_test(test_what_is_no_key_is_refused),
		cmocka_unit_test(test_a_damaged_key_is_read_to_its_end_at_most),
		cmocka_unit_test(test_a_proof_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
