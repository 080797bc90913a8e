/* SPDX-License-Identifier: MIT */
/*
 * The server's side of Signature Version 4.
 *
 * This is written apart from the client's signer (backends/) and shares no line with it, on
 * purpose: a test of one against the other is worth something only if the two can disagree. Do not
 * unify them. The third opinion is botocore's, in tests/client.
 *
 * A request is judged in the order in which a server can: is there a signature at all, does it name
 * a key, is the scope ours, is the clock right, is all signed that must be, and is it the
 * signature.
 */
#include "sigv4.h"

#include "authorization.h"
#include "sim.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define STAMP_SIZE 17 /* 20150830T123600Z */

struct scope {
	char text[SIM_AUTHORIZATION_SIZE];
	char *key, *date, *region, *service, *terminator;
};

/* What can be wrong with a signature, and what each service says of it. */
enum wrong {
	MISSING,
	MALFORMED,
	UNKNOWN_KEY,
	UNKNOWN_TOKEN,
	EXPIRED_TOKEN,
	WRONG_SCOPE,
	NO_DATE,
	WRONG_DATE,
	TOO_OLD,
	TOO_NEW,
	UNSIGNED_HEADER,
	MISMATCH,
};

#define NOT_VALIDATED "AWS was not able to validate the provided access credentials"
#define TOKEN_INVALID "The security token included in the request is invalid."
#define MISMATCHES \
	"The request signature we calculated does not match the signature you provided. Check " \
	"your AWS Secret Access Key and signing method. Consult the service documentation for " \
	"details."
#define OTHER_DATE \
	"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from " \
	"HTTP."
#define NOT_SIGNED \
	"'Host' and every 'x-amz-' header must be a 'SignedHeader' in the AWS Authorization."
#define NO_PARTS \
	"Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters."
#define DATELESS "Authorization header requires existence of a valid 'X-Amz-Date' header."
#define NO_TOKEN "Request is missing Authentication Token"
#define SCOPE "Credential should be scoped to a valid %s."

/* The same row twice, where the two agree. */
#define BOTH(...) \
	{__VA_ARGS__}, \
	{ \
		__VA_ARGS__ \
	}

static const struct refusal {
	const char *reason; /* for the log */
	struct {
		unsigned status;
		const char *code, *message;
	} by[SIM_SIGV4_SERVICES];
} refusals[] = {
	[MISSING] = {"missing", {BOTH(403, "MissingAuthenticationToken", NO_TOKEN)}},
	[MALFORMED] = {"malformed", {BOTH(400, "IncompleteSignature", NO_PARTS)}},
	[UNKNOWN_KEY] = {"unknown key",
		{{401, "AuthFailure", NOT_VALIDATED},
			{403, "InvalidClientTokenId", TOKEN_INVALID}}},
	[UNKNOWN_TOKEN] = {"unknown token",
		{{401, "AuthFailure", NOT_VALIDATED},
			{403, "InvalidClientTokenId", TOKEN_INVALID}}},
	[EXPIRED_TOKEN] = {"expired token",
		{{400, "RequestExpired", "Request has expired."},
			{403, "ExpiredToken",
				"The security token included in the request is expired"}}},
	[WRONG_SCOPE] = {"wrong scope",
		{{401, "AuthFailure", SCOPE}, {403, "SignatureDoesNotMatch", SCOPE}}},
	[NO_DATE] = {"no date", {BOTH(400, "IncompleteSignature", DATELESS)}},
	[WRONG_DATE] = {"wrong date", {BOTH(403, "SignatureDoesNotMatch", OTHER_DATE)}},
	[TOO_OLD] = {"expired",
		{{400, "RequestExpired", "Request has expired."},
			{403, "SignatureDoesNotMatch",
				"Signature expired: %s is now earlier than the server's time less "
				"15 min."}}},
	[TOO_NEW] = {"expired",
		{{400, "RequestExpired", "Request has expired."},
			{403, "SignatureDoesNotMatch",
				"Signature not yet current: %s is still later than the server's "
				"time and 15 min."}}},
	[UNSIGNED_HEADER] = {"unsigned header", {BOTH(403, "SignatureDoesNotMatch", NOT_SIGNED)}},
	[MISMATCH] = {"mismatch", {BOTH(403, "SignatureDoesNotMatch", MISMATCHES)}},
};

/* what: for the message that has a place for it. */
static void refuse(struct sim_verdict *verdict, enum sim_sigv4_service service, enum wrong wrong,
	const char *what)
{
	const char *message = refusals[wrong].by[service].message;
	const char *place = strstr(message, "%s");
	int before = place ? (int)(place - message) : (int)strlen(message);
	verdict->reason = refusals[wrong].reason;
	verdict->status = refusals[wrong].by[service].status;
	verdict->code = refusals[wrong].by[service].code;
	snprintf(verdict->message, sizeof(verdict->message), "%.*s%.40s%s", before, message,
		place ? what : "", place ? place + 2 : "");
}

