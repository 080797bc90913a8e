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
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define STAMP_SIZE 17 /* 20150830T123600Z */

struct scope {
	char text[SIM_AUTHORIZATION_SIZE];
	char *key, *date, *region, *service, *terminator;
};

static void refuse(struct sim_verdict *verdict, const char *reason, unsigned status,
	const char *code, const char *message)
{
	verdict->reason = reason;
	verdict->status = status;
	verdict->code = code;
	verdict->message = message;
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

static int compute(const struct scope *scope, const char *stamp, const struct sim_buf *canonical,
	char ret_hex[SIM_SHA256_HEX])
{
	static const char secret[] = "AWS4" SIM_KEY_SECRET;
	unsigned char key[SIM_SHA256_SIZE];
	char hash[SIM_SHA256_HEX];
	struct sim_buf text = {0};
	int r = sim_crypto_sha256_hex(canonical->data, canonical->len, hash);
	if (r < 0)
		return r;
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
	sim_buf_finish(&text);
	return r;
}

/* All that can be judged without a digest. */
static bool judge_scope(const struct scope *scope, const char *signed_headers,
	const struct sim_request *request, const struct sim_regions *regions, int64_t now_ms,
	struct sim_verdict *verdict)
{
	const char *stamp = sim_request_header(request, "x-amz-date");
	int64_t signed_ms = 0;
	if (strcmp(scope->key, SIM_KEY_ID) != 0) {
		refuse(verdict, "unknown key", 401, "AuthFailure",
			"AWS was not able to validate the provided access credentials");
	} else if (sim_request_header(request, "x-amz-security-token")) {
		refuse(verdict, "unknown token", 401, "AuthFailure",
			"AWS was not able to validate the provided access credentials");
	} else if (strcmp(scope->terminator, "aws4_request") != 0) {
		refuse(verdict, "wrong terminator", 401, "AuthFailure",
			"Credential should be scoped with a valid terminator: 'aws4_request'.");
	} else if (strcmp(scope->service, "ec2") != 0) {
		refuse(verdict, "wrong service", 401, "AuthFailure",
			"Credential should be scoped to correct service: 'ec2'.");
	} else if (sim_fleet_region(regions, scope->region) < 0) {
		refuse(verdict, "wrong region", 401, "AuthFailure",
			"Credential should be scoped to a valid region.");
	} else if (!stamp || !parse_stamp(stamp, &signed_ms)) {
		refuse(verdict, "no date", 400, "IncompleteSignature",
			"Authorization header requires existence of a valid 'X-Amz-Date' header.");
	} else if (strlen(scope->date) != 8 || strncmp(scope->date, stamp, 8) != 0) {
		refuse(verdict, "wrong date", 403, "SignatureDoesNotMatch",
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version "
			"of date from HTTP.");
	} else if (llabs((long long)(now_ms - signed_ms)) > SIM_SIGV4_WINDOW_MS) {
		refuse(verdict, "expired", 400, "RequestExpired", "Request has expired.");
	} else if (!all_signed(request, signed_headers)) {
		refuse(verdict, "unsigned header", 403, "SignatureDoesNotMatch",
			"'Host' and every 'x-amz-' header must be a 'SignedHeader' in the AWS "
			"Authorization.");
	} else {
		return true;
	}
	return false;
}

/* What the signature should be. 1 instead of 0 when the request cannot have one. */
static int expect(const struct sim_request *request, const struct scope *scope,
	const char *signed_headers, char ret_hex[SIM_SHA256_HEX])
{
	char hash[SIM_SHA256_HEX];
	struct sim_buf canonical = {0};
	const char *payload = sim_request_header(request, "x-amz-content-sha256");
	int r = sim_crypto_sha256_hex(request->body.data, request->body.len, hash);
	if (r < 0)
		return r;
	bool whole = add_canonical_request(&canonical, request, signed_headers);
	if (canonical.failed)
		r = -ENOMEM;
	else if (!whole || (payload && strcmp(payload, hash) != 0))
		r = 1;
	else
		r = compute(scope, sim_request_header(request, "x-amz-date"), &canonical, ret_hex);
	sim_buf_finish(&canonical);
	return r;
}

int sim_sigv4_verify(const struct sim_request *request, const struct sim_regions *regions,
	int64_t now_ms, struct sim_verdict *ret_verdict)
{
	struct sim_verdict verdict = {.reason = "ok"};
	struct sim_authorization parts;
	struct scope scope;
	char expected[SIM_SHA256_HEX] = "";
	int r = 0;
	const char *header = sim_request_header(request, "authorization");
	if (!header) {
		refuse(&verdict, "missing", 403, "MissingAuthenticationToken",
			"Request is missing Authentication Token");
		goto out;
	}
	if (!sim_authorization_parse(header, ALGORITHM, &parts) ||
		!parse_scope(parts.credential, &scope)) {
		refuse(&verdict, "malformed", 400, "IncompleteSignature",
			"Authorization header requires 'Credential', 'SignedHeaders' and "
			"'Signature' parameters.");
		goto out;
	}
	snprintf(verdict.region, sizeof(verdict.region), "%s", scope.region);
	if (!judge_scope(&scope, parts.signed_headers, request, regions, now_ms, &verdict))
		goto out;
	r = expect(request, &scope, parts.signed_headers, expected);
	if (r < 0)
		goto out;
	if (r > 0 || !sim_crypto_equal(expected, parts.signature))
		refuse(&verdict, "mismatch", 403, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you "
			"provided. Check your AWS Secret Access Key and signing method. Consult "
			"the service documentation for details.");
	r = 0;
out:
	OPENSSL_cleanse(expected, sizeof(expected));
	if (r == 0)
		*ret_verdict = verdict;
	return r;
}
