/* SPDX-License-Identifier: MIT */
/*
 * Answers that hold keys: of STS in XML, and of the services and processes of both clouds in JSON.
 * The first byte says which, the second the HTTP status.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "backends/aws/keys/sts.h"
#include "backends/base/json.h"
#include "backends/base/time.h"
#include "backends/contract/json_keys.h"
#include "backends/tencent/cvm/instances.h"
#include "backends/tencent/keys/sources.h"
#include "backends/tencent/keys/sts.h"
#include "tests/fuzz/host.h"

static const char *nothing(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static int no_file(void *arg, const char *path, struct cfs_buf *content)
{
	(void)arg;
	(void)path;
	(void)content;
	return -ENOENT;
}

static void check_keys(const struct cfs_keys *keys)
{
	MUST(keys->id.data && keys->secret.data);
	MUST(keys->id.len <= CFS_SECRET_MAX && strlen(keys->id.data) == keys->id.len);
	MUST(keys->secret.len <= CFS_SECRET_MAX && strlen(keys->secret.data) == keys->secret.len);
	MUST(keys->token.len <= CFS_SECRET_MAX);
}

static void read_aws(const struct cfs_step_answer *answer, const struct fuzz_secrets *secrets)
{
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct cfs_error error;

	memset(&error, 0xa5, sizeof(error));
	cfs_aws_sts_read(answer, &keys, &error);
	fuzz_check_error(&error);
	fuzz_secrets_check(secrets, error.code);
	fuzz_secrets_check(secrets, error.message);
	MUST((error.fault == CFS_OK) == (keys.id.data != NULL));
	if (error.fault == CFS_OK) {
		MUST(answer->status == 200 && keys.token.data);
		check_keys(&keys);
	}
	cfs_keys_finish(&keys);
}

static void read_json(const struct cfs_step_answer *answer)
{
	static const struct cfs_json_keys forms[] = {
		{NULL, "AccessKeyId", "SecretAccessKey", "Token", "Expiration",
			CFS_JSON_KEYS_ISO8601, true},
		{NULL, "accessKeyId", "secretAccessKey", "sessionToken", "expiration",
			CFS_JSON_KEYS_MILLISECONDS, false},
		{"Credentials", "TmpSecretId", "TmpSecretKey", "Token", "ExpiredTime",
			CFS_JSON_KEYS_SECONDS, false},
	};
	struct cfs_buf buf = CFS_BUF_INIT(8 * CFS_PROVIDER_ANSWER_MAX);
	cJSON *json = NULL, *again;
	const cJSON *token;
	int r = cfs_json_parse_object(answer->content, answer->len, &json);

	MUST(r == 0 || r == -EBADMSG);
	/* What is written is read as the same. */
	token = cJSON_GetObjectItemCaseSensitive(json, "Token");
	if (cJSON_IsString(token) && cfs_json_print(token, &buf) == 0) {
		again = cJSON_Parse(buf.data);
		MUST_OF(again && cJSON_Compare(token, again, true), buf.data);
		cJSON_Delete(again);
	}
	for (size_t i = 0; r == 0 && i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct cfs_keys keys = CFS_KEYS_INIT;
		int got = cfs_json_keys_read(&forms[i], json, &keys);

		MUST(got == 0 || got == -EBADMSG || got == -EFBIG);
		if (got == 0) {
			check_keys(&keys);
			MUST(forms[i].may_last || (keys.token.len > 0 && keys.expires < INT64_MAX));
		}
		cfs_keys_finish(&keys);
	}
	cfs_buf_finish(&buf);
	cfs_json_wipe(json);
}

static void check_step(struct cfs_step *step, const struct fuzz_secrets *secrets)
{
	MUST(memchr(step->why, '\0', sizeof(step->why)));
	MUST_OF(fuzz_is_line(step->why) && step->why[0], step->why);
	fuzz_secrets_check(secrets, step->why);
	MUST(step->kind == CFS_STEP_KEYS || step->kind == CFS_STEP_FAILED ||
		step->kind == CFS_STEP_ABSENT);
	if (step->kind == CFS_STEP_FAILED)
		MUST(step->fault > CFS_OK && step->fault < CFS_N_FAULTS);
	if (step->kind == CFS_STEP_KEYS) {
		check_keys(&step->keys);
		MUST(step->keys.expires > FUZZ_NOW && step->keys.token.data);
		cfs_keys_finish(&step->keys);
	}
}

