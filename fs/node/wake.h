/* SPDX-License-Identifier: MIT */
/*
 * The wake flag of an instance: while it is armed, the next screenshot call wakes the display.
 *
 * A write to `wake` arms it. The first call that starts afterwards takes it, so that of several
 * calls at once exactly one has it. If that call fails it gives the flag back, unless `wake` was
 * written to in the meantime: the later write counts. So a wake is never lost, and one that was
 * disarmed never comes back.
 */
#ifndef CFS_FS_NODE_WAKE_H
#define CFS_FS_NODE_WAKE_H

#include "fs/node/node.h"

/* The flag, as a call has taken it. */
struct cfs_wake {
	bool taken;
	uint32_t writes;
};

/* Takes the flag if it is armed. */
struct cfs_wake cfs_wake_take(struct cfs_entry *entry);
/* The call failed: if it had taken the flag, the flag is armed again. */
void cfs_wake_give_back(struct cfs_entry *entry, const struct cfs_wake *wake);

/* The file: "1" or "0". A write whose first word is 0, off, no or false (of any case) disarms the
 * flag; any other write arms it. */
int cfs_wake_read(const struct cfs_node *node, struct cfs_buf *buf);
int cfs_wake_write(struct cfs_node *node, const char *bytes, size_t len);
/* When the flag was last written, taken or given back. */
struct timespec cfs_wake_changed(const struct cfs_node *node);
/* Whether the cloud's displays can be woken. */
bool cfs_wake_exists(const struct cfs_node *directory);

#endif
