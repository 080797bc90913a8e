/*
 * A file of the tree that is open, for tests of what stands above the open itself.
 */
#ifndef CFS_TESTS_UNIT_SUPPORT_OPEN_FILE_H
#define CFS_TESTS_UNIT_SUPPORT_OPEN_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fs/tree/node.h"

/* Opens a node, whose snapshot then is the text. origin may be NULL. */
static inline void open_file_from(
	struct cfs_node *node, const char *text, struct cfs_origin *origin)
{
	struct cfs_buf content = CFS_BUF_INIT(strlen(text));

	assert_int_equal(cfs_buf_adds(&content, text), 0);
	cfs_node_opened(node);
	cfs_node_fill(node, &content, origin);
}

static inline void open_file(struct cfs_node *node, const char *text)
{
	open_file_from(node, text, NULL);
}

#endif
