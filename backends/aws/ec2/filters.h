/* SPDX-License-Identifier: MIT */
/*
 * Filters of DescribeInstances: checks those that are configured, and adds them to a request.
 *
 * How they are written is in backends/base/filter.h. EC2 takes '*' and '?' in values, so a value
 * with a comma in it can be written with '?' in the comma's place. Source: DescribeInstances in the
 * API reference; "List and filter your resources" in the user guide.
 */
#ifndef CFS_BACKENDS_AWS_EC2_FILTERS_H
#define CFS_BACKENDS_AWS_EC2_FILTERS_H

#include <stddef.h>

#include "backends/base/buf.h"

#define CFS_AWS_FILTERS_MAX 50        /* of an account */
#define CFS_AWS_FILTER_VALUES_MAX 200 /* of a filter */
#define CFS_AWS_FILTER_TEXT_MAX 4096  /* bytes of a whole filter */
/* Bytes of all filters of an account: encoded three times as many, and a request must hold them. */
#define CFS_AWS_FILTERS_TEXT_MAX (32 * 1024)

/* What is wrong with a filter, as a static text that follows its name; NULL if it is valid. */
const char *cfs_aws_filters_check(const char *text);

/* Appends a valid filter as the form parameters `&Filter.N.Name=...&Filter.N.Value.1=...`. */
int cfs_aws_filters_add(struct cfs_buf *form, size_t n, const char *text);

#endif
