/* SPDX-License-Identifier: MIT */
#include "backends/tencent/cvm/answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/json.h"
#include "backends/base/scrub.h"
#include "backends/base/text.h"
#include "backends/tencent/api/api.h"
#include "backends/tencent/api/errors.h"
#include "backends/tencent/cvm/account.h"
#include "backends/tencent/cvm/instances.h"
#include "backends/tencent/cvm/request.h"
#include "backends/tencent/cvm/vnc.h"

struct cfs_reader {
	const struct cfs_account *account;
	struct cfs_sink *sink;
	enum cfs_verb verb;
	const struct cfs_live *live; /* FETCH */
	char id[CFS_ID_MAX + 1];     /* FIND, FETCH */
	int64_t offset;              /* LIST: of the answer being read */
	struct cfs_buf body;         /* holds a secret for FETCH */
};

int cfs_tencent_answer_create(const struct cfs_account *account,
	const struct cfs_question *question, struct cfs_sink *sink, struct cfs_reader **ret_reader)
{
	struct cfs_reader *reader;
	int64_t offset = 0;
	int r;

	if (question->verb == CFS_LIST) {
		r = cfs_tencent_request_offset(question->token, &offset);
		if (r < 0)
			return r;
	}
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	reader->account = account;
	reader->sink = sink;
	reader->verb = question->verb;
	reader->live = question->live;
	reader->offset = offset;
	if (question->id)
		snprintf(reader->id, sizeof(reader->id), "%s", question->id);
	cfs_buf_init(&reader->body,
		question->verb == CFS_LIST || question->verb == CFS_FIND ? CFS_TENCENT_LISTING_MAX
									 : CFS_TENCENT_ANSWER_MAX);
	*ret_reader = reader;
	return 0;
}

int cfs_tencent_answer_feed(struct cfs_reader *reader, const char *bytes, size_t len)
{
	return cfs_buf_add(&reader->body, bytes, len);
}

void cfs_tencent_answer_destroy(struct cfs_reader *reader)
{
	if (!reader)
		return;
	cfs_buf_wipe(&reader->body);
	free(reader);
}

/* A listing ends at TotalCount. An empty answer ends it too, whatever TotalCount says, but then the
 * listing is not complete. Offsets count from the first instance: if one is deleted meanwhile,
 * another one is skipped, which a changed TotalCount tells. */
static void set_next_token(
	struct cfs_reader *reader, int64_t total, size_t received, struct cfs_error *error)
{
	int64_t next = reader->offset + (int64_t)received;

	reader->sink->token[0] = '\0';
	reader->sink->total = total;
	if (received == 0 && next < total)
		reader->sink->partial = true;
	if (received == 0 || next >= total)
		return;
	if (next >= CFS_TENCENT_INSTANCES_MAX)
		cfs_error_set(error, CFS_TOO_LARGE, "the listing has more than %d instances",
			CFS_TENCENT_INSTANCES_MAX);
	else
		snprintf(reader->sink->token, sizeof(reader->sink->token), "%" PRId64, next);
}

static void read_listing(struct cfs_reader *reader, const cJSON *response, struct cfs_error *error)
{
	const cJSON *set = cJSON_GetObjectItemCaseSensitive(response, "InstanceSet");
	size_t received = 0, given = 0;
	int64_t total;
	int r;

	if (!cfs_json_count(response, "TotalCount", INT32_MAX, &total)) {
		cfs_error_set(error, CFS_BAD_ANSWER, "the answer has no valid TotalCount");
		return;
	}
	/* This API also writes an empty list as null. */
	if (!cJSON_IsArray(set) && !(cJSON_IsNull(set) && total == 0)) {
		cfs_error_set(error, CFS_BAD_ANSWER, "the answer has no InstanceSet");
		return;
	}
	r = cfs_tencent_instances_read(
		set, reader->verb == CFS_FIND ? reader->id : NULL, reader->sink, &received, &given);
	if (r < 0)
		cfs_error_set(error, cfs_fault_from_errno(r), "the answer could not be taken over");
	else if (reader->verb == CFS_LIST)
		set_next_token(reader, total, received, error);
	else if (given == 0)
		cfs_error_set(error, CFS_NOT_FOUND, "no instance has this id");
}

