/*
 * The clocks and the random numbers of this process. The only file that reads either:
 * everything else is told.
 */
#ifndef CFS_FS_BASE_CLOCK_H
#define CFS_FS_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds that never go back, from an arbitrary origin; they count on while suspended. */
int64_t cfs_clock_ms(void);
/* The same in microseconds. */
int64_t cfs_clock_us(void);
/* The time of day. */
struct timespec cfs_clock_wall(void);
/* A number in [0, 1). */
double cfs_clock_random(void);

#endif
