/* SPDX-License-Identifier: MIT */
/*
 * Tencent Cloud's STS, version 2018-08-13: GetCallerIdentity, AssumeRole and
 * AssumeRoleWithWebIdentity. Source: https://cloud.tencent.com/document/api/1312
 */
#ifndef SIM_CAM_H
#define SIM_CAM_H

#include "api3.h"

extern const struct sim_api3_service sim_cam_sts;

#endif
