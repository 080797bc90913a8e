/* SPDX-License-Identifier: MIT */
/*
 * Remembers the keys that requests are signed with, since to derive one takes longer than to sign
 * with it.
 *
 * The clouds want each signature made with a key that is derived from the secret for one day, one
 * region and one service. Such a key is a secret itself: it is kept with the keys that it is derived
 * from, in the same kind of memory, and wiped with them (cfs_keys_finish). What is remembered of one
 * day is wiped when the first key of another day is derived.
 */
#ifndef CFS_BACKENDS_BASE_SIGNING_KEYS_H
#define CFS_BACKENDS_BASE_SIGNING_KEYS_H

#include "backends/base/digest.h"
#include "backends/base/secret.h"

#define CFS_SIGNING_KEYS_MAX 16 /* remembered at a time: of so many regions */

/* From now on what is derived from these keys is remembered. For keys that many requests are signed
 * with. Without memory nothing is remembered, and each key is derived when it is needed. */
void cfs_signing_keys_remember(struct cfs_keys *keys);

/* The key that cfs_digest_derive_key derives from the secret, of which the first part is the day. It
 * is a secret, for the caller to cleanse. -ENOMEM. */
int cfs_signing_keys_get(const struct cfs_keys *keys, const char *prefix, const char *const *parts,
	unsigned char ret_key[static CFS_DIGEST_SIZE]);

#endif
