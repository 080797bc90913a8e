/* SPDX-License-Identifier: MIT */
/*
 * Tencent Cloud: the VNC consoles of CVM.
 *
 * DescribeInstanceVncUrl is the only console action of CVM: there is no screenshot and no log. Its
 * address opens one console, once, within 15 seconds: it is a secret, and every open of a live file
 * is a call of its own.
 */
#ifndef CFS_BACKENDS_TENCENT_TENCENT_H
#define CFS_BACKENDS_TENCENT_TENCENT_H

#include "backends/contract/backend.h"

extern const struct cfs_backend cfs_tencent_backend;

#endif
