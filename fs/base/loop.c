/* SPDX-License-Identifier: MIT */
#include "fs/base/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "fs/base/clock.h"

#define EVENTS_MAX 16 /* descriptors reported by one wait; the loop has about five */

struct cfs_loop {
	int epoll;
	bool stopped;
	uint64_t order;
	struct cfs_timer *first; /* root of a pairing heap: the timer that fires next */
	struct epoll_event events[EVENTS_MAX];
	int n_events, event; /* the batch being handled, so that a removed watch is not called */
	struct cfs_histogram turns;
};

int cfs_loop_create(struct cfs_loop **ret_loop)
{
	struct cfs_loop *loop;
	int r;

	loop = calloc(1, sizeof(*loop));
	if (!loop)
		return -ENOMEM;
	loop->turns.bounds = &cfs_histogram_turns;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		r = -errno;
		free(loop);
		return r;
	}
	*ret_loop = loop;
	return 0;
}

void cfs_loop_destroy(struct cfs_loop *loop)
{
	if (!loop)
		return;
	close(loop->epoll);
	free(loop);
}

void cfs_loop_stop(struct cfs_loop *loop)
{
	loop->stopped = true;
}

const struct cfs_histogram *cfs_loop_turns(const struct cfs_loop *loop)
{
	return &loop->turns;
}

static int watch_for(uint32_t events, struct cfs_loop *loop, struct cfs_watch *watch, int fd,
	void (*fn)(void *), void *arg)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	*watch = (struct cfs_watch){.loop = loop, .fd = fd, .fn = fn, .arg = arg};
	return 0;
}

int cfs_watch_start(
	struct cfs_loop *loop, struct cfs_watch *watch, int fd, void (*fn)(void *), void *arg)
{
	return watch_for(EPOLLIN, loop, watch, fd, fn, arg);
}

int cfs_watch_start_urgent(
	struct cfs_loop *loop, struct cfs_watch *watch, int fd, void (*fn)(void *), void *arg)
{
	return watch_for(EPOLLPRI, loop, watch, fd, fn, arg);
}

int cfs_watch_start_writable(
	struct cfs_loop *loop, struct cfs_watch *watch, int fd, void (*fn)(void *), void *arg)
{
	return watch_for(EPOLLOUT, loop, watch, fd, fn, arg);
}

void cfs_watch_stop(struct cfs_watch *watch)
{
	struct cfs_loop *loop = watch->loop;

	if (!loop)
		return;
	/* Fails only if the descriptor was closed already, which removed it from the set. */
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	for (int i = loop->event; i < loop->n_events; i++)
		if (loop->events[i].data.ptr == watch)
			loop->events[i].data.ptr = NULL;
	watch->loop = NULL;
}

/*
 * The timers are a pairing heap, linked through the timers themselves. `child` is the first child,
 * `next` the next sibling, `prev` the previous sibling or, of a first child, the parent.
 */

static bool before(const struct cfs_timer *a, const struct cfs_timer *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static struct cfs_timer *meld(struct cfs_timer *a, struct cfs_timer *b)
{
	struct cfs_timer *swap;

	if (!a)
		return b;
	if (!b)
		return a;
	if (before(b, a)) {
		swap = a;
		a = b;
		b = swap;
	}
	b->prev = a;
	b->next = a->child;
	if (b->next)
		b->next->prev = b;
	a->child = b;
	return a;
}

/* Melds a list of siblings in two passes: that makes a removal O(log n) amortised. */
static struct cfs_timer *meld_siblings(struct cfs_timer *list)
{
	struct cfs_timer *pairs = NULL, *root = NULL, *a, *b;

	while (list) {
		a = list;
		b = a->next;
		list = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		a = pairs;
		pairs = a->next;
		a->next = NULL;
		root = meld(root, a);
	}
	return root;
}

void cfs_timer_init(struct cfs_timer *timer, void (*fn)(void *), void *arg)
{
	*timer = (struct cfs_timer){.fn = fn, .arg = arg};
}

void cfs_timer_stop(struct cfs_timer *timer)
{
	struct cfs_loop *loop = timer->loop;
	struct cfs_timer *rest;

	if (!loop)
		return;
	rest = meld_siblings(timer->child);
	if (loop->first == timer) {
		loop->first = rest;
	} else {
		if (timer->prev->child == timer)
			timer->prev->child = timer->next;
		else
			timer->prev->next = timer->next;
		if (timer->next)
			timer->next->prev = timer->prev;
		loop->first = meld(loop->first, rest);
	}
	timer->child = timer->next = timer->prev = NULL;
	timer->loop = NULL;
}

void cfs_timer_start(struct cfs_loop *loop, struct cfs_timer *timer, int64_t delay_ms)
{
	cfs_timer_stop(timer);
	timer->loop = loop;
	timer->at = cfs_clock_ms() + (delay_ms > 0 ? delay_ms : 0);
	timer->order = loop->order++;
	loop->first = meld(loop->first, timer);
}

static void fire_due(struct cfs_loop *loop)
{
	struct cfs_timer *timer;
	uint64_t until = loop->order;
	int64_t now = cfs_clock_ms();

	/* Timers started by these callbacks fire in the next turn, so that a timer that restarts
	 * itself with delay 0 does not starve the descriptors. */
	while (!loop->stopped && (timer = loop->first) && timer->at <= now &&
		timer->order < until) {
		cfs_timer_stop(timer);
		timer->fn(timer->arg);
	}
}

static int wait_ms(const struct cfs_loop *loop)
{
	int64_t left;

	if (!loop->first)
		return -1;
	left = loop->first->at - cfs_clock_ms();
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

int cfs_loop_run(struct cfs_loop *loop)
{
	int64_t began = cfs_clock_us();
	struct cfs_watch *watch;
	int n;

	while (!loop->stopped) {
		fire_due(loop);
		if (loop->stopped)
			break;
		cfs_histogram_add(&loop->turns, cfs_clock_us() - began);
		n = epoll_wait(loop->epoll, loop->events, EVENTS_MAX, wait_ms(loop));
		if (n < 0 && errno != EINTR)
			return -errno;
		began = cfs_clock_us();
		loop->n_events = n < 0 ? 0 : n;
		for (loop->event = 0; loop->event < loop->n_events && !loop->stopped;) {
			watch = loop->events[loop->event++].data.ptr;
			if (watch)
				watch->fn(watch->arg);
		}
		loop->n_events = 0;
	}
	loop->stopped = false;
	return 0;
}
