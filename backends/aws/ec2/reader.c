/* SPDX-License-Identifier: MIT */
/*
 * An answer is read in three layers. xml.c turns bytes into elements, and grammar.c tells which
 * elements matter: each that does is a place. What a place holds goes to instances.c, regions.c or
 * console.c. Errors and the caller's ARN are read here.
 *
 * The HTTP status is known only at the end. Until then a reader goes on, even if the body is not XML
 * at all. It ends a transfer early only for what no status could change: a limit, a lack of memory,
 * or a sink that returns an error.
 */
#include "backends/aws/ec2/reader.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/api/errors.h"
#include "backends/aws/api/grammar.h"
#include "backends/aws/ec2/console.h"
#include "backends/aws/ec2/instances.h"
#include "backends/aws/ec2/live.h"
#include "backends/aws/ec2/regions.h"
#include "backends/base/text.h"
#include "backends/base/xml.h"

struct cfs_reader {
	struct cfs_xml *xml;
	enum cfs_aws_place place[CFS_XML_DEPTH_MAX + 1]; /* [0] is the document */
	unsigned depth;
	enum cfs_aws_place wanted_root;
	enum cfs_aws_place root; /* CFS_AT_DOCUMENT before there is one */
	struct cfs_buf leaf;     /* text of the current leaf */
	bool leaf_cut;
	bool broken;           /* the body is not well-formed XML */
	size_t rest;           /* bytes read since then */
	int failed;            /* the error that ends the transfer */
	struct cfs_error said; /* code, message and request ID, as far as seen */
	char id[CFS_ID_MAX + 1];
	enum cfs_verb verb;
	struct cfs_sink *sink;
	struct cfs_aws_instances instances; /* LIST, FIND */
	struct cfs_aws_console console;     /* FETCH */
	struct cfs_aws_regions regions;     /* REGIONS */
};

static bool is_listing(const struct cfs_reader *reader)
{
	return reader->verb == CFS_LIST || reader->verb == CFS_FIND;
}

/* Whether the answer has content for the sink's buffer. */
static bool has_content(const struct cfs_reader *reader)
{
	return reader->verb == CFS_FETCH || reader->verb == CFS_WHOAMI;
}

static int on_begin(void *arg, const char *name)
{
	struct cfs_reader *reader = arg;
	enum cfs_aws_place place = cfs_aws_grammar_step(reader->place[reader->depth], name);

	reader->place[++reader->depth] = place;
	if (reader->depth == 1)
		reader->root = place;
	if (cfs_aws_grammar_is_leaf(place)) {
		cfs_buf_clear(&reader->leaf);
		reader->leaf_cut = false;
	}
	/* An answer to another action is not read. */
	if (reader->root != reader->wanted_root)
		return 0;
	if (reader->verb == CFS_FETCH)
		cfs_aws_console_begin(&reader->console, place);
	else if (reader->verb == CFS_REGIONS)
		cfs_aws_regions_begin(&reader->regions, place);
	else if (is_listing(reader))
		cfs_aws_instances_begin(&reader->instances, place);
	return 0;
}

static int on_text(void *arg, const char *bytes, size_t len)
{
	struct cfs_reader *reader = arg;
	enum cfs_aws_place place = reader->place[reader->depth];
	size_t room = reader->leaf.max - reader->leaf.len;

	if (!cfs_aws_grammar_is_leaf(place))
		return 0;
	if (place == CFS_AT_CONSOLE_DATA) {
		if (reader->root == reader->wanted_root && reader->verb == CFS_FETCH)
			reader->failed = cfs_aws_console_data(&reader->console, bytes, len);
		return reader->failed;
	}
	if (len > room) {
		len = room;
		reader->leaf_cut = true;
	}
	return reader->failed = cfs_buf_add(&reader->leaf, bytes, len);
}

/* Takes the ARN of the caller as a line that can be printed. */
static int take_name(struct cfs_reader *reader, const char *text, size_t len)
{
	char line[CFS_AWS_ARN_MAX + 1];

	if (reader->leaf_cut || len > CFS_AWS_ARN_MAX || strncmp(text, "arn:", 4) != 0)
		return 0; /* judge() then misses it */
	cfs_text_said(line, sizeof(line), text, len);
	cfs_buf_clear(reader->sink->content);
	return cfs_buf_adds(reader->sink->content, line);
}

