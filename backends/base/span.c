/* SPDX-License-Identifier: MIT */
#include "backends/base/span.h"

#include <string.h>

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

struct cfs_span cfs_span_trim(struct cfs_span span, const char *blanks)
{
	while (span.len > 0 && is_one_of(span.at[0], blanks)) {
		span.at++;
		span.len--;
	}
	while (span.len > 0 && is_one_of(span.at[span.len - 1], blanks))
		span.len--;
	return span;
}

bool cfs_span_equal(struct cfs_span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.at, text, span.len) == 0;
}
