#include "fs/cloud/config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/ini.h"
#include "backends/base/text.h"
#include "backends/registry.h"

#define LIST_TTL_DEFAULT 60 /* seconds */
#define TIMEOUT_DEFAULT 30  /* seconds */

#define SHOWN_MAX 256 /* bytes of a path or an option in a message */

#define MOUNT_SECTION "consolefs" /* of settings that are about no cloud */

struct cfs_config_item {
	struct cfs_config_item *next;
	char *section;
	char *key; /* NULL: the section's header */
	char *value;
	char *where; /* "/etc/consolefs.conf:12" or "-o aws.regions" */
	bool option;
};

/* A key that every cloud has. */
struct key {
	const char *name;
	/* NULL, or why the value is not one: a static text. -ENOMEM is told by *ret_r. */
	const char *(*set)(struct cfs_cloud_config *cloud, const char *value, int *ret_r);
};

void cfs_cloud_config_destroy(struct cfs_cloud_config *config)
{
	size_t i;

	if (!config)
		return;
	free(config->name);
	free(config->profile);
	free(config->endpoint);
	free(config->ca_file);
	for (i = 0; i < config->n_regions; i++)
		free(config->regions[i]);
	/* The keys are the backend's own texts. */
	for (i = 0; i < config->n_own; i++)
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
	size_t i;

	if (!same_text(a->name, b->name) || a->backend != b->backend ||
		!same_text(a->profile, b->profile) || !same_text(a->endpoint, b->endpoint) ||
		!same_text(a->ca_file, b->ca_file) || a->all_regions != b->all_regions ||
		a->list_ttl_ms != b->list_ttl_ms || a->timeout_ms != b->timeout_ms ||
		a->rate != b->rate || a->n_regions != b->n_regions || a->n_own != b->n_own)
		return false;
	for (i = 0; i < a->n_regions; i++)
		if (strcmp(a->regions[i], b->regions[i]) != 0)
			return false;
	for (i = 0; i < a->n_own; i++)
		if (strcmp(a->own[i].key, b->own[i].key) != 0 ||
			strcmp(a->own[i].value, b->own[i].value) != 0)
			return false;
	return true;
}

void cfs_config_init(struct cfs_config *config)
{
	*config = (struct cfs_config){0};
	config->last_item = &config->items;
}

void cfs_config_finish(struct cfs_config *config)
{
	struct cfs_config_item *item;
	struct cfs_cloud_config *cloud;

	while ((item = config->items)) {
		config->items = item->next;
		free(item->section);
		free(item->key);
		free(item->value);
		free(item->where);
		free(item);
	}
	while ((cloud = config->clouds)) {
		config->clouds = cloud->next;
		cfs_cloud_config_destroy(cloud);
	}
	cfs_config_init(config);
}

static char *copy(const char *text, int *ret_r)
{
	char *copied = strdup(text);

	if (!copied)
		*ret_r = -ENOMEM;
	return copied;
}

/* The text as one line, for whoever made the mistake that it is in. NULL without memory. */
static char *line_of(const char *text)
{
	size_t len = strlen(text);
	char *line = malloc(len + 1);

	if (line)
		cfs_text_line(line, len + 1, text, len);
	return line;
}

static int collect(struct cfs_config *config, const char *section, const char *key,
	const char *value, const char *where, bool option)
{
	struct cfs_config_item *item;
	int r = 0;

	if (config->n_items >= CFS_CONFIG_ITEMS_MAX)
		return -EFBIG;
	item = calloc(1, sizeof(*item));
	if (!item)
		return -ENOMEM;
	item->section = copy(section, &r);
	item->key = key ? copy(key, &r) : NULL;
	item->value = value ? copy(value, &r) : NULL;
	item->where = line_of(where);
	if (!item->where)
		r = -ENOMEM;
	item->option = option;
	*config->last_item = item;
	config->last_item = &item->next;
	config->n_items++;
	return r;
}

struct reading {
	struct cfs_config *config;
	const char *path;
};

