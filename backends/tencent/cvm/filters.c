/* SPDX-License-Identifier: MIT */
#include "backends/tencent/cvm/filters.h"

#include <errno.h>
#include <string.h>

#include "backends/base/filter.h"

const char *cfs_tencent_filters_check(const char *text)
{
	size_t values = 0;
	const char *wrong;

	if (strlen(text) > CFS_TENCENT_FILTER_TEXT_MAX)
		return "is longer than 1024 bytes";
	wrong = cfs_filter_check(text, &values);
	if (!wrong && values > CFS_TENCENT_FILTER_VALUES_MAX)
		wrong = "has more than 5 values";
	return wrong;
}

bool cfs_tencent_filters_by_id(const char *text)
{
	return cfs_span_equal(cfs_filter_name(text), "instance-id");
}

/* Appends a text, of which cJSON takes only NUL-terminated ones. */
static int add_text(cJSON *array, struct cfs_span text)
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
static cJSON *add_filter(cJSON *array, struct cfs_span name)
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
	cJSON *values = add_filter(array, cfs_filter_name(text));
	const char *place = NULL;
	struct cfs_span value;
	int r = values ? 0 : -ENOMEM;

	while (r == 0 && cfs_filter_next(text, &place, &value))
		r = add_text(values, value);
	return r;
}

int cfs_tencent_filters_add_one(cJSON *array, const char *name, const char *value)
{
	cJSON *values = add_filter(array, (struct cfs_span){name, strlen(name)});

	return values ? add_text(values, (struct cfs_span){value, strlen(value)}) : -ENOMEM;
}
