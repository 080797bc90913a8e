/* SPDX-License-Identifier: MIT */
#include "backends/aws/api/sigv4.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/crypto.h>

#include "backends/base/hex.h"
#include "backends/base/signing_keys.h"
#include "backends/base/text.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define TERMINATOR "aws4_request"
#define YEAR_10000 INT64_C(253402300800)

/* A name and a value; what is sorted. */
struct pair {
	const char *name, *value;
	size_t name_len, value_len;
	size_t order; /* as given: repeated headers keep theirs */
};

int cfs_sigv4_scope(
	int64_t now, const char *region, const char *service, struct cfs_sigv4_scope *ret_scope)
{
	struct cfs_sigv4_scope scope = {.region = region, .service = service};
	time_t seconds = (time_t)now;
	struct tm tm;
	int n;

	if (now < 0 || now >= YEAR_10000 || !gmtime_r(&seconds, &tm))
		return -EINVAL;
	if (!strftime(scope.date, sizeof(scope.date), "%Y%m%dT%H%M%SZ", &tm))
		return -EINVAL;
	n = snprintf(scope.text, sizeof(scope.text), "%.8s/%s/%s/" TERMINATOR, scope.date, region,
		service);
	if (n < 0 || (size_t)n >= sizeof(scope.text))
		return -EINVAL;
	*ret_scope = scope;
	return 0;
}

/* "." and ".." are resolved and empty segments dropped; a trailing slash stays. */
static int add_path(struct cfs_buf *out, const char *path)
{
	struct cfs_buf normal = CFS_BUF_INIT(CFS_SIGV4_TEXT_MAX);
	const char *at = path;
	bool open_end = false; /* the last segment was a directory */
	int r;

	if (*path != '/')
		return -EINVAL;
	while (*at) {
		size_t len;

		at++; /* the slash */
		len = strcspn(at, "/");
		open_end = true;
		if (len == 2 && at[0] == '.' && at[1] == '.') {
			while (normal.len > 0 && normal.data[normal.len - 1] != '/')
				normal.data[--normal.len] = '\0';
			if (normal.len > 0)
				normal.data[--normal.len] = '\0';
		} else if (len > 0 && !(len == 1 && at[0] == '.')) {
			cfs_buf_addc(&normal, '/');
			cfs_buf_add(&normal, at, len);
			open_end = false;
		}
		at += len;
	}
	if (open_end)
		cfs_buf_addc(&normal, '/');
	r = cfs_buf_error(&normal);
	if (r == 0)
		r = cfs_text_encode(out, cfs_buf_text(&normal), normal.len, "/");
	cfs_buf_finish(&normal);
	return r;
}

static int compare_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int r = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return r ? r : (a_len > b_len) - (a_len < b_len);
}

static int compare_parameters(const void *pa, const void *pb)
{
	const struct pair *a = pa, *b = pb;
	int r = compare_text(a->name, a->name_len, b->name, b->name_len);

	return r ? r : compare_text(a->value, a->value_len, b->value, b->value_len);
}

/* Encodes what may or may not be encoded already. */
static void add_reencoded(struct cfs_buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		int high = c == '%' && len - i > 2 ? cfs_hex_value(text[i + 1]) : -1;
		int low = high >= 0 ? cfs_hex_value(text[i + 2]) : -1;

		if (high >= 0 && low >= 0) {
			c = (char)(high << 4 | low);
			i += 2;
		}
		cfs_text_encode(out, &c, 1, "");
	}
}

static int add_query(struct cfs_buf *out, const char *query)
{
	struct cfs_buf text = CFS_BUF_INIT(CFS_SIGV4_TEXT_MAX);
	struct pair pairs[CFS_SIGV4_PARAMETERS_MAX];
	size_t ends[CFS_SIGV4_PARAMETERS_MAX][2];
	size_t n = 0, begin = 0;
	int r = 0;

	while (r == 0 && *query) {
		size_t len = strcspn(query, "&"), name_len = strcspn(query, "=&");

		if (len > 0 && n == CFS_SIGV4_PARAMETERS_MAX) {
			r = -EFBIG;
		} else if (len > 0) {
			add_reencoded(&text, query, name_len);
			ends[n][0] = text.len;
			if (name_len < len)
				add_reencoded(&text, query + name_len + 1, len - name_len - 1);
			ends[n++][1] = text.len;
		}
		query += len;
		query += *query == '&';
	}
	if (r == 0)
		r = cfs_buf_error(&text);
	/* Only now, since the text may have moved while it grew. */
	for (size_t i = 0; r == 0 && i < n; begin = ends[i][1], i++)
		pairs[i] = (struct pair){.name = cfs_buf_text(&text) + begin,
			.name_len = ends[i][0] - begin,
			.value = cfs_buf_text(&text) + ends[i][0],
			.value_len = ends[i][1] - ends[i][0]};
	if (r == 0 && n > 0)
		qsort(pairs, n, sizeof(pairs[0]), compare_parameters);
	for (size_t i = 0; r == 0 && i < n; i++)
		cfs_buf_addf(out, "%s%.*s=%.*s", i ? "&" : "", (int)pairs[i].name_len,
			pairs[i].name, (int)pairs[i].value_len, pairs[i].value);
	cfs_buf_finish(&text);
	return r;
}

