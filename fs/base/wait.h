/* SPDX-License-Identifier: MIT */
/*
 * Wait lists: callbacks to be called when an operation in progress ends.
 */
#ifndef CFS_FS_BASE_WAIT_H
#define CFS_FS_BASE_WAIT_H

/* Owned by the waiter, who may leave the list at any time; zeroed at first. */
struct cfs_wait {
	struct cfs_wait *next, **link; /* link is NULL when not waiting */
	void (*fn)(void *arg, int result);
	void *arg;
};

/* Enters a list. fn(arg, result) is called once, unless cfs_wait_leave is called first. */
void cfs_wait_enter(struct cfs_wait **list, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);
/* Leaves the list. Does nothing if the wait is in none. */
void cfs_wait_leave(struct cfs_wait *wait);
/* Empties the list and calls all callbacks in it. A wait that enters the list meanwhile stays for
 * the next time. */
void cfs_wait_end_all(struct cfs_wait **list, int result);

#endif
