#include "backends/base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

int cfs_secret_set(struct cfs_secret *ret_secret, const char *data, size_t len)
{
	char *copy;

	if (len > CFS_SECRET_MAX)
		return -EFBIG;
	copy = malloc(len + 1);
	if (!copy)
		return -ENOMEM;
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
	keys->expires = INT64_MAX;
}
