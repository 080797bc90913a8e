/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/open_file.h"

void open_file_from(struct cfs_node *node, const char *text, struct cfs_origin *origin)
{
	struct cfs_buf content = CFS_BUF_INIT(strlen(text));

	assert_int_equal(cfs_buf_adds(&content, text), 0);
	cfs_node_opened(node);
	cfs_node_fill(node, &content, origin);
}

void open_file(struct cfs_node *node, const char *text)
{
	open_file_from(node, text, NULL);
}
