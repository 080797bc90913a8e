/* SPDX-License-Identifier: MIT */
/*
 * AWS STS, version 2011-06-15: GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity.
 * Source: the AWS Security Token Service API Reference.
 */
#ifndef SIM_STS_H
#define SIM_STS_H

#include "form.h"
#include "sim.h"

#define SIM_STS_VERSION "2011-06-15"

void sim_sts_decide(struct sim *sim, const struct sim_request *request, const struct sim_form *form,
	struct sim_answer *answer);

#endif
