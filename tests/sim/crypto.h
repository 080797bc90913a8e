/* SPDX-License-Identifier: MIT */
/* Digests, MACs, random bytes and identifiers, over OpenSSL. */
#ifndef SIM_CRYPTO_H
#define SIM_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_SHA256_SIZE 32
#define SIM_SHA256_HEX 65 /* with the NUL */
#define SIM_UUID_SIZE 37

/* All return 0 or -EIO when the library refuses. */
int sim_crypto_sha256_hex(const void *data, size_t len, char ret_hex[SIM_SHA256_HEX]);
int sim_crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
	unsigned char ret_mac[SIM_SHA256_SIZE]);
int sim_crypto_random(void *ret_bytes, size_t len);
int sim_crypto_uuid(char ret_uuid[SIM_UUID_SIZE]); /* version 4, lower case */

void sim_crypto_hex(const unsigned char *bytes, size_t len, char *ret_hex); /* 2 * len + 1 */
bool sim_crypto_equal(
	const char *a, const char *b);   /* in a time that depends on the length alone */
uint64_t sim_crypto_mix(uint64_t value); /* splitmix64's finaliser: a good hash, no secret */

#endif
