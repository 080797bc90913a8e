/* SPDX-License-Identifier: MIT */
/*
 * The server's side of TC3-HMAC-SHA256.
 *
 * Like sigv4.c this shares no line with the client's signer (backends/), on purpose: they must be
 * able to disagree. Do not unify them. The third opinion is the official SDK's, in tests/client.
 */
#include "tc3.h"

#include "authorization.h"
#include "sim.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ALGORITHM "TC3-HMAC-SHA256"
#define TERMINATOR "tc3_request"

struct scope {
	char text[SIM_AUTHORIZATION_SIZE];
	const char *key, *date, *service, *terminator;
};

static void refuse(
	struct sim_tc3_verdict *verdict, const char *reason, const char *code, const char *message)
{
	verdict->reason = reason;
	verdict->code = code;
	verdict->message = message;
}

/* key/date/service/tc3_request */
static bool parse_scope(const char *credential, struct scope *scope)
{
	snprintf(scope->text, sizeof(scope->text), "%s", credential);
	char *rest = scope->text;
	scope->key = strsep(&rest, "/");
	scope->date = strsep(&rest, "/");
	scope->service = strsep(&rest, "/");
	scope->terminator = strsep(&rest, "/");
	return scope->terminator && !rest;
}

static bool parse_timestamp(const char *text, int64_t *ret_seconds)
{
	size_t len = strlen(text);
	if (len == 0 || len > 12 || strspn(text, "0123456789") != len)
		return false;
	*ret_seconds = strtoll(text, NULL, 10);
	return true;
}

static void utc_date(int64_t seconds, char ret_date[16])
{
	time_t time = (time_t)seconds;
	struct tm tm = {0};
	ret_date[0] = '\0';
	if (gmtime_r(&time, &tm))
		strftime(ret_date, 16, "%Y-%m-%d", &tm);
}

/* Name and value in lower case, and no blanks around the value. */
static bool add_canonical_header(
	struct sim_buf *out, const struct sim_request *request, const char *name, size_t len)
{
	char lower[SIM_AUTHORIZATION_SIZE];
	if (len >= sizeof(lower))
		return false;
	memcpy(lower, name, len);
	lower[len] = '\0';
	const char *value = sim_request_header(request, lower);
	if (!value)
		return false;
	value += strspn(value, " \t");
	size_t end = strlen(value);
	while (end && (value[end - 1] == ' ' || value[end - 1] == '\t'))
		end--;
	sim_buf_addf(out, "%s:", lower);
	for (size_t i = 0; i < end; i++) {
		char byte = (char)tolower((unsigned char)value[i]);
		sim_buf_add(out, &byte, 1);
	}
	sim_buf_add(out, "\n", 1);
	return true;
}

/* False when the list names a header that is absent, or is not sorted. */
static bool add_canonical_request(
	struct sim_buf *out, const struct sim_request *request, const char *list)
{
	char payload[SIM_SHA256_HEX];
	if (!sim_authorization_sorted(list) ||
		sim_crypto_sha256_hex(request->body.data, request->body.len, payload) < 0)
		return false;
	sim_buf_addf(out, "%s\n%s\n\n", request->method, request->uri);
	for (const char *p = list; *p;) {
		size_t len = strcspn(p, ";");
		if (!add_canonical_header(out, request, p, len))
			return false;
		p += len;
		p += *p == ';';
	}
	sim_buf_addf(out, "\n%s\n%s", list, payload);
	return true;
}

static int compute(const struct scope *scope, const char *key_secret, const char *timestamp,
	const struct sim_buf *canonical, char ret_hex[SIM_SHA256_HEX])
{
	char secret[SIM_SESSION_SECRET_SIZE + 8];
	unsigned char key[SIM_SHA256_SIZE];
	char hash[SIM_SHA256_HEX];
	struct sim_buf text = {0};
	int r = sim_crypto_sha256_hex(canonical->data, canonical->len, hash);
	if (r < 0)
		return r;
	snprintf(secret, sizeof(secret), "TC3%s", key_secret);
	sim_buf_addf(&text, "%s\n%s\n%s/%s/%s\n%s", ALGORITHM, timestamp, scope->date,
		scope->service, scope->terminator, hash);
	if (text.failed) {
		r = -ENOMEM;
		goto out;
	}
	r = sim_crypto_hmac_sha256(secret, strlen(secret), scope->date, strlen(scope->date), key);
	if (r == 0)
		r = sim_crypto_hmac_sha256(
			key, sizeof(key), scope->service, strlen(scope->service), key);
	if (r == 0)
		r = sim_crypto_hmac_sha256(
			key, sizeof(key), scope->terminator, strlen(scope->terminator), key);
	if (r == 0)
		r = sim_crypto_hmac_sha256(key, sizeof(key), text.data, text.len, key);
	if (r == 0)
		sim_crypto_hex(key, sizeof(key), ret_hex);
out:
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(secret, sizeof(secret));
	sim_buf_finish(&text);
	return r;
}

