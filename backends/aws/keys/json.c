#include "backends/aws/keys/json.h"

#include <errno.h>

#include <cjson/cJSON.h>

#include "backends/aws/keys/machine.h"
#include "backends/base/json.h"
#include "backends/base/time.h"

struct cJSON *cfs_aws_json_parse(const char *text, size_t len)
{
	cJSON *json;

	return cfs_json_parse_object(text, len, &json) < 0 ? NULL : json;
}

const char *cfs_aws_json_text(const struct cJSON *object, const char *name)
{
	return cfs_json_filled(object, name);
}

int cfs_aws_json_keys(const struct cJSON *object, const char *token, struct cfs_keys *ret_keys)
{
	const char *id = cfs_aws_json_text(object, "AccessKeyId");
	const char *secret = cfs_aws_json_text(object, "SecretAccessKey");
	const char *expiration = cfs_aws_json_text(object, "Expiration");
	struct cfs_keys keys = CFS_KEYS_INIT;
	int r;

	if (!id || !secret || (expiration && cfs_time_parse(expiration, &keys.expires) < 0))
		return -EBADMSG;
	r = cfs_aws_machine_set_keys(&keys, id, secret, cfs_aws_json_text(object, token));
	if (r < 0) {
		cfs_keys_finish(&keys);
		return r;
	}
	*ret_keys = keys;
	return 0;
}
