/* SPDX-License-Identifier: MIT */
#include "pictures.h"

#include "screen.h"

#include <errno.h>

int sim_pictures_init(struct sim_pictures *pictures, const struct sim_fleet *fleet, uint32_t bytes,
	int64_t shown_ms)
{
	struct sim_buf jpeg = {0};
	int r = 0;
	for (uint32_t i = 0; i < SIM_PICTURES && r == 0; i++) {
		struct sim_picture *picture = &pictures->of[i];
		struct sim_instance instance;
		sim_fleet_get(fleet, SIM_AWS, i, &instance);
		struct sim_screen screen = {
			.instance = &instance, .awake = true, .shown_ms = shown_ms, .bytes = bytes};
		r = sim_screen_draw(&screen, &jpeg);
		if (r == 0)
			r = sim_crypto_sha256_hex(jpeg.data, jpeg.len, picture->sha256);
		sim_buf_add_base64(&picture->base64, jpeg.data, jpeg.len, 0);
		if (r == 0 && picture->base64.failed)
			r = -ENOMEM;
	}
	sim_buf_finish(&jpeg);
	return r;
}

void sim_pictures_finish(struct sim_pictures *pictures)
{
	for (size_t i = 0; i < SIM_PICTURES; i++)
		sim_buf_finish(&pictures->of[i].base64);
}
