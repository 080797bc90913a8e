/* SPDX-License-Identifier: MIT */
/*
 * Tencent Cloud's API 3.0: what all its services share. One address serves them all here; which is
 * meant, the version tells.
 */
#ifndef SIM_API3_H
#define SIM_API3_H

#include "sim.h"

#include <cjson/cJSON.h>

#define SIM_API3_PARAMS_MAX 10

/* What an action works on. */
struct sim_api3_call {
	struct sim *sim;
	const struct sim_api3_service *service;
	const cJSON *params;               /* an object */
	int region;                        /* index, or -1 when none was named */
	const struct sim_session *session; /* whose keys signed; NULL: the user's own */
	struct sim_effect effect;
	struct sim_answer *answer;
};

enum sim_api3_type {
	SIM_API3_STRING,
	SIM_API3_INTEGER,
	SIM_API3_STRINGS,
	SIM_API3_FILTERS,
};

struct sim_api3_action {
	const char *name;
	bool regional;     /* needs X-TC-Region */
	bool unsigned_too; /* may be asked without keys */
	void (*run)(struct sim_api3_call *call);
	struct {
		const char *name;
		enum sim_api3_type type;
	} params[SIM_API3_PARAMS_MAX];
};

struct sim_api3_service {
	const char *name; /* in the credential scope */
	const char *version;
	bool everywhere; /* answers to every region, not only to those with machines */
	const struct sim_api3_action *actions;
	size_t n_actions;
};

void sim_api3_decide(struct sim *sim, const struct sim_request *request, struct sim_answer *answer);

/* Makes the answer an error, which API 3.0 sends with status 200. */
void sim_api3_error(struct sim_answer *answer, const char *code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
