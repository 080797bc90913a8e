/* SPDX-License-Identifier: MIT */
#include "api3.h"

#include "cam.h"
#include "clock.h"
#include "cvm.h"
#include "tc3.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void sim_api3_error(struct sim_answer *answer, const char *code, const char *format, ...)
{
	char message[512];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	snprintf(answer->record.code, sizeof(answer->record.code), "%s", code);
	sim_buf_reset(&answer->body);
	sim_buf_adds(&answer->body, "{\"Response\":{\"Error\":{\"Code\":");
	sim_buf_add_json(&answer->body, code);
	sim_buf_adds(&answer->body, ",\"Message\":");
	sim_buf_add_json(&answer->body, message);
	sim_buf_addf(&answer->body, "},\"RequestId\":\"%s\"}}", answer->request_id);
}

static bool are_strings(const cJSON *value)
{
	const cJSON *item;
	if (!cJSON_IsArray(value))
		return false;
	cJSON_ArrayForEach(item, value)
	{
		if (!cJSON_IsString(item))
			return false;
	}
	return true;
}

static bool is_of_type(const cJSON *value, enum sim_api3_type type)
{
	const cJSON *item;
	switch (type) {
	case SIM_API3_STRING:
		return cJSON_IsString(value);
	case SIM_API3_INTEGER:
		return cJSON_IsNumber(value) && value->valuedouble == value->valueint;
	case SIM_API3_STRINGS:
		return are_strings(value);
	case SIM_API3_FILTERS:
		break;
	}
	if (!cJSON_IsArray(value))
		return false;
	cJSON_ArrayForEach(item, value)
	{
		const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "Name");
		const cJSON *values = cJSON_GetObjectItemCaseSensitive(item, "Values");
		if (!cJSON_IsObject(item) || !cJSON_IsString(name) || !are_strings(values) ||
			cJSON_GetArraySize(item) != 2)
			return false;
	}
	return true;
}

/* Every parameter is known and of its type. False after an error answer. */
static bool check_params(struct sim_api3_call *call, const struct sim_api3_action *action)
{
	const cJSON *param;
	cJSON_ArrayForEach(param, call->params)
	{
		bool known = false;
		for (size_t i = 0; !known && i < SIM_API3_PARAMS_MAX && action->params[i].name;
			i++) {
			if (strcmp(action->params[i].name, param->string) != 0)
				continue;
			known = true;
			if (!is_of_type(param, action->params[i].type)) {
				sim_api3_error(call->answer, "InvalidParameter",
					"The type of the value of parameter `%s` is not right.",
					param->string);
				return false;
			}
		}
		if (!known) {
			sim_api3_error(call->answer, "UnknownParameter",
				"The parameter `%.80s` is not recognized.", param->string);
			return false;
		}
	}
	return true;
}

/* Version, action and region, which stand in headers. NULL after an error answer. */
static const struct sim_api3_action *check_headers(
	struct sim_api3_call *call, const struct sim_request *request)
{
	const struct sim_regions *regions = &call->sim->options.regions[SIM_TENCENT];
	struct sim_answer *answer = call->answer;
	const char *version = sim_request_header(request, "x-tc-version");
	const char *region = sim_request_header(request, "x-tc-region");
	const struct sim_api3_action *action = NULL;
	for (size_t i = 0; i < call->service->n_actions; i++) {
		if (strcmp(call->service->actions[i].name, answer->record.action) == 0)
			action = &call->service->actions[i];
	}
	if (!answer->record.action[0] || !version) {
		sim_api3_error(answer, "MissingParameter",
			"The request is missing a required parameter `%s`.",
			version ? "Action" : "Version");
		return NULL;
	}
	if (strcmp(version, call->service->version) != 0) {
		sim_api3_error(answer, "NoSuchVersion", "The API version `%.40s` does not exist.",
			version);
		return NULL;
	}
	if (!action) {
		sim_api3_error(answer, "InvalidAction",
			"The request action=`%s` is invalid or not match version `%s`.",
			answer->record.action, version);
		return NULL;
	}
	call->region = region ? sim_fleet_region(regions, region) : -1;
	if (!region && action->regional) {
		sim_api3_error(answer, "MissingParameter",
			"The request is missing a required parameter `Region`.");
		return NULL;
	}
	if (region && call->region < 0 && !call->service->everywhere) {
		sim_api3_error(answer, "UnsupportedRegion",
			"The request does not support the region `%.40s`.", region);
		return NULL;
	}
	return action;
}