/* An element of an answer to the right action ends. */
static int end_place(
	struct cfs_reader *reader, enum cfs_aws_place place, const char *text, size_t len)
{
	if (reader->verb == CFS_FETCH)
		cfs_aws_console_end(&reader->console, place, text);
	else if (reader->verb == CFS_REGIONS)
		return cfs_aws_regions_end(&reader->regions, place, text);
	else if (reader->verb == CFS_WHOAMI && place == CFS_AT_ARN)
		return take_name(reader, text, len);
	else if (is_listing(reader))
		return cfs_aws_instances_end(
			&reader->instances, place, text, len, reader->leaf_cut);
	return 0;
}

static int on_end(void *arg)
{
	struct cfs_reader *reader = arg;
	enum cfs_aws_place place = reader->place[reader->depth--];
	const char *text = cfs_buf_text(&reader->leaf);
	size_t len = reader->leaf.len;
	struct cfs_error *said = &reader->said;

	if (place == CFS_AT_ERROR_CODE && !*said->code)
		cfs_error_say_code(said, text, len);
	else if (place == CFS_AT_ERROR_MESSAGE && !*said->message)
		cfs_aws_errors_message(said, text, len);
	else if (place == CFS_AT_REQUEST_ID)
		cfs_error_say_request_id(said, text, len);
	if (reader->root != reader->wanted_root)
		return 0;
	return reader->failed = end_place(reader, place, text, len);
}

static const struct cfs_xml_handler handler = {
	.begin = on_begin,
	.text = on_text,
	.end = on_end,
};

static bool is_image(const struct cfs_question *question)
{
	return question->live == &cfs_aws_live[CFS_AWS_LIVE_SCREENSHOT];
}

/* Prepares to read the answer to the question. Returns the limit of its length. */
static size_t prepare(struct cfs_reader *reader, const struct cfs_question *question)
{
	switch (question->verb) {
	case CFS_FETCH:
		cfs_aws_console_init(
			&reader->console, reader->id, reader->sink->content, is_image(question));
		__attribute__((fallthrough));
	case CFS_PROBE:
		reader->wanted_root =
			is_image(question) ? CFS_AT_SCREENSHOT_RESPONSE : CFS_AT_OUTPUT_RESPONSE;
		return 2 * question->live->nominal + CFS_AWS_ENVELOPE_MAX;
	case CFS_REGIONS:
		cfs_aws_regions_init(&reader->regions, reader->sink);
		reader->wanted_root = CFS_AT_REGIONS_RESPONSE;
		return CFS_AWS_ENVELOPE_MAX;
	case CFS_WHOAMI:
		reader->wanted_root = CFS_AT_IDENTITY_RESPONSE;
		return CFS_AWS_ENVELOPE_MAX;
	case CFS_LIST:
	case CFS_FIND:
		break;
	}
	cfs_aws_instances_init(
		&reader->instances, reader->sink, question->verb == CFS_FIND ? reader->id : NULL);
	reader->wanted_root = CFS_AT_INSTANCES_RESPONSE;
	return question->verb == CFS_FIND ? CFS_AWS_FIND_MAX : CFS_AWS_LIST_MAX;
}

int cfs_aws_reader_create(const struct cfs_account *account, const struct cfs_question *question,
	struct cfs_sink *sink, struct cfs_reader **ret_reader)
{
	struct cfs_reader *reader;
	const char *id = question->id ? question->id : "";
	int r;

	(void)account;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	reader->place[0] = reader->root = CFS_AT_DOCUMENT;
	reader->leaf = CFS_BUF_INIT(CFS_AWS_LEAF_MAX);
	reader->sink = sink;
	reader->verb = question->verb;
	memcpy(reader->id, id, strnlen(id, CFS_ID_MAX));
	r = cfs_xml_create(&handler, reader, prepare(reader, question), &reader->xml);
	if (r < 0)
		goto out;
	*ret_reader = reader;
	reader = NULL;
out:
	cfs_aws_reader_destroy(reader);
	return r;
}

