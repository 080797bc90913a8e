/* SPDX-License-Identifier: MIT */
#include "fs/node/wake.h"

#include <string.h>
#include <strings.h>

#include "fs/base/clock.h"
#include "fs/cloud/cloud.h"

static const char blanks[] = " \t\r\n\v\f";

static const char *const disarming[] = {"0", "off", "no", "false"};

static void set(struct cfs_entry *entry, bool armed)
{
	entry->wake_armed = armed;
	entry->wake_ns = cfs_clock_wall_ns();
}

struct cfs_wake cfs_wake_take(struct cfs_entry *entry)
{
	struct cfs_wake wake = {.taken = entry->wake_armed, .writes = entry->wake_writes};

	if (wake.taken)
		set(entry, false);
	return wake;
}

void cfs_wake_give_back(struct cfs_entry *entry, const struct cfs_wake *wake)
{
	if (wake->taken && wake->writes == entry->wake_writes)
		set(entry, true);
}

int cfs_wake_read(const struct cfs_node *node, struct cfs_buf *buf)
{
	return cfs_buf_adds(buf, node->entry->wake_armed ? "1\n" : "0\n");
}

static bool disarms(const char *bytes, size_t len)
{
	size_t start = 0, end;

	while (start < len && bytes[start] && strchr(blanks, bytes[start]))
		start++;
	for (end = start; end < len && bytes[end] && !strchr(blanks, bytes[end]); end++)
		;
	for (size_t i = 0; i < sizeof(disarming) / sizeof(disarming[0]); i++)
		if (strlen(disarming[i]) == end - start &&
			strncasecmp(bytes + start, disarming[i], end - start) == 0)
			return true;
	return false;
}

int cfs_wake_write(struct cfs_node *node, const char *bytes, size_t len)
{
	set(node->entry, !disarms(bytes, len));
	node->entry->wake_writes++;
	return 0;
}

struct timespec cfs_wake_changed(const struct cfs_node *node)
{
	return cfs_clock_from_ns(node->entry->wake_ns);
}

bool cfs_wake_exists(const struct cfs_node *directory)
{
	return cfs_cloud_wakes(directory->cloud);
}
