/* SPDX-License-Identifier: MIT */
#include "fs/cloud/cloud_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/registry.h"

#define LIST_TTL_DEFAULT 60 /* seconds */
#define TIMEOUT_DEFAULT 30  /* seconds */

#define INSECURE_HTTP "insecure_http"
#define WHAT_MAX 128 /* bytes of what is wrong with a value */

/* A setting that is being applied. */
struct applied {
	struct cfs_cloud_config *cloud;
	const struct cfs_config_item *item;
	bool insecure_http;    /* wherever in the configuration it is set */
	const char *directory; /* of relative paths, as in struct cfs_config_items */
	struct cfs_buf *why;
};

/* 0; -EINVAL with a sentence in why; -ENOMEM. */
typedef int set_fn(const struct applied *applied);

int cfs_cloud_config_create(
	const char *name, const struct cfs_backend *backend, struct cfs_cloud_config **ret_config)
{
	struct cfs_cloud_config *config = calloc(1, sizeof(*config));

	if (!config)
		return -ENOMEM;
	config->name = strdup(name);
	if (!config->name) {
		free(config);
		return -ENOMEM;
	}
	config->backend = backend;
	config->list_ttl_ms = LIST_TTL_DEFAULT * 1000;
	config->timeout_ms = TIMEOUT_DEFAULT * 1000;
	*ret_config = config;
	return 0;
}

static void clear_regions(struct cfs_cloud_config *config)
{
	while (config->n_regions > 0)
		free(config->regions[--config->n_regions]);
}

void cfs_cloud_config_destroy(struct cfs_cloud_config *config)
{
	if (!config)
		return;
	free(config->name);
	free(config->profile);
	free(config->endpoint);
	free(config->ca_file);
	clear_regions(config);
	/* The keys are the backend's own texts. */
	for (size_t i = 0; i < config->n_own; i++)
		free((char *)(uintptr_t)config->own[i].value);
	free(config);
}

/* Either may be NULL: not given. */
static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool cfs_cloud_config_equal(const struct cfs_cloud_config *a, const struct cfs_cloud_config *b)
{
	if (!same_text(a->name, b->name) || a->backend != b->backend ||
		!same_text(a->profile, b->profile) || !same_text(a->endpoint, b->endpoint) ||
		!same_text(a->ca_file, b->ca_file) || a->all_regions != b->all_regions ||
		a->insecure_http != b->insecure_http || a->list_ttl_ms != b->list_ttl_ms ||
		a->timeout_ms != b->timeout_ms || a->rate != b->rate ||
		a->n_regions != b->n_regions || a->n_own != b->n_own)
		return false;
	for (size_t i = 0; i < a->n_regions; i++) {
		if (strcmp(a->regions[i], b->regions[i]) != 0)
			return false;
	}
	for (size_t i = 0; i < a->n_own; i++) {
		if (strcmp(a->own[i].key, b->own[i].key) != 0 ||
			strcmp(a->own[i].value, b->own[i].value) != 0)
			return false;
	}
	return true;
}

static int refuse(const struct applied *applied, const char *what)
{
	return cfs_config_item_refuse(applied->item, what, NULL, applied->why);
}

/* Shows the value. One that may hold the password of a URL is not shown. */
static int refuse_value(const struct applied *applied, const char *what)
{
	const char *value = applied->item->value;

	if (strchr(value, '@'))
		return refuse(applied, what);
	return cfs_config_item_refuse_value(
		applied->item, value, strlen(value), what, NULL, applied->why);
}

static int set_backend(const struct applied *applied)
{
	(void)applied; /* the cloud has been made of it */
	return 0;
}

static int set_text(const struct applied *applied, char **field)
{
	char *copied;

	if (applied->item->value[0] == '\0')
		return refuse(applied, "is empty");
	copied = strdup(applied->item->value);
	if (!copied)
		return -ENOMEM;
	free(*field);
	*field = copied;
	return 0;
}

static int set_profile(const struct applied *applied)
{
	return set_text(applied, &applied->cloud->profile);
}

static int set_endpoint(const struct applied *applied)
{
	const struct cfs_backend *backend = applied->cloud->backend;
	const char *wrong;
	int r;

	r = set_text(applied, &applied->cloud->endpoint);
	if (r < 0 || !backend->endpoint_check)
		return r;
	wrong = backend->endpoint_check(applied->item->value, applied->insecure_http);
	return wrong ? refuse_value(applied, wrong) : 0;
}

static bool is_yes(const char *value)
{
	return strcmp(value, "yes") == 0;
}

static int set_insecure_http(const struct applied *applied)
{
	const char *value = applied->item->value;

	if (!is_yes(value) && strcmp(value, "no") != 0)
		return refuse_value(applied, "is neither yes nor no");
	applied->cloud->insecure_http = is_yes(value);
	return 0;
}