static int compare_headers(const void *pa, const void *pb)
{
	const struct pair *a = pa, *b = pb;
	int r = strcasecmp(a->name, b->name);

	return r ? r : (a->order > b->order) - (a->order < b->order);
}

/* Trimmed, and each run of blanks inside folded to one space. */
static void add_header_value(struct cfs_buf *out, const char *value)
{
	static const char blanks[] = " \t\r\n";
	bool begun = false;
	size_t len;

	for (value += strspn(value, blanks); *value; value += strspn(value, blanks)) {
		len = strcspn(value, blanks);
		if (begun)
			cfs_buf_addc(out, ' ');
		cfs_buf_add(out, value, len);
		value += len;
		begun = true;
	}
}

static int add_headers(
	struct cfs_buf *out, const struct cfs_sigv4_request *request, struct cfs_buf *names)
{
	struct pair pairs[CFS_SIGV4_HEADERS_MAX];
	size_t n = request->n_headers;

	if (n > CFS_SIGV4_HEADERS_MAX)
		return -EFBIG;
	for (size_t i = 0; i < n; i++)
		pairs[i] = (struct pair){.name = request->headers[i].name,
			.value = request->headers[i].value,
			.order = i};
	if (n > 0)
		qsort(pairs, n, sizeof(pairs[0]), compare_headers);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && strcasecmp(pairs[i].name, pairs[i - 1].name) == 0) {
			cfs_buf_addc(out, ',');
		} else {
			if (i > 0) {
				cfs_buf_addc(out, '\n');
				cfs_buf_addc(names, ';');
			}
			cfs_text_add_lower(out, pairs[i].name);
			cfs_buf_addc(out, ':');
			cfs_text_add_lower(names, pairs[i].name);
		}
		add_header_value(out, pairs[i].value);
	}
	if (n > 0)
		cfs_buf_addc(out, '\n');
	return cfs_buf_error(names);
}

int cfs_sigv4_canonical_request(
	const struct cfs_sigv4_request *request, struct cfs_buf *canonical, struct cfs_buf *names)
{
	char hash[CFS_DIGEST_HEX_SIZE];
	int r;

	r = cfs_digest_sha256(request->body, request->body_len, hash);
	if (r < 0)
		return r;
	cfs_buf_addf(canonical, "%s\n", request->method);
	r = add_path(canonical, request->path);
	if (r < 0)
		return r;
	cfs_buf_addc(canonical, '\n');
	r = add_query(canonical, request->query);
	if (r < 0)
		return r;
	cfs_buf_addc(canonical, '\n');
	r = add_headers(canonical, request, names);
	if (r < 0)
		return r;
	cfs_buf_addf(canonical, "\n%s\n%s", cfs_buf_text(names), hash);
	return cfs_buf_error(canonical);
}

int cfs_sigv4_string_to_sign(
	const struct cfs_sigv4_scope *scope, const struct cfs_buf *canonical, struct cfs_buf *text)
{
	char hash[CFS_DIGEST_HEX_SIZE];
	int r;

	r = cfs_digest_sha256(cfs_buf_text(canonical), canonical->len, hash);
	if (r < 0)
		return r;
	return cfs_buf_addf(text, ALGORITHM "\n%s\n%s\n%s", scope->date, scope->text, hash);
}

int cfs_sigv4_signing_key(const struct cfs_keys *keys, const struct cfs_sigv4_scope *scope,
	unsigned char ret_key[CFS_DIGEST_SIZE])
{
	char day[sizeof("YYYYMMDD")];
	const char *const parts[] = {day, scope->region, scope->service, TERMINATOR, NULL};

	snprintf(day, sizeof(day), "%.8s", scope->date);
	return cfs_signing_keys_get(keys, "AWS4", parts, ret_key);
}

int cfs_sigv4_authorization(const struct cfs_sigv4_request *request,
	const struct cfs_sigv4_scope *scope, const struct cfs_keys *keys,
	struct cfs_buf *authorization)
{
	struct cfs_buf canonical = CFS_BUF_INIT(CFS_SIGV4_TEXT_MAX);
	struct cfs_buf names = CFS_BUF_INIT(CFS_SIGV4_AUTHORIZATION_MAX);
	struct cfs_buf text = CFS_BUF_INIT(CFS_SIGV4_AUTHORIZATION_MAX);
	unsigned char key[CFS_DIGEST_SIZE];
	char signature[CFS_DIGEST_HEX_SIZE];
	int r;

	r = cfs_sigv4_canonical_request(request, &canonical, &names);
	if (r == 0)
		r = cfs_sigv4_string_to_sign(scope, &canonical, &text);
	if (r == 0)
		r = cfs_sigv4_signing_key(keys, scope, key);
	if (r == 0)
		r = cfs_digest_sign(key, cfs_buf_text(&text), text.len, signature);
	if (r == 0)
		r = cfs_buf_addf(authorization,
			ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s",
			keys->id.data ? keys->id.data : "", scope->text, cfs_buf_text(&names),
			signature);
	OPENSSL_cleanse(key, sizeof(key));
	cfs_buf_wipe(&canonical);
	cfs_buf_finish(&names);
	cfs_buf_finish(&text);
	return r;
}
