/* SPDX-License-Identifier: MIT */
#include "backends/aws/keys/dpop.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>

#include "backends/base/base64.h"
#include "backends/base/json.h"
#include "backends/base/span.h"

/*
 * The key is read here and not by OpenSSL's decoders: those take dozens of kinds of keys, ask for
 * the password of an encrypted one on the terminal, and leave copies of it on the heap.
 */

#define COORDINATE 32 /* bytes of a number on the curve, and of the private key */
#define POINT (1 + 2 * COORDINATE)
#define DER_MAX 1024 /* bytes that a key takes, as DER */
#define ENCODED_MAX (CFS_AWS_DPOP_MAX / 2)
#define UUID_SIZE 37

enum { DER_INTEGER = 0x02, DER_OCTETS = 0x04, DER_SEQUENCE = 0x30, DER_PARAMETERS = 0xa0 };

static const unsigned char curve[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const unsigned char algorithm[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

struct der {
	const unsigned char *at;
	size_t left;
};

/* The key */

/* Takes the next value, if it is of that kind. */
static bool take(struct der *der, unsigned char tag, struct der *ret_value)
{
	size_t head = 2, len;

	if (der->left < head || der->at[0] != tag)
		return false;
	len = der->at[1];
	if (len == 0x81) {
		head = 3;
		if (der->left < head)
			return false;
		len = der->at[2];
	} else if (len == 0x82) {
		head = 4;
		if (der->left < head)
			return false;
		len = (size_t)der->at[2] << 8 | der->at[3];
	} else if (len > 0x7f) {
		return false;
	}
	if (len > der->left - head)
		return false;
	*ret_value = (struct der){.at = der->at + head, .left = len};
	der->at += head + len;
	der->left -= head + len;
	return true;
}

static bool is(const struct der *der, const unsigned char *bytes, size_t len)
{
	return der->left == len && memcmp(der->at, bytes, len) == 0;
}

static bool take_version(struct der *der, unsigned char version)
{
	struct der value;

	return take(der, DER_INTEGER, &value) && is(&value, &version, 1);
}

/* ECPrivateKey, whose public key is made anew. */
static bool read_ec(struct der der, bool curve_known, unsigned char ret_key[static COORDINATE])
{
	struct der body, key, parameters;

	if (!take(&der, DER_SEQUENCE, &body) || der.left > 0 || !take_version(&body, 1) ||
		!take(&body, DER_OCTETS, &key) || key.left > COORDINATE)
		return false;
	if (take(&body, DER_PARAMETERS, &parameters))
		curve_known = is(&parameters, curve, sizeof(curve));
	if (!curve_known)
		return false;
	memset(ret_key, 0, COORDINATE - key.left);
	memcpy(ret_key + COORDINATE - key.left, key.at, key.left);
	return true;
}

/* PrivateKeyInfo, or ECPrivateKey alone. */
static bool read_der(const struct cfs_buf *bytes, unsigned char ret_key[static COORDINATE])
{
	struct der whole = {.at = (const unsigned char *)bytes->data, .left = bytes->len};
	struct der der = whole, body, of, key;

	if (!take(&der, DER_SEQUENCE, &body))
		return false;
	if (!take_version(&body, 0))
		return read_ec(whole, false, ret_key);
	return der.left == 0 && take(&body, DER_SEQUENCE, &of) &&
		is(&of, algorithm, sizeof(algorithm)) && take(&body, DER_OCTETS, &key) &&
		read_ec(key, true, ret_key);
}

/* What stands between the lines that begin and end a key, decoded. */
static int read_pem(const char *pem, struct cfs_buf *der)
{
	static const char *const labels[] = {"EC PRIVATE KEY-----", "PRIVATE KEY-----"};
	struct cfs_base64 decoder = {0};
	const char *end;
	size_t len = 0;
	int r;

	pem += strspn(pem, " \t\r\n");
	if (strncmp(pem, "-----BEGIN ", 11) != 0)
		return -EBADMSG;
	pem += 11;
	for (size_t i = 0; len == 0 && i < sizeof(labels) / sizeof(labels[0]); i++) {
		if (strncmp(pem, labels[i], strlen(labels[i])) == 0)
			len = strlen(labels[i]);
	}
	pem += len;
	end = strstr(pem, "-----END ");
	if (len == 0 || !end)
		return -EBADMSG;
	r = cfs_base64_feed(&decoder, pem, (size_t)(end - pem), der);
	if (r == 0)
		r = cfs_base64_end(&decoder);
	return r == -EFBIG ? -EBADMSG : r;
}

static int read_key(const char *pem, unsigned char ret_key[static COORDINATE])
{
	struct cfs_buf der = CFS_BUF_INIT(DER_MAX);
	int r = read_pem(pem, &der);

	if (r == 0 && !read_der(&der, ret_key))
		r = -EBADMSG;
	cfs_buf_wipe(&der);
	return r;
}

/* The public key that goes with a private one, as a point in the form that is not compressed.
 * -EBADMSG for a number that is no private key. */
static int make_point(
	const unsigned char key[static COORDINATE], unsigned char ret_point[static POINT])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = group ? EC_POINT_new(group) : NULL;
	BIGNUM *number = BN_bin2bn(key, COORDINATE, NULL);
	int r = -ENOMEM;

	if (!point || !number)
		goto out;
	BN_set_flags(number, BN_FLG_CONSTTIME);
	if (BN_is_zero(number) || BN_cmp(number, EC_GROUP_get0_order(group)) >= 0)
		r = -EBADMSG;
	else if (EC_POINT_mul(group, point, number, NULL, NULL, NULL) == 1 &&
		EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret_point, POINT,
			NULL) == POINT)
		r = 0;
out:
	BN_clear_free(number);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return r;
}

