/* SPDX-License-Identifier: MIT */
/*
 * Reads keys from a JSON object, as the services of all clouds give them out.
 */
#ifndef CFS_BACKENDS_CONTRACT_JSON_KEYS_H
#define CFS_BACKENDS_CONTRACT_JSON_KEYS_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "backends/base/secret.h"

/* The names of the members, which differ from service to service, and how the time is written. */
struct cfs_json_keys {
	const char *within; /* the object in it that has all but the time; NULL: itself */
	const char *id, *secret, *token, *expires;
	enum { CFS_JSON_KEYS_ISO8601, CFS_JSON_KEYS_SECONDS, CFS_JSON_KEYS_MILLISECONDS } time;
	bool may_last; /* the token may be absent, and a time of ISO 8601 too */
};

/* -EBADMSG when a member is absent, empty or of another type, -EFBIG, -ENOMEM. */
int cfs_json_keys_read(
	const struct cfs_json_keys *names, const cJSON *object, struct cfs_keys *ret_keys);

#endif
