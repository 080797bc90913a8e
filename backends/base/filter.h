/*
 * Filters of a listing as people configure them: `NAME=VALUE[,VALUE...]`.
 *
 * The name ends at the first '=', since names have none and values may. Spaces around the name and
 * around each value do not count. How long a filter may be, how many values it may have, and which
 * names there are, is for each cloud to say.
 */
#ifndef CFS_BACKENDS_BASE_FILTER_H
#define CFS_BACKENDS_BASE_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "backends/base/span.h"

/* What is wrong with a filter, to be said behind its name, a static text; NULL if it is one. The
 * values of one are counted. */
const char *cfs_filter_check(const char *text, size_t *ret_values);

/* The name of a filter that is one. */
struct cfs_span cfs_filter_name(const char *text);

/* The values of a filter that is one, in their order. Begins with *place at NULL; false after the
 * last. */
bool cfs_filter_next(const char *text, const char **place, struct cfs_span *ret_value);

#endif
