#include "backends/aws/ec2/live.h"

/* A screen of EC2 has at most 100 kB and a log 64 KiB: the nominal sizes leave room for more. */
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
