/*
 * The cloud's time: this machine's clock, corrected by what the cloud's answers say.
 *
 * Signatures hold the time, and a cloud refuses those that are minutes off. When it does, and its
 * answer's Date differs from our time by more than CFS_SKEW_MIN, the difference is learnt and kept.
 */
#ifndef CFS_SKEW_H
#define CFS_SKEW_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds that do not matter: less than the narrowest window (Tencent Cloud's five minutes). */
#define CFS_SKEW_MIN 240

struct cfs_skew {
	int64_t offset; /* seconds that the cloud is ahead of this machine */
};

/* The cloud's time, seconds since the epoch. */
int64_t cfs_skew_now(const struct cfs_skew *skew);
/* Learns from a Date header, 0 when there was none. Whether that made a difference worth another
 * attempt. */
bool cfs_skew_learn(struct cfs_skew *skew, int64_t date);

#endif
