/* SPDX-License-Identifier: MIT */
#include "crypto.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

void sim_crypto_hex(const unsigned char *bytes, size_t len, char *ret_hex)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		ret_hex[2 * i] = digits[bytes[i] >> 4];
		ret_hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_hex[2 * len] = '\0';
}

int sim_crypto_sha256_hex(const void *data, size_t len, char ret_hex[SIM_SHA256_HEX])
{
	unsigned char digest[SIM_SHA256_SIZE];
	unsigned int size = 0;
	if (EVP_Digest(data ? data : "", len, digest, &size, EVP_sha256(), NULL) != 1 ||
		size != sizeof(digest))
		return -EIO;
	sim_crypto_hex(digest, sizeof(digest), ret_hex);
	return 0;
}

int sim_crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
	unsigned char ret_mac[SIM_SHA256_SIZE])
{
	unsigned int size = 0;
	if (key_len > INT_MAX ||
		!HMAC(EVP_sha256(), key, (int)key_len, data, len, ret_mac, &size) ||
		size != SIM_SHA256_SIZE)
		return -EIO;
	return 0;
}

int sim_crypto_random(void *ret_bytes, size_t len)
{
	if (len > INT_MAX || RAND_bytes(ret_bytes, (int)len) != 1)
		return -EIO;
	return 0;
}

int sim_crypto_uuid(char ret_uuid[SIM_UUID_SIZE])
{
	unsigned char bytes[16];
	char hex[2 * sizeof(bytes) + 1];
	if (sim_crypto_random(bytes, sizeof(bytes)) < 0)
		return -EIO;
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	sim_crypto_hex(bytes, sizeof(bytes), hex);
	snprintf(ret_uuid, SIM_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
		hex + 16, hex + 20);
	return 0;
}

bool sim_crypto_equal(const char *a, const char *b)
{
	size_t len = strlen(a);
	return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
}

uint64_t sim_crypto_mix(uint64_t value)
{
	value += 0x9e3779b97f4a7c15u;
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
	value = (value ^ value >> 27) * 0x94d049bb133111ebu;
	return value ^ value >> 31;
}
