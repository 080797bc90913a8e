/* SPDX-License-Identifier: MIT */
#include "backends/base/signing_keys.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/crypto.h>

#define NAME_SIZE 192
#define DAY_SIZE 16

struct signing_key {
	char name[NAME_SIZE]; /* what it is derived for: "AWS4/20150830/us-east-1/..." */
	unsigned char key[CFS_DIGEST_SIZE];
};

/* What keys->signing holds. */
struct store {
	char day[DAY_SIZE];
	unsigned added;
	struct signing_key keys[CFS_SIGNING_KEYS_MAX];
};

void cfs_signing_keys_remember(struct cfs_keys *keys)
{
	static const struct store empty;

	(void)cfs_secret_set(&keys->signing, (const char *)&empty, sizeof(empty));
}

/* Returns whether the name fits. */
static bool format_name(const char *prefix, const char *const *parts, char ret_name[NAME_SIZE])
{
	char *at = ret_name, *end = ret_name + NAME_SIZE;
	size_t len;

	for (const char *part = prefix; part; part = *parts++) {
		len = strlen(part);
		if (len + sizeof("/") > (size_t)(end - at))
			return false;
		if (part != prefix)
			*at++ = '/';
		at = mempcpy(at, part, len);
	}
	*at = '\0';
	return true;
}

static const struct signing_key *find(const struct store *store, const char *name)
{
	for (size_t i = 0; i < CFS_SIGNING_KEYS_MAX; i++) {
		if (strcmp(store->keys[i].name, name) == 0)
			return &store->keys[i];
	}
	return NULL;
}

static void add(struct store *store, const char *day, const char *name,
	const unsigned char key[CFS_DIGEST_SIZE])
{
	struct signing_key *added;

	if (strncmp(store->day, day, DAY_SIZE) != 0) {
		OPENSSL_cleanse(store, sizeof(*store));
		memcpy(store->day, day, strnlen(day, DAY_SIZE));
	}
	added = &store->keys[store->added++ % CFS_SIGNING_KEYS_MAX];
	memcpy(added->name, name, strlen(name) + 1);
	memcpy(added->key, key, sizeof(added->key));
}

int cfs_signing_keys_get(const struct cfs_keys *keys, const char *prefix, const char *const *parts,
	unsigned char ret_key[static CFS_DIGEST_SIZE])
{
	/* On a page of its own, and so aligned. */
	struct store *store = (struct store *)(void *)keys->signing.data;
	const struct signing_key *known;
	char name[NAME_SIZE];
	int r;

	if (store && !format_name(prefix, parts, name))
		store = NULL;
	known = store ? find(store, name) : NULL;
	if (known) {
		memcpy(ret_key, known->key, CFS_DIGEST_SIZE);
		return 0;
	}
	r = cfs_digest_derive_key(prefix, &keys->secret, parts, ret_key);
	if (r == 0 && store)
		add(store, *parts, name, ret_key);
	return r;
}