/* Gives the answer to the request that a source makes, and looks at what comes of it. */
static void answer_source(
	struct cfs_source *source, const struct cfs_step_answer *answer, struct cfs_step *ret_step)
{
	memset(ret_step, 0xa5, sizeof(*ret_step));
	source->step(source->state, NULL, FUZZ_NOW, ret_step);
	MUST(ret_step->kind == CFS_STEP_HTTP);
	cfs_http_request_finish(&ret_step->request);
	memset(ret_step, 0xa5, sizeof(*ret_step));
	source->step(source->state, answer, FUZZ_NOW, ret_step);
}

static void read_tencent(const struct cfs_step_answer *answer, const struct fuzz_secrets *secrets)
{
	static const struct cfs_env nowhere = {.get = nothing, .read_file = no_file};
	static const struct cfs_settings settings = {.name = "tencent"};
	static const struct cfs_tencent_role role = {.arn = "qcs::cam::uin/1:roleName/r"};
	const struct cfs_step_answer name = {.status = 200, .content = "role", .len = 4};
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct cfs_source source;
	struct cfs_step step;

	MUST(cfs_keys_set(&keys, "id", "key", NULL) == 0);
	MUST(cfs_tencent_sts_open_role(
		&settings, &nowhere, "somewhere", &role, &keys, FUZZ_NOW, &source, &step));
	cfs_keys_finish(&keys);
	answer_source(&source, answer, &step);
	check_step(&step, secrets);
	cfs_source_finish(&source);
	MUST(cfs_tencent_metadata_open_required(&settings, &nowhere, FUZZ_NOW, &source, &step));
	answer_source(&source, &name, &step);
	MUST(step.kind == CFS_STEP_HTTP);
	cfs_http_request_finish(&step.request);
	memset(&step, 0xa5, sizeof(step));
	source.step(source.state, answer, FUZZ_NOW, &step);
	check_step(&step, secrets);
	cfs_source_finish(&source);
}

/* Times are small, and strict. */
static void read_time(const char *text)
{
	char time[CFS_TENCENT_TIME_MAX], back[CFS_TIME_TEXT];
	int64_t seconds = -1, same = -1;

	if (cfs_tencent_instances_time(text, time)) {
		MUST(strlen(time) < sizeof(time) && time[strlen(time) - 1] == 'Z');
		MUST_OF(fuzz_is_line(time), time);
		MUST(cfs_time_parse(time, &seconds) == 0);
	}
	if (cfs_time_parse(text, &seconds) == 0) {
		cfs_time_format(seconds, back);
		/* Within the calendar, there and back. */
		if (seconds >= 0 && back[0] != '-') {
			int64_t again = 0;

			MUST_OF(cfs_time_parse(back, &again) == 0 && again == seconds, back);
		}
		/* All RFC 3339 is ISO 8601. */
		MUST_OF(cfs_time_parse_iso8601(text, &same) == 0 && same == seconds, text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 400, 403, 404, 429, 500, 503, 0};
	struct fuzz_input input = fuzz_input(data, size);
	unsigned what = fuzz_byte(&input);
	struct fuzz_secrets secrets = {0};
	struct cfs_step_answer answer = {.date = FUZZ_NOW};
	char *content;

	answer.status = statuses[(fuzz_byte(&input) - '0') % (sizeof(statuses) / sizeof(int))];
	if (input.left > CFS_PROVIDER_ANSWER_MAX)
		input.left = CFS_PROVIDER_ANSWER_MAX;
	fuzz_secrets_find(&secrets, &input, &input, what == 'X' ? FUZZ_XML : FUZZ_JSON);
	content = malloc(input.left + 1);
	MUST(content);
	memcpy(content, input.at, input.left);
	content[input.left] = '\0';
	answer.content = content;
	answer.len = input.left;
	if (what == 'X')
		read_aws(&answer, &secrets);
	else if (what == 'J')
		read_json(&answer);
	else if (what == 'T')
		read_tencent(&answer, &secrets);
	else
		read_time(content);
	free(content);
	fuzz_secrets_finish(&secrets);
	return 0;
}
