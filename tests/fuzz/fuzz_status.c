/* SPDX-License-Identifier: MIT */
/*
 * What is shown of an instance and its cloud: info.json, error, status, stats and attributes, with
 * text from strangers. Behind a byte for the cloud (E, C), records: a letter and a text for the
 * instance that is there (n name, z zone, S state, t type, u launched, a an address, g a tag, x one
 * of the cloud's own), or an answer (see wire.h): to a question for the list and one for a live file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "backends/aws/aws.h"
#include "backends/tencent/tencent.h"
#include "fs/catalogue/catalogue.h"
#include "fs/client/call.h"
#include "fs/node/node.h"
#include "fs/tree/status.h"
#include "fs/tree/xattr.h"
#include "tests/fuzz/rendered.h"
#include "tests/fuzz/wire.h"

#define INFO_MAX (8 * CFS_INSTANCE_BYTES_MAX)

struct world {
	struct fuzz_wire wire;
	struct cfs_instance_builder builder;
	struct cfs_wait wait;
	struct cfs_call call;
	bool listing, fetching;
	struct cfs_error error;
	struct cfs_buf content;
};

static void listed(void *arg, int result)
{
	struct world *world = arg;

	(void)result;
	world->listing = false;
}

static void fetched(void *arg, const struct cfs_error *error)
{
	struct world *world = arg;

	fuzz_check_error(error);
	MUST_OF(!fuzz_wire_tells(error->message), error->message);
	world->error = *error;
	world->fetching = false;
}

static bool is_waiting(void *arg)
{
	const struct world *world = arg;

	return world->listing || world->fetching;
}

static void take_record(struct world *world, struct fuzz_input record)
{
	static const struct {
		char letter;
		enum cfs_field field;
	} letters[] = {{'n', CFS_FIELD_NAME}, {'z', CFS_FIELD_ZONE}, {'S', CFS_FIELD_STATE},
		{'t', CFS_FIELD_TYPE}, {'u', CFS_FIELD_LAUNCHED}};
	struct fuzz_input whole = record, key;
	char letter = (char)fuzz_byte(&record);

	if (letter && strchr("lsfh", letter))
		fuzz_wire_add(&world->wire, whole);
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (letters[i].letter == letter)
			MUST(cfs_instance_builder_set(&world->builder, letters[i].field, record.at,
				     record.left) == 0);
	}
	if (letter == 'a')
		MUST(cfs_instance_builder_add_address(&world->builder, record.at, record.left) ==
			0);
	if (letter == 'g' && fuzz_next(&record, '=', &key))
		MUST(cfs_instance_builder_add_tag(
			     &world->builder, key.at, key.left, record.at, record.left) == 0);
	if (letter == 'x')
		MUST(cfs_instance_builder_add_extra(
			     &world->builder, "key_name", record.at, record.left) == 0);
}

static void check_pairs(const cJSON *object, const struct cfs_instance *instance)
{
	const char *at = cfs_instance_tags(instance), *before = NULL;

	for (size_t i = 0; i < instance->n_tags; i++) {
		struct cfs_pair pair = cfs_instance_take_pair(&at);
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, pair.key);

		MUST_OF(cJSON_IsString(item), pair.key);
		if (!before || strcmp(before, pair.key) != 0)
			MUST_OF(strcmp(item->valuestring, pair.value) == 0, pair.value);
		before = pair.key;
	}
	MUST((size_t)cJSON_GetArraySize(object) <= instance->n_tags);
}

static void check_info(const struct cfs_node *node)
{
	static const struct {
		const char *key;
		enum cfs_field field;
	} keys[] = {{"id", CFS_FIELD_ID}, {"name", CFS_FIELD_NAME}, {"zone", CFS_FIELD_ZONE},
		{"state", CFS_FIELD_STATE}, {"type", CFS_FIELD_TYPE},
		{"launched", CFS_FIELD_LAUNCHED}};
	const struct cfs_instance *instance = node->entry->instance;
	struct cfs_buf text = CFS_BUF_INIT(INFO_MAX);
	const cJSON *addresses;
	cJSON *root;

	MUST(cfs_status_render_info(node, &text) == 0);
	MUST(strlen(text.data) == text.len);
	MUST_OF(fuzz_is_printable_text(text.data), text.data);
	root = cJSON_Parse(text.data);
	MUST_OF(root, text.data);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, keys[i].key);

		MUST_OF(cJSON_IsString(item), keys[i].key);
		MUST_OF(strcmp(item->valuestring, cfs_instance_field(instance, keys[i].field)) == 0,
			item->valuestring);
	}
	addresses = cJSON_GetObjectItemCaseSensitive(root, "addresses");
	MUST(cJSON_GetArraySize(addresses) == instance->n_addresses);
	check_pairs(cJSON_GetObjectItemCaseSensitive(root, "tags"), instance);
	cJSON_Delete(root);
	cfs_buf_finish(&text);
}

static void check_error_file(const struct cfs_node *node)
{
	struct cfs_buf text = CFS_BUF_INIT(65536);
	size_t lines = 0;

	MUST(cfs_status_render_error(node, &text) == 0);
	for (const char *at = cfs_buf_text(&text); *at; at++)
		lines += *at == '\n';
	MUST_OF(lines == (node->entry->failure ? 7 : 0), text.data);
	MUST_OF(fuzz_is_printable_text(cfs_buf_text(&text)), text.data);
	MUST_OF(!fuzz_wire_tells(cfs_buf_text(&text)), text.data);
	cfs_buf_finish(&text);
}

static void check_attributes(struct cfs_node *node, const struct cfs_error *error)
{
	struct cfs_origin origin = {.region = "us-east-1"};
	struct cfs_buf names = CFS_BUF_INIT(CFS_XATTRS_MAX), value = CFS_BUF_INIT(CFS_XATTRS_MAX);
	size_t n = 0;

	MUST(cfs_xattr_get(node, "user.consolefs.region", &value) == -ENODATA);
	MUST(cfs_xattr_get(node, "security.capability", &value) == -EOPNOTSUPP);
	MUST(cfs_xattr_list(node, &names) == 0 && names.len == 0);
	memcpy(origin.request_id, error->request_id, sizeof(origin.request_id));
	node->origin = &origin;
	node->filled = true;
	MUST(cfs_xattr_list(node, &names) == 0);
	for (size_t at = 0; at < names.len; at += strlen(names.data + at) + 1, n++) {
		cfs_buf_clear(&value);
		MUST_OF(cfs_xattr_get(node, names.data + at, &value) == 0, names.data + at);
		MUST_OF(fuzz_is_printable(cfs_buf_text(&value)), value.data);
		MUST_OF(!fuzz_wire_tells(value.data), value.data);
		MUST(value.len > 0 && strlen(value.data) == value.len);
	}
	MUST(n == (error->request_id[0] ? 4 : 3));
	node->origin = NULL;
	node->filled = false;
	cfs_buf_finish(&names);
	cfs_buf_finish(&value);
}

static void ask(struct world *world, const char *id)
{
	const struct cfs_backend *backend = world->wire.config.backend;
	struct cfs_question question = {.verb = CFS_FETCH,
		.region = world->wire.config.regions[0],
		.id = id,
		.live = &backend->live[0]};
	struct cfs_sink sink = {.content = &world->content};
	struct cfs_failure failure;

	cfs_buf_init(&world->content, question.live->nominal);
	world->fetching = true;
	cfs_call_start(&world->call, world->wire.cloud->client, &question, &sink, fetched, world);
	fuzz_wire_run(&world->wire, is_waiting, world);
	if (world->error.fault != CFS_OK) {
		cfs_client_failed(
			world->wire.cloud->client, &question, &world->error, true, &failure);
		cfs_entry_failed(cfs_catalogue_find(world->wire.cloud->catalogue, id), &failure);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size), record;
	bool aws = fuzz_byte(&input) != 'C';
	struct world *world = calloc(1, sizeof(*world));
	const char *id = aws ? "i-0badcafe" : "ins-badcafe0";
	struct cfs_node node = {.kind = CFS_NODE_FILE};
	struct cfs_instance *instance = NULL;

	MUST(world);
	fuzz_wire_init(&world->wire, aws ? &cfs_aws_backend : &cfs_tencent_backend, 1, true, 0.5);
	cfs_instance_builder_init(&world->builder);
	while (fuzz_next(&input, FUZZ_SEPARATOR, &record))
		take_record(world, record);
	MUST(cfs_instance_builder_set(&world->builder, CFS_FIELD_ID, id, strlen(id)) == 0);
	MUST(cfs_instance_builder_build(&world->builder, CFS_POWER_ON, 1, &instance) == 0);
	cfs_instance_builder_finish(&world->builder);
	/* Behind the list, which may not have it. */
	world->listing =
		cfs_catalogue_list(world->wire.cloud->catalogue, &world->wait, listed, world) == 0;
	fuzz_wire_run(&world->wire, is_waiting, world);
	MUST(cfs_store_put(&world->wire.cloud->catalogue->store, 0, instance) == 0);
	ask(world, id);
	node.cloud = world->wire.cloud;
	node.entry = cfs_catalogue_find(world->wire.cloud->catalogue, id);
	MUST(node.entry && node.entry->instance);
	check_info(&node);
	check_error_file(&node);
	check_attributes(&node, &world->error);
	fuzz_rendered_check(&world->wire.clouds, fuzz_wire_tells);
	cfs_wait_leave(&world->wait);
	cfs_buf_finish(&world->content);
	fuzz_wire_finish(&world->wire);
	free(world);
	return 0;
}
