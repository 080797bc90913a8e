/* SPDX-License-Identifier: MIT */
#include "fs/client/cloud_clock.h"

#include "fs/base/clock.h"

int64_t cfs_cloud_clock_now(const struct cfs_cloud_clock *cloud_clock)
{
	return cfs_clock_wall().tv_sec + cloud_clock->offset;
}

bool cfs_cloud_clock_learn(struct cfs_cloud_clock *cloud_clock, int64_t date)
{
	int64_t off = date - cfs_cloud_clock_now(cloud_clock);

	if (date <= 0 || (off >= -CFS_CLOUD_CLOCK_MIN && off <= CFS_CLOUD_CLOCK_MIN))
		return false;
	cloud_clock->offset += off;
	return true;
}