/* Whether the cloud of the item will have plain http once all is applied: an endpoint may stand
 * before it. Options count more than the file. */
static bool find_insecure_http(
	const struct cfs_config_items *items, const struct cfs_config_item *of)
{
	const struct cfs_config_item *found = NULL;

	for (const struct cfs_config_item *item = items->first; item; item = item->next) {
		if (item->key && strcmp(item->section, of->section) == 0 &&
			strcmp(item->key, INSECURE_HTTP) == 0 &&
			(item->option || !found || !found->option))
			found = item;
	}
	return found && is_yes(found->value);
}

/* Made absolute: a daemon's working directory is not the user's. */
static int set_ca_file(const struct applied *applied)
{
	const struct cfs_env where = {.directory = applied->directory};
	char *named = NULL, *path, what[WHAT_MAX];

	if (cfs_env_absolute(&where, applied->item->value, &named) < 0)
		return -ENOMEM;
	path = realpath(named, NULL);
	free(named);
	if (!path || access(path, R_OK) < 0) {
		snprintf(what, sizeof(what), "is not a file that can be read: %s", strerror(errno));
		free(path);
		return refuse_value(applied, what);
	}
	free(applied->cloud->ca_file);
	applied->cloud->ca_file = path;
	return 0;
}

static int refuse_region(
	const struct applied *applied, const char *name, size_t len, const char *what)
{
	const struct cfs_backend *backend = applied->cloud->backend;
	struct cfs_nearest nearest;

	cfs_nearest_init(&nearest, name, len);
	cfs_nearest_offer(&nearest, "all");
	for (size_t i = 0; backend->regions && backend->regions[i]; i++)
		cfs_nearest_offer(&nearest, backend->regions[i]);
	return cfs_config_item_refuse_value(applied->item, name, len, what, &nearest, applied->why);
}

static int add_region(const struct applied *applied, const char *text, size_t len)
{
	struct cfs_cloud_config *cloud = applied->cloud;
	char name[CFS_REGION_MAX + 1], what[WHAT_MAX];

	if (len > CFS_REGION_MAX)
		return refuse_region(applied, text, len, "is too long for a region name");
	memcpy(name, text, len);
	name[len] = '\0';
	if (strcmp(name, "all") == 0)
		return refuse(applied, "has `all` beside names of regions: give one or the other");
	if (!cloud->backend->valid_region(name))
		return refuse_region(applied, name, len, "is not a region name");
	if (cloud->n_regions == CFS_REGIONS_MAX) {
		snprintf(what, sizeof(what), "has too many names: at most %d", CFS_REGIONS_MAX);
		return refuse(applied, what);
	}
	cloud->regions[cloud->n_regions] = strdup(name);
	if (!cloud->regions[cloud->n_regions])
		return -ENOMEM;
	cloud->n_regions++;
	return 0;
}

/* Separated by commas in the file, and by colons in an option, where a comma ends the option. */
static int set_regions(const struct applied *applied)
{
	static const char separators[] = ",: \t";
	struct cfs_cloud_config *cloud = applied->cloud;
	const char *value = applied->item->value;
	int r = 0;

	clear_regions(cloud);
	cloud->all_regions = strcmp(value, "all") == 0;
	if (cloud->all_regions)
		return 0;
	for (value += strspn(value, separators); r == 0 && *value;
		value += strspn(value, separators)) {
		size_t len = strcspn(value, separators);

		r = add_region(applied, value, len);
		value += len;
	}
	if (r == 0 && cloud->n_regions == 0)
		return refuse(applied, "is empty: name regions, or say `all`");
	return r;
}

static int get_number(
	const struct applied *applied, const char *unit, double min, double max, double *ret_number)
{
	return cfs_config_item_number(applied->item, unit, min, max, ret_number, applied->why);
}

static int set_list_ttl(const struct applied *applied)
{
	double seconds = 0;
	int r = get_number(applied, "seconds", 1, 86400, &seconds);

	if (r == 0)
		applied->cloud->list_ttl_ms = (int64_t)(seconds * 1000);
	return r;
}

static int set_timeout(const struct applied *applied)
{
	double seconds = 0;
	int r = get_number(applied, "seconds", 0.1, 3600, &seconds);

	if (r == 0)
		applied->cloud->timeout_ms = (int64_t)(seconds * 1000);
	return r;
}

static int set_rate(const struct applied *applied)
{
	return get_number(applied, "calls a second", 0.01, 100000, &applied->cloud->rate);
}