/* Messages about this answer are fixed texts: its body is a secret. */
static void read_vnc(struct cfs_reader *reader, const cJSON *response, struct cfs_error *error)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(response, "InstanceVncUrl");
	const char *value = cJSON_GetStringValue(item);
	int r;

	/* null: "no valid value can be obtained", in this API's words. */
	if (cJSON_IsNull(item) || (value && value[0] == '\0')) {
		cfs_error_set(error, CFS_EMPTY, "the cloud gave no VNC address");
		return;
	}
	r = value ? cfs_tencent_vnc_content(reader->live, reader->id, reader->account->vnc_page,
			    value, reader->sink->content)
		  : -EBADMSG;
	if (r < 0)
		cfs_error_set(error, cfs_fault_from_errno(r),
			r == -EBADMSG ? "the answer has no valid InstanceVncUrl"
				      : "the VNC address could not be taken over");
}

/* Takes only regions that are open now: others may not have CVM yet, or no longer. */
static void read_regions(struct cfs_reader *reader, const cJSON *response, struct cfs_error *error)
{
	const cJSON *set = cfs_json_array(response, "RegionSet"), *item;
	int r;

	if (!set) {
		cfs_error_set(error, CFS_BAD_ANSWER, "the answer has no RegionSet");
		return;
	}
	cJSON_ArrayForEach(item, set)
	{
		const char *region = cfs_json_text(item, "Region");
		const char *state = cfs_json_text(item, "RegionState");

		if (!region || !state || strcmp(state, "AVAILABLE") != 0 ||
			!cfs_tencent_endpoint_valid_region(region))
			continue;
		r = reader->sink->region(reader->sink->arg, region);
		if (r < 0) {
			cfs_error_set(error, cfs_fault_from_errno(r),
				"the answer could not be taken over");
			return;
		}
	}
}

static void read_identity(struct cfs_reader *reader, const cJSON *response, struct cfs_error *error)
{
	const char *arn = cfs_json_text(response, "Arn");
	char line[CFS_TENCENT_ARN_MAX];
	int r;

	if (!arn || arn[0] == '\0') {
		cfs_error_set(error, CFS_BAD_ANSWER, "the answer has no Arn");
		return;
	}
	cfs_text_said(line, sizeof(line), arn, strlen(arn));
	r = cfs_buf_adds(reader->sink->content, line);
	if (r < 0)
		cfs_error_set(error, cfs_fault_from_errno(r), "the Arn could not be taken over");
}

static void read_response(struct cfs_reader *reader, const cJSON *response, struct cfs_error *error)
{
	switch (reader->verb) {
	case CFS_LIST:
	case CFS_FIND:
		read_listing(reader, response, error);
		break;
	case CFS_FETCH:
		read_vnc(reader, response, error);
		break;
	case CFS_REGIONS:
		read_regions(reader, response, error);
		break;
	case CFS_WHOAMI:
		read_identity(reader, response, error);
		break;
	case CFS_PROBE:
		break; /* it was done, so it is permitted; nobody gets to see the link */
	}
}

void cfs_tencent_answer_finish(struct cfs_reader *reader, int status, struct cfs_error *ret_error)
{
	char request_id[CFS_REQUEST_ID_MAX];
	const cJSON *response;
	cJSON *tree;
	int r;

	r = cfs_scrub_json(&reader->body, CFS_JSON_DEPTH_MAX);
	if (r < 0) {
		cfs_error_set(ret_error, cfs_fault_from_errno(r), "the answer could not be read");
		return;
	}
	response = cfs_tencent_api_response(status, &reader->body, &tree, ret_error);
	memcpy(request_id, ret_error->request_id, sizeof(request_id));
	if (response)
		read_response(reader, response, ret_error);
	else if (reader->verb == CFS_PROBE && cfs_tencent_errors_permitted(ret_error->code))
		*ret_error = (struct cfs_error){.fault = CFS_OK};
	memcpy(ret_error->request_id, request_id, sizeof(request_id));
	cfs_json_wipe(tree);
}
