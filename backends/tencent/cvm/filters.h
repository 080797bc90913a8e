/*
 * Filters of DescribeInstances: what CVM takes of those that are configured, and its form of them.
 *
 * How they are written is in backends/base/filter.h. Source: https://cloud.tencent.com/document/api/213/15728: 10 filters of 5 values a request, and
 * never together with InstanceIds.
 */
#ifndef CFS_BACKENDS_TENCENT_CVM_FILTERS_H
#define CFS_BACKENDS_TENCENT_CVM_FILTERS_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#define CFS_TENCENT_FILTERS_MAX 10
/* One is kept for the instance-id by which a single instance is looked up. */
#define CFS_TENCENT_FILTERS_OWN_MAX (CFS_TENCENT_FILTERS_MAX - 1)
#define CFS_TENCENT_FILTER_VALUES_MAX 5
#define CFS_TENCENT_FILTER_TEXT_MAX 1024 /* bytes of a whole filter */

/* What is wrong with a filter, to be said behind its name, a static text; NULL if it is one. */
const char *cfs_tencent_filters_check(const char *text);

/* Whether a filter that is one is by instance id. */
bool cfs_tencent_filters_by_id(const char *text);

/* Appends the API's form of a filter that is one to an array. -ENOMEM. */
int cfs_tencent_filters_add(cJSON *array, const char *text);

/* Appends a filter of one value. -ENOMEM. */
int cfs_tencent_filters_add_one(cJSON *array, const char *name, const char *value);

#endif
