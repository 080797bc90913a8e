#include "backends/tencent/cvm/filters.h"

#include <errno.h>
#include <string.h>

#include "backends/base/text.h"

/* A part of a filter's text. */
struct span {
	const char *at;
	size_t len;
};

static struct span trim(const char *at, size_t len)
{
	while (len > 0 && *at == ' ') {
		at++;
		len--;
	}
	while (len > 0 && at[len - 1] == ' ')
		len--;
	return (struct span){at, len};
}

static struct span name_of(const char *text)
{
	return trim(text, strcspn(text, "="));
}

/* The next value at *place, which moves behind it and becomes NULL after the last. */
static struct span next_value(const char **place)
{
	const char *at = *place;
	size_t len = strcspn(at, ",");

	*place = at[len] ? at + len + 1 : NULL;
	return trim(at, len);
}

const char *cfs_tencent_filters_check(const char *text)
{
	const char *place = strchr(text, '=');
	size_t len = strlen(text), values = 0;

	if (len > CFS_TENCENT_FILTER_TEXT_MAX)
		return "the filter is too long";
	for (size_t i = 0, n; i < len; i += n) {
		n = cfs_text_utf8_length((const unsigned char *)text + i, len - i);
		if (n == 0 || (unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return "a filter is text in UTF-8 without control characters";
	}
	if (!place || name_of(text).len == 0)
		return "a filter is NAME=VALUE or NAME=VALUE,VALUE";
	for (place++; place; values++) {
		if (next_value(&place).len == 0)
			return "a filter's value is empty";
	}
	if (values > CFS_TENCENT_FILTER_VALUES_MAX)
		return "a filter has at most 5 values";
	return NULL;
}

bool cfs_tencent_filters_by_id(const char *text)
{
	static const char by_id[] = "instance-id";
	struct span name = name_of(text);

	return name.len == strlen(by_id) && memcmp(name.at, by_id, name.len) == 0;
}

/* Appends a text, of which cJSON takes only NUL-terminated ones. */
static int add_text(cJSON *array, struct span text)
{
	char copy[CFS_TENCENT_FILTER_TEXT_MAX + 1];
	cJSON *item;

	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	item = cJSON_CreateString(copy);
	if (!item)
		return -ENOMEM;
	if (!cJSON_AddItemToArray(array, item)) {
		cJSON_Delete(item);
		return -ENOMEM;
	}
	return 0;
}

/* Appends an empty filter and gives its values. NULL: no memory. */
static cJSON *add_filter(cJSON *array, struct span name)
{
	char copy[CFS_TENCENT_FILTER_TEXT_MAX + 1];
	cJSON *filter = cJSON_CreateObject();

	memcpy(copy, name.at, name.len);
	copy[name.len] = '\0';
	if (!filter || !cJSON_AddItemToArray(array, filter)) {
		cJSON_Delete(filter);
		return NULL;
	}
	if (!cJSON_AddStringToObject(filter, "Name", copy))
		return NULL;
	return cJSON_AddArrayToObject(filter, "Values");
}

int cfs_tencent_filters_add(cJSON *array, const char *text)
{
	cJSON *values = add_filter(array, name_of(text));
	const char *place = strchr(text, '=') + 1;
	int r = values ? 0 : -ENOMEM;

	while (r == 0 && place)
		r = add_text(values, next_value(&place));
	return r;
}

int cfs_tencent_filters_add_one(cJSON *array, const char *name, const char *value)
{
	cJSON *values = add_filter(array, (struct span){name, strlen(name)});

	return values ? add_text(values, (struct span){value, strlen(value)}) : -ENOMEM;
}
