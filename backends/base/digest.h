/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 and HMAC-SHA-256, which the clouds' request signatures are made of.
 */
#ifndef CFS_BACKENDS_BASE_DIGEST_H
#define CFS_BACKENDS_BASE_DIGEST_H

#include <stddef.h>

#include "backends/base/secret.h"

#define CFS_DIGEST_SIZE 32 /* of either, in bytes */
#define CFS_DIGEST_HEX_SIZE (2 * CFS_DIGEST_SIZE + 1)

/* The digest of bytes[0..len) in hex. `bytes` may be NULL when there are none. -ENOMEM. */
int cfs_digest_sha256(const char *bytes, size_t len, char ret_hex[static CFS_DIGEST_HEX_SIZE]);

/* The key may lie where the result goes. -ENOMEM. */
int cfs_digest_hmac(const void *key, size_t key_len, const char *text, size_t len,
	unsigned char ret_mac[static CFS_DIGEST_SIZE]);

/*
 * A signing key: the HMAC of the first part under `prefix` and the secret, that of the second part
 * under the result, and so on; `parts` ends with NULL. The key is a secret, for the caller to
 * cleanse. -ENOMEM.
 */
int cfs_digest_derive_key(const char *prefix, const struct cfs_secret *secret,
	const char *const *parts, unsigned char ret_key[static CFS_DIGEST_SIZE]);

/* The HMAC of a text under such a key, in hex: the signature. -ENOMEM. */
int cfs_digest_sign(const unsigned char key[static CFS_DIGEST_SIZE], const char *text, size_t len,
	char ret_signature[static CFS_DIGEST_HEX_SIZE]);

#endif
