#include "fs/client/cloud_clock.h"

#include "fs/base/clock.h"

int64_t cfs_skew_now(const struct cfs_skew *skew)
{
	return cfs_clock_wall().tv_sec + skew->offset;
}

bool cfs_skew_learn(struct cfs_skew *skew, int64_t date)
{
	int64_t off = date - cfs_skew_now(skew);

	if (date <= 0 || (off >= -CFS_SKEW_MIN && off <= CFS_SKEW_MIN))
		return false;
	skew->offset += off;
	return true;
}
