/* SPDX-License-Identifier: MIT */
#include "fs/cloud/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/text.h"
#include "backends/registry.h"

#define WHAT_MAX 1024 /* bytes of what is wrong with an item */

#define STILL_TTL_DEFAULT 60  /* seconds */
#define STILL_MAX_DEFAULT 256 /* MiB */
#define MIB (1024 * 1024)

#define MOUNT_SECTION "consolefs" /* the section that is not a cloud */

void cfs_config_init(struct cfs_config *config)
{
	*config = (struct cfs_config){0};
	cfs_config_items_init(&config->items);
}

void cfs_config_finish(struct cfs_config *config)
{
	struct cfs_cloud_config *cloud;

	cfs_config_items_finish(&config->items);
	while ((cloud = config->clouds)) {
		config->clouds = cloud->next;
		cfs_cloud_config_destroy(cloud);
	}
	cfs_config_init(config);
}

static struct cfs_cloud_config *find_cloud(const struct cfs_config *config, const char *name)
{
	for (struct cfs_cloud_config *cloud = config->clouds; cloud; cloud = cloud->next) {
		if (strcmp(cloud->name, name) == 0)
			return cloud;
	}
	return NULL;
}

/* Where a section says which backend it is of: an option, else the file; NULL: nowhere. */
static const struct cfs_config_item *find_backend_item(
	const struct cfs_config *config, const char *section)
{
	const struct cfs_config_item *found = NULL;

	for (const struct cfs_config_item *item = config->items.first; item; item = item->next) {
		if (item->key && strcmp(item->section, section) == 0 &&
			strcmp(item->key, "backend") == 0 &&
			(item->option || !found || !found->option))
			found = item;
	}
	return found;
}

/* Names that the top of the tree has for itself. */
static bool is_reserved(const char *name)
{
	return strcmp(name, "stats") == 0 || strcmp(name, "index.html") == 0;
}

static int add_cloud(struct cfs_config *config, const char *name, const struct cfs_backend *backend)
{
	struct cfs_cloud_config **at = &config->clouds;

	while (*at)
		at = &(*at)->next;
	return cfs_cloud_config_create(name, backend, at);
}

static bool is_about_mount(const struct cfs_config_item *item)
{
	return strcmp(item->section, MOUNT_SECTION) == 0;
}

/* A message that names all backends: `before`, "(one, another)", `after`. */
static void name_backends(char what[static WHAT_MAX], const char *before, const char *after)
{
	struct cfs_buf names = CFS_BUF_INIT(WHAT_MAX / 2);
	const struct cfs_backend *backend;

	for (size_t i = 0; (backend = cfs_backend_at(i)); i++)
		cfs_buf_addf(&names, "%s%s", i ? ", " : "", backend->name);
	snprintf(what, WHAT_MAX, "%s (%s)%s", before, cfs_buf_text(&names), after);
	cfs_buf_finish(&names);
}

static void find_nearest_backend(const char *name, struct cfs_nearest *nearest)
{
	const struct cfs_backend *backend;

	cfs_nearest_init(nearest, name, strlen(name));
	for (size_t i = 0; (backend = cfs_backend_at(i)); i++)
		cfs_nearest_offer(nearest, backend->name);
}

static int refuse_backend(const struct cfs_config_item *item, const struct cfs_config_item *named,
	struct cfs_buf *why)
{
	struct cfs_config_item section = *item;
	struct cfs_nearest nearest;
	char what[WHAT_MAX];

	if (named) {
		name_backends(what, "is not a backend", "");
		find_nearest_backend(named->value, &nearest);
		return cfs_config_item_refuse_value(
			named, named->value, strlen(named->value), what, &nearest, why);
	}
	/* It is not about the key, if this is a setting. */
	section.key = NULL;
	name_backends(what, "needs a setting `backend`", ", as it is not named after one");
	find_nearest_backend(item->section, &nearest);
	return cfs_config_item_refuse(&section, what, &nearest, why);
}

