/* SPDX-License-Identifier: MIT */
#include "backends/tencent/api/tc3.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "backends/base/signing_keys.h"
#include "backends/base/text.h"

#define ALGORITHM "TC3-HMAC-SHA256"
#define TERMINATOR "tc3_request"

static const char *signed_headers(const struct cfs_tc3_request *request)
{
	return request->action ? "content-type;host;x-tc-action" : "content-type;host";
}

int cfs_tc3_date(int64_t timestamp, char ret_date[static CFS_TC3_DATE_MAX])
{
	time_t when = (time_t)timestamp;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		return -ERANGE;
	if (strftime(ret_date, CFS_TC3_DATE_MAX, "%Y-%m-%d", &tm) == 0)
		return -ERANGE;
	return 0;
}

int cfs_tc3_canonical_request(const struct cfs_tc3_request *request, struct cfs_buf *ret_text)
{
	char digest[CFS_DIGEST_HEX_SIZE];
	int r;

	r = cfs_digest_sha256(request->body, request->body_len, digest);
	if (r < 0)
		return r;
	cfs_buf_addf(ret_text, "POST\n/\n\ncontent-type:%s\nhost:%s\n", request->content_type,
		request->host);
	if (request->action) {
		cfs_buf_adds(ret_text, "x-tc-action:");
		cfs_text_add_lower(ret_text, request->action);
		cfs_buf_addc(ret_text, '\n');
	}
	cfs_buf_addf(ret_text, "\n%s\n%s", signed_headers(request), digest);
	return cfs_buf_error(ret_text);
}

int cfs_tc3_string_to_sign(const struct cfs_tc3_request *request, const char *canonical,
	size_t canonical_len, struct cfs_buf *ret_text)
{
	char date[CFS_TC3_DATE_MAX], digest[CFS_DIGEST_HEX_SIZE];
	int r;

	r = cfs_tc3_date(request->timestamp, date);
	if (r == 0)
		r = cfs_digest_sha256(canonical, canonical_len, digest);
	if (r == 0)
		r = cfs_buf_addf(ret_text, ALGORITHM "\n%" PRId64 "\n%s/%s/" TERMINATOR "\n%s",
			request->timestamp, date, request->service, digest);
	return r;
}

int cfs_tc3_signing_key(const struct cfs_keys *keys, const char *date, const char *service,
	unsigned char ret_key[static CFS_DIGEST_SIZE])
{
	const char *const parts[] = {date, service, TERMINATOR, NULL};

	return cfs_signing_keys_get(keys, "TC3", parts, ret_key);
}

int cfs_tc3_authorization(const struct cfs_tc3_request *request, const struct cfs_keys *keys,
	struct cfs_buf *ret_value)
{
	struct cfs_buf canonical = CFS_BUF_INIT(CFS_TC3_CANONICAL_MAX);
	struct cfs_buf to_sign = CFS_BUF_INIT(CFS_TC3_TO_SIGN_MAX);
	unsigned char key[CFS_DIGEST_SIZE] = {0};
	char date[CFS_TC3_DATE_MAX], signature[CFS_DIGEST_HEX_SIZE];
	int r;

	r = cfs_tc3_date(request->timestamp, date);
	if (r == 0)
		r = cfs_tc3_canonical_request(request, &canonical);
	if (r == 0)
		r = cfs_tc3_string_to_sign(request, canonical.data, canonical.len, &to_sign);
	if (r == 0)
		r = cfs_tc3_signing_key(keys, date, request->service, key);
	if (r == 0)
		r = cfs_digest_sign(key, to_sign.data, to_sign.len, signature);
	if (r == 0)
		r = cfs_buf_addf(ret_value,
			ALGORITHM " Credential=%s/%s/%s/" TERMINATOR
				  ", SignedHeaders=%s, Signature=%s",
			keys->id.data ? keys->id.data : "", date, request->service,
			signed_headers(request), signature);
	OPENSSL_cleanse(key, sizeof(key));
	cfs_buf_finish(&canonical);
	cfs_buf_finish(&to_sign);
	return r;
}
