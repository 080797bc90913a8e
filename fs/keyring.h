/*
 * The keyring of one cloud: its credentials, found by the backend's providers and kept until they
 * expire or the cloud refuses them.
 *
 * States: empty -> searching -> held, or searching -> failed. Everybody who asks while a search is
 * under way waits for that one. A failure is remembered for CFS_KEYRING_PAUSE_MS, so that a burst
 * of opens makes one search; keys that the cloud refused are dropped and looked for again after the
 * same pause, so that corrected credentials work without a remount.
 */
#ifndef CFS_KEYRING_H
#define CFS_KEYRING_H

#include <stdbool.h>

#include "backends/backend.h"
#include "fs/loop.h"
#include "fs/wait.h"

#define CFS_KEYRING_PAUSE_MS 5000
#define CFS_KEYRING_LOOKED_MAX 2048 /* bytes of the account of where credentials were looked for \
				     */

struct cfs_keyring;

/* settings and env are borrowed for the keyring's life. 0 or -ENOMEM. */
int cfs_keyring_create(struct cfs_loop *loop, struct cfs_http *http,
	const struct cfs_backend *backend, const struct cfs_settings *settings,
	const struct cfs_env *env, struct cfs_keyring **ret_keyring);
void cfs_keyring_destroy(struct cfs_keyring *keyring);

/*
 * 1: *ret_keys are the keys, valid until control returns to the loop. 0: the wait is entered and
 * fn(arg, 0) called once, when asking again gives an answer. -EACCES: there are none, and
 * *ret_error says why and where they were looked for.
 */
int cfs_keyring_get(struct cfs_keyring *keyring, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, const struct cfs_keys **ret_keys,
	struct cfs_error *ret_error);

/* The cloud refused the keys that are held. */
void cfs_keyring_refused(struct cfs_keyring *keyring);

/* Where the keys held come from, or "" when none are; and where they were looked for, one provider
 * a line. */
const char *cfs_keyring_source(const struct cfs_keyring *keyring);
const char *cfs_keyring_looked(const struct cfs_keyring *keyring);

#endif