static void run_action(struct sim_api3_call *call, const struct sim_request *request)
{
	struct sim_answer *answer = call->answer;
	const char *type = sim_request_header(request, "content-type");
	const struct sim_api3_action *action = check_headers(call, request);
	if (!action)
		return;
	if (!type || strncmp(type, "application/json", 16) != 0) {
		sim_api3_error(answer, "UnsupportedProtocol",
			"Only POST requests of application/json are simulated.");
		return;
	}
	if (!cJSON_IsObject(call->params)) {
		sim_api3_error(answer, "InvalidParameter", "The body is no JSON object.");
		return;
	}
	if (!check_params(call, action))
		return;
	unsigned region = call->region < 0 ? 0 : (unsigned)call->region;
	if (call->effect.kind == SIM_FAULT_THROTTLE ||
		!sim_bucket_take(&call->sim->buckets, SIM_TENCENT, region, action->name, false,
			sim_clock_monotonic_ms())) {
		sim_api3_error(answer, "RequestLimitExceeded",
			"Your current request times equals to the limit of this API. Please "
			"wait and try again.");
		return;
	}
	if (call->effect.kind == SIM_FAULT_CODE) {
		sim_api3_error(answer, call->effect.arg, "Simulated error %s", call->effect.arg);
		return;
	}
	action->run(call);
}

static void fill_record(
	const struct sim_request *request, const cJSON *params, struct sim_record *record)
{
	const char *action = sim_request_header(request, "x-tc-action");
	const char *region = sim_request_header(request, "x-tc-region");
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(params, "InstanceId");
	const cJSON *ids = cJSON_GetObjectItemCaseSensitive(params, "InstanceIds");
	if (!id)
		id = cJSON_GetArrayItem(ids, 0);
	snprintf(record->action, sizeof(record->action), "%s", action ? action : "");
	snprintf(record->region, sizeof(record->region), "%s", region ? region : "");
	snprintf(record->instance, sizeof(record->instance), "%s",
		cJSON_IsString(id) ? id->valuestring : "");
}

/* An action that needs no keys is asked with Authorization: SKIP. */
static bool is_skipped(const struct sim_api3_call *call, const struct sim_request *request)
{
	const char *authorization = sim_request_header(request, "authorization");
	for (size_t i = 0; i < call->service->n_actions; i++) {
		const struct sim_api3_action *action = &call->service->actions[i];
		if (strcmp(action->name, call->answer->record.action) == 0)
			return action->unsigned_too && authorization &&
				strcmp(authorization, "SKIP") == 0;
	}
	return false;
}

void sim_api3_decide(struct sim *sim, const struct sim_request *request, struct sim_answer *answer)
{
	static const struct sim_api3_service *const services[] = {
		&sim_cvm, &sim_cam_sts, &sim_region};
	struct sim_tc3_verdict verdict = {.reason = ""};
	const char *version = sim_request_header(request, "x-tc-version");
	cJSON *params = cJSON_ParseWithLength(
		request->body.data ? request->body.data : "", request->body.len);
	answer->status = 200;
	answer->content_type = "application/json";
	answer->server = "nginx";
	answer->record.cloud = "tencent";
	fill_record(request, params, &answer->record);
	struct sim_api3_call call = {.sim = sim,
		.service = services[0],
		.params = params,
		.answer = answer,
		.region = -1};
	for (size_t i = 0; version && i < sizeof(services) / sizeof(services[0]); i++) {
		if (strcmp(services[i]->version, version) == 0)
			call.service = services[i];
	}
	bool skipped = is_skipped(&call, request);
	if (!skipped && sim_tc3_verify(sim, request, call.service->name, &verdict) < 0) {
		sim_api3_error(answer, "InternalError", "An internal error has occurred.");
		goto out;
	}
	call.session = verdict.session;
	if (verdict.session)
		snprintf(answer->record.role, sizeof(answer->record.role), "%s",
			verdict.session->role);
	snprintf(answer->record.signature, sizeof(answer->record.signature), "%s", verdict.reason);
	call.effect = sim_pick_fault(sim, SIM_TENCENT, &answer->record);
	if (sim_answer_fault(answer, &call.effect))
		goto out;
	if (!skipped && strcmp(verdict.reason, "ok") != 0)
		sim_api3_error(answer, verdict.code, "%s", verdict.message);
	else
		run_action(&call, request);
out:
	cJSON_Delete(params);
}