static int take_item(void *arg, const struct cfs_ini_item *item)
{
	struct reading *reading = arg;
	char *where;
	int r;

	if (asprintf(&where, "%s:%u", reading->path, item->line) < 0)
		return -ENOMEM;
	r = collect(reading->config, item->section, item->key, item->value, where, false);
	free(where);
	return r;
}

int cfs_config_read(
	struct cfs_config *config, const char *path, const struct cfs_env *env, struct cfs_buf *why)
{
	struct reading reading = {.config = config, .path = path};
	struct cfs_buf text = CFS_BUF_INIT(CFS_ENV_FILE_MAX);
	char shown[SHOWN_MAX];
	unsigned line = 0;
	int r;

	cfs_text_line(shown, sizeof(shown), path, strlen(path));
	config->from_file = true;
	r = env->read_file(env->arg, path, &text);
	if (r < 0) {
		cfs_buf_addf(why, "%s: %s", shown, strerror(-r));
		goto out;
	}
	r = cfs_ini_parse(cfs_buf_text(&text), text.len, false, take_item, &reading, &line);
	if (r == -EINVAL)
		cfs_buf_addf(why, "%s:%u: neither a [section] nor a key = value", shown, line);
	else if (r == -EFBIG)
		cfs_buf_addf(why, "%s:%u: the line is too long, or one of too many", shown, line);
	else if (r < 0)
		cfs_buf_addf(why, "%s:%u: %s", shown, line, strerror(-r));
out:
	cfs_buf_finish(&text);
	return r;
}

int cfs_config_option(struct cfs_config *config, const char *text, struct cfs_buf *why)
{
	const char *equals = strchr(text, '=');
	/* The last one: a section's name may hold dots, a key does not. */
	const char *dot = equals ? memrchr(text, '.', (size_t)(equals - text)) : NULL;
	char *where = NULL, *section = NULL, *key = NULL, shown[SHOWN_MAX];
	int r = -ENOMEM;

	cfs_text_line(shown, sizeof(shown), text, strlen(text));
	if (!dot) {
		cfs_buf_addf(why, "-o %s: not of the form section.key=value", shown);
		return -EINVAL;
	}
	section = strndup(text, (size_t)(dot - text));
	key = strndup(dot + 1, (size_t)(equals - dot - 1));
	if (asprintf(&where, "-o %.*s", (int)(equals - text), text) < 0)
		where = NULL;
	if (section && key && where)
		r = collect(config, section, key, equals + 1, where, true);
	if (r == -EFBIG) {
		cfs_buf_addf(why, "-o %s: one setting too many", shown);
		r = -EINVAL;
	}
	free(where);
	free(section);
	free(key);
	return r;
}

static const char *set_text(char **field, const char *value, int *ret_r)
{
	if (value[0] == '\0')
		return "is empty";
	free(*field);
	*field = copy(value, ret_r);
	return NULL;
}

static const char *set_profile(struct cfs_cloud_config *cloud, const char *value, int *ret_r)
{
	return set_text(&cloud->profile, value, ret_r);
}

static const char *set_endpoint(struct cfs_cloud_config *cloud, const char *value, int *ret_r)
{
	const char *wrong = set_text(&cloud->endpoint, value, ret_r);

	if (!wrong && cloud->backend->endpoint_check)
		wrong = cloud->backend->endpoint_check(value);
	return wrong;
}

/* Made absolute: a daemon's working directory is not the user's. */
static const char *set_ca_file(struct cfs_cloud_config *cloud, const char *value, int *ret_r)
{
	char *path = realpath(value, NULL);

	(void)ret_r;
	if (!path || access(path, R_OK) < 0) {
		free(path);
		return "is no file that can be read";
	}
	free(cloud->ca_file);
	cloud->ca_file = path;
	return NULL;
}

