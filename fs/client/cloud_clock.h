/*
 * The cloud's time: this machine's clock, corrected by what the cloud's answers say.
 *
 * Signatures hold the time, and a cloud refuses those that are minutes off. When it does, and its
 * answer's Date differs from our time by more than CFS_CLOUD_CLOCK_MIN, the difference is learnt and kept.
 */
#ifndef CFS_FS_CLIENT_CLOUD_CLOCK_H
#define CFS_FS_CLIENT_CLOUD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds that do not matter: less than the narrowest window of a cloud, five minutes. */
#define CFS_CLOUD_CLOCK_MIN 240

struct cfs_cloud_clock {
	int64_t offset; /* seconds that the cloud is ahead of this machine */
};

/* The cloud's time, seconds since the epoch. */
int64_t cfs_cloud_clock_now(const struct cfs_cloud_clock *cloud_clock);
/* Learns from a Date header, 0 when there was none. Whether that made a difference worth another
 * attempt. */
bool cfs_cloud_clock_learn(struct cfs_cloud_clock *cloud_clock, int64_t date);

#endif
