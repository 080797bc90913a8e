/* SPDX-License-Identifier: MIT */
#include "backends/aws/api/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backends/base/ini.h"
#include "backends/base/span.h"
#include "backends/base/text.h"
#include "backends/base/words.h"
#include "backends/contract/backend.h"

#define SHOWN_MAX 128    /* bytes of a file's path in a message */
#define FOREIGN_MAX 2048 /* bytes about who else could change a file */
#define DEFAULT_PROFILE "default"
#define DEFAULTS "DEFAULT"

static const struct {
	const char *variable, *path;
} files[CFS_AWS_N_CONFIG_FILES] = {
	[CFS_AWS_CREDENTIALS_FILE] = {"AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"},
	[CFS_AWS_CONFIG_FILE] = {"AWS_CONFIG_FILE", "~/.aws/config"},
};

static const struct {
	const char *prefix;
	enum cfs_aws_config_section kind;
} kinds[] = {
	{"profile", CFS_AWS_SECTION_PROFILE},
	{"sso-session", CFS_AWS_SECTION_SSO_SESSION},
	{"services", CFS_AWS_SECTION_SERVICES},
};

/* One file being read. */
struct reading {
	struct cfs_aws_config *config;
	enum cfs_aws_config_file file;
	enum cfs_aws_config_section kind; /* of the section under way */
	uint32_t section;                 /* its name */
};

void cfs_aws_config_init(struct cfs_aws_config *config, const struct cfs_settings *settings,
	const struct cfs_env *env)
{
	const char *name = settings->profile;

	if (!name)
		name = cfs_env_get(env, "AWS_PROFILE");
	if (!name)
		name = cfs_env_get(env, "AWS_DEFAULT_PROFILE");
	*config = (struct cfs_aws_config){
		.settings = settings,
		.env = env,
		.profile = name ? name : DEFAULT_PROFILE,
		.named = name != NULL,
		.text = CFS_BUF_INIT((2 * CFS_AWS_N_CONFIG_FILES + 1) * CFS_ENV_FILE_MAX),
	};
	for (size_t i = 0; i < CFS_AWS_N_CONFIG_FILES; i++) {
		const char *path = cfs_env_get(env, files[i].variable);

		config->path[i] = path ? path : files[i].path;
	}
}

void cfs_aws_config_finish(struct cfs_aws_config *config)
{
	if (!config)
		return;
	cfs_buf_wipe(&config->text);
	free(config->items);
	config->items = NULL;
	config->n_items = config->items_cap = 0;
}

/* Reading */

static int store(struct cfs_aws_config *config, const char *text, uint32_t *ret_at)
{
	size_t at = config->text.len;
	int r = cfs_buf_add(&config->text, text, strlen(text) + 1);

	if (r == 0)
		*ret_at = (uint32_t)at;
	return r;
}

static int add_item(struct reading *reading, uint32_t key, uint32_t value, uint32_t whole)
{
	struct cfs_aws_config *config = reading->config;

	if (config->n_items == config->items_cap) {
		size_t cap = config->items_cap ? 2 * config->items_cap : 64;
		struct cfs_aws_config_item *items;

		if (cap > CFS_AWS_CONFIG_ITEMS_MAX)
			return -EFBIG;
		items = realloc(config->items, cap * sizeof(*items));
		if (!items)
			return -ENOMEM;
		config->items = items;
		config->items_cap = cap;
	}
	config->items[config->n_items++] = (struct cfs_aws_config_item){
		.section = reading->section,
		.key = key,
		.value = value,
		.whole = whole,
		.kind = (uint8_t)reading->kind,
		.file = (uint8_t)reading->file,
	};
	return 0;
}

/* Begins a section: sets its kind, and its name if it is of any concern. */
static int read_header(struct reading *reading, const char *header)
{
	char **words = NULL;
	const char *name = NULL;
	size_t n = 0;
	int r = 0;

	reading->kind = CFS_AWS_SECTION_OTHER;
	if (strcmp(header, DEFAULTS) == 0) {
		reading->kind = CFS_AWS_SECTION_DEFAULTS;
		name = header;
	} else if (reading->file == CFS_AWS_CREDENTIALS_FILE) {
		reading->kind = CFS_AWS_SECTION_PROFILE;
		name = header;
	} else if (strcmp(header, DEFAULT_PROFILE) == 0) {
		reading->kind = CFS_AWS_SECTION_BARE_DEFAULT;
		name = header;
	} else {
		r = cfs_words_split(header, false, &words, &n);
		for (size_t i = 0; r == 0 && n == 2 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			if (strcmp(words[0], kinds[i].prefix) != 0)
				continue;
			reading->kind = kinds[i].kind;
			name = words[1];
		}
		/* A name that cannot be split is nobody's. */
		if (r != -ENOMEM)
			r = 0;
	}
	if (name)
		r = store(reading->config, name, &reading->section);
	if (r == 0 && name)
		r = add_item(reading, 0, 0, 0);
	free(words);
	return r;
}

