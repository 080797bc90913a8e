/* SPDX-License-Identifier: MIT */
/*
 * The CVM API, version 2017-03-12: DescribeInstances, DescribeRegions and DescribeInstanceVncUrl.
 * Source: https://cloud.tencent.com/document/api/213
 *
 * And the service that took its DescribeRegions over, region, version 2022-06-27:
 * https://cloud.tencent.com/document/product/1596/77930
 */
#ifndef SIM_CVM_H
#define SIM_CVM_H

#include "api3.h"

extern const struct sim_api3_service sim_cvm, sim_region;

/* cvm_instances.c: answers the action, the request being signed and its parameters known. */
void sim_cvm_instances_describe(struct sim_api3_call *call);

#endif
