/* SPDX-License-Identifier: MIT */
#include "backends/base/digest.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "backends/base/buf.h"
#include "backends/base/hex.h"

int cfs_digest_sha256(const char *bytes, size_t len, char ret_hex[static CFS_DIGEST_HEX_SIZE])
{
	unsigned char digest[CFS_DIGEST_SIZE];

	if (EVP_Digest(len > 0 ? bytes : "", len, digest, NULL, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	cfs_hex_encode(digest, sizeof(digest), ret_hex);
	return 0;
}

int cfs_digest_hmac(const void *key, size_t key_len, const char *text, size_t len,
	unsigned char ret_mac[static CFS_DIGEST_SIZE])
{
	unsigned char mac[CFS_DIGEST_SIZE];

	if (!HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, len, mac, NULL))
		return -ENOMEM;
	memcpy(ret_mac, mac, sizeof(mac));
	OPENSSL_cleanse(mac, sizeof(mac));
	return 0;
}

int cfs_digest_derive_key(const char *prefix, const struct cfs_secret *secret,
	const char *const *parts, unsigned char ret_key[static CFS_DIGEST_SIZE])
{
	struct cfs_buf first = CFS_BUF_INIT(strlen(prefix) + secret->len);
	unsigned char key[CFS_DIGEST_SIZE];
	int r;

	r = cfs_buf_adds(&first, prefix);
	if (r == 0 && secret->len > 0)
		r = cfs_buf_add(&first, secret->data, secret->len);
	if (r == 0)
		r = cfs_digest_hmac(first.data, first.len, *parts, strlen(*parts), key);
	for (parts++; r == 0 && *parts; parts++)
		r = cfs_digest_hmac(key, sizeof(key), *parts, strlen(*parts), key);
	if (r == 0)
		memcpy(ret_key, key, sizeof(key));
	OPENSSL_cleanse(key, sizeof(key));
	cfs_buf_wipe(&first);
	return r;
}

int cfs_digest_sign(const unsigned char key[static CFS_DIGEST_SIZE], const char *text, size_t len,
	char ret_signature[static CFS_DIGEST_HEX_SIZE])
{
	unsigned char mac[CFS_DIGEST_SIZE];
	int r = cfs_digest_hmac(key, CFS_DIGEST_SIZE, text, len, mac);

	if (r == 0)
		cfs_hex_encode(mac, sizeof(mac), ret_signature);
	return r;
}
