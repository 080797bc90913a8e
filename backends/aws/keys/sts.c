/* SPDX-License-Identifier: MIT */
#include "backends/aws/keys/sts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backends/aws/api/errors.h"
#include "backends/aws/api/grammar.h"
#include "backends/aws/api/partition.h"
#include "backends/aws/api/query.h"
#include "backends/base/text.h"
#include "backends/base/time.h"
#include "backends/base/xml.h"

#define SESSION_MAX 64 /* bytes of the name of a role's session, NUL included */

static int add_body(struct cfs_buf *form, const struct cfs_aws_sts_role *role, int64_t now)
{
	char session[SESSION_MAX];

	snprintf(session, sizeof(session), "consolefs-%" PRId64, now);
	cfs_buf_addf(form, "Action=%s&Version=" CFS_AWS_STS_VERSION,
		role->web_identity ? "AssumeRoleWithWebIdentity" : "AssumeRole");
	cfs_aws_query_add(form, "RoleArn", role->arn);
	cfs_aws_query_add(form, "RoleSessionName", role->session ? role->session : session);
	if (role->external_id)
		cfs_aws_query_add(form, "ExternalId", role->external_id);
	if (role->duration)
		cfs_aws_query_add(form, "DurationSeconds", role->duration);
	if (role->web_identity)
		cfs_aws_query_add(form, "WebIdentityToken", role->web_identity);
	return cfs_buf_error(form);
}

int cfs_aws_sts_request(const struct cfs_aws_endpoints *endpoints,
	const struct cfs_aws_sts_role *role, const struct cfs_keys *keys, int64_t now,
	struct cfs_http_request *ret_request)
{
	const struct cfs_aws_partition *partition = cfs_aws_partition_of_arn(role->arn);
	const char *region = endpoints->region;
	struct cfs_http_request request;
	struct cfs_aws_target target;
	int r;

	/* Without a region, a role of another partition is asked for in that partition. */
	if (!*region && partition && partition != cfs_aws_partition_of_region(""))
		region = partition->region;
	cfs_aws_endpoints_target(endpoints, CFS_AWS_STS, region, &target);
	cfs_http_request_init(&request, "POST");
	r = add_body(&request.body, role, now);
	if (r == 0)
		r = cfs_aws_query_finish(&request, &target, CFS_AWS_STS, keys, now);
	if (r < 0) {
		cfs_http_request_finish(&request);
		return r;
	}
	*ret_request = request;
	return 0;
}

/* The answer */

struct reading {
	enum cfs_aws_place place[CFS_XML_DEPTH_MAX + 1];
	unsigned depth;
	struct cfs_buf leaf;
	struct cfs_keys keys;
	bool good; /* the root is that of a role */
	bool timed;
	struct cfs_error said;
};

static int on_begin(void *arg, const char *name)
{
	struct reading *reading = arg;
	enum cfs_aws_place place = cfs_aws_grammar_step(reading->place[reading->depth], name);

	reading->place[++reading->depth] = place;
	if (reading->depth == 1)
		reading->good = place == CFS_AT_ROLE_RESPONSE;
	if (cfs_aws_grammar_is_leaf(place))
		cfs_buf_clear(&reading->leaf);
	return 0;
}

static int on_text(void *arg, const char *bytes, size_t len)
{
	struct reading *reading = arg;

	if (!cfs_aws_grammar_is_leaf(reading->place[reading->depth]))
		return 0;
	return cfs_buf_add(&reading->leaf, bytes, len);
}

static int on_end(void *arg)
{
	struct reading *reading = arg;
	enum cfs_aws_place place = reading->place[reading->depth--];
	const char *text = cfs_buf_text(&reading->leaf);
	size_t len = reading->leaf.len;
	struct cfs_error *said = &reading->said;
	struct cfs_keys *keys = &reading->keys;

	if (place == CFS_AT_KEYS_ID)
		return cfs_secret_set(&keys->id, text, len);
	if (place == CFS_AT_KEYS_SECRET)
		return cfs_secret_set(&keys->secret, text, len);
	if (place == CFS_AT_KEYS_TOKEN)
		return cfs_secret_set(&keys->token, text, len);
	if (place == CFS_AT_KEYS_EXPIRATION)
		reading->timed = cfs_time_parse_iso8601(text, &keys->expires) == 0;
	else if (place == CFS_AT_ERROR_CODE)
		cfs_error_say_code(said, text, len);
	else if (place == CFS_AT_ERROR_MESSAGE)
		cfs_aws_errors_message(said, text, len);
	else if (place == CFS_AT_REQUEST_ID)
		cfs_error_say_request_id(said, text, len);
	return 0;
}

static const struct cfs_xml_handler handler = {
	.begin = on_begin,
	.text = on_text,
	.end = on_end,
};

static int parse(const struct cfs_step_answer *answer, struct reading *reading)
{
	struct cfs_xml *xml = NULL;
	int r = cfs_xml_create(&handler, reading, CFS_PROVIDER_ANSWER_MAX, &xml);

	if (r == 0)
		r = cfs_xml_feed(xml, answer->content, answer->len);
	if (r == 0)
		r = cfs_xml_end(xml);
	cfs_xml_destroy(xml);
	return r;
}

void cfs_aws_sts_read(const struct cfs_step_answer *answer, struct cfs_keys *ret_keys,
	struct cfs_error *ret_error)
{
	struct reading reading = {.place = {CFS_AT_DOCUMENT},
		.leaf = CFS_BUF_INIT(CFS_PROVIDER_ANSWER_MAX),
		.keys = CFS_KEYS_INIT};
	struct cfs_keys *keys = &reading.keys;
	int r = parse(answer, &reading);

	if (r == -ENOMEM) {
		cfs_error_set(ret_error, CFS_NO_MEMORY, "out of memory");
	} else if (answer->status != 200 || *reading.said.code) {
		*ret_error = reading.said;
		ret_error->fault = cfs_aws_errors_classify(
			reading.said.code, reading.said.message, answer->status);
		if (!*reading.said.code)
			cfs_error_set(ret_error, ret_error->fault,
				"HTTP status %d without an error code", answer->status);
	} else if (r < 0 || !reading.good || keys->id.len == 0 || keys->secret.len == 0 ||
		keys->token.len == 0 || !reading.timed) {
		cfs_error_set(ret_error, CFS_BAD_ANSWER, "the answer has no keys");
	} else {
		*ret_error = (struct cfs_error){.fault = CFS_OK};
		*ret_keys = *keys;
		*keys = CFS_KEYS_INIT;
	}
	cfs_keys_finish(keys);
	cfs_buf_wipe(&reading.leaf);
}
