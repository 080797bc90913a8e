/* SPDX-License-Identifier: MIT */
/*
 * The live files of a CVM: the link that opens its VNC console, as text and as a web page. The
 * content of both comes from the same action.
 */
#ifndef CFS_BACKENDS_TENCENT_CVM_LIVE_H
#define CFS_BACKENDS_TENCENT_CVM_LIVE_H

#include "backends/contract/backend.h"

/* Rows of the table of live files. */
enum cfs_tencent_live {
	CFS_TENCENT_LIVE_VNC_URL,
	CFS_TENCENT_LIVE_VNC_PAGE,
	CFS_TENCENT_N_LIVE,
};

extern const struct cfs_live cfs_tencent_live[CFS_TENCENT_N_LIVE];

#endif
