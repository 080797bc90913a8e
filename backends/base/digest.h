/*
 * SHA-256 and HMAC-SHA-256, of which the clouds' signatures are made.
 */
#ifndef CFS_BACKENDS_BASE_DIGEST_H
#define CFS_BACKENDS_BASE_DIGEST_H

#include <stddef.h>

#define CFS_DIGEST_SIZE 32 /* of either, in bytes */
#define CFS_DIGEST_HEX_SIZE (2 * CFS_DIGEST_SIZE + 1)

/* The digest of bytes[0..len) in hex. `bytes` may be NULL when there are none. -ENOMEM. */
int cfs_digest_sha256(const char *bytes, size_t len, char ret_hex[static CFS_DIGEST_HEX_SIZE]);

/* The key may lie where the result goes. -ENOMEM. */
int cfs_digest_hmac(const void *key, size_t key_len, const char *text, size_t len,
	unsigned char ret_mac[static CFS_DIGEST_SIZE]);

#endif
