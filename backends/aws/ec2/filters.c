/* SPDX-License-Identifier: MIT */
#include "backends/aws/ec2/filters.h"

#include <string.h>

#include "backends/base/filter.h"
#include "backends/base/text.h"

const char *cfs_aws_filters_check(const char *text)
{
	size_t values = 0;
	const char *wrong;

	if (strlen(text) > CFS_AWS_FILTER_TEXT_MAX)
		return "is longer than 4096 bytes";
	wrong = cfs_filter_check(text, &values);
	if (!wrong && values > CFS_AWS_FILTER_VALUES_MAX)
		wrong = "has more than 200 values";
	return wrong;
}

int cfs_aws_filters_add(struct cfs_buf *form, size_t n, const char *text)
{
	struct cfs_span name = cfs_filter_name(text), value;
	const char *place = NULL;

	cfs_buf_addf(form, "&Filter.%zu.Name=", n);
	cfs_text_encode(form, name.at, name.len, "");
	for (unsigned i = 1; cfs_filter_next(text, &place, &value); i++) {
		cfs_buf_addf(form, "&Filter.%zu.Value.%u=", n, i);
		cfs_text_encode(form, value.at, value.len, "");
	}
	return cfs_buf_error(form);
}
