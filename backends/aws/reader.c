/*
 * An answer is read in three layers: xml.c makes elements of bytes, grammar.c places of elements,
 * and what happens at a place is decided by its subject: errors here, instances in instances.c,
 * snapshots in console.c.
 *
 * Only the end of an answer tells what it was. Until then a reader goes on, even when the body is
 * no XML at all, because the HTTP status is not known before; it ends a transfer early only for
 * what no status could change: a limit, a lack of memory, a sink that refuses.
 */
#include "backends/aws/reader.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/aws.h"
#include "backends/aws/console.h"
#include "backends/aws/errors.h"
#include "backends/aws/grammar.h"
#include "backends/aws/instances.h"
#include "backends/aws/xml.h"
#include "backends/text.h"

struct cfs_reader {
	struct cfs_xml *xml;
	enum cfs_aws_place place[CFS_XML_DEPTH_MAX + 1]; /* [0] is the document */
	unsigned depth;
	enum cfs_aws_place wanted_root;
	enum cfs_aws_place root; /* CFS_AT_DOCUMENT before there is one */
	struct cfs_buf leaf;     /* text of the innermost leaf */
	bool leaf_cut;
	bool broken;           /* the body is no XML */
	size_t rest;           /* bytes taken since then */
	int failed;            /* what ends the transfer */
	struct cfs_error said; /* code, message and request id, as far as they were seen */
	char id[CFS_ID_MAX + 1];
	bool fetch;
	struct cfs_sink *sink;
	struct cfs_aws_instances instances; /* LIST, FIND */
	struct cfs_aws_console console;     /* FETCH */
};

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
	/* An answer to another question is not read. */
	if (reader->root != reader->wanted_root)
		return 0;
	if (reader->fetch)
		cfs_aws_console_begin(&reader->console, place);
	else
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
		if (reader->root == reader->wanted_root)
			reader->failed = cfs_aws_console_data(&reader->console, bytes, len);
		return reader->failed;
	}
	if (len > room) {
		len = room;
		reader->leaf_cut = true;
	}
	return reader->failed = cfs_buf_add(&reader->leaf, bytes, len);
}

static int on_end(void *arg)
{
	struct cfs_reader *reader = arg;
	enum cfs_aws_place place = reader->place[reader->depth--];
	const char *text = cfs_buf_text(&reader->leaf);
	size_t len = reader->leaf.len;
	struct cfs_error *said = &reader->said;

	if (place == CFS_AT_ERROR_CODE && !*said->code)
		cfs_text_line(said->code, sizeof(said->code), text, len);
	else if (place == CFS_AT_ERROR_MESSAGE && !*said->message)
		cfs_aws_errors_message(said->message, sizeof(said->message), text, len);
	else if (place == CFS_AT_REQUEST_ID)
		cfs_text_line(said->request_id, sizeof(said->request_id), text, len);
	if (reader->root != reader->wanted_root)
		return 0;
	if (reader->fetch)
		cfs_aws_console_end(&reader->console, place, text);
	else
		reader->failed = cfs_aws_instances_end(
			&reader->instances, place, text, len, reader->leaf_cut);
	return reader->failed;
}

static const struct cfs_xml_handler handler = {
	.begin = on_begin,
	.text = on_text,
	.end = on_end,
};

int cfs_aws_reader_create(const struct cfs_account *account, const struct cfs_question *question,
	struct cfs_sink *sink, struct cfs_reader **ret_reader)
{
	struct cfs_reader *reader;
	const char *id = question->id ? question->id : "";
	size_t max;
	int r = -ENOMEM;

	(void)account;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		goto out;
	reader->place[0] = reader->root = CFS_AT_DOCUMENT;
	reader->leaf = CFS_BUF_INIT(CFS_AWS_LEAF_MAX);
	reader->sink = sink;
	reader->fetch = question->verb == CFS_FETCH;
	memcpy(reader->id, id, strnlen(id, CFS_ID_MAX));
	if (reader->fetch) {
		bool image = question->live == &cfs_aws_live[CFS_AWS_LIVE_SCREENSHOT];

		cfs_aws_console_init(&reader->console, reader->id, sink->content, image);
		reader->wanted_root = image ? CFS_AT_SCREENSHOT_RESPONSE : CFS_AT_OUTPUT_RESPONSE;
		max = 2 * question->live->nominal + CFS_AWS_ENVELOPE_MAX;
	} else {
		bool find = question->verb == CFS_FIND;

		cfs_aws_instances_init(&reader->instances, sink, find ? reader->id : NULL);
		reader->wanted_root = CFS_AT_INSTANCES_RESPONSE;
		max = find ? CFS_AWS_FIND_MAX : CFS_AWS_LIST_MAX;
	}
	r = cfs_xml_create(&handler, reader, max, &reader->xml);
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

/* What a good answer says. */
static void judge(struct cfs_reader *reader, struct cfs_error *ret_error)
{
	if (reader->broken || reader->root == CFS_AT_DOCUMENT)
		cfs_error_set(
			ret_error, CFS_BAD_ANSWER, "the answer is not whole, well-formed XML");
	else if (reader->root != reader->wanted_root)
		cfs_error_set(ret_error, CFS_BAD_ANSWER, "the answer is to another question");
	else if (reader->fetch)
		cfs_aws_console_judge(&reader->console, ret_error);
	else
		cfs_aws_instances_judge(&reader->instances, ret_error);
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
			reader->failed == -EFBIG ? "the answer is over its limit"
						 : "the answer could not be read");
	} else if (!good || reader->root == CFS_AT_ERRORS_RESPONSE ||
		reader->root == CFS_AT_ERROR_RESPONSE) {
		said->fault = cfs_aws_errors_classify(said->code, said->message, status);
		if (!*said->code)
			cfs_error_set(ret_error, said->fault,
				"HTTP status %d without an error code", status);
		else
			*ret_error = *said;
	} else {
		judge(reader, ret_error);
	}
	memcpy(ret_error->request_id, said->request_id, sizeof(said->request_id));
	if (ret_error->fault != CFS_OK && reader->fetch)
		cfs_buf_clear(reader->sink->content);
}

void cfs_aws_reader_destroy(struct cfs_reader *reader)
{
	if (!reader)
		return;
	cfs_xml_destroy(reader->xml);
	cfs_buf_finish(&reader->leaf);
	if (!reader->fetch)
		cfs_aws_instances_finish(&reader->instances);
	free(reader);
}
