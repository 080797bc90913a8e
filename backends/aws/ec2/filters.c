#include "backends/aws/ec2/filters.h"

#include <stdbool.h>
#include <string.h>

#include "backends/aws/api/sigv4.h"
#include "backends/base/text.h"

struct span {
	const char *at;
	size_t len;
};

static struct span trim(const char *at, size_t len)
{
	while (len > 0 && (at[0] == ' ' || at[0] == '\t')) {
		at++;
		len--;
	}
	while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
		len--;
	return (struct span){at, len};
}

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

const char *cfs_aws_filters_check(const char *text)
{
	const char *equals = strchr(text, '=');
	size_t n = 0;

	if (strlen(text) > CFS_AWS_FILTER_TEXT_MAX)
		return "is too long";
	if (!is_clean(text))
		return "holds control bytes or is not UTF-8";
	if (!equals || trim(text, (size_t)(equals - text)).len == 0)
		return "is not NAME=VALUE[,VALUE...]";
	for (const char *at = equals + 1;; at++) {
		size_t len = strcspn(at, ",");

		if (trim(at, len).len == 0)
			return "has an empty value";
		if (++n > CFS_AWS_FILTER_VALUES_MAX)
			return "has more than 200 values";
		at += len;
		if (*at == '\0')
			return NULL;
	}
}

int cfs_aws_filters_add(struct cfs_buf *form, size_t n, const char *text)
{
	const char *at = strchr(text, '=');
	struct span name = trim(text, (size_t)(at - text));
	int r;

	r = cfs_buf_addf(form, "&Filter.%zu.Name=", n);
	if (r == 0)
		r = cfs_text_encode(form, name.at, name.len, "");
	for (unsigned i = 1; r == 0 && *at; i++) {
		size_t len = strcspn(++at, ",");
		struct span value = trim(at, len);

		r = cfs_buf_addf(form, "&Filter.%zu.Value.%u=", n, i);
		if (r == 0)
			r = cfs_text_encode(form, value.at, value.len, "");
		at += len;
	}
	return r;
}
