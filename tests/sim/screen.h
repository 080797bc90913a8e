/* SPDX-License-Identifier: MIT */
/* Draws the screen of a machine: a text console of 100 by 37 characters as a JPEG of 800 by 600. */
#ifndef SIM_SCREEN_H
#define SIM_SCREEN_H

#include "buf.h"
#include "fleet.h"

#include <stdint.h>

struct sim_screen {
	const struct sim_instance *instance;
	bool awake;            /* else all black */
	int64_t shown_ms;      /* the clock on it */
	uint32_t count;        /* the counter on it */
	uint32_t bytes;        /* length that the image must have; 0: any will do */
	uint32_t not_bytes[2]; /* lengths that it must not have; 0: any will do */
};

/* Replaces what ret_jpeg holds. 0, -ENOMEM or -EIO, also when there are more bytes than it must
 * have. */
int sim_screen_draw(const struct sim_screen *screen, struct sim_buf *ret_jpeg);

#endif
