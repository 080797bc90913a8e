#include "backends/base/digest.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

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
