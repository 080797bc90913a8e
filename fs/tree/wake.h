/*
 * The wake flag of an instance: armed, the next screenshot call wakes the display.
 *
 * Armed by a write to `wake`; taken by the first call that starts afterwards, so that of several at
 * once exactly one has it; given back by that call if it fails, unless somebody wrote to `wake` in
 * the meantime, whose word is the later one. So a wake is never lost, and a disarmed one never
 * comes back.
 */
#ifndef CFS_FS_TREE_WAKE_H
#define CFS_FS_TREE_WAKE_H

#include "fs/tree/node.h"

/* The flag in the hands of a call. */
struct cfs_wake {
	bool taken;
	uint32_t writes;
};

/* Takes the flag if it is armed. */
struct cfs_wake cfs_wake_take(struct cfs_entry *entry);
/* The call failed: what was taken is armed again. */
void cfs_wake_give_back(struct cfs_entry *entry, const struct cfs_wake *wake);

/* The file: "1" or "0"; any write arms, but one whose first word is 0, off, no or false (of any
 * case) disarms. */
int cfs_wake_read(const struct cfs_node *node, struct cfs_buf *buf);
int cfs_wake_write(struct cfs_node *node, const char *bytes, size_t len);
/* Whether the cloud's displays can be woken. */
bool cfs_wake_exists(const struct cfs_node *directory);

#endif
