/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/answers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/time.h"
#include "backends/contract/instance.h"

#define GIVEN_MAX (64 * 1024 * 1024)
#define REFUSED (-ENOMEM)
#define NOW INT64_C(1715000000) /* 2024-05-06T12:53:20Z */

/* Within an account: where nothing is. */

static const char *get_nothing(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static int read_nothing(void *arg, const char *path, struct cfs_buf *content)
{
	(void)arg;
	(void)path;
	(void)content;
	return -ENOENT;
}

struct cfs_account *fuzz_account(const struct cfs_backend *backend)
{
	static const struct cfs_env nowhere = {.get = get_nothing, .read_file = read_nothing};
	static const struct cfs_settings settings = {.name = "cloud"};
	struct cfs_buf why = CFS_BUF_INIT(1024);
	struct cfs_account *account = NULL;

	MUST(backend->account_create(&settings, &nowhere, &account, &why) == 0);
	return account;
}

static void note(struct fuzz_outcome *outcome, const char *what, const char *text)
{
	MUST(cfs_buf_addf(&outcome->given, "%s %s\n", what, text) == 0);
}

/* A text of an instance: bounded, UTF-8, and packed with the others into one block. */
static size_t note_text(struct fuzz_outcome *outcome, const char *what, const char *text)
{
	size_t len = strlen(text);

	MUST(len <= CFS_FIELD_TEXT_MAX);
	MUST_OF(fuzz_is_utf8(text), text);
	note(outcome, what, text);
	return len + 1;
}

static size_t note_pair(struct fuzz_outcome *outcome, const char *what, struct cfs_pair pair)
{
	return note_text(outcome, what, pair.key) + note_text(outcome, "is", pair.value);
}

/* RFC 3339, UTC; or "". */
static void check_launched(const char *text)
{
	int64_t seconds;

	if (*text)
		MUST_OF(cfs_time_parse(text, &seconds) == 0 && strchr(text, 'Z'), text);
}

static void check_instance(struct fuzz_outcome *outcome, const struct cfs_instance *instance)
{
	const struct fuzz_question *asked = outcome->asked;
	const char *id = cfs_instance_id(instance);
	size_t bytes = sizeof(*instance);
	const char *at = cfs_instance_addresses(instance);

	MUST(asked->question.verb == CFS_LIST || asked->question.verb == CFS_FIND);
	MUST_OF(asked->backend->valid_id(id), id);
	MUST(strlen(id) <= CFS_ID_MAX);
	if (asked->question.verb == CFS_FIND)
		MUST(strcmp(id, asked->question.id) == 0);
	MUST(instance->n_tags <= CFS_TAGS_MAX);
	MUST(instance->n_extras <= CFS_EXTRAS_MAX);
	MUST(instance->n_addresses <= CFS_ADDRESSES_MAX);
	MUST(instance->power <= CFS_POWER_GONE);
	MUST(instance->offers >> asked->backend->n_live == 0);
	for (size_t i = 0; i < CFS_N_FIELDS; i++)
		bytes += note_text(outcome, "field", cfs_instance_field(instance, i));
	check_launched(cfs_instance_field(instance, CFS_FIELD_LAUNCHED));
	for (size_t i = 0; i < instance->n_addresses; i++)
		bytes += note_text(outcome, "address", cfs_instance_take(&at));
	for (size_t i = 0; i < instance->n_tags; i++)
		bytes += note_pair(outcome, "tag", cfs_instance_take_pair(&at));
	for (size_t i = 0; i < instance->n_extras; i++)
		bytes += note_pair(outcome, "extra", cfs_instance_take_pair(&at));
	MUST(bytes <= CFS_INSTANCE_BYTES_MAX);
	MUST(cfs_buf_addf(&outcome->given, "power %u offers %u\n", instance->power,
		     instance->offers) == 0);
}

static int given(struct fuzz_outcome *outcome)
{
	/* Whoever was refused once gives nothing more. */
	MUST(!outcome->asked->refuses || outcome->n_given < outcome->asked->refuses);
	return ++outcome->n_given == outcome->asked->refuses ? REFUSED : 0;
}

static int take_instance(void *arg, struct cfs_instance *instance)
{
	struct fuzz_outcome *outcome = arg;

	check_instance(outcome, instance);
	cfs_instance_destroy(instance);
	return given(outcome);
}

static int take_region(void *arg, const char *region)
{
	struct fuzz_outcome *outcome = arg;

	MUST(outcome->asked->question.verb == CFS_REGIONS);
	MUST_OF(outcome->asked->backend->valid_region(region), region);
	MUST(strlen(region) <= CFS_REGION_MAX);
	note(outcome, "region", region);
	return given(outcome);
}

static void take_left_out(void *arg, const char *why)
{
	MUST_OF(fuzz_is_line(why) && *why, why);
	note(arg, "left out", why);
}

/* Feeds the whole body at once, or in pieces of up to 1, 16 or 4096 bytes. */
static int feed(const struct fuzz_question *asked, struct cfs_reader *reader,
	const struct fuzz_input *body, uint32_t cuts)
{
	static const uint32_t most[] = {1, 16, 4096};
	struct fuzz_input rest = *body, piece;
	uint32_t draw = cuts;
	char *bytes;
	int r = 0;

	while (r == 0 && rest.left > 0) {
		draw = draw * 1664525 + 1013904223; /* Numerical Recipes' generator */
		piece = rest;
		if (cuts) {
			uint32_t n = 1 + (draw >> 16) % most[cuts % 3];

			piece.left = n < rest.left ? n : rest.left;
		}
		bytes = fuzz_bytes(&piece);
		r = asked->backend->reader_feed(reader, bytes, piece.left);
		free(bytes);
		rest.at += piece.left;
		rest.left -= piece.left;
	}
	return r;
}

static void read_answer(const struct fuzz_question *asked, const struct fuzz_input *body,
	uint32_t cuts, struct fuzz_outcome *outcome)
{
	struct cfs_reader *reader = NULL;
	int r;

	*outcome = (struct fuzz_outcome){
		.given = CFS_BUF_INIT(GIVEN_MAX), .content = CFS_BUF_INIT(FUZZ_CONTENT_MAX)};
	outcome->asked = asked;
	if (asked->question.verb == CFS_FETCH)
		outcome->content.max = asked->question.live->nominal;
	outcome->sink = (struct cfs_sink){
		.instance = take_instance,
		.left_out = take_left_out,
		.region = take_region,
		.arg = outcome,
		.content = &outcome->content,
	};
	MUST(asked->backend->reader_create(
		     asked->account, &asked->question, &outcome->sink, &reader) == 0);
	r = feed(asked, reader, body, cuts);
	if (r < 0) {
		outcome->error.fault = cfs_fault_from_errno(r);
	} else {
		memset(&outcome->error, 0xa5, sizeof(outcome->error));
		asked->backend->reader_finish(reader, asked->status, &outcome->error);
	}
	asked->backend->reader_destroy(reader);
}

/* What an answer that is good promises, whatever it is. */
static void check_good(const struct fuzz_outcome *outcome)
{
	const struct cfs_question *question = &outcome->asked->question;
	const struct cfs_buf *content = &outcome->content;

	MUST(!*outcome->error.code && !*outcome->error.message);
	if (question->verb == CFS_FETCH)
		MUST(content->len <= question->live->nominal);
	if (question->verb == CFS_WHOAMI) {
		MUST(content->len > 0 && strlen(content->data) == content->len);
		MUST_OF(fuzz_is_line(content->data), content->data);
	}
	if (question->verb == CFS_FIND)
		MUST(outcome->n_given == 1);
	if (question->verb == CFS_PROBE)
		MUST(outcome->n_given == 0 && content->len == 0);
}

/* The token of the next page can be sent. */
static void check_page(const struct fuzz_outcome *outcome)
{
	const struct fuzz_question *asked = outcome->asked;
	struct cfs_question question = asked->question;
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct cfs_http_request request;

	MUST(memchr(outcome->sink.token, '\0', sizeof(outcome->sink.token)));
	for (const char *at = outcome->sink.token; *at; at++)
		MUST_OF(*at > ' ' && *at <= '~', outcome->sink.token);
	MUST(outcome->sink.total >= 0);
	if (question.verb != CFS_LIST)
		return;
	question.token = outcome->sink.token;
	MUST(cfs_secret_set(&keys.id, "ID", 2) == 0 && cfs_secret_set(&keys.secret, "k", 1) == 0);
	MUST(asked->backend->request(asked->account, &question, &keys, NOW, &request) == 0);
	MUST(!memchr(request.body.data, '\0', request.body.len));
	MUST(fuzz_is_line(request.body.data));
	cfs_http_request_finish(&request);
	cfs_keys_finish(&keys);
}

static void check(const struct fuzz_outcome *outcome)
{
	const struct fuzz_question *asked = outcome->asked;

	fuzz_check_error(&outcome->error);
	if (outcome->error.fault == CFS_OK) {
		check_good(outcome);
		check_page(outcome);
		MUST(!asked->refuses || outcome->n_given < asked->refuses);
	} else if (asked->question.verb == CFS_FETCH) {
		MUST(outcome->content.len == 0);
	}
	/* Who refuses ends the reading, and that is what is said of it. */
	if (asked->refuses && outcome->n_given == asked->refuses)
		MUST(outcome->error.fault == CFS_NO_MEMORY);
}

static bool same_bytes(const struct cfs_buf *a, const struct cfs_buf *b)
{
	return a->len == b->len && memcmp(cfs_buf_text(a), cfs_buf_text(b), a->len) == 0;
}

static void check_same(const struct fuzz_outcome *a, const struct fuzz_outcome *b)
{
	MUST(a->error.fault == b->error.fault);
	MUST_OF(strcmp(a->error.code, b->error.code) == 0, a->error.code);
	MUST_OF(strcmp(a->error.message, b->error.message) == 0, a->error.message);
	MUST_OF(strcmp(a->error.request_id, b->error.request_id) == 0, a->error.request_id);
	if (a->error.fault != CFS_OK)
		return;
	MUST_OF(same_bytes(&a->given, &b->given), cfs_buf_text(&a->given));
	MUST(same_bytes(&a->content, &b->content));
	MUST(strcmp(a->sink.token, b->sink.token) == 0);
	MUST(a->sink.total == b->sink.total && a->sink.partial == b->sink.partial);
}

void fuzz_answer(const struct fuzz_question *asked, const struct fuzz_input *body,
	struct fuzz_outcome *ret_outcome)
{
	struct fuzz_outcome other;

	read_answer(asked, body, 0, ret_outcome);
	check(ret_outcome);
	if (asked->cuts) {
		read_answer(asked, body, asked->cuts, &other);
		check(&other);
		check_same(ret_outcome, &other);
		fuzz_outcome_finish(&other);
	}
}

void fuzz_outcome_finish(struct fuzz_outcome *outcome)
{
	cfs_buf_finish(&outcome->given);
	cfs_buf_finish(&outcome->content);
}
