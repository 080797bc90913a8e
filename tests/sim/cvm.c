#include "cvm.h"

#include "clock.h"
#include "tc3.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define VERSION "2017-03-12"

/* DescribeInstanceVncUrl's error for each state and circumstance; NULL: there is a console. */
static const char *console_error(const struct sim_instance *instance)
{
	switch (instance->special) {
	case SIM_SPECIAL_NONE:
		break;
	case SIM_SPECIAL_TYPE:
		return "UnsupportedOperation.SpecialInstanceType";
	case SIM_SPECIAL_STOP_CHARGING:
		return "UnsupportedOperation.StoppedModeStopCharging";
	case SIM_SPECIAL_RESCUE_ENTER:
		return "UnsupportedOperation.InstanceStateEnterRescueMode";
	case SIM_SPECIAL_RESCUE_EXIT:
		return "UnsupportedOperation.InstanceStateExitRescueMode";
	case SIM_SPECIAL_MIGRATING:
		return "UnsupportedOperation.InstanceStateEnterServiceLiveMigrate";
	case SIM_SPECIAL_OPERATING:
		return "OperationDenied.InstanceOperationInProgress";
	}
	switch (instance->state) {
	case SIM_RUNNING:
		return NULL;
	case SIM_PENDING:
		return "UnsupportedOperation.InstanceStatePending";
	case SIM_STARTING:
		return "UnsupportedOperation.InstanceStateStarting";
	case SIM_STOPPING:
		return "UnsupportedOperation.InstanceStateStopping";
	case SIM_STOPPED:
		return "UnsupportedOperation.InstanceStateStopped";
	case SIM_REBOOTING:
		return "UnsupportedOperation.InstanceStateRebooting";
	case SIM_SHUTDOWN:
	case SIM_SHUTTING_DOWN:
		return "UnsupportedOperation.InstanceStateShutdown";
	case SIM_TERMINATING:
		return "UnsupportedOperation.InstanceStateTerminating";
	case SIM_TERMINATED:
		return "UnsupportedOperation.InstanceStateTerminated";
	case SIM_LAUNCH_FAILED:
		break;
	}
	return "InvalidInstanceState";
}

void sim_cvm_error(struct sim_answer *answer, const char *code, const char *format, ...)
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

static void describe_vnc_url(struct sim_cvm_call *call)
{
	struct sim_instance instance;
	struct sim_buf value = {0};
	struct sim_answer *answer = call->answer;
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(call->params, "InstanceId");
	if (!id) {
		sim_cvm_error(answer, "MissingParameter",
			"The request is missing a required parameter `InstanceId`.");
		return;
	}
	int r = sim_fleet_find(&call->sim->fleet, SIM_TENCENT, id->valuestring, &instance);
	if (r == -EINVAL) {
		sim_cvm_error(answer, "InvalidInstanceId.Malformed",
			"The specified InstanceId `%.80s` is malformed.", id->valuestring);
		return;
	}
	if (r < 0 || (int)instance.region != call->region) {
		sim_cvm_error(answer, "InvalidInstanceId.NotFound",
			"The specified InstanceId `%.80s` does not exist.", id->valuestring);
		return;
	}
	const char *code = console_error(&instance);
	if (code) {
		sim_cvm_error(answer, code, "The instance `%s` is in the state %s.", instance.id,
			sim_fleet_state_name(SIM_TENCENT, instance.state));
		return;
	}
	r = sim_vnc_make(call->sim, &instance, &value);
	if (r < 0 || value.failed) {
		sim_cvm_error(answer, "InternalError", "An internal error has occurred.");
		goto out;
	}
	sim_buf_adds(&answer->body, "{\"Response\":{\"InstanceVncUrl\":\"");
	if (call->effect.kind != SIM_FAULT_EMPTY) {
		sim_buf_adds(&answer->body, value.data);
		sim_crypto_sha256_hex(value.data, value.len, answer->record.sha256);
	}
	if (call->effect.kind == SIM_FAULT_OVERSIZE)
		sim_buf_fill(&answer->body, 'A', SIM_FAULT_OVERSIZE_BYTES);
	sim_buf_addf(&answer->body, "\",\"RequestId\":\"%s\"}}", answer->request_id);
out:
	sim_buf_finish(&value);
}

static void describe_regions(struct sim_cvm_call *call)
{
	const struct sim_regions *regions = &call->sim->options.regions[SIM_TENCENT];
	struct sim_buf *body = &call->answer->body;
	unsigned count = call->effect.kind == SIM_FAULT_EMPTY ? 0 : regions->count;
	sim_buf_addf(body, "{\"Response\":{\"TotalCount\":%u,\"RegionSet\":[", count);
	for (unsigned i = 0; i < count; i++)
		sim_buf_addf(body,
			"%s{\"Region\":\"%s\",\"RegionName\":\"Simulated (%s)\","
			"\"RegionState\":\"AVAILABLE\"}",
			i ? "," : "", regions->names[i], regions->names[i]);
	if (call->effect.kind == SIM_FAULT_OVERSIZE) {
		sim_buf_adds(body, ",{\"Region\":\"");
		sim_buf_fill(body, 'a', SIM_FAULT_OVERSIZE_BYTES);
		sim_buf_adds(body, "\",\"RegionName\":\"\",\"RegionState\":\"UNAVAILABLE\"}");
	}
	sim_buf_addf(body, "],\"RequestId\":\"%s\"}}", call->answer->request_id);
}

enum type { TYPE_STRING, TYPE_INTEGER, TYPE_STRINGS, TYPE_FILTERS };