static EVP_PKEY *make_pkey(unsigned char key[static COORDINATE], unsigned char point[static POINT])
{
	char group[] = SN_X9_62_prime256v1;
	unsigned char native[COORDINATE];
	BIGNUM *number = BN_bin2bn(key, COORDINATE, NULL);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, POINT),
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, sizeof(native)),
		OSSL_PARAM_construct_end(),
	};

	if (number && context && BN_bn2nativepad(number, native, sizeof(native)) > 0 &&
		EVP_PKEY_fromdata_init(context) == 1 &&
		EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, parameters) != 1)
		pkey = NULL;
	OPENSSL_cleanse(native, sizeof(native));
	BN_clear_free(number);
	EVP_PKEY_CTX_free(context);
	return pkey;
}

/* The proof */

/* Appends bytes in base64url without padding, RFC 7515 appendix C. */
static int add_base64url(struct cfs_buf *text, const void *bytes, size_t len)
{
	unsigned char encoded[4 * (ENCODED_MAX / 3 + 1) + 1];
	int n;

	if (len > ENCODED_MAX)
		return -EFBIG;
	n = EVP_EncodeBlock(encoded, bytes, (int)len);
	while (n > 0 && encoded[n - 1] == '=')
		n--;
	for (int i = 0; i < n; i++) {
		if (encoded[i] == '+')
			encoded[i] = '-';
		else if (encoded[i] == '/')
			encoded[i] = '_';
	}
	return cfs_buf_add(text, (const char *)encoded, (size_t)n);
}

/* {"alg":"ES256","typ":"dpop+jwt","jwk":{...}} */
static int add_header(struct cfs_buf *proof, const unsigned char point[static POINT])
{
	struct cfs_buf header = CFS_BUF_INIT(ENCODED_MAX);
	int r;

	cfs_buf_adds(&header,
		"{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\","
		"\"x\":\"");
	add_base64url(&header, point + 1, COORDINATE);
	cfs_buf_adds(&header, "\",\"y\":\"");
	add_base64url(&header, point + 1 + COORDINATE, COORDINATE);
	cfs_buf_adds(&header, "\"}}");
	r = cfs_buf_error(&header);
	if (r == 0)
		r = add_base64url(proof, header.data, header.len);
	cfs_buf_finish(&header);
	return r;
}

