/* SPDX-License-Identifier: MIT */
#include "backends/base/filter.h"

#include <string.h>

#include "backends/base/text.h"

/* Well-formed UTF-8 without control bytes, a tab among them. */
static bool is_clean(const char *text)
{
	size_t len = strlen(text), n;

	for (size_t i = 0; i < len; i += n) {
		unsigned char c = (unsigned char)text[i];

		n = cfs_text_utf8_length((const unsigned char *)text + i, len - i);
		if (n == 0 || c < ' ' || c == 0x7f)
			return false;
	}
	return true;
}

static struct cfs_span up_to(const char *text, const char *end)
{
	return cfs_span_trim((struct cfs_span){text, strcspn(text, end)}, " ");
}

const char *cfs_filter_check(const char *text, size_t *ret_values)
{
	const char *place = NULL;
	struct cfs_span value;
	size_t values = 0;

	if (!is_clean(text))
		return "has control characters in it, or bytes that are not UTF-8";
	if (!strchr(text, '=') || cfs_filter_name(text).len == 0)
		return "is not NAME=VALUE[,VALUE...]";
	for (; cfs_filter_next(text, &place, &value); values++) {
		if (value.len == 0)
			return "has an empty value";
	}
	*ret_values = values;
	return NULL;
}

struct cfs_span cfs_filter_name(const char *text)
{
	return up_to(text, "=");
}

bool cfs_filter_next(const char *text, const char **place, struct cfs_span *ret_value)
{
	/* Each value stands behind a '=' or a ','. */
	const char *before = *place ? *place : strchr(text, '=');

	if (*before == '\0')
		return false;
	*ret_value = up_to(before + 1, ",");
	*place = before + 1 + strcspn(before + 1, ",");
	return true;
}
