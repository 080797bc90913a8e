/*
 * JSON documents that hold keys.
 */
#ifndef CFS_BACKENDS_AWS_KEYS_JSON_H
#define CFS_BACKENDS_AWS_KEYS_JSON_H

#include <stddef.h>

#include "backends/base/secret.h"

struct cJSON;

/* The one object that text[0..len) is, to be given to cfs_json_wipe; NULL if it is anything else,
 * passes a limit of backends/base/json.h, or there is no memory. */
struct cJSON *cfs_aws_json_parse(const char *text, size_t len);

/* A member that is a text and not empty, else NULL. */
const char *cfs_aws_json_text(const struct cJSON *object, const char *name);

/* The keys in AccessKeyId, SecretAccessKey, the member that is called `token`, and Expiration, of
 * which the last two may be absent. -EBADMSG, -EFBIG, -ENOMEM. */
int cfs_aws_json_keys(const struct cJSON *object, const char *token, struct cfs_keys *ret_keys);

#endif
