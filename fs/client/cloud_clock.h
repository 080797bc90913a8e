/* SPDX-License-Identifier: MIT */
/*
 * The cloud's time: this host's clock, corrected by the Date headers of the cloud's answers.
 *
 * Signatures contain the time, and clouds refuse those that are minutes off. If the Date header of
 * such a refusal differs from our time by more than CFS_CLOUD_CLOCK_MIN, later requests are signed
 * with the difference added.
 */
#ifndef CFS_FS_CLIENT_CLOUD_CLOCK_H
#define CFS_FS_CLIENT_CLOUD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A smaller difference in seconds is ignored: the strictest cloud allows five minutes. */
#define CFS_CLOUD_CLOCK_MIN 240

struct cfs_cloud_clock {
	int64_t offset; /* seconds that the cloud is ahead of this host */
};

/* The cloud's time in seconds since the epoch. */
int64_t cfs_cloud_clock_now(const struct cfs_cloud_clock *cloud_clock);
/* Corrects the offset by the Date header of an answer (0: it had none). Returns whether the offset
 * changed, so that another attempt may succeed. */
bool cfs_cloud_clock_learn(struct cfs_cloud_clock *cloud_clock, int64_t date);

#endif
