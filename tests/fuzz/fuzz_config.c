/* SPDX-License-Identifier: MIT */
/*
 * A configuration: a file, what comes before the first separator, and the options of a command
 * line, one a record. Then, of the clouds that it names, the accounts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/text.h"
#include "fs/cloud/config.h"
#include "tests/fuzz/fuzz.h"

#define OPTIONS_MAX 16
#define PATH "/etc/consolefs.conf"

static const char *get_nothing(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

/* The file is the input's; there is no other. */
static int read_file(void *arg, const char *path, struct cfs_buf *content)
{
	const struct fuzz_input *file = arg;

	return strcmp(path, PATH) == 0 ? cfs_buf_add(content, file->at, file->left) : -ENOENT;
}

/* What is said of a mistake is a line, and an error has one. */
static void check_why(int r, const struct cfs_buf *why)
{
	MUST(r == 0 || r == -EINVAL || r == -EFBIG);
	MUST((r == 0) == (why->len == 0));
	MUST_OF(fuzz_is_line(cfs_buf_text(why)), cfs_buf_text(why));
}

/* With what is configured, filters above all, questions can be asked. */
static void check_requests(const struct cfs_cloud_config *cloud, const struct cfs_account *account)
{
	static const enum cfs_verb verbs[] = {CFS_LIST, CFS_FIND, CFS_REGIONS, CFS_WHOAMI};
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct cfs_http_request request;
	struct cfs_question question = {
		.region = cloud->n_regions ? cloud->regions[0] : "us-east-1",
		.token = "",
		.id = cloud->backend->valid_id("i-0badcafe") ? "i-0badcafe" : "ins-r9hr2upy"};

	MUST(cfs_secret_set(&keys.id, "ID", 2) == 0 && cfs_secret_set(&keys.secret, "k", 1) == 0);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		question.verb = verbs[i];
		MUST(cloud->backend->request(account, &question, &keys, 1715000000, &request) == 0);
		MUST_OF(fuzz_is_line(request.url), request.url);
		MUST(request.body.len > 0 && strlen(request.body.data) == request.body.len);
		MUST_OF(fuzz_is_line(request.body.data), request.body.data);
		cfs_http_request_finish(&request);
	}
	cfs_keys_finish(&keys);
}

static void check_cloud(const struct cfs_cloud_config *cloud, const struct cfs_env *env)
{
	struct cfs_settings settings = {.name = cloud->name,
		.profile = cloud->profile,
		.endpoint = cloud->endpoint,
		.own = cloud->own,
		.n_own = cloud->n_own};
	struct cfs_buf why = CFS_BUF_INIT(4096);
	struct cfs_account *account = NULL;
	const char *region;
	int r;

	MUST_OF(cfs_text_is_token(cloud->name, strlen(cloud->name), CFS_CLOUD_NAME_MAX, "._-"),
		cloud->name);
	MUST_OF(cloud->name[0] != '.', cloud->name);
	MUST(cloud->backend);
	MUST(cloud->n_regions <= CFS_REGIONS_MAX && cloud->n_own <= CFS_SETTINGS_MAX);
	MUST(!cloud->all_regions || cloud->n_regions == 0);
	for (size_t i = 0; i < cloud->n_regions; i++)
		MUST_OF(cloud->backend->valid_region(cloud->regions[i]), cloud->regions[i]);
	MUST(cloud->list_ttl_ms >= 1000 && cloud->list_ttl_ms <= 86400000);
	MUST(cloud->timeout_ms >= 100 && cloud->timeout_ms <= 3600000);
	MUST(cloud->rate == 0 || (cloud->rate >= 0.01 && cloud->rate <= 100000));
	for (size_t i = 0; i < cloud->n_own; i++) {
		const struct cfs_setting *setting = cloud->backend->settings;

		while (setting->key != cloud->own[i].key)
			setting++;
		MUST(!setting->check(cloud->own[i].value));
	}
	r = cloud->backend->account_create(&settings, env, &account, &why);
	check_why(r, &why);
	if (r == 0) {
		MUST(cloud->backend->account_region(account, &region) == 0);
		check_requests(cloud, account);
		cloud->backend->account_destroy(account);
	}
	cfs_buf_finish(&why);
}

static void check_clouds(const struct cfs_config *config, const struct cfs_env *env)
{
	size_t n = 0;

	for (const struct cfs_cloud_config *cloud = config->clouds; cloud;
		cloud = cloud->next, n++) {
		check_cloud(cloud, env);
		MUST(cfs_cloud_config_equal(cloud, cloud));
		for (const struct cfs_cloud_config *other = cloud->next; other; other = other->next)
			MUST_OF(strcmp(cloud->name, other->name) != 0, cloud->name);
	}
	MUST(n > 0 && n <= CFS_CLOUDS_MAX);
	MUST(config->mount.guests.n <= CFS_GUESTS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size), file = {0}, record;
	struct cfs_env env = {.get = get_nothing, .read_file = read_file, .arg = &file};
	struct cfs_buf why = CFS_BUF_INIT(256 * 1024);
	struct cfs_config config;
	char *option;
	int r = 0;

	cfs_config_init(&config);
	fuzz_next(&input, FUZZ_SEPARATOR, &file);
	for (unsigned n = 0; r == 0 && n < OPTIONS_MAX; n++) {
		if (!fuzz_next(&input, FUZZ_SEPARATOR, &record))
			break;
		option = fuzz_text(&record);
		r = cfs_config_items_option(&config.items, option, &why);
		check_why(r, &why);
		free(option);
	}
	if (r == 0 && file.left > 0) {
		r = cfs_config_items_read(&config.items, PATH, &env, &why);
		check_why(r, &why);
		/* Every error names file and line. */
		if (r < 0)
			MUST_OF(strncmp(why.data, PATH ":", strlen(PATH ":")) == 0, why.data);
	}
	if (r == 0) {
		r = cfs_config_resolve(&config, &why);
		check_why(r, &why);
	}
	if (r == 0)
		check_clouds(&config, &env);
	cfs_config_finish(&config);
	cfs_buf_finish(&why);
	return 0;
}