/* Separated by commas in the file, and by colons in an option, where a comma ends the option. */
static const char *set_regions(struct cfs_cloud_config *cloud, const char *value, int *ret_r)
{
	static const char separators[] = ",: \t";
	char name[CFS_REGION_MAX + 1];
	size_t len;

	while (cloud->n_regions > 0)
		free(cloud->regions[--cloud->n_regions]);
	cloud->all_regions = strcmp(value, "all") == 0;
	if (cloud->all_regions)
		return NULL;
	for (value += strspn(value, separators); *value; value += strspn(value, separators)) {
		len = strcspn(value, separators);
		if (len > CFS_REGION_MAX)
			return "holds a name too long for a region";
		memcpy(name, value, len);
		name[len] = '\0';
		value += len;
		if (strcmp(name, "all") == 0)
			return "says `all` beside the names of regions";
		if (!cloud->backend->valid_region(name))
			return "holds something that is no region's name";
		if (cloud->n_regions == CFS_REGIONS_MAX)
			return "names too many regions";
		cloud->regions[cloud->n_regions] = copy(name, ret_r);
		if (!cloud->regions[cloud->n_regions])
			return NULL;
		cloud->n_regions++;
	}
	return cloud->n_regions > 0 ? NULL : "names no region";
}

/* A decimal number in [min, max], or NAN. */
static double parse_number(const char *value, double min, double max)
{
	double number;
	char *end;

	if (strspn(value, "0123456789.") != strlen(value) || value[0] == '\0')
		return NAN;
	number = strtod(value, &end);
	return *end == '\0' && number >= min && number <= max ? number : NAN;
}

static const char *set_list_ttl(struct cfs_cloud_config *cloud, const char *value, int *ret_r)
{
	double seconds = parse_number(value, 1, 86400);

	(void)ret_r;
	if (isnan(seconds))
		return "is no number of seconds from 1 to 86400";
	cloud->list_ttl_ms = (int64_t)(seconds * 1000);
	return NULL;
}

static const char *set_timeout(struct cfs_cloud_config *cloud, const char *value, int *ret_r)
{
	double seconds = parse_number(value, 0.1, 3600);

	(void)ret_r;
	if (isnan(seconds))
		return "is no number of seconds from 0.1 to 3600";
	cloud->timeout_ms = (int64_t)(seconds * 1000);
	return NULL;
}

static const char *set_rate(struct cfs_cloud_config *cloud, const char *value, int *ret_r)
{
	double rate = parse_number(value, 0.01, 100000);

	(void)ret_r;
	if (isnan(rate))
		return "is no number of calls a second from 0.01 to 100000";
	cloud->rate = rate;
	return NULL;
}

static const struct key keys[] = {
	{"profile", set_profile},
	{"regions", set_regions},
	{"endpoint", set_endpoint},
	{"ca_file", set_ca_file},
	{"list_ttl", set_list_ttl},
	{"timeout", set_timeout},
	{"rate", set_rate},
};

static int refuse(const struct cfs_config_item *item, const char *text, struct cfs_buf *why)
{
	char section[CFS_CLOUD_NAME_MAX * 2], key[CFS_CLOUD_NAME_MAX * 2];

	cfs_text_line(section, sizeof(section), item->section, strlen(item->section));
	cfs_text_line(
		key, sizeof(key), item->key ? item->key : "", item->key ? strlen(item->key) : 0);
	if (item->key)
		cfs_buf_addf(why, "%s: [%s] %s %s", item->where, section, key, text);
	else
		cfs_buf_addf(why, "%s: [%s] %s", item->where, section, text);
	return -EINVAL;
}

static struct cfs_cloud_config *find_cloud(struct cfs_config *config, const char *name)
{
	struct cfs_cloud_config *cloud;

	for (cloud = config->clouds; cloud; cloud = cloud->next)
		if (strcmp(cloud->name, name) == 0)
			return cloud;
	return NULL;
}

/* What a section calls its backend: an option's word, the file's, else its own name. */
static const struct cfs_backend *backend_of(const struct cfs_config *config, const char *section,
	const struct cfs_config_item **ret_item)
{
	const struct cfs_config_item *item;
	const char *name = section;
	bool by_option = false;

	for (item = config->items; item; item = item->next) {
		if (item->key && strcmp(item->section, section) == 0 &&
			strcmp(item->key, "backend") == 0 && (item->option || !by_option)) {
			by_option = item->option;
			name = item->value;
			*ret_item = item;
		}
	}
	return cfs_backend_find(name);
}

