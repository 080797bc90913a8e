/* SPDX-License-Identifier: MIT */
/*
 * The credentials of one cloud: finds keys through the backend's providers and renews them in time.
 *
 * The current keys are used until they expire, also while a search for new ones is in progress.
 * cfs_credentials_get starts a search when
 *
 *   - there are no keys, or they have expired: then all callers wait for the same search;
 *   - they expire soon: within a quarter of an hour, or half of their life if that is shorter;
 *   - a file that they came from, or that was looked for, has changed;
 *   - the cloud refused them.
 *
 * There are at least CFS_CREDENTIALS_PAUSE_MS between two searches, unless a file has changed, so
 * that a burst of opens causes one search and a corrected file works without a remount. An idle
 * mount does not search.
 */
#ifndef CFS_FS_CLIENT_CREDENTIALS_H
#define CFS_FS_CLIENT_CREDENTIALS_H

#include <stdbool.h>

#include "backends/contract/backend.h"
#include "fs/base/loop.h"
#include "fs/base/wait.h"
#include "fs/client/cloud_clock.h"

#define CFS_CREDENTIALS_PAUSE_MS 5000
#define CFS_CREDENTIALS_TRUST_MS 60000
#define CFS_CREDENTIALS_EARLY 900       /* seconds before expiry at which keys are renewed */
#define CFS_CREDENTIALS_LOOKED_MAX 4096 /* bytes of cfs_credentials_looked */

struct cfs_credentials;

/* All arguments are borrowed for the life of the credentials. 0 or -ENOMEM. */
int cfs_credentials_create(struct cfs_loop *loop, struct cfs_http *http,
	const struct cfs_backend *backend, const struct cfs_settings *settings,
	const struct cfs_env *env, struct cfs_cloud_clock *cloud_clock,
	struct cfs_credentials **ret_credentials);
/* Cancels a search in progress. No wait may be entered. Accepts NULL. */
void cfs_credentials_destroy(struct cfs_credentials *credentials);

/*
 * Gets the keys. 1: *ret_keys are the keys, valid until control returns to the loop. 0: a search is
 * in progress; the wait is entered, and fn(arg, 0) is called once when this function should be
 * called again. -EACCES: there are no keys; *ret_error says why and where they were looked for.
 */
int cfs_credentials_get(struct cfs_credentials *credentials, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, const struct cfs_keys **ret_keys,
	struct cfs_error *ret_error);

/* Reports how an attempt signed with the current keys has ended: CFS_OK, the cloud accepted them;
 * CFS_UNAUTHENTICATED, CFS_EXPIRED, CFS_CLOCK_SKEW, it refused them; another fault says nothing of
 * them. If it accepted them less than CFS_CREDENTIALS_TRUST_MS ago and does not say that they have
 * expired, the keys are not to blame (the account may not have opted in to a region) and no others
 * are searched for. */
void cfs_credentials_report(struct cfs_credentials *credentials, enum cfs_fault fault);

/* Takes the current keys out of what a cloud says (cfs_error_hide). */
void cfs_credentials_hide(const struct cfs_credentials *credentials, struct cfs_error *error);

/* Where the current keys come from, "" without keys. */
const char *cfs_credentials_source(const struct cfs_credentials *credentials);
/* When they expire, in seconds since the epoch. INT64_MAX: never. */
int64_t cfs_credentials_expires(const struct cfs_credentials *credentials);
/* Whether the last search found no credentials configured anywhere, not even invalid ones. */
bool cfs_credentials_absent(const struct cfs_credentials *credentials);
/* How the last search ended: CFS_OK if it found keys, or if there was no search yet. */
enum cfs_fault cfs_credentials_fault(const struct cfs_credentials *credentials);
/* Where the last search looked and what it found there, one provider a line. */
const char *cfs_credentials_looked(const struct cfs_credentials *credentials);

#endif
