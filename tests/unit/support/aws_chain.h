/* SPDX-License-Identifier: MIT */
/*
 * Drives a provider of the AWS chain by hand: each step it asks for is looked at, and answered with
 * what the test says.
 */
#ifndef CFS_TESTS_UNIT_SUPPORT_AWS_CHAIN_H
#define CFS_TESTS_UNIT_SUPPORT_AWS_CHAIN_H

#include "tests/unit/support/aws_support.h"

#include "backends/aws/keys/providers.h"

#define NOW INT64_C(1715000000) /* 2024-05-06T12:53:20Z */

#define HOME \
	{ \
		"HOME", "/home/ops" \
	}
#define CREDENTIALS "/home/ops/.aws/credentials"
#define CONFIG "/home/ops/.aws/config"

/* No test that is about something else has a secret that is not called "hush". */
#define STATIC(id) "aws_access_key_id = " id "\naws_secret_access_key = hush" id "\n"

#define STS_KEYS(action, id, expiration) \
	"<" action "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" action \
	"Result><AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>" \
	"<Credentials><AccessKeyId>" id "</AccessKeyId><SecretAccessKey>hush" id \
	"</SecretAccessKey><SessionToken>hush-token-" id "</SessionToken><Expiration>" expiration \
	"</Expiration></Credentials></" action \
	"Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></" action \
	"Response>"
#define STS_ERROR(code, message) \
	"<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>" \
	"<Type>Sender</Type><Code>" code "</Code><Message>" message \
	"</Message></Error><RequestId>r</RequestId></ErrorResponse>"

struct chain {
	const struct cfs_provider *provider;
	struct cfs_provider_state *state;
	struct cfs_settings settings;
	struct fake_env fake;
	struct cfs_step step; /* the last */
};

/* One step, with the answer to the last, NULL: none. Checks what every step promises. */
void chain_step(struct chain *chain, const struct cfs_step_answer *answer);

/* Makes the first step. In place: the provider keeps pointers into *chain. */
void chain_begin(struct chain *chain, const struct cfs_provider *provider, const char *profile,
	struct fake_env fake);

/* Ends the provider, wherever it stands. */
void chain_end(struct chain *chain);

/* Answers the request, or the process, that the last step asked for, and makes the next; or says that nothing came. */
void chain_answer(struct chain *chain, int status, const char *content);
void chain_no_answer(struct chain *chain, enum cfs_fault fault);

/* A header of the request that was asked for, NULL: it has none. */
const char *chain_header(const struct chain *chain, const char *name);

/* Looks at the step, and not at more than is given. */
void assert_http(const struct chain *chain, const char *method, const char *url, const char *body);

void assert_keys(const struct chain *chain, const char *id, const char *secret, const char *token,
	int64_t expires);

void assert_absent(const struct chain *chain, const char *why);

void assert_failed(const struct chain *chain, enum cfs_fault fault, const char *why);

/* A provider that needs one step, which fails. */
void assert_refused(const struct cfs_provider *provider, const char *profile, struct fake_env fake,
	enum cfs_fault fault, const char *why);

#endif
