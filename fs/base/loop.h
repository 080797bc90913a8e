/*
 * The event loop: descriptors and timers of one thread.
 *
 * Callbacks run one at a time from inside cfs_loop_run and may add, change and remove any watch or
 * timer, their own included. A timer fires once per start. Nothing here allocates after a watch is
 * added, so starting a timer cannot fail.
 */
#ifndef CFS_FS_BASE_LOOP_H
#define CFS_FS_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/base/histogram.h"

struct cfs_loop;

/* A descriptor waited for. Belongs to the caller, stays in place while watched. */
struct cfs_watch {
	struct cfs_loop *loop; /* NULL when not watched */
	int fd;
	void (*fn)(void *arg);
	void *arg;
};

/* A moment waited for. Belongs to the caller, stays in place while armed. */
struct cfs_timer {
	struct cfs_loop *loop; /* NULL when not armed */
	int64_t at;            /* cfs_clock_ms */
	uint64_t order;        /* of equal moments the first armed fires first */
	void (*fn)(void *arg);
	void *arg;
	struct cfs_timer *child, *next, *prev; /* in the loop's pairing heap */
};

/* 0 or a negative errno. */
int cfs_loop_create(struct cfs_loop **ret_loop);
/* Watches and timers still there are forgotten, not called. */
void cfs_loop_destroy(struct cfs_loop *loop);
/* Runs callbacks until cfs_loop_stop, and may be run again. 0 or a negative errno. */
int cfs_loop_run(struct cfs_loop *loop);
/* Ends the run, after the callback that is at work; before a run it ends that one at once. */
void cfs_loop_stop(struct cfs_loop *loop);
/* How long the turns took so far: from a wait's end to the next wait, which is how long an event
 * may have had to wait itself. Counted where there is a turn anyway: an idle loop sleeps. */
const struct cfs_histogram *cfs_loop_turns(const struct cfs_loop *loop);

/* Calls fn(arg) whenever fd is readable. 0 or a negative errno; fd stays the caller's. */
int cfs_watch_start(
	struct cfs_loop *loop, struct cfs_watch *watch, int fd, void (*fn)(void *), void *arg);
/* The same for what tells of urgent news only, as those files of /proc do that can be waited for.
 */
int cfs_watch_start_urgent(
	struct cfs_loop *loop, struct cfs_watch *watch, int fd, void (*fn)(void *), void *arg);
void cfs_watch_stop(struct cfs_watch *watch);

/* Before anything else is done with a timer. */
void cfs_timer_init(struct cfs_timer *timer, void (*fn)(void *), void *arg);
/* Arms the timer, anew if it was armed. With delay 0 it fires before the loop next waits. */
void cfs_timer_start(struct cfs_loop *loop, struct cfs_timer *timer, int64_t delay_ms);
void cfs_timer_stop(struct cfs_timer *timer);

#endif
