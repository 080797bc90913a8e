/* SPDX-License-Identifier: MIT */
/* DescribeInstances of CVM. At most 100 instances an answer, so it is made in memory. */
#include "cvm.h"

#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDS_MAX 100
#define LIMIT_DEFAULT 20
#define LIMIT_MAX 100
#define FILTERS_MAX 10
#define FILTER_VALUES_MAX 5

/* The state as listed: circumstances have names of their own there. */
static const char *state_of(const struct sim_instance *instance)
{
	switch (instance->special) {
	case SIM_SPECIAL_RESCUE_ENTER:
		return "ENTER_RESCUE_MODE";
	case SIM_SPECIAL_RESCUE_EXIT:
		return "EXIT_RESCUE_MODE";
	case SIM_SPECIAL_MIGRATING:
		return "ENTER_SERVICE_LIVE_MIGRATE";
	case SIM_SPECIAL_NONE:
	case SIM_SPECIAL_TYPE:
	case SIM_SPECIAL_STOP_CHARGING:
	case SIM_SPECIAL_OPERATING:
		break;
	}
	return sim_fleet_state_name(SIM_TENCENT, instance->state);
}

static bool matches_any(const cJSON *values, const char *text)
{
	const cJSON *value;
	cJSON_ArrayForEach(value, values)
	{
		if (strcmp(value->valuestring, text) == 0)
			return true;
	}
	return false;
}

/* The attribute that a filter names, as text; false when CVM knows no such filter. */
static bool attribute(
	const struct sim_instance *instance, const char *filter, char *ret_text, size_t size)
{
	if (strcmp(filter, "instance-id") == 0)
		snprintf(ret_text, size, "%s", instance->id);
	else if (strcmp(filter, "instance-name") == 0)
		snprintf(ret_text, size, "%s", instance->name);
	else if (strcmp(filter, "instance-state") == 0)
		snprintf(ret_text, size, "%s", state_of(instance));
	else if (strcmp(filter, "instance-charge-type") == 0)
		snprintf(
			ret_text, size, "%s", instance->index % 3 ? "POSTPAID_BY_HOUR" : "PREPAID");
	else if (strcmp(filter, "zone") == 0)
		snprintf(ret_text, size, "%s", instance->zone);
	else if (strcmp(filter, "project-id") == 0)
		snprintf(ret_text, size, "0");
	else if (strcmp(filter, "private-ip-address") == 0)
		snprintf(ret_text, size, "%s", instance->private_ip);
	else if (strcmp(filter, "public-ip-address") == 0)
		snprintf(ret_text, size, "%s", instance->public_ip);
	else
		return false;
	return true;
}

static bool matches_tag(const struct sim_instance *instance, const char *name, const cJSON *values)
{
	for (unsigned i = 0; i < instance->n_tags; i++) {
		const struct sim_tag *tag = &instance->tags[i];
		if (strcmp(name, "tag-key") == 0 ? matches_any(values, tag->key)
				: strcmp(name, "tag-value") == 0
				? matches_any(values, tag->value)
				: strcmp(name + 4, tag->key) == 0 &&
					matches_any(values, tag->value))
			return true;
	}
	return false;
}

static bool is_tag_filter(const char *name)
{
	return strcmp(name, "tag-key") == 0 || strcmp(name, "tag-value") == 0 ||
		(strncmp(name, "tag:", 4) == 0 && name[4]);
}

static bool matches(const struct sim_instance *instance, const cJSON *filters)
{
	const cJSON *filter;
	char text[SIM_NAME_SIZE];
	cJSON_ArrayForEach(filter, filters)
	{
		const char *name = cJSON_GetObjectItemCaseSensitive(filter, "Name")->valuestring;
		const cJSON *values = cJSON_GetObjectItemCaseSensitive(filter, "Values");
		if (is_tag_filter(name) ? !matches_tag(instance, name, values)
					: !attribute(instance, name, text, sizeof(text)) ||
					!matches_any(values, text))
			return false;
	}
	return true;
}

