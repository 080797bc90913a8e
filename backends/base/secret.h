/* SPDX-License-Identifier: MIT */
/*
 * Secrets: the one type that holds them, and the one way to wipe them.
 *
 * A secret is bytes on the heap that nothing prints, locked in memory (mlock) so that they are not
 * swapped out, as far as RLIMIT_MEMLOCK allows, and overwritten by OPENSSL_cleanse before they are
 * freed. It takes a page: secrets are few, and kept for long. Keys derived from a secret are kept in
 * secrets too, or in local arrays that are cleansed before they go out of scope.
 */
#ifndef CFS_BACKENDS_BASE_SECRET_H
#define CFS_BACKENDS_BASE_SECRET_H

#include <stddef.h>
#include <stdint.h>

/* A session token of STS may be several kilobytes long; no real one comes near this. */
#define CFS_SECRET_MAX 16384

struct cfs_secret {
	char *data; /* NUL-terminated; NULL when there is none */
	size_t len;
};

/* Copies len bytes. -EFBIG past CFS_SECRET_MAX, -ENOMEM. What *ret_secret held is wiped. */
int cfs_secret_set(struct cfs_secret *ret_secret, const char *data, size_t len);
void cfs_secret_finish(struct cfs_secret *secret);

/* What requests are signed with. The access key id is not a secret, but is not shown either. */
struct cfs_keys {
	struct cfs_secret id;
	struct cfs_secret secret;
	struct cfs_secret token; /* temporary keys only */
	/* What is derived from the secret, if that is remembered: see signing_keys.h. */
	struct cfs_secret signing;
	int64_t expires; /* seconds since the epoch, INT64_MAX when they do not */
};

#define CFS_KEYS_INIT ((struct cfs_keys){.expires = INT64_MAX})

/* Sets id, secret and token; NULL: none. *ret_keys is initialised, and to be finished on failure
 * too. What was derived from another secret is wiped. -EFBIG, -ENOMEM. */
int cfs_keys_set(struct cfs_keys *ret_keys, const char *id, const char *secret, const char *token);
void cfs_keys_finish(struct cfs_keys *keys);

#endif
