/* SPDX-License-Identifier: MIT */
/*
 * Pages made of text from strangers: the texts are records. A page must have the same markup as one
 * of which every text is harmless.
 */
#include <stdlib.h>
#include <string.h>

#include "backends/aws/aws.h"
#include "backends/base/html.h"
#include "backends/base/text.h"
#include "fs/node/failure_page.h"
#include "fs/tree/gallery.h"
#include "fs/tree/status.h"
#include "tests/fuzz/fleet.h"

#include <cjson/cJSON.h>

#define PAGE_MAX (4 * 1024 * 1024)

enum { NAME, STATE, TYPE, TAG_KEY, TAG_VALUE, ADDRESS, CODE, MESSAGE, REQUEST_ID, N_TEXTS };

static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
static const char marks[] = "&<>\"'";

/* Which entity begins here, or -1. */
static int entity_at(const char *text)
{
	for (int i = 0; i < 5; i++) {
		if (strncmp(text, entities[i], strlen(entities[i])) == 0)
			return i;
	}
	return -1;
}

/* Escaped, a text holds no mark, and read by a browser it is the text again. */
static void check_text(const char *text)
{
	struct cfs_buf html = CFS_BUF_INIT(PAGE_MAX), back = CFS_BUF_INIT(PAGE_MAX);
	struct cfs_buf want = CFS_BUF_INIT(PAGE_MAX);
	const unsigned char *in = (const unsigned char *)text;
	size_t len = strlen(text), n;
	int entity;

	MUST(cfs_html_add(&html, text) == 0);
	MUST_OF(fuzz_is_line(cfs_buf_text(&html)), html.data);
	for (const char *at = cfs_buf_text(&html); *at; at++) {
		MUST_OF(!strchr("<>\"'", *at), html.data);
		entity = *at == '&' ? entity_at(at) : -1;
		MUST_OF(*at != '&' || entity >= 0, html.data);
		MUST(cfs_buf_addc(&back, entity < 0 ? *at : marks[entity]) == 0);
		if (entity >= 0)
			at += strlen(entities[entity]) - 1;
	}
	for (; len > 0; in += n, len -= n) {
		n = cfs_text_utf8_length(in, len);
		if (strchr("\t\n\r", *in))
			MUST(cfs_buf_addc(&want, ' ') == 0);
		else if (n == 0 || cfs_text_is_control(in, n))
			MUST(cfs_buf_adds(&want, "\xef\xbf\xbd") == 0);
		else
			MUST(cfs_buf_add(&want, in, n) == 0);
		n = n ? n : 1;
	}
	MUST_OF(strcmp(cfs_buf_text(&back), cfs_buf_text(&want)) == 0, html.data);
	cfs_buf_clear(&html);
	MUST(cfs_html_add_step(&html, text) == 0);
	for (const char *at = cfs_buf_text(&html); *at; at++)
		MUST_OF(*at == '%' || cfs_text_is_token(at, 1, 1, "-._~"), html.data);
	cfs_buf_finish(&html);
	cfs_buf_finish(&back);
	cfs_buf_finish(&want);
}

static struct cfs_entry *put(struct fuzz_fleet *fleet, const char *const texts[N_TEXTS])
{
	struct cfs_instance_builder builder;
	struct cfs_entry *entry;

	cfs_instance_builder_init(&builder);
	fuzz_set(&builder, CFS_FIELD_ID, "i-0badcafe");
	fuzz_set(&builder, CFS_FIELD_NAME, texts[NAME]);
	fuzz_set(&builder, CFS_FIELD_STATE, texts[STATE]);
	fuzz_set(&builder, CFS_FIELD_TYPE, texts[TYPE]);
	MUST(cfs_instance_builder_add_tag(&builder, texts[TAG_KEY], strlen(texts[TAG_KEY]),
		     texts[TAG_VALUE], strlen(texts[TAG_VALUE])) == 0);
	MUST(cfs_instance_builder_add_address(&builder, texts[ADDRESS], strlen(texts[ADDRESS])) ==
		0);
	entry = fuzz_fleet_put(fleet, &builder, 3);
	cfs_instance_builder_finish(&builder);
	return entry;
}