/* key/date/region/service/terminator */
static bool parse_scope(const char *credential, struct scope *scope)
{
	snprintf(scope->text, sizeof(scope->text), "%s", credential);
	char *rest = scope->text;
	scope->key = strsep(&rest, "/");
	scope->date = strsep(&rest, "/");
	scope->region = strsep(&rest, "/");
	scope->service = strsep(&rest, "/");
	scope->terminator = strsep(&rest, "/");
	return scope->terminator && !rest;
}

static bool parse_stamp(const char *stamp, int64_t *ret_ms)
{
	struct tm tm = {0};
	if (strlen(stamp) != STAMP_SIZE - 1)
		return false;
	const char *end = strptime(stamp, "%Y%m%dT%H%M%SZ", &tm);
	if (!end || *end)
		return false;
	*ret_ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

/* host, and every header that AWS gives a meaning, must be signed. */
static bool all_signed(const struct sim_request *request, const char *list)
{
	if (!sim_authorization_signs(list, "host") || !sim_authorization_signs(list, "x-amz-date"))
		return false;
	for (size_t i = 0; i < request->n_headers; i++) {
		const char *name = request->headers[i].name;
		if (strncmp(name, "x-amz-", 6) == 0 && !sim_authorization_signs(list, name))
			return false;
	}
	return true;
}

/* The value of a header as signed: trimmed, runs of blanks folded, repeats joined by commas. */
static bool add_canonical_header(
	struct sim_buf *out, const struct sim_request *request, const char *name, size_t len)
{
	bool found = false;
	sim_buf_add(out, name, len);
	sim_buf_add(out, ":", 1);
	for (size_t i = 0; i < request->n_headers; i++) {
		const struct sim_header *header = &request->headers[i];
		if (strlen(header->name) != len || strncmp(header->name, name, len) != 0)
			continue;
		if (found)
			sim_buf_add(out, ",", 1);
		found = true;
		bool started = false, blank = false;
		for (const char *p = header->value; *p; p++) {
			if (*p == ' ' || *p == '\t') {
				blank = started;
				continue;
			}
			if (blank)
				sim_buf_add(out, " ", 1);
			sim_buf_add(out, p, 1);
			started = true;
			blank = false;
		}
	}
	sim_buf_add(out, "\n", 1);
	return found;
}

/* False when the list names a header that is absent, or is not sorted. */
static bool add_canonical_request(
	struct sim_buf *out, const struct sim_request *request, const char *list)
{
	char payload[SIM_SHA256_HEX];
	if (sim_crypto_sha256_hex(request->body.data, request->body.len, payload) < 0)
		return false;
	sim_buf_addf(out, "%s\n%s\n\n", request->method, request->uri);
	if (!sim_authorization_sorted(list))
		return false;
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

static int compute(const struct scope *scope, const char *key_secret, const char *stamp,
	const struct sim_buf *canonical, char ret_hex[SIM_SHA256_HEX])
{
	char secret[SIM_SESSION_SECRET_SIZE + 8];
	unsigned char key[SIM_SHA256_SIZE];
	char hash[SIM_SHA256_HEX];
	struct sim_buf text = {0};
	int r = sim_crypto_sha256_hex(canonical->data, canonical->len, hash);
	if (r < 0)
		return r;
	snprintf(secret, sizeof(secret), "AWS4%s", key_secret);
	sim_buf_addf(&text, "%s\n%s\n%s/%s/%s/%s\n%s", ALGORITHM, stamp, scope->date, scope->region,
		scope->service, scope->terminator, hash);
	if (text.failed) {
		r = -ENOMEM;
		goto out;
	}
	const char *const chain[] = {scope->date, scope->region, scope->service, scope->terminator};
	r = sim_crypto_hmac_sha256(secret, strlen(secret), chain[0], strlen(chain[0]), key);
	for (int i = 1; i < 4 && r == 0; i++)
		r = sim_crypto_hmac_sha256(key, sizeof(key), chain[i], strlen(chain[i]), key);
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

/* Whose key it is, and is it good with the token that came with it? False after a refusal. */
static bool judge_key(const struct sim *sim, const struct sim_request *request, const char *key,
	enum sim_sigv4_service service, struct sim_verdict *verdict)
{
	const char *token = sim_request_header(request, "x-amz-security-token");
	verdict->session = sim_session_find(sim, SIM_AWS, key);
	if (!verdict->session && strcmp(key, SIM_KEY_ID) != 0)
		refuse(verdict, service, UNKNOWN_KEY, "");
	else if (!verdict->session != !token ||
		(token && !sim_crypto_equal(token, verdict->session->token)))
		refuse(verdict, service, UNKNOWN_TOKEN, "");
	else if (verdict->session && verdict->session->expires_ms <= sim_now_ms(sim))
		refuse(verdict, service, EXPIRED_TOKEN, "");
	else
		return true;
	return false;
}

static bool is_region_of(const struct sim *sim, enum sim_sigv4_service service, const char *region)
{
	/* STS's global endpoint is signed for as us-east-1, wherever the account's machines are. */
	return (service == SIM_SIGV4_STS && strcmp(region, "us-east-1") == 0) ||
		sim_fleet_region(&sim->options.regions[SIM_AWS], region) >= 0;
}

/* All that can be judged without a digest. */
static bool judge_scope(const struct sim *sim, const struct scope *scope,
	const char *signed_headers, const struct sim_request *request,
	enum sim_sigv4_service service, struct sim_verdict *verdict)
{
	static const char *const names[] = {[SIM_SIGV4_EC2] = "ec2", [SIM_SIGV4_STS] = "sts"};
	const char *stamp = sim_request_header(request, "x-amz-date");
	int64_t signed_ms = 0, now_ms = sim_now_ms(sim);
	if (!judge_key(sim, request, scope->key, service, verdict))
		return false;
	if (strcmp(scope->terminator, "aws4_request") != 0)
		refuse(verdict, service, WRONG_SCOPE, "terminator: 'aws4_request'");
	else if (strcmp(scope->service, names[service]) != 0)
		refuse(verdict, service, WRONG_SCOPE, "service");
	else if (!is_region_of(sim, service, scope->region))
		refuse(verdict, service, WRONG_SCOPE, "region");
	else if (!stamp || !parse_stamp(stamp, &signed_ms))
		refuse(verdict, service, NO_DATE, "");
	else if (strlen(scope->date) != 8 || strncmp(scope->date, stamp, 8) != 0)
		refuse(verdict, service, WRONG_DATE, "");
	else if (now_ms - signed_ms > SIM_SIGV4_WINDOW_MS)
		refuse(verdict, service, TOO_OLD, stamp);
	else if (signed_ms - now_ms > SIM_SIGV4_WINDOW_MS)
		refuse(verdict, service, TOO_NEW, stamp);
	else if (!all_signed(request, signed_headers))
		refuse(verdict, service, UNSIGNED_HEADER, "");
	else
		return true;
	return false;
}

/* What the signature should be, and the request that it is of. 1 instead of 0 when the request
 * cannot have one. */
static int expect(const struct sim_request *request, const struct scope *scope, const char *secret,
	const char *signed_headers, struct sim_buf *canonical, char ret_hex[SIM_SHA256_HEX])
{
	char hash[SIM_SHA256_HEX];
	const char *payload = sim_request_header(request, "x-amz-content-sha256");
	int r = sim_crypto_sha256_hex(request->body.data, request->body.len, hash);
	if (r < 0)
		return r;
	bool whole = add_canonical_request(canonical, request, signed_headers);
	if (canonical->failed)
		return -ENOMEM;
	if (!whole || (payload && strcmp(payload, hash) != 0))
		return 1;
	return compute(
		scope, secret, sim_request_header(request, "x-amz-date"), canonical, ret_hex);
}

/* Says what was signed here, as the real services do for whoever debugs a client. The session token
 * is in it. */
static void refuse_mismatch(struct sim_verdict *verdict, enum sim_sigv4_service service,
	const struct sim_buf *canonical)
{
	refuse(verdict, service, MISMATCH, "");
	size_t len = strlen(verdict->message);
	snprintf(verdict->message + len, sizeof(verdict->message) - len,
		"\n\nThe Canonical String for this request should have been\n'%s'\n",
		canonical->data ? canonical->data : "");
}

int sim_sigv4_verify(const struct sim *sim, const struct sim_request *request,
	enum sim_sigv4_service service, struct sim_verdict *ret_verdict)
{
	struct sim_verdict verdict = {.reason = "ok"};
	struct sim_authorization parts;
	struct scope scope;
	struct sim_buf canonical = {0};
	char expected[SIM_SHA256_HEX] = "";
	int r = 0;
	const char *header = sim_request_header(request, "authorization");
	if (!header) {
		refuse(&verdict, service, MISSING, "");
		goto out;
	}
	if (!sim_authorization_parse(header, ALGORITHM, &parts) ||
		!parse_scope(parts.credential, &scope)) {
		refuse(&verdict, service, MALFORMED, "");
		goto out;
	}
	sim_disclose(sim, "signature", parts.signature);
	snprintf(verdict.region, sizeof(verdict.region), "%s", scope.region);
	if (!judge_scope(sim, &scope, parts.signed_headers, request, service, &verdict))
		goto out;
	r = expect(request, &scope, verdict.session ? verdict.session->secret : SIM_KEY_SECRET,
		parts.signed_headers, &canonical, expected);
	if (r < 0)
		goto out;
	if (r > 0 || !sim_crypto_equal(expected, parts.signature))
		refuse_mismatch(&verdict, service, &canonical);
	r = 0;
out:
	sim_buf_finish(&canonical);
	OPENSSL_cleanse(expected, sizeof(expected));
	if (r == 0)
		*ret_verdict = verdict;
	return r;
}