/* Names that the top of the tree has for itself. */
static bool is_reserved(const char *name)
{
	return strcmp(name, "stats") == 0 || strcmp(name, "index.html") == 0;
}

static int add_cloud(struct cfs_config *config, const char *name, const struct cfs_backend *backend)
{
	struct cfs_cloud_config *cloud, **at;
	int r = 0;

	cloud = calloc(1, sizeof(*cloud));
	if (!cloud)
		return -ENOMEM;
	cloud->name = copy(name, &r);
	if (r < 0) {
		free(cloud);
		return r;
	}
	cloud->backend = backend;
	cloud->list_ttl_ms = LIST_TTL_DEFAULT * 1000;
	cloud->timeout_ms = TIMEOUT_DEFAULT * 1000;
	for (at = &config->clouds; *at; at = &(*at)->next)
		;
	*at = cloud;
	return 0;
}

static bool is_about_mount(const struct cfs_config_item *item)
{
	return strcmp(item->section, MOUNT_SECTION) == 0;
}

static int add_section(
	struct cfs_config *config, const struct cfs_config_item *item, struct cfs_buf *why)
{
	const struct cfs_config_item *named = item;
	const struct cfs_backend *backend;

	if (is_about_mount(item) || find_cloud(config, item->section))
		return 0;
	if (item->section[0] == '\0')
		return refuse(item, "stands before any [section]", why);
	if (!cfs_text_is_token(item->section, strlen(item->section), CFS_CLOUD_NAME_MAX, "._-") ||
		item->section[0] == '.' || is_reserved(item->section))
		return refuse(item, "cannot be a directory's name here", why);
	backend = backend_of(config, item->section, &named);
	if (!backend)
		return refuse(named,
			named == item && (!item->key || strcmp(item->key, "backend") != 0)
				? "is no backend's name, and no `backend` in it says which it is"
				: "is no backend's name",
			why);
	return add_cloud(config, item->section, backend);
}

/* The setting of that key that only this backend knows, or NULL. */
static const struct cfs_setting *find_own(const struct cfs_backend *backend, const char *key)
{
	const struct cfs_setting *setting;

	for (setting = backend->settings; setting && setting->key; setting++)
		if (strcmp(setting->key, key) == 0)
			return setting;
	return NULL;
}

static int set_own(struct cfs_cloud_config *cloud, const struct cfs_config_item *item,
	const struct cfs_setting *setting, struct cfs_buf *why)
{
	const char *wrong = setting->check(item->value);
	int r = 0;

	if (wrong)
		return refuse(item, wrong, why);
	if (cloud->n_own == CFS_SETTINGS_MAX)
		return refuse(item, "is one setting too many", why);
	cloud->own[cloud->n_own].key = setting->key;
	cloud->own[cloud->n_own].value = copy(item->value, &r);
	cloud->n_own += r == 0;
	return r;
}

/* Whether the same setting stands earlier in the same source: one of the two is a mistake. */
static bool is_repeated(const struct cfs_config *config, const struct cfs_config_item *item)
{
	const struct cfs_config_item *other;

	for (other = config->items; other != item; other = other->next)
		if (other->key && other->option == item->option &&
			strcmp(other->section, item->section) == 0 &&
			strcmp(other->key, item->key) == 0)
			return true;
	return false;
}

static int apply_to_mount(
	struct cfs_config *config, const struct cfs_config_item *item, struct cfs_buf *why)
{
	const char *wrong;

	if (is_repeated(config, item))
		return refuse(item, "is given twice", why);
	if (strcmp(item->key, "refuse") != 0)
		return refuse(item, "is no setting of the mount", why);
	wrong = cfs_guests_parse(item->value, &config->guests);
	return wrong ? refuse(item, wrong, why) : 0;
}

