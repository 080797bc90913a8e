/* SPDX-License-Identifier: MIT */
/* Screens drawn once, at start, as base64: an answer costs no drawing. For benchmarks. */
#ifndef SIM_PICTURES_H
#define SIM_PICTURES_H

#include "buf.h"
#include "crypto.h"
#include "fleet.h"

#include <stdint.h>

#define SIM_PICTURES 16
/* At least what the fullest console takes at the lowest quality. */
#define SIM_PICTURE_BYTES_MIN 65536
#define SIM_PICTURE_BYTES_MAX 1048576

struct sim_picture {
	struct sim_buf base64;
	char sha256[SIM_SHA256_HEX]; /* of the image */
};

struct sim_pictures {
	struct sim_picture of[SIM_PICTURES]; /* by index of the instance, modulo */
};

/* Draws what the first machines show, each as an image of exactly so many bytes. 0, -ENOMEM or
 * -EIO. */
int sim_pictures_init(struct sim_pictures *pictures, const struct sim_fleet *fleet, uint32_t bytes,
	int64_t shown_ms);
void sim_pictures_finish(struct sim_pictures *pictures);

#endif