static int on_item(void *arg, const struct cfs_ini_item *item)
{
	struct reading *reading = arg;
	uint32_t key, value = 0, whole;
	int r;

	if (!item->key)
		return read_header(reading, item->section);
	if (reading->kind == CFS_AWS_SECTION_OTHER)
		return 0;
	r = store(reading->config, item->key, &key);
	if (r == 0)
		r = store(reading->config, item->value, &value);
	if (r != 0)
		return r;
	whole = value;
	if (strcmp(item->whole, item->value) != 0)
		r = store(reading->config, item->whole, &whole);
	return r == 0 ? add_item(reading, key, value, whole) : r;
}

static int read_one(struct reading *reading, struct cfs_buf *why)
{
	struct cfs_aws_config *config = reading->config;
	struct cfs_buf content = CFS_BUF_INIT(CFS_ENV_FILE_MAX);
	struct cfs_buf foreign = CFS_BUF_INIT(FOREIGN_MAX);
	const char *configured = config->path[reading->file];
	char *path = NULL, shown[SHOWN_MAX];
	unsigned line = 0;
	int r, said = 0;

	cfs_text_line(shown, sizeof(shown), configured, strlen(configured));
	r = cfs_env_expand_variables(config->env, configured, &path);
	if (r == 0)
		r = cfs_env_read_owned(config->env, path, &content, &foreign);
	if (r == 0 && foreign.len)
		r = store(config, cfs_buf_text(&foreign), &config->foreign[reading->file]);
	if (r == -ENOENT || r == -ENOTDIR) {
		r = 0; /* an SDK without files is nothing unusual */
		goto out;
	}
	if (r < 0) {
		if (r != -ENOMEM)
			said = cfs_buf_addf(why, "cannot read %s: %s", shown, strerror(-r));
		if (r == -EINVAL)
			r = -EIO; /* so that -EINVAL means one thing */
		goto out;
	}
	r = cfs_ini_parse(cfs_buf_text(&content), content.len, true, on_item, reading, &line);
	if (r < 0 && r != -ENOMEM) {
		said = cfs_buf_addf(why, "line %u of %s %s", line, shown,
			r == -EFBIG ? "is too long" : "is neither [SECTION] nor KEY = VALUE");
		r = -EINVAL;
	}
out:
	free(path);
	cfs_buf_finish(&foreign);
	cfs_buf_wipe(&content);
	return said == -ENOMEM ? -ENOMEM : r;
}

/* Looking up */

static bool is_of(const struct cfs_aws_config *config, const struct cfs_aws_config_item *item,
	enum cfs_aws_config_file file, enum cfs_aws_config_section kind, const char *name)
{
	return item->file == file && item->kind == kind &&
		strcmp(config->text.data + item->section, name) == 0;
}

static bool has_in(const struct cfs_aws_config *config, enum cfs_aws_config_file file,
	enum cfs_aws_config_section kind, const char *name)
{
	for (size_t i = 0; i < config->n_items; i++) {
		if (is_of(config, &config->items[i], file, kind, name))
			return true;
	}
	return false;
}

/* A bare [default] is that profile, unless [profile default] is. */
static void settle_default(struct cfs_aws_config *config)
{
	bool prefixed =
		has_in(config, CFS_AWS_CONFIG_FILE, CFS_AWS_SECTION_PROFILE, DEFAULT_PROFILE);

	for (size_t i = 0; i < config->n_items; i++) {
		if (config->items[i].kind == CFS_AWS_SECTION_BARE_DEFAULT)
			config->items[i].kind =
				prefixed ? CFS_AWS_SECTION_OTHER : CFS_AWS_SECTION_PROFILE;
	}
}

int cfs_aws_config_load(struct cfs_aws_config *config, struct cfs_buf *why)
{
	/* So that no offset of a key is 0. */
	int r = cfs_buf_addc(&config->text, '\0');

	for (size_t i = 0; r == 0 && i < CFS_AWS_N_CONFIG_FILES; i++) {
		struct reading reading = {.config = config, .file = (enum cfs_aws_config_file)i};

		r = read_one(&reading, why);
	}
	settle_default(config);
	return r;
}

bool cfs_aws_config_has(
	const struct cfs_aws_config *config, enum cfs_aws_config_section kind, const char *name)
{
	return has_in(config, CFS_AWS_CREDENTIALS_FILE, kind, name) ||
		has_in(config, CFS_AWS_CONFIG_FILE, kind, name);
}

