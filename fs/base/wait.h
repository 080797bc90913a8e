/*
 * Waits: somebody wants to be told when something under way has ended.
 */
#ifndef CFS_FS_BASE_WAIT_H
#define CFS_FS_BASE_WAIT_H

/* Belongs to whoever waits, who may leave at any time; zeroed at first. */
struct cfs_wait {
	struct cfs_wait *next, **link; /* link is NULL when not waiting */
	void (*fn)(void *arg, int result);
	void *arg;
};

/* Enters a list of waits. fn(arg, result) is called once, unless the wait is left before. */
void cfs_wait_enter(struct cfs_wait **list, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);
void cfs_wait_leave(struct cfs_wait *wait);
/* Calls everybody in the list. Those who enter it meanwhile wait for the next time. */
void cfs_wait_end_all(struct cfs_wait **list, int result);

#endif