static int refuse_name(const struct cfs_config_item *item, struct cfs_buf *why)
{
	struct cfs_config_item section = *item;

	section.key = NULL;
	return cfs_config_item_refuse(&section,
		is_reserved(item->section)
			? "cannot be a directory's name: the mount has a file of that name"
			: "cannot be a directory's name: use at most 64 letters, digits, '.', '_' "
			  "and '-', and no '.' at the beginning",
		NULL, why);
}

static int add_section(
	struct cfs_config *config, const struct cfs_config_item *item, struct cfs_buf *why)
{
	const struct cfs_config_item *named;
	const struct cfs_backend *backend;

	if (is_about_mount(item) || find_cloud(config, item->section))
		return 0;
	if (item->section[0] == '\0')
		return cfs_config_item_refuse(item, "stands before any [section]", NULL, why);
	if (!cfs_text_is_token(item->section, strlen(item->section), CFS_CLOUD_NAME_MAX, "._-") ||
		item->section[0] == '.' || is_reserved(item->section))
		return refuse_name(item, why);
	named = find_backend_item(config, item->section);
	backend = cfs_backend_find(named ? named->value : item->section);
	return backend ? add_cloud(config, item->section, backend)
		       : refuse_backend(item, named, why);
}

static int set_refuse(
	struct cfs_mount_config *mount, const struct cfs_config_item *item, struct cfs_buf *why)
{
	const char *wrong, *name;
	size_t len;

	wrong = cfs_guests_parse(item->value, &mount->guests, &name, &len);
	return wrong ? cfs_config_item_refuse_value(item, name, len, wrong, NULL, why) : 0;
}

static int set_still_ttl(
	struct cfs_mount_config *mount, const struct cfs_config_item *item, struct cfs_buf *why)
{
	double seconds = 0;
	int r = cfs_config_item_number(item, "seconds", 0.1, 86400, &seconds, why);

	if (r == 0)
		mount->still_ttl_ms = (int64_t)(seconds * 1000);
	return r;
}

static int set_still_max(
	struct cfs_mount_config *mount, const struct cfs_config_item *item, struct cfs_buf *why)
{
	double mib = 0;
	int r = cfs_config_item_number(item, "MiB", 1, 65536, &mib, why);

	if (r == 0)
		mount->still_max = (uint64_t)(mib * MIB);
	return r;
}

static const struct {
	const char *key;
	int (*set)(struct cfs_mount_config *mount, const struct cfs_config_item *item,
		struct cfs_buf *why);
} mount_settings[] = {
	{"refuse", set_refuse},
	{"still_ttl", set_still_ttl},
	{"still_max", set_still_max},
};

#define N_MOUNT_SETTINGS (sizeof(mount_settings) / sizeof(mount_settings[0]))

static int apply_to_mount(
	struct cfs_config *config, const struct cfs_config_item *item, struct cfs_buf *why)
{
	struct cfs_nearest nearest;

	if (cfs_config_items_earlier(&config->items, item))
		return cfs_config_item_refuse(item, "is given twice", NULL, why);
	cfs_nearest_init(&nearest, item->key, strlen(item->key));
	for (size_t i = 0; i < N_MOUNT_SETTINGS; i++) {
		if (strcmp(item->key, mount_settings[i].key) == 0)
			return mount_settings[i].set(&config->mount, item, why);
		cfs_nearest_offer(&nearest, mount_settings[i].key);
	}
	return cfs_config_item_refuse(item, "is not a setting of the mount", &nearest, why);
}

static int apply(struct cfs_config *config, const struct cfs_config_item *item, struct cfs_buf *why)
{
	struct cfs_cloud_config *cloud = find_cloud(config, item->section);

	if (is_about_mount(item))
		return apply_to_mount(config, item, why);
	if (!cloud)
		return -EINVAL; /* every other section has become one */
	return cfs_cloud_config_apply(cloud, &config->items, item, why);
}

enum cfs_setting_kind cfs_config_kind_of(const char *option)
{
	size_t len = strcspn(option, ",=");
	/* The last one: a section's name may hold dots, a key does not. */
	const char *dot = memrchr(option, '.', len), *key = dot ? dot + 1 : option;