/* The last pair of the key in sections of the name; NULL: there is none. */
static const struct cfs_aws_config_item *find_own(const struct cfs_aws_config *config,
	enum cfs_aws_config_file file, enum cfs_aws_config_section kind, const char *name,
	const char *key)
{
	for (size_t i = config->n_items; i > 0; i--) {
		const struct cfs_aws_config_item *item = &config->items[i - 1];

		if (item->key != 0 && is_of(config, item, file, kind, name) &&
			strcasecmp(config->text.data + item->key, key) == 0)
			return item;
	}
	return NULL;
}

/* The same, or else what the section inherits. NULL also if the value is empty. */
static const struct cfs_aws_config_item *find(const struct cfs_aws_config *config,
	enum cfs_aws_config_file file, enum cfs_aws_config_section kind, const char *name,
	const char *key)
{
	const struct cfs_aws_config_item *item = find_own(config, file, kind, name, key);

	if (!item && has_in(config, file, kind, name))
		item = find_own(config, file, CFS_AWS_SECTION_DEFAULTS, DEFAULTS, key);
	return item && config->text.data[item->value] ? item : NULL;
}

static const struct cfs_aws_config_item *find_of_profile(
	const struct cfs_aws_config *config, const char *profile, const char *key)
{
	const struct cfs_aws_config_item *item =
		find(config, CFS_AWS_CREDENTIALS_FILE, CFS_AWS_SECTION_PROFILE, profile, key);

	return item ? item
		    : find(config, CFS_AWS_CONFIG_FILE, CFS_AWS_SECTION_PROFILE, profile, key);
}

const char *cfs_aws_config_get_in(const struct cfs_aws_config *config,
	enum cfs_aws_config_file file, enum cfs_aws_config_section kind, const char *name,
	const char *key)
{
	const struct cfs_aws_config_item *item = find(config, file, kind, name, key);

	return item ? config->text.data + item->value : NULL;
}

const char *cfs_aws_config_get(
	const struct cfs_aws_config *config, const char *profile, const char *key)
{
	const struct cfs_aws_config_item *item = find_of_profile(config, profile, key);

	return item ? config->text.data + item->value : NULL;
}

const char *cfs_aws_config_get_whole(
	const struct cfs_aws_config *config, const char *profile, const char *key)
{
	const struct cfs_aws_config_item *item = find_of_profile(config, profile, key);

	return item ? config->text.data + item->whole : NULL;
}

const char *cfs_aws_config_foreign(
	const struct cfs_aws_config *config, const char *profile, const char *key)
{
	const struct cfs_aws_config_item *item = find_of_profile(config, profile, key);
	uint32_t foreign = item && config->env->wary ? config->foreign[item->file] : 0;

	return foreign ? config->text.data + foreign : NULL;
}

const char *cfs_aws_config_get_name(const struct cfs_aws_config *config, const char *profile,
	const char *key, enum cfs_aws_config_section kind)
{
	const char *whole = cfs_aws_config_get_whole(config, profile, key);

	return whole && cfs_aws_config_has(config, kind, whole)
		? whole
		: cfs_aws_config_get(config, profile, key);
}

const char *cfs_aws_config_setting(
	const struct cfs_aws_config *config, const char *variable, const char *key)
{
	const char *value = variable ? cfs_env_get(config->env, variable) : NULL;

	return value ? value : cfs_aws_config_get(config, config->profile, key);
}

bool cfs_aws_config_flag(const struct cfs_aws_config *config, const char *variable, const char *key)
{
	const char *value = cfs_aws_config_setting(config, variable, key);

	return value && strcasecmp(value, "true") == 0;
}

static struct cfs_span trim(const char *at, size_t len)
{
	return cfs_span_trim((struct cfs_span){at, len}, " \t");
}

int cfs_aws_config_nested(const char *value, const char *key, struct cfs_buf *found)
{
	size_t key_len = strlen(key), len;

	for (; *value; value += len + (value[len] == '\n' ? 1 : 0)) {
		struct cfs_span line;

		len = strcspn(value, "\n");
		line = trim(value, len);
		if (line.len < key_len || strncasecmp(line.at, key, key_len) != 0)
			continue;
		line = trim(line.at + key_len, line.len - key_len);
		if (line.len == 0 || *line.at != '=')
			continue;
		line = trim(line.at + 1, line.len - 1);
		cfs_buf_clear(found);
		if (cfs_buf_add(found, line.at, line.len) < 0)
			return cfs_buf_error(found);
	}
	return 0;
}