/* What the signature should be. 1 instead of 0 when the request cannot have one. */
static int expect(const struct sim_request *request, const struct scope *scope, const char *secret,
	const char *signed_headers, char ret_hex[SIM_SHA256_HEX])
{
	struct sim_buf canonical = {0};
	int r = 1;
	bool whole = add_canonical_request(&canonical, request, signed_headers);
	if (canonical.failed)
		r = -ENOMEM;
	else if (whole)
		r = compute(scope, secret, sim_request_header(request, "x-tc-timestamp"),
			&canonical, ret_hex);
	sim_buf_finish(&canonical);
	return r;
}

/* Whose key it is, and is it good with the token that came with it? False after a refusal. */
static bool judge_key(const struct sim *sim, const struct sim_request *request, const char *key,
	struct sim_tc3_verdict *verdict)
{
	const char *token = sim_request_header(request, "x-tc-token");
	verdict->session = sim_session_find(sim, SIM_TENCENT, key);
	if (!verdict->session && strcmp(key, SIM_KEY_ID) != 0)
		refuse(verdict, "unknown key", "AuthFailure.SecretIdNotFound",
			"The SecretId is not found, please ensure that your SecretId is "
			"correct.");
	else if (!verdict->session != !token ||
		(token && !sim_crypto_equal(token, verdict->session->token)))
		refuse(verdict, "unknown token", "AuthFailure.TokenFailure",
			"The Token is invalid.");
	else if (verdict->session && verdict->session->expires_ms <= sim_now_ms(sim))
		refuse(verdict, "expired token", "AuthFailure.TokenFailure",
			"The Token has expired.");
	else
		return true;
	return false;
}

/* All that can be judged without a digest. */
static bool judge_scope(const struct sim *sim, const struct scope *scope,
	const char *signed_headers, const struct sim_request *request, const char *service,
	struct sim_tc3_verdict *verdict)
{
	const char *timestamp = sim_request_header(request, "x-tc-timestamp");
	int64_t signed_s = 0;
	char date[16];
	if (!timestamp) {
		refuse(verdict, "no timestamp", "MissingParameter",
			"The request is missing a required parameter `Timestamp`.");
		return false;
	}
	if (!parse_timestamp(timestamp, &signed_s)) {
		refuse(verdict, "no timestamp", "InvalidParameter",
			"The value of `X-TC-Timestamp` is not a time stamp.");
		return false;
	}
	utc_date(signed_s, date);
	if (strcmp(scope->service, service) != 0 || strcmp(scope->terminator, TERMINATOR) != 0) {
		refuse(verdict, "wrong scope", "AuthFailure.InvalidAuthorization",
			"The `Credential` of the Authorization is not scoped to this service and "
			"tc3_request.");
		return false;
	}
	if (strcmp(scope->date, date) != 0) {
		refuse(verdict, "wrong date", "AuthFailure.InvalidAuthorization",
			"The date in `Credential` is not the UTC date of `X-TC-Timestamp`.");
		return false;
	}
	if (!judge_key(sim, request, scope->key, verdict))
		return false;
	if (llabs((long long)(sim_now_ms(sim) / 1000 - signed_s)) > SIM_TC3_WINDOW_S) {
		refuse(verdict, "expired", "AuthFailure.SignatureExpire",
			"The provided credentials could not be validated because of exceeding "
			"request time limit, please ensure your clock is synchronised.");
	} else if (!sim_authorization_signs(signed_headers, "content-type") ||
		!sim_authorization_signs(signed_headers, "host")) {
		refuse(verdict, "unsigned header", "AuthFailure.InvalidAuthorization",
			"`SignedHeaders` must hold content-type and host.");
	} else {
		return true;
	}
	return false;
}

int sim_tc3_verify(const struct sim *sim, const struct sim_request *request, const char *service,
	struct sim_tc3_verdict *ret_verdict)
{
	struct sim_tc3_verdict verdict = {.reason = "ok"};
	struct sim_authorization parts;
	struct scope scope;
	char expected[SIM_SHA256_HEX] = "";
	int r = 0;
	const char *header = sim_request_header(request, "authorization");
	if (!header || !sim_authorization_parse(header, ALGORITHM, &parts) ||
		!parse_scope(parts.credential, &scope)) {
		refuse(&verdict, header ? "malformed" : "missing",
			"AuthFailure.InvalidAuthorization",
			"The `Authorization` header is missing or malformed.");
		goto out;
	}
	sim_disclose(sim, "signature", parts.signature);
	if (!judge_scope(sim, &scope, parts.signed_headers, request, service, &verdict))
		goto out;
	r = expect(request, &scope, verdict.session ? verdict.session->secret : SIM_KEY_SECRET,
		parts.signed_headers, expected);
	if (r < 0)
		goto out;
	if (r > 0 || !sim_crypto_equal(expected, parts.signature))
		refuse(&verdict, "mismatch", "AuthFailure.SignatureFailure",
			"The provided credentials could not be validated. Please check your "
			"signature is correct.");
	r = 0;
out:
	OPENSSL_cleanse(expected, sizeof(expected));
	if (r == 0)
		*ret_verdict = verdict;
	return r;
}
