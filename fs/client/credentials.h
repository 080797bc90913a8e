/*
 * The keyring of one cloud: its credentials, found by the backend's providers and kept fresh.
 *
 * What is held and what is under way are two things. Keys that are held serve until they expire; a
 * search for better ones goes on behind them. A search is begun by whoever asks, when
 *
 *   - there are no keys, or they have expired: then those who ask wait for it, all for the same;
 *   - they expire soon: within a quarter of an hour, or half of their life if that is shorter;
 *   - a file that they came from, or that was looked for, has changed;
 *   - the cloud refused them.
 *
 * Between two searches CFS_CREDENTIALS_PAUSE_MS pass, unless a file has changed, so that a burst of
 * opens makes one; what the user corrects works without a remount. An idle mount does nothing.
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
#define CFS_CREDENTIALS_EARLY 900 /* seconds before expiry at which keys are renewed */
#define CFS_CREDENTIALS_LOOKED_MAX \
	4096 /* bytes of the account of where credentials were looked for \
	      */

struct cfs_credentials;

/* settings, env and skew are borrowed for the keyring's life. 0 or -ENOMEM. */
int cfs_credentials_create(struct cfs_loop *loop, struct cfs_http *http,
	const struct cfs_backend *backend, const struct cfs_settings *settings,
	const struct cfs_env *env, struct cfs_cloud_clock *cloud_clock,
	struct cfs_credentials **ret_credentials);
/* Ends a search under way. Nobody may be waiting. */
void cfs_credentials_destroy(struct cfs_credentials *credentials);

/*
 * 1: *ret_keys are the keys, valid until control returns to the loop. 0: the wait is entered and
 * fn(arg, 0) called once, when asking again gives an answer. -EACCES: there are none, and
 * *ret_error says why and where they were looked for.
 */
int cfs_credentials_get(struct cfs_credentials *credentials, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, const struct cfs_keys **ret_keys,
	struct cfs_error *ret_error);

/* The cloud took the keys that are held. */
void cfs_credentials_worked(struct cfs_credentials *credentials);
/* The cloud refused the keys that are held, with that fault. If it took them within
 * CFS_CREDENTIALS_TRUST_MS and does not say that they have expired, it is not for the keys (a region
 * not opted in to), and no others are looked for. */
void cfs_credentials_refused(struct cfs_credentials *credentials, enum cfs_fault fault);

/* Where the keys held come from, "" when none are, and when they expire (INT64_MAX: never); and
 * where keys were looked for in the last search, one provider a line. */
const char *cfs_credentials_source(const struct cfs_credentials *credentials);
int64_t cfs_credentials_expires(const struct cfs_credentials *credentials);
/* Whether the last search found nothing configured anywhere, not even something wrong. */
bool cfs_credentials_absent(const struct cfs_credentials *credentials);
/* How the last search ended: CFS_OK if it found keys, or if there was none yet. */
enum cfs_fault cfs_credentials_fault(const struct cfs_credentials *credentials);
const char *cfs_credentials_looked(const struct cfs_credentials *credentials);

#endif
