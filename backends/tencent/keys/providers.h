/*
 * Where Tencent Cloud's own tools keep keys, in the order in which they are tried here.
 *
 * There is no one order: the default chains of the SDKs for Python, Node and Java are environment,
 * credentials file, CVM role, TKE; that of Go has no TKE; tccli knows environment, its own
 * profiles, and TKE before those. Here what somebody has configured goes before what a machine has
 * by itself, and so the CVM role is last: a pod with an identity of its own never acts as its node.
 *
 * What is half configured is a failure and ends the search, where the SDKs quietly go on: keys of
 * another account than the one that was meant must not be used. A profile that the configuration
 * names (and not just TCCLI_PROFILE) passes over all that knows no profiles.
 *
 * Sources: "Credential management", https://cloud.tencent.com/document/product/494/42698, and the
 * SDKs and tccli themselves.
 */
#ifndef CFS_BACKENDS_TENCENT_KEYS_PROVIDERS_H
#define CFS_BACKENDS_TENCENT_KEYS_PROVIDERS_H

#include "backends/contract/backend.h"
#include "backends/tencent/keys/metadata.h"

/* A moment beyond which none is: the end of the year 9999. */
#define CFS_TENCENT_TIME_LIMIT INT64_C(253402300799)
#define CFS_TENCENT_WHERE_MAX 200 /* bytes of the name of a place where keys are */

/* TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and, for temporary keys, TENCENTCLOUD_TOKEN or
 * TENCENTCLOUD_SESSION_TOKEN. With TENCENTCLOUD_ROLE_ARN and TENCENTCLOUD_ROLE_SESSION_NAME, both,
 * they are those that the role is assumed with, as tccli has it. */
extern const struct cfs_provider cfs_tencent_provider_environment;

/* TENCENTCLOUD_CREDENTIALS_FILE, or else the first of ~/.tencentcloud/credentials and
 * /etc/tencentcloud/credentials that exists: INI, secret_id, secret_key and token in the section
 * of the profile, or in `default`. */
extern const struct cfs_provider cfs_tencent_provider_file;

/*
 * ~/.tccli/<profile>.credential, for the profile of backends/tencent/api/tccli_files.h. By its `type`:
 * `cvm-role` is the role of the machine; `oauth` (from `tccli auth login`) and `sso` hold temporary
 * keys, which are used until they expire: tccli renews them whenever it runs, and the change of its
 * file is noticed; any other holds keys. With role-arn the keys are those that this role is assumed
 * with; the variables of the environment's role go before it, but not in a named profile.
 */
extern const struct cfs_provider cfs_tencent_provider_tccli;

/* The identity of a pod in TKE: TKE_REGION, TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE and
 * TKE_ROLE_ARN, all of them. */
extern const struct cfs_provider cfs_tencent_provider_tke;

/* The role that is bound to the machine: backends/tencent/keys/metadata.h. */
extern const struct cfs_provider cfs_tencent_provider_cvm;

/* All, NULL-terminated. */
extern const struct cfs_provider *const cfs_tencent_providers[];

/* The one state of all providers: what it was made with, and what has been asked. */
struct cfs_provider_state {
	const struct cfs_settings *settings;
	const struct cfs_env *env;
	char where[CFS_TENCENT_WHERE_MAX]; /* that STS was asked for; "" at first */
	struct cfs_tencent_metadata metadata;
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
 * Fills *ret_step wholly with a service's refusal. Only its code is shown: its message may quote
 * what was sent. The fault is that of the code where this is about time, limits and the service
 * itself; anything else is CFS_UNAUTHENTICATED, as no key came of it.
 */
void cfs_tencent_provider_refused(struct cfs_step *ret_step, const char *where, const char *service,
	const struct cfs_error *error);

/* Whether the text is graphic ASCII, as keys and names are. */
bool cfs_tencent_provider_is_key(const char *text);

/*
 * Fills *ret_step wholly with keys that were found at `where`, or with a failure when they are no
 * keys: half a pair, or a byte that no key has and that would break a header. `id`, `secret` and
 * `token` are NULL or empty where nothing was found; one of the pair was.
 */
void cfs_tencent_provider_keys(struct cfs_step *ret_step, const char *where, const char *id,
	const char *secret, const char *token);

/* The same for keys that expire, which have a token. Those that have expired are a failure:
 * CFS_CLOCK_SKEW if the giver's `date` (0: unknown) is far from `now`, else CFS_EXPIRED. */
void cfs_tencent_provider_temporary(struct cfs_step *ret_step, const char *where, const char *id,
	const char *secret, const char *token, int64_t expires, int64_t now, int64_t date);

#endif
