/* SPDX-License-Identifier: MIT */
#include "backends/contract/json_keys.h"

#include <errno.h>

#include "backends/base/json.h"
#include "backends/base/time.h"

#define TIME_LIMIT INT64_C(253402300799) /* the end of the year 9999 */

static bool read_time(const struct cfs_json_keys *names, const cJSON *object, int64_t *ret_expires)
{
	const char *text;

	switch (names->time) {
	case CFS_JSON_KEYS_SECONDS:
		return cfs_json_count(object, names->expires, TIME_LIMIT, ret_expires);
	case CFS_JSON_KEYS_MILLISECONDS:
		if (!cfs_json_count(object, names->expires, 1000 * TIME_LIMIT, ret_expires))
			return false;
		*ret_expires /= 1000;
		return true;
	case CFS_JSON_KEYS_ISO8601:
		break;
	}
	text = cfs_json_filled(object, names->expires);
	if (!text)
		return names->may_last;
	return cfs_time_parse_iso8601(text, ret_expires) == 0;
}

int cfs_json_keys_read(
	const struct cfs_json_keys *names, const cJSON *object, struct cfs_keys *ret_keys)
{
	const cJSON *inner = names->within ? cfs_json_object(object, names->within) : object;
	const char *id = cfs_json_filled(inner, names->id);
	const char *secret = cfs_json_filled(inner, names->secret);
	const char *token = cfs_json_filled(inner, names->token);
	struct cfs_keys keys = CFS_KEYS_INIT;
	int r;

	if (!id || !secret || (!token && !names->may_last) ||
		!read_time(names, object, &keys.expires))
		return -EBADMSG;
	r = cfs_keys_set(&keys, id, secret, token);
	if (r < 0) {
		cfs_keys_finish(&keys);
		return r;
	}
	*ret_keys = keys;
	return 0;
}