/* The JSON says what is known, whatever is in it. */
static void check_info(const struct cfs_node *node)
{
	struct cfs_buf info = CFS_BUF_INIT(PAGE_MAX);
	const char *name = cfs_instance_field(node->entry->instance, CFS_FIELD_NAME);
	cJSON *json;

	MUST(cfs_status_render_info(node, &info) == 0);
	MUST_OF(fuzz_is_utf8(info.data), info.data);
	json = cJSON_Parse(info.data);
	MUST_OF(json, info.data);
	MUST_OF(strcmp(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "name")),
			name) == 0,
		info.data);
	cJSON_Delete(json);
	cfs_buf_finish(&info);
}

static void render_gallery(const struct cfs_node *top, struct cfs_buf *buf)
{
	void *state;
	int r;

	MUST(cfs_gallery_generator.begin(top, &state) == 0);
	do
		r = cfs_gallery_generator.step(state, buf);
	while (r > 0);
	cfs_gallery_generator.end(state);
	MUST(r == 0);
}

/* The gallery and the page of a failure, one after the other. */
static void render(const char *const texts[N_TEXTS], struct cfs_buf *pages)
{
	struct cfs_node node = {.kind = CFS_NODE_FILE, .live = cfs_aws_backend.live};
	struct cfs_failure failure = {
		.action = "GetConsoleScreenshot", .permission = "ec2:GetConsoleScreenshot"};
	struct fuzz_fleet fleet;

	fuzz_fleet_init(&fleet, &cfs_aws_backend);
	node.cloud = &fleet.cloud;
	node.entry = put(&fleet, texts);
	failure.number = 13;
	failure.error.fault = CFS_DENIED;
	/* As the backends do it. */
	cfs_text_line(
		failure.error.code, sizeof(failure.error.code), texts[CODE], strlen(texts[CODE]));
	cfs_text_line(failure.error.message, sizeof(failure.error.message), texts[MESSAGE],
		strlen(texts[MESSAGE]));
	cfs_text_line(failure.error.request_id, sizeof(failure.error.request_id), texts[REQUEST_ID],
		strlen(texts[REQUEST_ID]));
	check_info(&node);
	render_gallery(cfs_node_find(fleet.nodes, CFS_NODE_ROOT), pages);
	MUST(cfs_failure_page(&node, &failure, pages) == 0);
	fuzz_fleet_finish(&fleet);
}

static size_t count(const struct cfs_buf *pages, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < pages->len; i++)
		n += pages->data[i] == c;
	return n;
}

/* A harmless text in its place: nothing for nothing, as that is left out, and a long one for a long
 * one, as a long state is not offered by the filter. */
static const char *plain(const char *text)
{
	static const char x[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	struct cfs_buf shown = CFS_BUF_INIT(PAGE_MAX);
	size_t len;

	MUST(cfs_text_add_utf8(&shown, text, strlen(text)) == 0);
	len = shown.len;
	cfs_buf_finish(&shown);
	return len >= sizeof(x) - 1 ? x : len > 0 ? "x" : "";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size), record;
	struct cfs_buf pages = CFS_BUF_INIT(PAGE_MAX), harmless = CFS_BUF_INIT(PAGE_MAX);
	const char *texts[N_TEXTS], *plains[N_TEXTS];
	char *copies[N_TEXTS];

	for (size_t i = 0; i < N_TEXTS; i++) {
		record = (struct fuzz_input){0};
		fuzz_next(&input, FUZZ_SEPARATOR, &record);
		texts[i] = copies[i] = fuzz_text(&record);
		plains[i] = plain(texts[i]);
		check_text(texts[i]);
	}
	/* A tag that says the name again is not shown. */
	if (strcmp(texts[NAME], texts[TAG_VALUE]) != 0 && *texts[TAG_VALUE])
		plains[TAG_VALUE] = "y"; /* of no meaning how long */
	render(texts, &pages);
	render(plains, &harmless);
	MUST_OF(fuzz_is_utf8(pages.data), pages.data);
	for (const char *mark = "<>\"'"; *mark; mark++)
		MUST_OF(count(&pages, *mark) == count(&harmless, *mark), pages.data);
	cfs_buf_finish(&pages);
	cfs_buf_finish(&harmless);
	for (size_t i = 0; i < N_TEXTS; i++)
		free(copies[i]);
	return 0;
}