/* The settings that every cloud takes; the words are for people, at a shell's prompt. */
static const struct setting {
	const char *key, *words;
	set_fn *set;
} settings[] = {
	{"backend", "kind of cloud", set_backend},
	{"profile", "profile of the cloud's own configuration files", set_profile},
	{"regions", "names of regions, or all", set_regions},
	{"endpoint", "https URL of the API", set_endpoint},
	{INSECURE_HTTP, "yes: plain http to hosts other than this one", set_insecure_http},
	{"ca_file", "file of the certificate authorities to trust", set_ca_file},
	{"list_ttl", "seconds for which a list of instances is fresh", set_list_ttl},
	{"timeout", "seconds that a call may take", set_timeout},
	{"rate", "calls a second, for each region and action", set_rate},
};

#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

static const struct setting *find_setting(const char *key)
{
	for (size_t i = 0; i < N_SETTINGS; i++) {
		if (strcmp(settings[i].key, key) == 0)
			return &settings[i];
	}
	return NULL;
}

/* The setting of that key that only this backend knows, or NULL. */
static const struct cfs_setting *find_own(const struct cfs_backend *backend, const char *key)
{
	for (const struct cfs_setting *setting = backend->settings; setting && setting->key;
		setting++) {
		if (strcmp(setting->key, key) == 0)
			return setting;
	}
	return NULL;
}

static int set_own(const struct applied *applied, const struct cfs_setting *setting)
{
	struct cfs_cloud_config *cloud = applied->cloud;
	const char *wrong = setting->check(applied->item->value);
	char *value, what[WHAT_MAX];

	if (wrong)
		return refuse_value(applied, wrong);
	if (cloud->n_own == CFS_SETTINGS_MAX) {
		snprintf(what, sizeof(what), "is one too many: at most %d of %s's own settings",
			CFS_SETTINGS_MAX, cloud->backend->name);
		return refuse(applied, what);
	}
	value = strdup(applied->item->value);
	if (!value)
		return -ENOMEM;
	cloud->own[cloud->n_own].key = setting->key;
	cloud->own[cloud->n_own].value = value;
	cloud->n_own++;
	return 0;
}

/* Whatever its value is, it is not shown: it may be anything. */
static int refuse_key(const struct applied *applied)
{
	const struct cfs_backend *backend = applied->cloud->backend;
	struct cfs_nearest nearest;
	char what[WHAT_MAX];

	cfs_nearest_init(&nearest, applied->item->key, strlen(applied->item->key));
	for (size_t i = 0; i < N_SETTINGS; i++)
		cfs_nearest_offer(&nearest, settings[i].key);
	for (const struct cfs_setting *own = backend->settings; own && own->key; own++)
		cfs_nearest_offer(&nearest, own->key);
	snprintf(what, sizeof(what), "is not a setting of %s", backend->name);
	return cfs_config_item_refuse(applied->item, what, &nearest, applied->why);
}

int cfs_cloud_config_apply(struct cfs_cloud_config *config, const struct cfs_config_items *items,
	const struct cfs_config_item *item, struct cfs_buf *why)
{
	const struct applied applied = {
		.cloud = config,
		.item = item,
		.insecure_http = find_insecure_http(items, item),
		.directory = items->directory,
		.why = why,
	};
	const struct cfs_setting *own = find_own(config->backend, item->key);
	const struct setting *setting = find_setting(item->key);

	if (own)
		return set_own(&applied, own);
	if (cfs_config_items_earlier(items, item))
		return refuse(&applied, "is given twice");
	return setting ? setting->set(&applied) : refuse_key(&applied);
}

static bool is_key(const char *key, const char *text, size_t len)
{
	return strlen(key) == len && memcmp(key, text, len) == 0;
}

enum cfs_setting_kind cfs_cloud_config_kind_of(const char *key, size_t len)
{
	const struct cfs_backend *backend;

	for (size_t i = 0; i < N_SETTINGS; i++) {
		if (is_key(settings[i].key, key, len))
			return settings[i].set == set_regions ? CFS_NAMES : CFS_ONE_VALUE;
	}
	for (size_t i = 0; (backend = cfs_backend_at(i)); i++) {
		for (const struct cfs_setting *own = backend->settings; own && own->key; own++) {
			if (is_key(own->key, key, len))
				return own->list ? CFS_WORDS : CFS_ONE_VALUE;
		}
	}
	return CFS_NO_SETTING;
}

int cfs_cloud_config_list(struct cfs_buf *text)
{
	const struct cfs_backend *backend;

	for (size_t i = 0; (backend = cfs_backend_at(i)); i++) {
		cfs_buf_addf(text, "%s\n", backend->name);
		for (size_t j = 0; j < N_SETTINGS; j++)
			cfs_buf_addf(text, "%s.%s\t%s\n", backend->name, settings[j].key,
				settings[j].words);
		for (const struct cfs_setting *own = backend->settings; own && own->key; own++)
			cfs_buf_addf(text, "%s.%s\t%s\n", backend->name, own->key, own->words);
	}
	return cfs_buf_error(text);
}
