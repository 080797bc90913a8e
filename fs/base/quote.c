/* SPDX-License-Identifier: MIT */
#include "fs/base/quote.h"

#include "backends/base/text.h"

int cfs_quote_add(struct cfs_buf *buf, const char *value, size_t len)
{
	char shown[CFS_QUOTE_MAX + 1];

	cfs_text_line(shown, sizeof(shown), value, len);
	return cfs_buf_addf(buf, "'%s'%s", shown, len > CFS_QUOTE_MAX ? "..." : "");
}
