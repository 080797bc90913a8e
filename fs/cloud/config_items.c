/* SPDX-License-Identifier: MIT */
#include "fs/cloud/config_items.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/ini.h"
#include "backends/base/text.h"
#include "fs/base/quote.h"

#define SHOWN_MAX 256 /* bytes of a path or an option in a message */
#define NAME_SHOWN_MAX 128
#define WHAT_MAX 128     /* bytes of what is wrong with a value */
#define FOREIGN_MAX 2048 /* bytes about who else could change a file */

void cfs_config_items_init(struct cfs_config_items *items)
{
	*items = (struct cfs_config_items){0};
	items->last = &items->first;
}

void cfs_config_items_finish(struct cfs_config_items *items)
{
	struct cfs_config_item *item;

	while ((item = items->first)) {
		items->first = item->next;
		free(item->section);
		free(item->key);
		free(item->value);
		free(item->where);
		free(item);
	}
	free(items->foreign);
	cfs_config_items_init(items);
}

static char *copy(const char *text, int *ret_r)
{
	char *copied = strdup(text);

	if (!copied)
		*ret_r = -ENOMEM;
	return copied;
}

/* The text as one printable line. NULL without memory. */
static char *line_of(const char *text)
{
	size_t len = strlen(text);
	char *line = malloc(len + 1);

	if (line)
		cfs_text_line(line, len + 1, text, len);
	return line;
}

static int add(struct cfs_config_items *items, const char *section, const char *key,
	const char *value, const char *where, bool option)
{
	struct cfs_config_item *item;
	int r = 0;

	if (items->n >= CFS_CONFIG_ITEMS_MAX)
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
	*items->last = item;
	items->last = &item->next;
	items->n++;
	return r;
}

struct reading {
	struct cfs_config_items *items;
	const char *path;
};

static int take_item(void *arg, const struct cfs_ini_item *item)
{
	struct reading *reading = arg;
	char *where;
	int r;

	if (asprintf(&where, "%s:%u", reading->path, item->line) < 0)
		return -ENOMEM;
	r = add(reading->items, item->section, item->key, item->value, where, false);
	free(where);
	return r;
}

int cfs_config_items_read(struct cfs_config_items *items, const char *path,
	const struct cfs_env *env, struct cfs_buf *why)
{
	struct reading reading = {.items = items, .path = path};
	struct cfs_buf text = CFS_BUF_INIT(CFS_ENV_FILE_MAX);
	struct cfs_buf foreign = CFS_BUF_INIT(FOREIGN_MAX);
	char shown[SHOWN_MAX];
	unsigned line = 0;
	int r;

	cfs_text_line(shown, sizeof(shown), path, strlen(path));
	items->from_file = true;
	r = cfs_env_read_owned(env, path, &text, &foreign);
	if (r < 0) {
		cfs_buf_addf(why, "%s: %s", shown, strerror(-r));
		goto out;
	}
	free(items->foreign);
	items->foreign = foreign.len ? copy(cfs_buf_text(&foreign), &r) : NULL;
	if (r < 0)
		goto out;
	r = cfs_ini_parse(cfs_buf_text(&text), text.len, false, take_item, &reading, &line);
	if (r == -EINVAL)
		cfs_buf_addf(why, "%s:%u: neither [section] nor key = value", shown, line);
	else if (r == -EFBIG && items->n >= CFS_CONFIG_ITEMS_MAX)
		cfs_buf_addf(why, "%s:%u: too many lines: at most %d sections and settings", shown,
			line, CFS_CONFIG_ITEMS_MAX);
	else if (r == -EFBIG)
		cfs_buf_addf(why, "%s:%u: the line is too long: at most %d bytes", shown, line,
			CFS_INI_LINE_MAX);
	else if (r < 0)
		cfs_buf_addf(why, "%s:%u: %s", shown, line, strerror(-r));
out:
	cfs_buf_finish(&foreign);
	cfs_buf_finish(&text);
	return r;
}

