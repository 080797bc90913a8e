/* SPDX-License-Identifier: MIT */
#include "proof.h"

#include "crypto.h"

#include <cjson/cJSON.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PART_MAX 2048 /* bytes of a part, decoded */
#define NUMBER 32     /* bytes of a number on P-256 */
#define POINT (1 + 2 * NUMBER)
#define NUMBER_TEXT 43 /* the same in base64url */

/* Decodes base64url without padding. The length, or -1. */
static int decode(const char *text, size_t len, unsigned char ret_bytes[PART_MAX + 3])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	int n = 0;
	if (len == 0 || len % 4 == 1 || len / 4 * 3 + 2 > PART_MAX)
		return -1;
	for (size_t i = 0; i < len; i++) {
		const char *digit = strchr(digits, text[i]);
		if (!digit || !*digit)
			return -1;
		bits = bits << 6 | (uint32_t)(digit - digits);
		if (i % 4 != 0)
			ret_bytes[n++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
	}
	ret_bytes[n] = '\0';
	/* Bits that no encoder sets. */
	if ((len % 4 == 2 && bits & 15) || (len % 4 == 3 && bits & 3))
		return -1;
	return n;
}

static cJSON *decode_object(const char *text, size_t len)
{
	unsigned char bytes[PART_MAX + 3];
	int n = decode(text, len, bytes);
	cJSON *object = n < 0 ? NULL : cJSON_ParseWithLength((char *)bytes, (size_t)n);
	if (cJSON_IsObject(object))
		return object;
	cJSON_Delete(object);
	return NULL;
}

static const char *get(const cJSON *object, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsString(value) ? value->valuestring : "";
}

/* Verifies the signature of text[0..len) with a point's key. */
static bool is_signed(const unsigned char point[POINT], const char *text, size_t len,
	const unsigned char both[2 * NUMBER])
{
	char group[] = "prime256v1";
	unsigned char copy[POINT], *der = NULL;
	memcpy(copy, point, POINT);
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, POINT),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	ECDSA_SIG *signature = ECDSA_SIG_new();
	EVP_PKEY *pkey = NULL;
	bool good = false;
	BIGNUM *r = BN_bin2bn(both, NUMBER, NULL), *s = BN_bin2bn(both + NUMBER, NUMBER, NULL);
	if (signature && ECDSA_SIG_set0(signature, r, s) == 1)
		r = s = NULL; /* they are the signature's now */
	int n = signature && !r ? i2d_ECDSA_SIG(signature, &der) : 0;
	if (context && digest && n > 0 && EVP_PKEY_fromdata_init(context) == 1 &&
		EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) == 1 &&
		EVP_DigestVerifyInit(digest, NULL, EVP_sha256(), NULL, pkey) == 1)
		good = EVP_DigestVerify(digest, der, (size_t)n, (const unsigned char *)text, len) ==
			1;
	OPENSSL_free(der);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(signature);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(context);
	EVP_MD_CTX_free(digest);
	return good;
}

/* The key in the header, as a point and as its thumbprint. */
static bool read_key(
	const cJSON *header, unsigned char ret_point[POINT], char ret_key[SIM_PROOF_KEY_SIZE])
{
	const cJSON *jwk = cJSON_GetObjectItemCaseSensitive(header, "jwk");
	const char *x = get(jwk, "x"), *y = get(jwk, "y");
	unsigned char bytes[PART_MAX + 3], digest[SIM_SHA256_SIZE], text[SIM_PROOF_KEY_SIZE + 4];
	char canonical[256];
	unsigned size = 0;
	/* The private half is nobody else's business. */
	if (strcmp(get(jwk, "kty"), "EC") != 0 || strcmp(get(jwk, "crv"), "P-256") != 0 ||
		cJSON_HasObjectItem(jwk, "d") || strlen(x) != NUMBER_TEXT ||
		strlen(y) != NUMBER_TEXT)
		return false;
	ret_point[0] = POINT_CONVERSION_UNCOMPRESSED;
	if (decode(x, NUMBER_TEXT, bytes) != NUMBER)
		return false;
	memcpy(ret_point + 1, bytes, NUMBER);
	if (decode(y, NUMBER_TEXT, bytes) != NUMBER)
		return false;
	memcpy(ret_point + 1 + NUMBER, bytes, NUMBER);
	snprintf(canonical, sizeof(canonical),
		"{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
	if (EVP_Digest(canonical, strlen(canonical), digest, &size, EVP_sha256(), NULL) != 1)
		return false;
	EVP_EncodeBlock(text, digest, sizeof(digest));
	for (size_t i = 0; i + 1 < SIM_PROOF_KEY_SIZE; i++)
		ret_key[i] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
	ret_key[SIM_PROOF_KEY_SIZE - 1] = '\0';
	return true;
}

static const char *check_claims(const cJSON *claims, const char *method, const char *url,
	int64_t now_ms, const struct sim_proofs *proofs, struct sim_proof *ret_proof)
{
	const cJSON *iat = cJSON_GetObjectItemCaseSensitive(claims, "iat");
	const char *id = get(claims, "jti");
	double off = cJSON_IsNumber(iat) ? iat->valuedouble - (double)now_ms / 1000 : 1e9;
	if (!claims)
		return "its claims cannot be read";
	if (strcmp(get(claims, "htm"), method) != 0)
		return "htm is not the method";
	if (strcmp(get(claims, "htu"), url) != 0)
		return "htu is not the URL";
	if (!(off >= -SIM_PROOF_SECONDS && off <= SIM_PROOF_SECONDS))
		return "iat is not now";
	if (!*id || strlen(id) >= SIM_PROOF_ID_SIZE)
		return "jti is missing or too long";
	for (size_t i = 0; i < SIM_PROOFS_MAX; i++) {
		if (strcmp(proofs->ids[i], id) == 0)
			return "jti was used before";
	}
	snprintf(ret_proof->id, sizeof(ret_proof->id), "%s", id);
	return NULL;
}

const char *sim_proof_verify(const char *text, const char *method, const char *url, int64_t now_ms,
	struct sim_proofs *proofs, struct sim_proof *ret_proof)
{
	const char *first = text ? strchr(text, '.') : NULL;
	const char *second = first ? strchr(first + 1, '.') : NULL;
	unsigned char point[POINT], both[PART_MAX + 3];
	if (!second || strchr(second + 1, '.'))
		return "it is missing or not of three parts";
	cJSON *header = decode_object(text, (size_t)(first - text));
	cJSON *claims = decode_object(first + 1, (size_t)(second - first) - 1);
	const char *wrong = NULL;
	if (!header || strcmp(get(header, "typ"), "dpop+jwt") != 0 ||
		strcmp(get(header, "alg"), "ES256") != 0)
		wrong = "its header is not one of dpop+jwt and ES256";
	else if (!read_key(header, point, ret_proof->key))
		wrong = "its jwk is not a public key on P-256";
	else if (decode(second + 1, strlen(second + 1), both) != 2 * NUMBER ||
		!is_signed(point, text, (size_t)(second - text), both))
		wrong = "its signature does not match";
	else
		wrong = check_claims(claims, method, url, now_ms, proofs, ret_proof);
	cJSON_Delete(header);
	cJSON_Delete(claims);
	if (wrong)
		return wrong;
	snprintf(proofs->ids[proofs->next], SIM_PROOF_ID_SIZE, "%s", ret_proof->id);
	proofs->next = (proofs->next + 1) % SIM_PROOFS_MAX;
	return NULL;
}
