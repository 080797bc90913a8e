/* SPDX-License-Identifier: MIT */
#include "fs/tree/xattr.h"

#include <errno.h>
#include <string.h>

#include "backends/base/time.h"

#define PREFIX "user."

static int fetched(const struct cfs_node *node, struct cfs_buf *buf)
{
	char text[CFS_TIME_TEXT];

	cfs_time_format(node->snapshot_time.tv_sec, text);
	return cfs_buf_adds(buf, text);
}

static int region(const struct cfs_node *node, struct cfs_buf *buf)
{
	return cfs_buf_adds(buf, node->origin->region);
}

static int request_id(const struct cfs_node *node, struct cfs_buf *buf)
{
	return node->origin->request_id[0] ? cfs_buf_adds(buf, node->origin->request_id) : -ENODATA;
}

static int woken(const struct cfs_node *node, struct cfs_buf *buf)
{
	return cfs_buf_addc(buf, node->origin->woken ? '1' : '0');
}

static const struct attribute {
	const char *name;
	/* Appends the value for a node that has an origin. -ENODATA, -ENOMEM. */
	int (*get)(const struct cfs_node *node, struct cfs_buf *buf);
} attributes[] = {
	{PREFIX "consolefs.fetched", fetched},
	{PREFIX "consolefs.region", region},
	{PREFIX "consolefs.request_id", request_id},
	{PREFIX "consolefs.woken", woken},
};

#define N_ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

static bool has_any(const struct cfs_node *node)
{
	return node->filled && node->origin;
}

int cfs_xattr_get(const struct cfs_node *node, const char *name, struct cfs_buf *buf)
{
	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return -EOPNOTSUPP;
	for (size_t i = 0; has_any(node) && i < N_ATTRIBUTES; i++)
		if (strcmp(attributes[i].name, name) == 0)
			return attributes[i].get(node, buf);
	return -ENODATA;
}

int cfs_xattr_list(const struct cfs_node *node, struct cfs_buf *buf)
{
	struct cfs_buf value = CFS_BUF_INIT(CFS_XATTRS_MAX);
	int r = 0;

	for (size_t i = 0; has_any(node) && i < N_ATTRIBUTES && r == 0; i++) {
		cfs_buf_clear(&value);
		r = attributes[i].get(node, &value);
		if (r == 0)
			r = cfs_buf_add(buf, attributes[i].name, strlen(attributes[i].name) + 1);
		else if (r == -ENODATA)
			r = 0;
	}
	cfs_buf_finish(&value);
	return r;
}