static const struct action {
	const char *name;
	bool regional;
	void (*run)(struct sim_cvm_call *call);
	struct {
		const char *name;
		enum type type;
	} params[5];
} actions[] = {
	{"DescribeInstances", true, sim_cvm_instances_describe,
		{{"InstanceIds", TYPE_STRINGS}, {"Filters", TYPE_FILTERS}, {"Offset", TYPE_INTEGER},
			{"Limit", TYPE_INTEGER}}},
	{"DescribeRegions", false, describe_regions, {{0}}},
	{"DescribeInstanceVncUrl", true, describe_vnc_url, {{"InstanceId", TYPE_STRING}}},
};

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

static bool is_of_type(const cJSON *value, enum type type)
{
	const cJSON *item;
	switch (type) {
	case TYPE_STRING:
		return cJSON_IsString(value);
	case TYPE_INTEGER:
		return cJSON_IsNumber(value) && value->valuedouble == value->valueint;
	case TYPE_STRINGS:
		return are_strings(value);
	case TYPE_FILTERS:
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
static bool check_params(struct sim_cvm_call *call, const struct action *action)
{
	const cJSON *param;
	cJSON_ArrayForEach(param, call->params)
	{
		bool known = false;
		for (size_t i = 0; !known && i < 5 && action->params[i].name; i++) {
			if (strcmp(action->params[i].name, param->string) != 0)
				continue;
			known = true;
			if (!is_of_type(param, action->params[i].type)) {
				sim_cvm_error(call->answer, "InvalidParameter",
					"The type of the value of parameter `%s` is not right.",
					param->string);
				return false;
			}
		}
		if (!known) {
			sim_cvm_error(call->answer, "UnknownParameter",
				"The parameter `%.80s` is not recognized.", param->string);
			return false;
		}
	}
	return true;
}

/* Version, action and region, which stand in headers. NULL after an error answer. */
static const struct action *check_headers(
	struct sim_cvm_call *call, const struct sim_request *request)
{
	const struct sim_regions *regions = &call->sim->options.regions[SIM_TENCENT];
	struct sim_answer *answer = call->answer;
	const char *version = sim_request_header(request, "x-tc-version");
	const char *region = sim_request_header(request, "x-tc-region");
	const struct action *action = NULL;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, answer->record.action) == 0)
			action = &actions[i];
	}
	if (!answer->record.action[0] || !version) {
		sim_cvm_error(answer, "MissingParameter",
			"The request is missing a required parameter `%s`.",
			version ? "Action" : "Version");
		return NULL;
	}
	if (strcmp(version, VERSION) != 0) {
		sim_cvm_error(answer, "NoSuchVersion", "The API version `%.40s` does not exist.",
			version);
		return NULL;
	}
	if (!action) {
		sim_cvm_error(answer, "InvalidAction",
			"The request action=`%s` is invalid or not match version `%s`.",
			answer->record.action, version);
		return NULL;
	}
	call->region = region ? sim_fleet_region(regions, region) : -1;
	if (!region && action->regional) {
		sim_cvm_error(answer, "MissingParameter",
			"The request is missing a required parameter `Region`.");
		return NULL;
	}
	if (region && call->region < 0) {
		sim_cvm_error(answer, "UnsupportedRegion",
			"The request does not support the region `%.40s`.", region);
		return NULL;
	}
	return action;
}

static void run_action(struct sim_cvm_call *call, const struct sim_request *request)
{
	struct sim_answer *answer = call->answer;
	const char *type = sim_request_header(request, "content-type");
	const struct action *action = check_headers(call, request);
	if (!action)
		return;
	if (!type || strncmp(type, "application/json", 16) != 0) {
		sim_cvm_error(answer, "UnsupportedProtocol",
			"Only POST requests of application/json are simulated.");
		return;
	}
	if (!cJSON_IsObject(call->params)) {
		sim_cvm_error(answer, "InvalidParameter", "The body is no JSON object.");
		return;
	}
	if (!check_params(call, action))
		return;
	unsigned region = call->region < 0 ? 0 : (unsigned)call->region;
	if (call->effect.kind == SIM_FAULT_THROTTLE ||
		!sim_bucket_take(&call->sim->buckets, SIM_TENCENT, region, action->name, false,
			sim_clock_monotonic_ms())) {
		sim_cvm_error(answer, "RequestLimitExceeded",
			"Your current request times equals to the limit of this API. Please "
			"wait and try again.");
		return;
	}
	if (call->effect.kind == SIM_FAULT_CODE) {
		sim_cvm_error(answer, call->effect.arg, "Simulated error %s", call->effect.arg);
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

void sim_cvm_decide(struct sim *sim, const struct sim_request *request, struct sim_answer *answer)
{
	struct sim_tc3_verdict verdict = {0};
	cJSON *params = cJSON_ParseWithLength(
		request->body.data ? request->body.data : "", request->body.len);
	answer->status = 200;
	answer->content_type = "application/json";
	answer->server = "nginx";
	answer->record.cloud = "tencent";
	fill_record(request, params, &answer->record);
	struct sim_cvm_call call = {.sim = sim, .params = params, .answer = answer, .region = -1};
	int r = sim_tc3_verify(request, sim_clock_wall_ms(), &verdict);
	if (r < 0) {
		sim_cvm_error(answer, "InternalError", "An internal error has occurred.");
		goto out;
	}
	snprintf(answer->record.signature, sizeof(answer->record.signature), "%s", verdict.reason);
	call.effect = sim_fault_pick(sim->options.faults, sim->options.n_faults, &sim->random,
		SIM_TENCENT, answer->record.action, answer->record.instance);
	if (sim_answer_fault(answer, &call.effect))
		goto out;
	if (strcmp(verdict.reason, "ok") != 0)
		sim_cvm_error(answer, verdict.code, "%s", verdict.message);
	else
		run_action(&call, request);
out:
	cJSON_Delete(params);
}
