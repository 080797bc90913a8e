/* SPDX-License-Identifier: MIT */
/* What the programs of the benchmarks have in common. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double bench_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* A benchmark has nobody to report to but the one who started it. */
static inline void bench_die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

#endif
