/* SPDX-License-Identifier: MIT */
/*
 * Filters of a listing as people configure them: `NAME=VALUE[,VALUE...]`.
 *
 * The name ends at the first '=', since names have none and values may. Spaces around the name and
 * around each value are ignored. Each cloud decides how long a filter may be, how many values it
 * may have, and which names there are.
 */
#ifndef CFS_BACKENDS_BASE_FILTER_H
#define CFS_BACKENDS_BASE_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "backends/base/span.h"

/* What is wrong with a filter, as a static text that follows the setting's name ("has an empty
 * value"); NULL if it is valid. Then *ret_values is the number of its values. */
const char *cfs_filter_check(const char *text, size_t *ret_values);

/* The name of a valid filter. */
struct cfs_span cfs_filter_name(const char *text);

/* The values of a valid filter, one by one. *place is NULL before the first call. Returns false
 * after the last. */
bool cfs_filter_next(const char *text, const char **place, struct cfs_span *ret_value);

#endif
