/* SPDX-License-Identifier: MIT */
/*
 * What a machine or a container finds beside it, over plain http: EC2's instance metadata service,
 * version 2 only (PUT /latest/api/token first); the container credential endpoint of ECS and EKS
 * (GET /container); and the CAM role of a CVM (GET /latest/meta-data/cam/security-credentials/).
 * Sources: "Use the Instance Metadata Service" in the EC2 user guide, "Container credential
 * provider" in the AWS SDKs reference guide, https://cloud.tencent.com/document/product/213/4934
 */
#ifndef SIM_METADATA_H
#define SIM_METADATA_H

#include "sim.h"

void sim_metadata_decide(
	struct sim *sim, const struct sim_request *request, struct sim_answer *answer);

#endif
