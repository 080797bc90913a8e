/*
 * Where Tencent Cloud's own tools keep keys, in the order in which the official SDKs look.
 *
 * Source: "Credential management" in the SDKs' documentation,
 * https://cloud.tencent.com/document/product/494/42698 and the SDKs themselves.
 */
#ifndef CFS_TENCENT_PROVIDERS_H
#define CFS_TENCENT_PROVIDERS_H

#include "backends/backend.h"

/* TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and, for temporary keys, TENCENTCLOUD_TOKEN or
 * TENCENTCLOUD_SESSION_TOKEN. Passed over when a profile is configured. */
extern const struct cfs_provider cfs_tencent_provider_environment;

/* TENCENTCLOUD_CREDENTIALS_FILE, or else the first of ~/.tencentcloud/credentials and
 * /etc/tencentcloud/credentials that exists: INI, secret_id, secret_key and token in the section
 * of the profile, or in `default`. */
extern const struct cfs_provider cfs_tencent_provider_file;

/* All, NULL-terminated. */
extern const struct cfs_provider *const cfs_tencent_providers[];

/* A state that only remembers what it was made with, which is all that a provider of one step
 * needs. */
struct cfs_provider_state {
	const struct cfs_settings *settings;
	const struct cfs_env *env;
};
int cfs_tencent_provider_create(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state);
void cfs_tencent_provider_destroy(struct cfs_provider_state *state);

/* Fills *ret_step wholly: absent or failed, and why, as one printable line. */
void cfs_tencent_provider_absent(struct cfs_step *ret_step, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void cfs_tencent_provider_failed(struct cfs_step *ret_step, enum cfs_fault fault,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Fills *ret_step wholly with keys that were found at `where`, or with a failure when they are no
 * keys: half a pair, or a byte that no key has and that would break a header. `id`, `secret` and
 * `token` are NULL or empty where nothing was found; one of the pair was.
 */
void cfs_tencent_provider_keys(struct cfs_step *ret_step, const char *where, const char *id,
	const char *secret, const char *token);

#endif