/* False after an error answer. */
static bool check_filters(struct sim_api3_call *call, const cJSON *filters)
{
	static const struct sim_instance any = {.id = ""};
	const cJSON *filter;
	char text[SIM_NAME_SIZE];
	if (cJSON_GetArraySize(filters) > FILTERS_MAX) {
		sim_api3_error(call->answer, "InvalidFilter",
			"A request can have at most %d filters.", FILTERS_MAX);
		return false;
	}
	cJSON_ArrayForEach(filter, filters)
	{
		const char *name = cJSON_GetObjectItemCaseSensitive(filter, "Name")->valuestring;
		const cJSON *values = cJSON_GetObjectItemCaseSensitive(filter, "Values");
		if (!is_tag_filter(name) && !attribute(&any, name, text, sizeof(text))) {
			sim_api3_error(call->answer, "InvalidFilter",
				"The specified filter `%.80s` is not supported.", name);
			return false;
		}
		if (cJSON_GetArraySize(values) > FILTER_VALUES_MAX) {
			sim_api3_error(call->answer, "InvalidFilterValue.LimitExceeded",
				"A filter can have at most %d values.", FILTER_VALUES_MAX);
			return false;
		}
	}
	return true;
}

/* A list of addresses, or null, as a machine without one may have. */
static void add_addresses(struct sim_buf *out, const char *name, const char *address)
{
	if (*address)
		sim_buf_addf(out, ",\"%s\":[\"%s\"]", name, address);
	else
		sim_buf_addf(out, ",\"%s\":null", name);
}

static void add_times(struct sim_buf *out, const struct sim_instance *instance)
{
	char created[SIM_TIME_TEXT], expires[SIM_TIME_TEXT];
	sim_clock_format(instance->launched_ms, 0, created);
	sim_clock_format(instance->launched_ms + (int64_t)365 * 86400 * 1000, 0, expires);
	/* Both forms are documented, and both are seen. */
	if (instance->index % 2)
		snprintf(strchr(created, 'Z'), 8, "+00:00");
	sim_buf_addf(out, ",\"CreatedTime\":\"%s\"", created);
	if (instance->index % 3)
		sim_buf_adds(out, ",\"ExpiredTime\":null");
	else
		sim_buf_addf(out, ",\"ExpiredTime\":\"%s\"", expires);
}

static void add_tags(struct sim_buf *out, const struct sim_instance *instance)
{
	sim_buf_adds(out, ",\"Tags\":[");
	for (unsigned i = 0; i < instance->n_tags; i++) {
		sim_buf_addf(out, "%s{\"Key\":", i ? "," : "");
		sim_buf_add_json(out, instance->tags[i].key);
		sim_buf_adds(out, ",\"Value\":");
		sim_buf_add_json(out, instance->tags[i].value);
		sim_buf_adds(out, "}");
	}
	sim_buf_adds(out, "]");
}

static void add_hardware(struct sim_buf *out, const struct sim_instance *instance)
{
	unsigned disk = (unsigned)(instance->random >> 8 & 0xffffff);
	char other[16];
	sim_buf_addf(out,
		",\"InstanceType\":\"%s\",\"CPU\":%u,\"Memory\":%u,"
		"\"SystemDisk\":{\"DiskType\":\"CLOUD_BSSD\",\"DiskId\":\"disk-%08x\","
		"\"DiskSize\":50,\"CdcId\":null},\"DataDisks\":[],"
		"\"InternetAccessible\":{\"InternetMaxBandwidthOut\":1,\"InternetChargeType\":"
		"\"TRAFFIC_POSTPAID_BY_HOUR\"},"
		"\"VirtualPrivateCloud\":{\"VpcId\":\"vpc-%08x\",\"SubnetId\":\"subnet-%08x\","
		"\"AsVpcGateway\":false},"
		"\"ImageId\":\"img-pi0ii46r\",\"OsName\":\"Debian 12.0 64\\u4f4d\","
		"\"SecurityGroupIds\":[\"sg-%08x\"],\"LoginSettings\":{\"KeyIds\":null}",
		instance->type->name, instance->type->cpus, instance->type->memory_gb, disk,
		instance->region + 1, instance->region + 1, instance->region + 1);
	snprintf(other, sizeof(other), "172.16.%u.%u", instance->index >> 8 & 0xff,
		instance->index & 0xff);
	add_addresses(out, "RdmaIpAddresses", instance->index % 4 == 1 ? other : "");
	add_addresses(out, "PublicIPv6Addresses", instance->index % 7 == 1 ? "2001:db8:1::1" : "");
	add_addresses(out, "PrivateIpAddresses", instance->private_ip);
	add_addresses(out, "PublicIpAddresses", instance->public_ip);
	add_addresses(out, "IPv6Addresses", instance->index % 7 == 1 ? "2001:db8::1" : "");
}