static int apply(struct cfs_config *config, const struct cfs_config_item *item, struct cfs_buf *why)
{
	struct cfs_cloud_config *cloud = find_cloud(config, item->section);
	const struct cfs_setting *own;
	const char *wrong;
	size_t i;
	int r = 0;

	if (is_about_mount(item))
		return apply_to_mount(config, item, why);
	if (!cloud)
		return -EINVAL; /* every other section has become one */
	own = find_own(cloud->backend, item->key);
	if (own)
		return set_own(cloud, item, own, why);
	if (is_repeated(config, item))
		return refuse(item, "is given twice", why);
	if (strcmp(item->key, "backend") == 0)
		return 0;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].name, item->key) == 0) {
			wrong = keys[i].set(cloud, item->value, &r);
			return wrong ? refuse(item, wrong, why) : r;
		}
	}
	return refuse(item, "is no setting of this backend", why);
}

int cfs_config_copy_options(struct cfs_config *config, const struct cfs_config *from)
{
	const struct cfs_config_item *item;
	int r = 0;

	for (item = from->items; item && r == 0; item = item->next)
		if (item->option)
			r = collect(
				config, item->section, item->key, item->value, item->where, true);
	return r;
}

/* Whether a file says something about the mount and nothing about any cloud. */
static bool is_only_about_mount(const struct cfs_config *config)
{
	const struct cfs_config_item *item;
	bool any = false;

	for (item = config->items; item; item = item->next) {
		if (!item->option && !is_about_mount(item))
			return false;
		any = any || !item->option;
	}
	return any;
}

int cfs_config_resolve(struct cfs_config *config, struct cfs_buf *why)
{
	const struct cfs_config_item *item;
	const struct cfs_backend *backend;
	struct cfs_cloud_config *cloud;
	size_t i, n = 0;
	int r = 0;

	config->from_file = config->from_file && !is_only_about_mount(config);
	/* It is a list. */
	(void)cfs_guests_parse(cfs_guests_default, &config->guests);
	for (i = 0; !config->from_file && r == 0 && (backend = cfs_backend_at(i)); i++)
		r = add_cloud(config, backend->name, backend);
	for (item = config->items; item && r == 0; item = item->next)
		r = add_section(config, item, why);
	/* What is applied later counts. On the command line options stand before the file is read.
	 */
	for (item = config->items; item && r == 0; item = item->next)
		r = item->key && !item->option ? apply(config, item, why) : 0;
	for (item = config->items; item && r == 0; item = item->next)
		r = item->key && item->option ? apply(config, item, why) : 0;
	if (r < 0)
		return r;
	for (cloud = config->clouds; cloud; cloud = cloud->next)
		n++;
	if (n == 0 || n > CFS_CLOUDS_MAX) {
		cfs_buf_addf(
			why, "the configuration has %s", n ? "too many clouds" : "no [section]");
		return -EINVAL;
	}
	return 0;
}

int cfs_config_default_path(const struct cfs_env *env, char **ret_path)
{
	const char *named = cfs_env_get(env, "CONSOLEFS_CONFIG");
	const char *xdg = cfs_env_get(env, "XDG_CONFIG_HOME");
	const char *home = cfs_env_get(env, "HOME");
	char *path = NULL;
	int r = 0;

	if (named) {
		path = copy(named, &r);
	} else if (xdg) {
		r = asprintf(&path, "%s/consolefs/consolefs.conf", xdg);
	} else if (home) {
		r = asprintf(&path, "%s/.config/consolefs/consolefs.conf", home);
	}
	if (r < 0)
		return -ENOMEM;
	r = 0; /* asprintf's count of bytes */
	if (!named && (!path || access(path, F_OK) < 0)) {
		free(path);
		path = NULL;
		if (access("/etc/consolefs.conf", F_OK) == 0)
			path = copy("/etc/consolefs.conf", &r);
	}
	/* r may be what asprintf counted. */
	if (r < 0)
		return r;
	*ret_path = path;
	return 0;
}
