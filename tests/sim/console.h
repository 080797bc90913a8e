/* SPDX-License-Identifier: MIT */
/* The text on a machine's console: CR/LF lines with ANSI colours, as the kernel and systemd write
 * it. */
#ifndef SIM_CONSOLE_H
#define SIM_CONSOLE_H

#include "buf.h"
#include "fleet.h"

#include <stdint.h>

/*
 * Everything since power-on. live: end with what the machine says at shown_ms, else with the end of
 * its boot, which never changes. count numbers the live line.
 */
void sim_console_write(struct sim_buf *out, const struct sim_instance *instance, bool live,
	int64_t shown_ms, uint32_t count);

#endif