/* id stands in for the instance's own. */
static void add_instance(
	struct sim_buf *out, const struct sim_instance *instance, const char *id, bool oversize)
{
	bool operating = instance->special == SIM_SPECIAL_OPERATING;
	bool free_of_charge = instance->special == SIM_SPECIAL_STOP_CHARGING;
	const char *charging = free_of_charge    ? "STOP_CHARGING"
		: instance->state == SIM_STOPPED ? "KEEP_CHARGING"
						 : "NOT_APPLICABLE";
	unsigned long long uuid = instance->random;
	sim_buf_addf(out, "{\"Placement\":{\"Zone\":\"%s\",\"HostId\":null,\"ProjectId\":0}",
		instance->zone);
	sim_buf_adds(out, ",\"InstanceId\":");
	sim_buf_add_json(out, id);
	sim_buf_adds(out, ",\"InstanceName\":");
	if (oversize) {
		sim_buf_adds(out, "\"");
		sim_buf_fill(out, 'a', SIM_FAULT_OVERSIZE_BYTES);
		sim_buf_adds(out, "\"");
	} else {
		sim_buf_add_json(out, instance->name);
	}
	sim_buf_addf(out,
		",\"InstanceState\":\"%s\",\"RestrictState\":\"%s\",\"StopChargingMode\":\"%s\","
		"\"InstanceChargeType\":\"%s\",\"RenewFlag\":null,"
		"\"Uuid\":\"%08llx-0000-4000-8000-%012llx\","
		"\"LatestOperation\":%s,\"LatestOperationState\":\"%s\","
		"\"LatestOperationRequestId\":null,\"DisasterRecoverGroupId\":\"\","
		"\"CamRoleName\":\"\",\"HpcClusterId\":\"\","
		"\"IsolatedSource\":\"NOTISOLATED\",\"GPUInfo\":null,"
		"\"LicenseType\":\"TencentCloud\",\"DefaultLoginUser\":\"root\","
		"\"DefaultLoginPort\":22",
		state_of(instance), instance->index % 11 == 8 ? "EXPIRED" : "NORMAL", charging,
		instance->index % 3 ? "POSTPAID_BY_HOUR" : "PREPAID", uuid >> 32,
		uuid & 0xffffffffffff, operating ? "\"ResetInstancesType\"" : "null",
		operating ? "OPERATING" : "SUCCESS");
	add_hardware(out, instance);
	add_times(out, instance);
	add_tags(out, instance);
	sim_buf_adds(out, "}");
}

/* The instances that InstanceIds names; unknown ones are left out. False after an error answer. */
static bool list_ids(
	struct sim_api3_call *call, const cJSON *ids, uint32_t *indexes, uint32_t *ret_count)
{
	const cJSON *id;
	uint32_t count = 0;
	if (cJSON_GetArraySize(ids) > IDS_MAX) {
		sim_api3_error(call->answer, "InvalidParameterValue.LimitExceeded",
			"A request can name at most %d instances.", IDS_MAX);
		return false;
	}
	cJSON_ArrayForEach(id, ids)
	{
		struct sim_instance instance;
		int r = sim_fleet_find(&call->sim->fleet, SIM_TENCENT, id->valuestring, &instance);
		if (r == -EINVAL) {
			sim_api3_error(call->answer, "InvalidInstanceId.Malformed",
				"The specified InstanceId `%.80s` is malformed.", id->valuestring);
			return false;
		}
		if (r == 0 && (int)instance.region == call->region)
			indexes[count++] = instance.index;
	}
	*ret_count = count;
	return true;
}

