/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
	struct timespec now = {0};
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t sim_clock_wall_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t sim_clock_wall_us(void)
{
	struct timespec now = {0};
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t sim_clock_monotonic_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void sim_clock_format(int64_t wall_ms, int with_ms, char ret_text[SIM_TIME_TEXT])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm = {0};
	char base[SIM_TIME_TEXT] = "";
	if (gmtime_r(&seconds, &tm))
		strftime(base, sizeof(base), "%Y-%m-%dT%H:%M:%S", &tm);
	if (with_ms)
		snprintf(ret_text, SIM_TIME_TEXT, "%.20s.%03dZ", base, (int)(wall_ms % 1000));
	else
		snprintf(ret_text, SIM_TIME_TEXT, "%.20sZ", base);
}