int cfs_aws_reader_feed(struct cfs_reader *reader, const char *bytes, size_t len)
{
	int r;

	if (reader->failed)
		return reader->failed;
	if (!reader->broken) {
		r = cfs_xml_feed(reader->xml, bytes, len);
		if (reader->failed)
			return reader->failed;
		if (r == -EBADMSG)
			reader->broken = true;
		else
			return reader->failed = r;
	}
	if (len > CFS_AWS_REST_MAX - reader->rest)
		return reader->failed = -EBADMSG;
	reader->rest += len;
	return 0;
}

/* What an answer without an error says. */
static void judge(struct cfs_reader *reader, struct cfs_error *ret_error)
{
	if (reader->broken || reader->root == CFS_AT_DOCUMENT)
		cfs_error_set(
			ret_error, CFS_BAD_ANSWER, "the answer is not complete, well-formed XML");
	else if (reader->root != reader->wanted_root)
		cfs_error_set(ret_error, CFS_BAD_ANSWER, "the answer is for another action");
	else if (reader->verb == CFS_FETCH)
		cfs_aws_console_judge(&reader->console, ret_error);
	else if (reader->verb == CFS_REGIONS)
		cfs_aws_regions_judge(&reader->regions, ret_error);
	else if (reader->verb == CFS_WHOAMI && reader->sink->content->len == 0)
		cfs_error_set(ret_error, CFS_BAD_ANSWER, "the answer has no ARN of the caller");
	else if (is_listing(reader))
		cfs_aws_instances_judge(&reader->instances, ret_error);
	else
		*ret_error = (struct cfs_error){.fault = CFS_OK};
}

/* Whether an error means that the action is allowed. EC2 checks the caller's permissions before it
 * looks for the instance. */
static bool is_allowed(const struct cfs_error *error)
{
	const char *dry = strstr(error->code, "DryRunOperation");

	return dry || error->fault == CFS_NOT_FOUND || error->fault == CFS_STOPPED ||
		error->fault == CFS_TRANSITION || error->fault == CFS_WRONG_STATE ||
		error->fault == CFS_UNSUPPORTED;
}

void cfs_aws_reader_finish(struct cfs_reader *reader, int status, struct cfs_error *ret_error)
{
	struct cfs_error *said = &reader->said;
	bool good = status >= 200 && status <= 299;
	int r;

	if (!reader->failed && !reader->broken) {
		r = cfs_xml_end(reader->xml);
		if (!reader->failed && r == -EBADMSG)
			reader->broken = true;
		else if (!reader->failed)
			reader->failed = r;
	}
	if (reader->failed) {
		cfs_error_set(ret_error, cfs_fault_from_errno(reader->failed),
			reader->failed == -EFBIG ? "the answer is longer than its limit"
						 : "the answer could not be read");
	} else if (!good || reader->root == CFS_AT_ERRORS_RESPONSE ||
		reader->root == CFS_AT_ERROR_RESPONSE) {
		said->fault = cfs_aws_errors_classify(said->code, said->message, status);
		if (!*said->code)
			cfs_error_set(ret_error, said->fault,
				"HTTP status %d without an error code", status);
		else if (reader->verb == CFS_PROBE && is_allowed(said))
			*ret_error = (struct cfs_error){.fault = CFS_OK};
		else
			*ret_error = *said;
	} else {
		judge(reader, ret_error);
	}
	memcpy(ret_error->request_id, said->request_id, sizeof(said->request_id));
	if (ret_error->fault != CFS_OK && has_content(reader))
		cfs_buf_clear(reader->sink->content);
}

void cfs_aws_reader_destroy(struct cfs_reader *reader)
{
	if (!reader)
		return;
	cfs_xml_destroy(reader->xml);
	cfs_buf_finish(&reader->leaf);
	if (is_listing(reader))
		cfs_aws_instances_finish(&reader->instances);
	free(reader);
}
