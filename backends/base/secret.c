/* SPDX-License-Identifier: MIT */
#include "backends/base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/crypto.h>

/* What a secret of this length takes: whole pages, as memory is locked by pages, and two secrets in
 * one page would unlock each other. */
static size_t room_for(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page) / page * page;
}

int cfs_secret_set(struct cfs_secret *ret_secret, const char *data, size_t len)
{
	char *copy;

	if (len > CFS_SECRET_MAX)
		return -EFBIG;
	copy = aligned_alloc(room_for(0), room_for(len));
	if (!copy)
		return -ENOMEM;
	/* Past the limit of the process it may be swapped out, as everything else may. */
	(void)mlock(copy, room_for(len));
	if (len)
		memcpy(copy, data, len);
	copy[len] = '\0';
	/* Only now, since data may point into the secret itself. */
	cfs_secret_finish(ret_secret);
	*ret_secret = (struct cfs_secret){.data = copy, .len = len};
	return 0;
}

void cfs_secret_finish(struct cfs_secret *secret)
{
	if (!secret)
		return;
	if (secret->data) {
		OPENSSL_cleanse(secret->data, secret->len);
		(void)munlock(secret->data, room_for(secret->len));
		free(secret->data);
	}
	*secret = (struct cfs_secret){0};
}

static int set_text(struct cfs_secret *ret_secret, const char *text)
{
	return text ? cfs_secret_set(ret_secret, text, strlen(text)) : 0;
}

int cfs_keys_set(struct cfs_keys *ret_keys, const char *id, const char *secret, const char *token)
{
	int r = set_text(&ret_keys->id, id);

	cfs_secret_finish(&ret_keys->signing);
	if (r == 0)
		r = set_text(&ret_keys->secret, secret);
	return r == 0 ? set_text(&ret_keys->token, token) : r;
}

void cfs_keys_finish(struct cfs_keys *keys)
{
	if (!keys)
		return;
	cfs_secret_finish(&keys->id);
	cfs_secret_finish(&keys->secret);
	cfs_secret_finish(&keys->token);
	cfs_secret_finish(&keys->signing);
	keys->expires = INT64_MAX;
}
