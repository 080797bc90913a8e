/* SPDX-License-Identifier: MIT */
#include "backends/aws/keys/cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "backends/base/hex.h"
#include "backends/base/json.h"
#include "backends/base/text.h"
#include "backends/contract/json_keys.h"

#define DIRECTORY "~/.aws/cli/cache"
#define ASKED_MAX 65536 /* bytes of what was asked for */
#define SHA1_SIZE 20

bool cfs_aws_cache_may_help(const struct cfs_step *failed)
{
	return failed->kind == CFS_STEP_FAILED && failed->fault != CFS_CLOCK_SKEW &&
		failed->fault != CFS_NO_MEMORY;
}

int cfs_aws_cache_path(
	const struct cfs_env *env, const char *directory, const char *name, char **ret_path)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1], *path;
	unsigned n = 0;
	int r;

	if (EVP_Digest(name, strlen(name), hash, &n, EVP_sha1(), NULL) != 1 || n != SHA1_SIZE)
		return -ENOMEM;
	cfs_hex_encode(hash, n, hex);
	if (asprintf(&path, "%s/%s.json", directory, hex) < 0)
		return -ENOMEM;
	r = cfs_env_expand(env, path, ret_path);
	free(path);
	return r;
}

/* As Python's json.dumps writes a text: all that is not ASCII as escapes of UTF-16. */

static void add_escape(struct cfs_buf *json, unsigned point)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *known = point < 0x80 && point ? strchr(plain, (int)point) : NULL;

	if (known)
		cfs_buf_addf(json, "\\%c", letters[known - plain]);
	else if (point > 0xffff)
		cfs_buf_addf(
			json, "\\u%04x\\u%04x", 0xd7c0 + (point >> 10), 0xdc00 + (point & 0x3ff));
	else
		cfs_buf_addf(json, "\\u%04x", point);
}

/* Python refuses a file that is not UTF-8: with such a text there is nothing in the cache. */
static int add_text(struct cfs_buf *json, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t left = strlen(text), n;

	cfs_buf_addc(json, '"');
	for (; left > 0; at += n, left -= n) {
		n = cfs_text_utf8_length(at, left);
		if (n == 0)
			return -ENOENT;
		if (*at >= ' ' && *at <= '~' && *at != '"' && *at != '\\')
			cfs_buf_addc(json, (char)*at);
		else
			add_escape(json, cfs_text_code_point(at, n));
	}
	cfs_buf_addc(json, '"');
	return cfs_buf_error(json) == -EFBIG ? -ENOENT : cfs_buf_error(json);
}

/* A member, in the order of the alphabet. NULL: there is no such member. */
struct member {
	const char *name, *text;
	bool is_number;
};

/* `compact` is json.dumps with separators without blanks. */
static int add_object(struct cfs_buf *json, const struct member *members, size_t n, bool compact)
{
	const char *before = "{";
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (!members[i].text)
			continue;
		cfs_buf_addf(json, "%s\"%s\":%s", before, members[i].name, compact ? "" : " ");
		before = compact ? "," : ", ";
		r = members[i].is_number ? cfs_buf_adds(json, members[i].text)
					 : add_text(json, members[i].text);
	}
	return r == 0 ? cfs_buf_addc(json, '}') : r;
}

/* What is in the cache for what was asked for. */
static int read_keys(
	const struct cfs_env *env, const char *asked, int64_t now, struct cfs_keys *ret_keys)
{
	static const struct cfs_json_keys names = {
		.id = "AccessKeyId",
		.secret = "SecretAccessKey",
		.token = "SessionToken",
		.expires = "Expiration",
	};
	struct cfs_buf content = CFS_BUF_INIT(CFS_PROVIDER_ANSWER_MAX);
	struct cfs_keys keys = CFS_KEYS_INIT;
	cJSON *json = NULL;
	char *path = NULL;
	int r;

	r = cfs_aws_cache_path(env, DIRECTORY, asked, &path);
	if (r == 0)
		r = cfs_env_read(env, path, &content);
	if (r == 0)
		r = cfs_json_parse_object(cfs_buf_text(&content), content.len, &json);
	if (r == 0)
		r = cfs_json_keys_read(&names, cfs_json_object(json, "Credentials"), &keys);
	if (r == 0 && keys.expires <= now)
		r = -EKEYEXPIRED;
	if (r == 0) {
		*ret_keys = keys;
		keys = CFS_KEYS_INIT;
	}
	cfs_keys_finish(&keys);
	cfs_json_wipe(json);
	cfs_buf_wipe(&content);
	free(path);
	return r == 0 || r == -EKEYEXPIRED || r == -ENOMEM ? r : -ENOENT;
}

static int find(const struct cfs_env *env, const struct member *members, size_t n, bool compact,
	int64_t now, struct cfs_keys *ret_keys)
{
	struct cfs_buf asked = CFS_BUF_INIT(ASKED_MAX);
	int r = add_object(&asked, members, n, compact);

	if (r == 0)
		r = read_keys(env, cfs_buf_text(&asked), now, ret_keys);
	cfs_buf_wipe(&asked);
	return r;
}

int cfs_aws_cache_role(const struct cfs_env *env, const struct cfs_aws_sts_role *role,
	const char *mfa_serial, int64_t now, struct cfs_keys *ret_keys)
{
	const char *duration = role->duration;
	size_t zeros = duration ? strspn(duration, "0") : 0;
	const struct member members[] = {
		/* A number has no zeros in front, unless it is one. */
		{"DurationSeconds",
			duration && !duration[zeros] ? "0"
				: duration           ? duration + zeros
						     : NULL,
			true},
		{"ExternalId", role->external_id, false},
		{"RoleArn", role->arn, false},
		{"RoleSessionName", role->session, false},
		{"SerialNumber", mfa_serial, false},
	};

	return find(env, members, sizeof(members) / sizeof(members[0]), false, now, ret_keys);
}

int cfs_aws_cache_sso(const struct cfs_env *env, const char *account, const char *role,
	const char *session, const char *start_url, int64_t now, struct cfs_keys *ret_keys)
{
	const struct member members[] = {
		{"accountId", account, false},
		{"roleName", role, false},
		{"sessionName", session, false},
		{"startUrl", session ? NULL : start_url, false},
	};

	return find(env, members, sizeof(members) / sizeof(members[0]), true, now, ret_keys);
}
