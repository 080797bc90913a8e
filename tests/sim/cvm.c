/* SPDX-License-Identifier: MIT */
#include "cvm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

static void describe_vnc_url(struct sim_api3_call *call)
{
	struct sim_instance instance;
	struct sim_buf value = {0};
	struct sim_answer *answer = call->answer;
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(call->params, "InstanceId");
	if (!id) {
		sim_api3_error(answer, "MissingParameter",
			"The request is missing a required parameter `InstanceId`.");
		return;
	}
	int r = sim_fleet_find(&call->sim->fleet, SIM_TENCENT, id->valuestring, &instance);
	if (r == -EINVAL) {
		sim_api3_error(answer, "InvalidInstanceId.Malformed",
			"The specified InstanceId `%.80s` is malformed.", id->valuestring);
		return;
	}
	if (r < 0 || (int)instance.region != call->region) {
		sim_api3_error(answer, "InvalidInstanceId.NotFound",
			"The specified InstanceId `%.80s` does not exist.", id->valuestring);
		return;
	}
	const char *code = console_error(&instance);
	if (code) {
		sim_api3_error(answer, code, "The instance `%s` is in the state %s.", instance.id,
			sim_fleet_state_name(SIM_TENCENT, instance.state));
		return;
	}
	r = sim_vnc_make(call->sim, &instance, &value);
	if (r < 0 || value.failed) {
		sim_api3_error(answer, "InternalError", "An internal error has occurred.");
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

static void add_region(struct sim_buf *body, unsigned index, const char *name, const char *state)
{
	sim_buf_addf(body,
		"%s{\"Region\":\"%s\",\"RegionName\":\"Simulated (%s)\","
		"\"RegionState\":\"%s\"}",
		index ? "," : "", name, name, state);
}

static void describe_regions(struct sim_api3_call *call)
{
	/* Regions that an account sees, and may not use. */
	static const char *const closed[] = {"ap-shenzhen-fsi", "ap-taipei"};
	const struct sim_regions *regions = &call->sim->options.regions[SIM_TENCENT];
	struct sim_buf *body = &call->answer->body;
	unsigned count = call->effect.kind == SIM_FAULT_EMPTY ? 0 : regions->count, added = 0;
	sim_buf_adds(body, "{\"Response\":{\"RegionSet\":[");
	for (unsigned i = 0; i < count; i++)
		add_region(body, added++, regions->names[i], "AVAILABLE");
	for (size_t i = 0; count && i < sizeof(closed) / sizeof(closed[0]); i++) {
		if (sim_fleet_region(regions, closed[i]) < 0)
			add_region(body, added++, closed[i], "UNAVAILABLE");
	}
	if (call->effect.kind == SIM_FAULT_OVERSIZE) {
		sim_buf_adds(body, ",{\"Region\":\"");
		sim_buf_fill(body, 'a', SIM_FAULT_OVERSIZE_BYTES);
		sim_buf_adds(body, "\",\"RegionName\":\"\",\"RegionState\":\"UNAVAILABLE\"}");
	}
	sim_buf_addf(body, "],\"TotalCount\":%u,\"RequestId\":\"%s\"}}", added,
		call->answer->request_id);
}

static const struct sim_api3_action actions[] = {
	{"DescribeInstances", true, false, sim_cvm_instances_describe,
		{{"InstanceIds", SIM_API3_STRINGS}, {"Filters", SIM_API3_FILTERS},
			{"Offset", SIM_API3_INTEGER}, {"Limit", SIM_API3_INTEGER}}},
	{"DescribeRegions", false, false, describe_regions, {{0}}},
	{"DescribeInstanceVncUrl", true, false, describe_vnc_url,
		{{"InstanceId", SIM_API3_STRING}}},
};

const struct sim_api3_service sim_cvm = {
	.name = "cvm",
	.version = "2017-03-12",
	.actions = actions,
	.n_actions = sizeof(actions) / sizeof(actions[0]),
};

/* Of the one product that there is. */
static void describe_product_regions(struct sim_api3_call *call)
{
	const char *product =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(call->params, "Product"));
	if (!product)
		sim_api3_error(call->answer, "MissingParameter",
			"The request is missing a required parameter `Product`.");
	else if (strcmp(product, "cvm") != 0)
		sim_api3_error(call->answer, "InvalidParameter",
			"The product `%.40s` has no list of regions.", product);
	else
		describe_regions(call);
}

static const struct sim_api3_action region_actions[] = {
	{"DescribeRegions", false, false, describe_product_regions,
		{{"Product", SIM_API3_STRING}, {"Scene", SIM_API3_INTEGER}}},
};

const struct sim_api3_service sim_region = {
	.name = "region",
	.version = "2022-06-27",
	.actions = region_actions,
	.n_actions = sizeof(region_actions) / sizeof(region_actions[0]),
};
