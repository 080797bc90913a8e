/* SPDX-License-Identifier: MIT */
/*
 * The EC2 Query API, version 2016-11-15: DescribeInstances, DescribeRegions, GetConsoleScreenshot
 * and GetConsoleOutput. Source: the Amazon EC2 API Reference.
 */
#ifndef SIM_EC2_H
#define SIM_EC2_H

#include "form.h"
#include "sim.h"

#define SIM_EC2_NAMESPACE "http://ec2.amazonaws.com/doc/2016-11-15/"

/* What an action works on. */
struct sim_ec2_call {
	struct sim *sim;
	const struct sim_form *form;
	unsigned region;
	bool dry_run;
	struct sim_effect effect;
	struct sim_answer *answer;
};

void sim_ec2_decide(struct sim *sim, const struct sim_request *request, const struct sim_form *form,
	struct sim_answer *answer);

/* Makes the answer an error; status 0 takes the documented one of the code. */
void sim_ec2_error(struct sim_answer *answer, unsigned status, const char *code, const char *format,
	...) __attribute__((format(printf, 4, 5)));
/* Opens an answer: the XML up to and with requestId. */
void sim_ec2_open(struct sim_buf *body, const char *action, const char *request_id);

/* ec2_instances.c: answers the action, the request being signed and its parameters known. */
void sim_ec2_instances_describe(struct sim_ec2_call *call);

#endif
