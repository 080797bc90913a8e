/* SPDX-License-Identifier: MIT */
#include "backends/tencent/cvm/live.h"

#define NOMINAL (16 * 1024)

_Static_assert((int)CFS_TENCENT_N_LIVE <= CFS_LIVE_MAX, "more live files than a backend may have");

const struct cfs_live cfs_tencent_live[CFS_TENCENT_N_LIVE] = {
	[CFS_TENCENT_LIVE_VNC_URL] =
		{
			.name = "vnc_url",
			.action = "DescribeInstanceVncUrl",
			.nominal = NOMINAL,
			.once = true,
		},
	[CFS_TENCENT_LIVE_VNC_PAGE] =
		{
			.name = "vnc.html",
			.action = "DescribeInstanceVncUrl",
			.nominal = NOMINAL,
			.page = true,
			.once = true,
		},
};
