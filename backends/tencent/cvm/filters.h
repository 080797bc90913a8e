/* SPDX-License-Identifier: MIT */
/*
 * Filters of DescribeInstances: checks those that are configured, and adds them to a request.
 *
 * How they are written is in backends/base/filter.h. A request takes 10 filters of 5 values, and
 * never together with InstanceIds. Source: https://cloud.tencent.com/document/api/213/15728
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

/* What is wrong with a filter, as a static text that follows its name; NULL if it is valid. */
const char *cfs_tencent_filters_check(const char *text);

/* Whether a valid filter is by instance id. */
bool cfs_tencent_filters_by_id(const char *text);

/* Appends a valid filter to an array, in the form of the API. -ENOMEM. */
int cfs_tencent_filters_add(cJSON *array, const char *text);

/* Appends a filter of one value. -ENOMEM. */
int cfs_tencent_filters_add_one(cJSON *array, const char *name, const char *value);

#endif
