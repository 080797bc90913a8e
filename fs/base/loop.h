/* SPDX-License-Identifier: MIT */
/*
 * The event loop: calls back when a descriptor is ready or a timer is due, all in one thread.
 *
 * Callbacks run one at a time from inside cfs_loop_run and may add, change and remove any watch or
 * timer, their own included. A timer fires once per start. Timers allocate nothing, so
 * starting one cannot fail.
 */
#ifndef CFS_FS_BASE_LOOP_H
#define CFS_FS_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/base/histogram.h"

struct cfs_loop;

/* A watched descriptor. Owned by the caller, who must not move it while it is watched. */
struct cfs_watch {
	struct cfs_loop *loop; /* NULL when not watched */
	int fd;
	void (*fn)(void *arg);
	void *arg;
};

/* A timer. Owned by the caller, who must not move it while it is armed. */
struct cfs_timer {
	struct cfs_loop *loop; /* NULL when not armed */
	int64_t at;            /* cfs_clock_ms */
	uint64_t order;        /* timers due at the same time fire in the order they were armed */
	void (*fn)(void *arg);
	void *arg;
	struct cfs_timer *child, *next, *prev; /* in the loop's pairing heap */
};

/* 0 or a negative errno. */
int cfs_loop_create(struct cfs_loop **ret_loop);
/* Watches and timers that are still active are dropped and never called. Accepts NULL. */
void cfs_loop_destroy(struct cfs_loop *loop);
/* Runs callbacks until cfs_loop_stop; may be called again afterwards. 0 or a negative errno. */
int cfs_loop_run(struct cfs_loop *loop);
/* Ends the run after the current callback. Called before a run, it ends the next run at once. */
void cfs_loop_stop(struct cfs_loop *loop);
/* How long each turn of the loop took, from the end of one epoll_wait to the next: the longest that
 * an event may have been delayed. Measuring wakes nothing up: an idle loop has no turns. */
const struct cfs_histogram *cfs_loop_turns(const struct cfs_loop *loop);

/* Calls fn(arg) whenever fd is readable. 0 or a negative errno; fd stays the caller's. */
int cfs_watch_start(
	struct cfs_loop *loop, struct cfs_watch *watch, int fd, void (*fn)(void *), void *arg);
/* The same for descriptors that signal a change as urgent data (EPOLLPRI), as the files of /proc do
 * that can be polled. */
int cfs_watch_start_urgent(
	struct cfs_loop *loop, struct cfs_watch *watch, int fd, void (*fn)(void *), void *arg);
/* The same whenever fd can be written to. -EPERM: it always can, as it is a regular file. */
int cfs_watch_start_writable(
	struct cfs_loop *loop, struct cfs_watch *watch, int fd, void (*fn)(void *), void *arg);
void cfs_watch_stop(struct cfs_watch *watch);

/* Must be called before any other use of a timer. */
void cfs_timer_init(struct cfs_timer *timer, void (*fn)(void *), void *arg);
/* Arms the timer, or rearms it. With delay 0 it fires before the loop next waits. */
void cfs_timer_start(struct cfs_loop *loop, struct cfs_timer *timer, int64_t delay_ms);
void cfs_timer_stop(struct cfs_timer *timer);

#endif
