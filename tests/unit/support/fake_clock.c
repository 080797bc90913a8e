/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/fake_clock.h"

struct fake_clock fake_clock = {.chance = 0.5};

int64_t cfs_clock_ms(void)
{
	struct timespec now;

	if (fake_clock.stands)
		return fake_clock.stands_at_ms;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + fake_clock.skipped_ms;
}

int64_t cfs_clock_us(void)
{
	return cfs_clock_ms() * 1000;
}

struct timespec cfs_clock_wall(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += (time_t)(fake_clock.skipped_ms / 1000);
	return now;
}

double cfs_clock_random(void)
{
	return fake_clock.chance;
}

void clock_skip(int64_t ms)
{
	if (fake_clock.stands)
		fake_clock.stands_at_ms += ms;
	else
		fake_clock.skipped_ms += ms;
}

void clock_stop(void)
{
	fake_clock.stands_at_ms = cfs_clock_ms();
	fake_clock.stands = true;
}

void clock_go(void)
{
	if (!fake_clock.stands)
		return;
	fake_clock.stands = false;
	fake_clock.skipped_ms += fake_clock.stands_at_ms - cfs_clock_ms();
}

uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}
