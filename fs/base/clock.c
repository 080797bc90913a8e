/* SPDX-License-Identifier: MIT */
#include "fs/base/clock.h"

#include <errno.h>
#include <sys/random.h>

int64_t cfs_clock_us(void)
{
	struct timespec now;

	/* Cannot fail: every Linux that has FUSE has this clock. */
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t cfs_clock_ms(void)
{
	return cfs_clock_us() / 1000;
}

struct timespec cfs_clock_wall(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now;
}

double cfs_clock_random(void)
{
	uint64_t bits = 0;

	/* Once the kernel's random pool is ready, eight bytes always arrive whole. Before that, use
	 * the middle of the range: these numbers only spread retries, they protect nothing. */
	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != (ssize_t)sizeof(bits))
		return 0.5;
	return (double)(bits >> 11) * 0x1.0p-53;
}

int cfs_clock_random_bytes(void *bytes, size_t len)
{
	/* So few arrive whole, once the kernel's random pool is ready. */
	ssize_t n = getrandom(bytes, len, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}
