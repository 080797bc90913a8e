/* SPDX-License-Identifier: MIT */
#include "backends/aws/ec2/live.h"

#include <string.h>

/* EC2's screenshots have at most 100 kB and its logs 64 KiB. The nominal sizes leave room for more. */
const struct cfs_live cfs_aws_live[CFS_AWS_N_LIVE] = {
	[CFS_AWS_LIVE_SCREENSHOT] =
		{
			.name = "screenshot.jpg",
			.action = "GetConsoleScreenshot",
			.nominal = 1024 * 1024,
			.wakes = true,
			.image = true,
		},
	[CFS_AWS_LIVE_LOG] =
		{
			.name = "console.log",
			.action = "GetConsoleOutput",
			.nominal = 128 * 1024,
		},
};

/* Whether the type has one of AWS's own Arm processors: "a1", or a family with a 'g' right after the
 * generation (m7g, c6gn, im4gn, g5g, but not g4dn). */
static bool is_graviton(const char *type)
{
	size_t family = strspn(type, "abcdefghijklmnopqrstuvwxyz");
	size_t generation = strspn(type + family, "0123456789");

	if (strncmp(type, "a1.", 3) == 0)
		return true;
	return family > 0 && generation > 0 && type[family + generation] == 'g';
}

static bool is_metal(const char *type)
{
	const char *size = strchr(type, '.');

	/* "m5.metal", "m7i.metal-24xl" */
	return size && strncmp(size, ".metal", 6) == 0;
}

uint32_t cfs_aws_live_offers(
	enum cfs_power power, const char *state, const char *type, const char *architecture)
{
	bool stopping = power == CFS_POWER_CHANGING && strcmp(state, "stopping") == 0;
	bool arm = *architecture ? strncmp(architecture, "arm64", 5) == 0 : is_graviton(type);
	uint32_t offers = 0;

	if ((power == CFS_POWER_ON || stopping) && !arm && !is_metal(type))
		offers |= UINT32_C(1) << CFS_AWS_LIVE_SCREENSHOT;
	if (power == CFS_POWER_ON || power == CFS_POWER_OFF || stopping)
		offers |= UINT32_C(1) << CFS_AWS_LIVE_LOG;
	return offers;
}
