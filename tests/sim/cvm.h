/*
 * The CVM API, version 2017-03-12, over API 3.0: DescribeInstances, DescribeRegions and
 * DescribeInstanceVncUrl. Source: https://cloud.tencent.com/document/api/213
 */
#ifndef SIM_CVM_H
#define SIM_CVM_H

#include "sim.h"

#include <cjson/cJSON.h>

/* What an action works on. */
struct sim_cvm_call {
	struct sim *sim;
	const cJSON *params; /* an object */
	int region;          /* index, or -1 when none was named */
	struct sim_effect effect;
	struct sim_answer *answer;
};

void sim_cvm_decide(struct sim *sim, const struct sim_request *request, struct sim_answer *answer);

/* Makes the answer an error, which API 3.0 sends with status 200. */
void sim_cvm_error(struct sim_answer *answer, const char *code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* cvm_instances.c: answers the action, the request being signed and its parameters known. */
void sim_cvm_instances_describe(struct sim_cvm_call *call);

#endif