static uint32_t list_region(struct sim_api3_call *call, const cJSON *filters, uint32_t *indexes)
{
	const struct sim_fleet *fleet = &call->sim->fleet;
	unsigned regions = call->sim->options.regions[SIM_TENCENT].count;
	uint32_t count = 0;
	for (uint32_t i = (uint32_t)call->region; i < fleet->count; i += regions) {
		struct sim_instance instance;
		if (sim_fleet_is_gone(fleet, SIM_TENCENT, i))
			continue;
		if (filters) {
			sim_fleet_get(fleet, SIM_TENCENT, i, &instance);
			if (!matches(&instance, filters))
				continue;
		}
		indexes[count++] = i;
	}
	return count;
}

static int number(const cJSON *params, const char *name, int fallback)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(params, name);
	return value ? value->valueint : fallback;
}

static void add_bad_instance(struct sim_api3_call *call)
{
	char id[SIM_FAULT_LONG_ID + 1];
	struct sim_instance instance;
	const char *arg = call->effect.arg;
	if (strcmp(arg, "long") == 0) {
		memset(id, 'a', SIM_FAULT_LONG_ID);
		memcpy(id, "ins-", 4);
		id[SIM_FAULT_LONG_ID] = '\0';
		arg = id;
	}
	sim_fleet_get(&call->sim->fleet, SIM_TENCENT, 0, &instance);
	add_instance(&call->answer->body, &instance, arg, false);
}

static void add_page(struct sim_api3_call *call, const uint32_t *indexes, uint32_t count,
	uint32_t offset, uint32_t limit)
{
	struct sim_buf *body = &call->answer->body;
	uint32_t end = offset >= count ? offset : count - offset < limit ? count : offset + limit;
	sim_buf_addf(body, "{\"Response\":{\"TotalCount\":%u,\"InstanceSet\":[", count);
	for (uint32_t i = offset; i < end; i++) {
		struct sim_instance instance;
		sim_fleet_get(&call->sim->fleet, SIM_TENCENT, indexes[i], &instance);
		if (i > offset)
			sim_buf_adds(body, ",");
		add_instance(body, &instance, instance.id,
			i == 0 && call->effect.kind == SIM_FAULT_OVERSIZE);
	}
	/* At the end of the listing, so that nobody's offset is put out by it. */
	if (call->effect.kind == SIM_FAULT_BADID && end == count && call->sim->fleet.count) {
		if (end > offset)
			sim_buf_adds(body, ",");
		add_bad_instance(call);
	}
	sim_buf_addf(body, "],\"RequestId\":\"%s\"}}", call->answer->request_id);
}

void sim_cvm_instances_describe(struct sim_api3_call *call)
{
	struct sim_answer *answer = call->answer;
	const cJSON *ids = cJSON_GetObjectItemCaseSensitive(call->params, "InstanceIds");
	const cJSON *filters = cJSON_GetObjectItemCaseSensitive(call->params, "Filters");
	int offset = number(call->params, "Offset", 0);
	int limit = number(call->params, "Limit", LIMIT_DEFAULT);
	uint32_t count = 0;
	uint32_t *indexes = calloc((size_t)call->sim->fleet.count + IDS_MAX, sizeof(*indexes));
	if (!indexes) {
		sim_api3_error(answer, "InternalError", "An internal error has occurred.");
		goto out;
	}
	if (ids && filters) {
		sim_api3_error(answer, "InvalidParameterCombination",
			"The parameters `InstanceIds` and `Filters` cannot be combined.");
		goto out;
	}
	if (offset < 0 || limit < 1 || limit > LIMIT_MAX) {
		sim_api3_error(answer,
			offset < 0 ? "InvalidParameterValueOffset" : "InvalidParameterValueLimit",
			"`Offset` must not be negative, and `Limit` be from 1 to %d.", LIMIT_MAX);
		goto out;
	}
	if (filters && !check_filters(call, filters))
		goto out;
	if (ids) {
		if (!list_ids(call, ids, indexes, &count))
			goto out;
	} else {
		count = list_region(call, filters, indexes);
	}
	if (call->effect.kind == SIM_FAULT_EMPTY)
		count = 0;
	add_page(call, indexes, count, (uint32_t)offset, (uint32_t)limit);
out:
	free(indexes);
}