int cfs_config_items_option(struct cfs_config_items *items, const char *text, struct cfs_buf *why)
{
	const char *equals = strchr(text, '=');
	/* The last one: a section's name may hold dots, a key does not. */
	const char *dot = equals ? memrchr(text, '.', (size_t)(equals - text)) : NULL;
	char *where = NULL, *section = NULL, *key = NULL, shown[SHOWN_MAX];
	int r = -ENOMEM;

	if (!dot) {
		cfs_text_line(shown, sizeof(shown), text, strcspn(text, "="));
		cfs_buf_addf(why, "-o %s: not of the form section.key=value", shown);
		return -EINVAL;
	}
	section = strndup(text, (size_t)(dot - text));
	key = strndup(dot + 1, (size_t)(equals - dot - 1));
	if (asprintf(&where, "-o %.*s", (int)(equals - text), text) < 0)
		where = NULL;
	if (section && key && where)
		r = add(items, section, key, equals + 1, where, true);
	if (r == -EFBIG) {
		cfs_text_line(shown, sizeof(shown), where, strlen(where));
		cfs_buf_addf(why, "%s: too many settings: at most %d", shown, CFS_CONFIG_ITEMS_MAX);
		r = -EINVAL;
	}
	free(where);
	free(section);
	free(key);
	return r;
}

int cfs_config_items_copy_options(
	struct cfs_config_items *items, const struct cfs_config_items *from)
{
	int r = 0;

	for (const struct cfs_config_item *item = from->first; item && r == 0; item = item->next) {
		if (item->option)
			r = add(items, item->section, item->key, item->value, item->where, true);
	}
	return r;
}

const struct cfs_config_item *cfs_config_items_earlier(
	const struct cfs_config_items *items, const struct cfs_config_item *item)
{
	for (const struct cfs_config_item *other = items->first; other != item;
		other = other->next) {
		if (other->key && other->option == item->option &&
			strcmp(other->section, item->section) == 0 &&
			strcmp(other->key, item->key) == 0)
			return other;
	}
	return NULL;
}

/* Where it stands, and what it is: "FILE:12: [section] key". */
static void add_subject(const struct cfs_config_item *item, struct cfs_buf *why)
{
	const char *key = item->key ? item->key : "";
	char shown[NAME_SHOWN_MAX];

	cfs_buf_addf(why, "%s: ", item->where);
	if (item->section[0]) {
		cfs_text_line(shown, sizeof(shown), item->section, strlen(item->section));
		cfs_buf_addf(why, "[%s]%s", shown, item->key ? " " : "");
	}
	cfs_text_line(shown, sizeof(shown), key, strlen(key));
	cfs_buf_adds(why, shown);
}

/* Each returns the outcome: whether the sentence had room does not change it. */
int cfs_config_item_refuse(const struct cfs_config_item *item, const char *what,
	const struct cfs_nearest *nearest, struct cfs_buf *why)
{
	add_subject(item, why);
	cfs_buf_addf(why, " %s", what);
	if (nearest)
		cfs_nearest_add(nearest, why);
	return -EINVAL;
}

int cfs_config_item_refuse_value(const struct cfs_config_item *item, const char *value, size_t len,
	const char *what, const struct cfs_nearest *nearest, struct cfs_buf *why)
{
	add_subject(item, why);
	cfs_buf_adds(why, ": ");
	cfs_quote_add(why, value, len);
	cfs_buf_addf(why, " %s", what);
	if (nearest)
		cfs_nearest_add(nearest, why);
	return -EINVAL;
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

int cfs_config_item_number(const struct cfs_config_item *item, const char *unit, double min,
	double max, double *ret_number, struct cfs_buf *why)
{
	double number = parse_number(item->value, min, max);
	char what[WHAT_MAX];

	if (!isnan(number)) {
		*ret_number = number;
		return 0;
	}
	snprintf(what, sizeof(what), "is not a number of %s from %g to %g", unit, min, max);
	/* It may be a URL with a password that stands in the wrong line. */
	return strchr(item->value, '@') ? cfs_config_item_refuse(item, what, NULL, why)
					: cfs_config_item_refuse_value(item, item->value,
						  strlen(item->value), what, NULL, why);
}
