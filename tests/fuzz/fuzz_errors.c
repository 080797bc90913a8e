/* SPDX-License-Identifier: MIT */
/*
 * Errors of both clouds, built whole: a status, a code, a message and a request id, which the input
 * gives as records after a byte that says how they are written. What becomes of them is what a user
 * sees: `error`, `status`, the log.
 */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "backends/aws/api/errors.h"
#include "backends/aws/aws.h"
#include "backends/base/text.h"
#include "backends/tencent/api/errors.h"
#include "backends/tencent/tencent.h"
#include "fs/client/failure.h"
#include "tests/fuzz/answers.h"

#define BODY_MAX (1024 * 1024)

struct said {
	char *code, *message, *id;
};

static void add_escaped(struct cfs_buf *buf, const char *text)
{
	for (; *text; text++) {
		MUST((strchr("<>&", *text) ? cfs_buf_addf(buf, "&#%d;", *text)
					   : cfs_buf_addc(buf, *text)) == 0);
	}
}

static void add_xml(struct cfs_buf *buf, const struct said *said, bool ec2)
{
	MUST(cfs_buf_adds(buf,
		     ec2 ? "<Response><Errors><Error><Code>" : "<ErrorResponse><Error><Code>") ==
		0);
	add_escaped(buf, said->code);
	MUST(cfs_buf_adds(buf, "</Code><Message>") == 0);
	add_escaped(buf, said->message);
	MUST(cfs_buf_adds(buf,
		     ec2 ? "</Message></Error></Errors><RequestID>"
			 : "</Message></Error><RequestId>") == 0);
	add_escaped(buf, said->id);
	MUST(cfs_buf_adds(buf, ec2 ? "</RequestID></Response>" : "</RequestId></ErrorResponse>") ==
		0);
}

static void add_json(struct cfs_buf *buf, const struct said *said)
{
	cJSON *root = cJSON_CreateObject(), *response, *error;
	char *text;

	response = cJSON_AddObjectToObject(root, "Response");
	error = cJSON_AddObjectToObject(response, "Error");
	MUST(cJSON_AddStringToObject(error, "Code", said->code));
	MUST(cJSON_AddStringToObject(error, "Message", said->message));
	MUST(cJSON_AddStringToObject(response, "RequestId", said->id));
	text = cJSON_PrintUnformatted(root);
	MUST(text && cfs_buf_adds(buf, text) == 0);
	cJSON_free(text);
	cJSON_Delete(root);
}

static size_t lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

/* In `error` nobody adds a line of his own. */
static void check_description(const struct cfs_error *error)
{
	struct cfs_failure failure = {.action = "DoThis", .permission = "ec2:DoThis"};
	struct cfs_buf text = CFS_BUF_INIT(65536), plain = CFS_BUF_INIT(65536);

	failure.number = cfs_failure_errno(error->fault, false);
	MUST(failure.number > 0);
	MUST(cfs_failure_errno(error->fault, true) > 0);
	failure.error = *error;
	MUST(cfs_failure_describe(&failure, &text) == 0);
	if (failure.error.code[0])
		strcpy(failure.error.code, "c");
	if (failure.error.message[0])
		strcpy(failure.error.message, "m");
	if (failure.error.request_id[0])
		strcpy(failure.error.request_id, "r");
	MUST(cfs_failure_describe(&failure, &plain) == 0);
	MUST_OF(lines(text.data) == lines(plain.data), text.data);
	MUST_OF(fuzz_is_utf8(text.data), text.data);
	cfs_buf_finish(&text);
	cfs_buf_finish(&plain);
}

static void read_error(struct fuzz_question *asked, const struct cfs_buf *body)
{
	static const enum cfs_verb verbs[] = {
		CFS_LIST, CFS_FIND, CFS_FETCH, CFS_REGIONS, CFS_WHOAMI, CFS_PROBE};
	struct fuzz_input input = {.at = body->data, .left = body->len};
	bool aws = asked->backend == &cfs_aws_backend;
	struct fuzz_outcome outcome;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		asked->question = (struct cfs_question){.verb = verbs[i],
			.region = "",
			.token = "",
			.id = aws ? "i-0123456789abcdef0" : "ins-r9hr2upy",
			.live = asked->backend->live};
		fuzz_answer(asked, &input, &outcome);
		MUST(outcome.n_given == 0 && outcome.content.len == 0);
		/* An error is one whatever the status says; only who probes may be content. */
		MUST(outcome.error.fault != CFS_OK || verbs[i] == CFS_PROBE);
		if (outcome.error.fault != CFS_OK)
			check_description(&outcome.error);
		fuzz_outcome_finish(&outcome);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cfs_account *accounts[2];
	struct fuzz_input input = fuzz_input(data, size), record = {0};
	struct cfs_buf body = CFS_BUF_INIT(BODY_MAX);
	struct fuzz_question asked = {.cuts = 7};
	unsigned how = fuzz_byte(&input);
	struct said said;
	struct cfs_error error = {0};

	if (!accounts[0]) {
		accounts[0] = fuzz_account(&cfs_aws_backend);
		accounts[1] = fuzz_account(&cfs_tencent_backend);
	}
	asked.status = 200 + (int)(fuzz_byte(&input) * 3) % 400;
	fuzz_next(&input, FUZZ_SEPARATOR, &record);
	said.code = fuzz_text(&record);
	record.left = 0;
	fuzz_next(&input, FUZZ_SEPARATOR, &record);
	said.message = fuzz_text(&record);
	cfs_aws_errors_message(&error, said.message, strlen(said.message));
	MUST_OF(fuzz_is_printable(error.message), error.message);
	MUST(cfs_aws_errors_classify(said.code, said.message, asked.status) != CFS_OK);
	MUST(cfs_tencent_errors_fault(said.code) != CFS_OK);
	MUST(cfs_fault_from_status(asked.status == 200 ? 201 : asked.status) != CFS_OK);
	record.left = 0;
	fuzz_next(&input, FUZZ_SEPARATOR, &record);
	said.id = fuzz_text(&record);
	if (how == 'J')
		add_json(&body, &said);
	else
		add_xml(&body, &said, how == 'E');
	asked.backend = how == 'J' ? &cfs_tencent_backend : &cfs_aws_backend;
	asked.account = accounts[how == 'J'];
	read_error(&asked, &body);
	cfs_buf_finish(&body);
	free(said.code);
	free(said.message);
	free(said.id);
	return 0;
}