	if (!dot || dot == option)
		return CFS_NO_SETTING;
	len -= (size_t)(key - option);
	if (strncmp(option, MOUNT_SECTION ".", sizeof(MOUNT_SECTION)) != 0)
		return cfs_cloud_config_kind_of(key, len);
	for (size_t i = 0; i < N_MOUNT_SETTINGS; i++) {
		if (strlen(mount_settings[i].key) == len &&
			memcmp(mount_settings[i].key, key, len) == 0)
			return mount_settings[i].set == set_refuse ? CFS_WORDS : CFS_ONE_VALUE;
	}
	return CFS_NO_SETTING;
}

/* Whether a file says nothing about any cloud: what clouds there are is then as without a file. */
static bool names_no_cloud(const struct cfs_config *config)
{
	for (const struct cfs_config_item *item = config->items.first; item; item = item->next)
		if (!item->option && !is_about_mount(item))
			return false;
	return true;
}

static int check_number(const struct cfs_config *config, struct cfs_buf *why)
{
	size_t n = 0;

	for (const struct cfs_cloud_config *cloud = config->clouds; cloud; cloud = cloud->next)
		n++;
	if (n <= CFS_CLOUDS_MAX)
		return 0;
	cfs_buf_addf(why, "the configuration has too many clouds: %zu, of at most %d", n,
		CFS_CLOUDS_MAX);
	return -EINVAL;
}

int cfs_config_resolve(struct cfs_config *config, struct cfs_buf *why)
{
	const struct cfs_backend *backend;
	const char *name;
	size_t len;
	int r = 0;

	config->from_file = config->items.from_file && !names_no_cloud(config);
	/* It is a list. */
	(void)cfs_guests_parse(cfs_guests_default, &config->mount.guests, &name, &len);
	config->mount.still_ttl_ms = STILL_TTL_DEFAULT * 1000;
	config->mount.still_max = (uint64_t)STILL_MAX_DEFAULT * MIB;
	for (size_t i = 0; !config->from_file && r == 0 && (backend = cfs_backend_at(i)); i++)
		r = add_cloud(config, backend->name, backend);
	/* In the file's order, and then what only options name. */
	for (const struct cfs_config_item *item = config->items.first; item && r == 0;
		item = item->next)
		r = item->option ? 0 : add_section(config, item, why);
	for (const struct cfs_config_item *item = config->items.first; item && r == 0;
		item = item->next)
		r = item->option ? add_section(config, item, why) : 0;
	/* What is applied later counts. On the command line options stand before the file is read.
	 */
	for (const struct cfs_config_item *item = config->items.first; item && r == 0;
		item = item->next)
		r = item->key && !item->option ? apply(config, item, why) : 0;
	for (const struct cfs_config_item *item = config->items.first; item && r == 0;
		item = item->next)
		r = item->key && item->option ? apply(config, item, why) : 0;
	return r < 0 ? r : check_number(config, why);
}

/* Where a user's own configuration would be, in *ret_path; NULL without a home. */
static int find_own_path(const struct cfs_env *env, char **ret_path)
{
	const char *xdg = cfs_env_get(env, "XDG_CONFIG_HOME");
	int r;

	*ret_path = NULL;
	if (xdg && xdg[0] == '/')
		return asprintf(ret_path, "%s/consolefs/consolefs.conf", xdg) < 0 ? -ENOMEM : 0;
	r = cfs_env_expand(env, "~/.config/consolefs/consolefs.conf", ret_path);
	return r == -ENOENT ? 0 : r;
}

int cfs_config_default_path(const struct cfs_env *env, char **ret_path)
{
	static const char shared[] = "/etc/consolefs.conf";
	const char *named = cfs_env_get(env, "CONSOLEFS_CONFIG");
	char *path = NULL;
	int r;

	if (!named) {
		r = find_own_path(env, &path);
		if (r < 0)
			return r;
		if (path && access(path, F_OK) == 0) {
			*ret_path = path;
			return 0;
		}
		free(path);
		if (access(shared, F_OK) < 0) {
			*ret_path = NULL;
			return 0;
		}
		named = shared;
	}
	return cfs_env_absolute(env, named, ret_path);
}
