/* SPDX-License-Identifier: MIT */
/*
 * The request log: one JSON object a line, appended and whole at once, when the answer is decided
 * and before the first byte of it is sent. `time` is the clouds' time, `at_us` this machine's, in
 * microseconds since the epoch. Never a secret, a token or a VNC link.
 */
#ifndef SIM_LOG_H
#define SIM_LOG_H

#include "answer.h"

#include <stdint.h>

/* Returns a file descriptor or a negative errno. */
int sim_log_open(const char *path);
/* 0 or negative errno; fd -1 logs nothing. */
int sim_log_write(int fd, int64_t wall_ms, const struct sim_record *record);

#endif
