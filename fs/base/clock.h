/* SPDX-License-Identifier: MIT */
/*
 * The process's clock and random numbers.
 *
 * No other file reads a clock or asks for random numbers, so that tests can replace both here.
 */
#ifndef CFS_FS_BASE_CLOCK_H
#define CFS_FS_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Monotonic milliseconds from an arbitrary origin. They include time spent suspended. */
int64_t cfs_clock_ms(void);
/* The same in microseconds. */
int64_t cfs_clock_us(void);
/* The time of day. */
struct timespec cfs_clock_wall(void);
/* The same in nanoseconds since the epoch, which is half the size, and back. */
static inline int64_t cfs_clock_wall_ns(void)
{
	struct timespec now = cfs_clock_wall();

	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
static inline struct timespec cfs_clock_from_ns(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}
/* A number in [0, 1). */
double cfs_clock_random(void);
/* Bytes that nobody can guess. 0 or a negative errno; len is 256 at most. */
int cfs_clock_random_bytes(void *bytes, size_t len);

#endif
