/* SPDX-License-Identifier: MIT */
/* The only file of the simulator that reads a clock. */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define SIM_TIME_TEXT 32

int64_t sim_clock_wall_ms(void); /* since the epoch, UTC */
int64_t sim_clock_wall_us(void);
int64_t sim_clock_monotonic_ms(void); /* for timers, tokens and buckets */

/* "2025-01-31T12:00:00.000Z"; milliseconds are left out when with_ms is 0. */
void sim_clock_format(int64_t wall_ms, int with_ms, char ret_text[SIM_TIME_TEXT]);

#endif