/* A UUID of version 4, RFC 9562. */
static void format_uuid(
	const unsigned char random[static CFS_AWS_DPOP_RANDOM], char ret_text[static UUID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[CFS_AWS_DPOP_RANDOM];
	char *at = ret_text;

	memcpy(bytes, random, sizeof(bytes));
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = digits[bytes[i] >> 4];
		*at++ = digits[bytes[i] & 0x0f];
	}
	*at = '\0';
}

/* {"jti":...,"htm":...,"htu":...,"iat":...} */
static int add_claims(struct cfs_buf *proof, const char *method, const char *url, int64_t now,
	const unsigned char random[static CFS_AWS_DPOP_RANDOM])
{
	struct cfs_buf text = CFS_BUF_INIT(ENCODED_MAX);
	cJSON *claims = cJSON_CreateObject();
	char uuid[UUID_SIZE];
	int r = -ENOMEM;

	format_uuid(random, uuid);
	if (claims && cJSON_AddStringToObject(claims, "jti", uuid) &&
		cJSON_AddStringToObject(claims, "htm", method) &&
		cJSON_AddStringToObject(claims, "htu", url) &&
		cJSON_AddNumberToObject(claims, "iat", (double)now))
		r = cfs_json_print(claims, &text);
	if (r == 0)
		r = add_base64url(proof, text.data, text.len);
	cJSON_Delete(claims);
	cfs_buf_finish(&text);
	return r;
}

/* Appends the signature of text[0..len): both its numbers, RFC 7518 section 3.4. */
static int add_signature(struct cfs_buf *proof, EVP_PKEY *pkey, const char *text, size_t len)
{
	unsigned char der[2 * COORDINATE + 16], both[2 * COORDINATE];
	const unsigned char *at = der;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	ECDSA_SIG *signature = NULL;
	size_t n = sizeof(der);
	int r = -ENOMEM;

	if (context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pkey) == 1 &&
		EVP_DigestSign(context, der, &n, (const unsigned char *)text, len) == 1)
		signature = d2i_ECDSA_SIG(NULL, &at, (long)n);
	if (signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), both, COORDINATE) > 0 &&
		BN_bn2binpad(ECDSA_SIG_get0_s(signature), both + COORDINATE, COORDINATE) > 0)
		r = add_base64url(proof, both, sizeof(both));
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(context);
	return r;
}

int cfs_aws_dpop_add(struct cfs_buf *proof, const char *pem, const char *method, const char *url,
	int64_t now, const unsigned char random[static CFS_AWS_DPOP_RANDOM])
{
	struct cfs_buf text = CFS_BUF_INIT(CFS_AWS_DPOP_MAX);
	unsigned char key[COORDINATE], point[POINT];
	EVP_PKEY *pkey = NULL;
	int r = read_key(pem, key);

	if (r == 0)
		r = make_point(key, point);
	if (r == 0) {
		pkey = make_pkey(key, point);
		if (!pkey)
			r = -ENOMEM;
	}
	OPENSSL_cleanse(key, sizeof(key));
	if (r == 0)
		r = add_header(&text, point);
	if (r == 0)
		r = cfs_buf_addc(&text, '.');
	if (r == 0)
		r = add_claims(&text, method, url, now, random);
	if (r == 0)
		r = cfs_buf_add(proof, text.data, text.len);
	if (r == 0)
		r = cfs_buf_addc(proof, '.');
	if (r == 0)
		r = add_signature(proof, pkey, text.data, text.len);
	EVP_PKEY_free(pkey);
	cfs_buf_finish(&text);
	return r;
}
