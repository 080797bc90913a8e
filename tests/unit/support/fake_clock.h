/* SPDX-License-Identifier: MIT */
/*
 * The clock and the chance of a test, in place of fs/base/clock.c in a program that uses any of this. Time runs as it
 * does, plus what was skipped; or stands still, and moves when told.
 */
#ifndef CFS_TESTS_UNIT_SUPPORT_FAKE_CLOCK_H
#define CFS_TESTS_UNIT_SUPPORT_FAKE_CLOCK_H

#include <stdbool.h>

#include "fs/base/clock.h"

/* `chance` is what cfs_clock_random returns. */
struct fake_clock {
	bool stands;
	int64_t stands_at_ms;
	int64_t skipped_ms;
	double chance;
};
extern struct fake_clock fake_clock;

/* Makes it later. */
void clock_skip(int64_t ms);

/* Time stands still from now on, until it moves again. */
void clock_stop(void);
void clock_go(void);

/* Numbers that look random and are the same in every run (xorshift64). */
uint64_t draw(uint64_t *seed);

#endif
