/* SPDX-License-Identifier: MIT */
#include "backends/tencent/cvm/instances.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backends/base/json.h"
#include "backends/base/text.h"
#include "backends/base/time.h"
#include "backends/contract/addresses.h"
#include "backends/tencent/cvm/live.h"

#define WHY_MAX 256
#define SHOWN_ID_MAX 80
#define NUMBER_MAX 24
#define ID_PREFIX "ins-"
#define ID_SUFFIX_MIN 6
#define ID_SUFFIX_MAX 16

#define ALL ((1u << CFS_TENCENT_N_LIVE) - 1)

/* Texts of the instance itself, and of objects in it. */
static const struct {
	const char *within; /* NULL: the instance itself */
	const char *name;
	enum cfs_field field;
} fields[] = {
	{NULL, "InstanceName", CFS_FIELD_NAME},
	{"Placement", "Zone", CFS_FIELD_ZONE},
	{NULL, "InstanceState", CFS_FIELD_STATE},
	{NULL, "InstanceType", CFS_FIELD_TYPE},
};

static const struct {
	const char *within;
	const char *name;
} extras[] = {
	{NULL, "Uuid"},
	{NULL, "OsName"},
	{NULL, "ImageId"},
	{NULL, "ExpiredTime"},
	{NULL, "InstanceChargeType"},
	{NULL, "RestrictState"},
	{NULL, "StopChargingMode"},
	{"Placement", "ProjectId"},
	{"VirtualPrivateCloud", "VpcId"},
	{"VirtualPrivateCloud", "SubnetId"},
};

/* Lists of addresses; each may be null. The first is that of the main interface. */
static const struct {
	const char *within;
	const char *name;
	enum cfs_address_kind kind;
	bool has_main;
} addresses[] = {
	{NULL, "PrivateIpAddresses", CFS_ADDRESS_PRIVATE, true},
	{"VirtualPrivateCloud", "PrivateIpAddresses", CFS_ADDRESS_PRIVATE, false},
	{NULL, "RdmaIpAddresses", CFS_ADDRESS_PRIVATE, false},
	{NULL, "PublicIpAddresses", CFS_ADDRESS_PUBLIC, true},
	{NULL, "IPv6Addresses", CFS_ADDRESS_PRIVATE, true},
	{NULL, "PublicIPv6Addresses", CFS_ADDRESS_PUBLIC, false},
};

/*
 * Values of InstanceState. vnc: whether DescribeInstanceVncUrl can answer. For each of the others
 * it documents an error, UnsupportedOperation.InstanceState*.
 */
static const struct {
	const char *name;
	enum cfs_power power;
	bool vnc;
} states[] = {
	{"PENDING", CFS_POWER_CHANGING, false},
	{"LAUNCH_FAILED", CFS_POWER_OFF, false},
	{"RUNNING", CFS_POWER_ON, true},
	{"STOPPED", CFS_POWER_OFF, false},
	{"STARTING", CFS_POWER_CHANGING, false},
	{"STOPPING", CFS_POWER_CHANGING, false},
	{"REBOOTING", CFS_POWER_CHANGING, false},
	{"SHUTDOWN", CFS_POWER_OFF, false}, /* stopped, and to be recycled */
	{"TERMINATING", CFS_POWER_CHANGING, false},
	{"ENTER_RESCUE_MODE", CFS_POWER_CHANGING, false},
	{"RESCUE_MODE", CFS_POWER_ON, true},
	{"EXIT_RESCUE_MODE", CFS_POWER_CHANGING, false},
	{"ENTER_SERVICE_LIVE_MIGRATE", CFS_POWER_CHANGING, false},
	{"SERVICE_LIVE_MIGRATE", CFS_POWER_ON, true},
	{"EXIT_SERVICE_LIVE_MIGRATE", CFS_POWER_CHANGING, true},
	/* Not documented as a state, but there is an error for it. */
	{"TERMINATED", CFS_POWER_GONE, false},
};

enum cfs_power cfs_tencent_instances_state(const char *state, uint32_t *ret_offers)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(states[i].name, state) == 0) {
			*ret_offers = states[i].vnc ? ALL : 0;
			return states[i].power;
		}
	}
	*ret_offers = ALL;
	return CFS_POWER_UNKNOWN;
}

bool cfs_tencent_instances_valid_id(const char *id)
{
	size_t len;

	if (strncmp(id, ID_PREFIX, strlen(ID_PREFIX)) != 0)
		return false;
	id += strlen(ID_PREFIX);
	len = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789");
	return id[len] == '\0' && len >= ID_SUFFIX_MIN && len <= ID_SUFFIX_MAX;
}

bool cfs_tencent_instances_time(const char *text, char ret_time[static CFS_TENCENT_TIME_MAX])
{
	size_t len = strcspn(text, "Z+");
	const char *zone = text + len;
	int64_t seconds;

	/* Only those forms of RFC 3339 that this API uses. */
	if (cfs_time_parse(text, &seconds) < 0 || !strchr(text, 'T') || strchr(text, ','))
		return false;
	if (strcmp(zone, "Z") != 0 && strcmp(zone, "+00:00") != 0)
		return false;
	if (len + sizeof("Z") > CFS_TENCENT_TIME_MAX)
		return false;
	memcpy(ret_time, text, len);
	memcpy(ret_time + len, "Z", sizeof("Z"));
	return true;
}

static const cJSON *member(const cJSON *entry, const char *within, const char *name)
{
	if (within)
		entry = cfs_json_object(entry, within);
	return cJSON_GetObjectItemCaseSensitive(entry, name);
}

static int add_fields(struct cfs_instance_builder *builder, const cJSON *entry)
{
	const char *created = cfs_json_text(entry, "CreatedTime");
	char launched[CFS_TENCENT_TIME_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *text =
			cJSON_GetStringValue(member(entry, fields[i].within, fields[i].name));

		if (text)
			r = cfs_instance_builder_set(builder, fields[i].field, text, strlen(text));
	}
	if (r == 0 && created && cfs_tencent_instances_time(created, launched))
		r = cfs_instance_builder_set(
			builder, CFS_FIELD_LAUNCHED, launched, strlen(launched));
	return r;
}

/* A text, or a whole number as text; "" for anything else. */
static const char *as_text(const cJSON *item, char number[static NUMBER_MAX])
{
	const char *text = cJSON_GetStringValue(item);

	if (text)
		return text;
	number[0] = '\0';
	/* Beyond 2^53 a double may not be the number that was sent. */
	if (cJSON_IsNumber(item) && item->valuedouble >= -0x1p53 && item->valuedouble <= 0x1p53 &&
		item->valuedouble == (double)(int64_t)item->valuedouble)
		snprintf(number, NUMBER_MAX, "%" PRId64, (int64_t)item->valuedouble);
	return number;
}

static int add_extras(struct cfs_instance_builder *builder, const cJSON *entry)
{
	char number[NUMBER_MAX], expires[CFS_TENCENT_TIME_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(extras) / sizeof(extras[0]); i++) {
		const char *text = as_text(member(entry, extras[i].within, extras[i].name), number);

		if (strcmp(extras[i].name, "ExpiredTime") == 0 &&
			cfs_tencent_instances_time(text, expires))
			text = expires;
		if (text[0] != '\0')
			r = cfs_instance_builder_add_extra(
				builder, extras[i].name, text, strlen(text));
	}
	return r;
}

static int collect_addresses(struct cfs_addresses *all, const cJSON *entry)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		const cJSON *list = member(entry, addresses[i].within, addresses[i].name), *item;
		bool main = addresses[i].has_main;

		if (!cJSON_IsArray(list))
			continue;
		cJSON_ArrayForEach(item, list)
		{
			const char *text = cJSON_GetStringValue(item);

			if (r == 0 && text)
				r = cfs_addresses_add(all, addresses[i].kind, main, text);
			main = false;
		}
	}
	return r;
}

static int add_addresses(struct cfs_instance_builder *builder, const cJSON *entry)
{
	struct cfs_addresses all;
	int r;

	cfs_addresses_init(&all);
	r = collect_addresses(&all, entry);
	if (r == 0)
		r = cfs_addresses_build(&all, builder);
	cfs_addresses_finish(&all);
	return r;
}

static int add_tags(struct cfs_instance_builder *builder, const cJSON *entry)
{
	const cJSON *list = cfs_json_array(entry, "Tags"), *item;
	int r = 0;

	cJSON_ArrayForEach(item, list)
	{
		const char *key = cfs_json_text(item, "Key");
		const char *value = cfs_json_text(item, "Value");

		if (key && key[0] != '\0')
			r = cfs_instance_builder_add_tag(builder, key, strlen(key),
				value ? value : "", value ? strlen(value) : 0);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Until this is over, calls fail with OperationDenied.InstanceOperationInProgress. */
static bool is_operating(const cJSON *entry)
{
	const char *text = cfs_json_text(entry, "LatestOperationState");

	return text && strcmp(text, "OPERATING") == 0;
}

/* Bare metal (BMI5, BMS4 ...) fails with UnsupportedOperation.SpecialInstanceType, although its
 * documentation names no types. So the files are not shown, but can be opened by name. */
static bool is_bare_metal(const struct cfs_instance_builder *builder)
{
	return strncmp(cfs_instance_builder_get(builder, CFS_FIELD_TYPE), "BM", 2) == 0;
}

static int build(struct cfs_instance_builder *builder, const cJSON *entry, const char *id,
	struct cfs_instance **ret_instance)
{
	enum cfs_power power;
	uint32_t offers;
	int r;

	cfs_instance_builder_reset(builder);
	r = cfs_instance_builder_set(builder, CFS_FIELD_ID, id, strlen(id));
	if (r == 0)
		r = add_fields(builder, entry);
	if (r == 0)
		r = add_addresses(builder, entry);
	if (r == 0)
		r = add_extras(builder, entry);
	/* Last, because the account's users can make this list long. */
	if (r == 0)
		r = add_tags(builder, entry);
	if (r < 0)
		return r;
	power = cfs_tencent_instances_state(
		cfs_instance_builder_get(builder, CFS_FIELD_STATE), &offers);
	if (is_operating(entry) || is_bare_metal(builder))
		offers = 0;
	return cfs_instance_builder_build(builder, power, offers, ret_instance);
}

static void leave_out(struct cfs_sink *sink, const char *id)
{
	char shown[SHOWN_ID_MAX], why[WHY_MAX];

	if (!sink->left_out)
		return;
	cfs_text_said(shown, sizeof(shown), id ? id : "", id ? strlen(id) : 0);
	if (id)
		snprintf(why, sizeof(why), "\"%s\" is not an instance id", shown);
	else
		snprintf(why, sizeof(why), "an entry of InstanceSet has no InstanceId");
	sink->left_out(sink->arg, why);
}

int cfs_tencent_instances_read(const cJSON *set, const char *only, struct cfs_sink *sink,
	size_t *ret_received, size_t *ret_given)
{
	struct cfs_instance_builder builder;
	size_t received = 0, given = 0;
	const cJSON *entry;
	int r = 0;

	cfs_instance_builder_init(&builder);
	cJSON_ArrayForEach(entry, set)
	{
		const char *id = cfs_json_text(entry, "InstanceId");
		struct cfs_instance *instance;

		received++;
		if (!id || !cfs_tencent_instances_valid_id(id)) {
			leave_out(sink, id);
			continue;
		}
		if (only && strcmp(id, only) != 0)
			continue;
		r = build(&builder, entry, id, &instance);
		if (r == 0)
			r = sink->instance(sink->arg, instance);
		if (r < 0)
			goto out;
		given++;
	}
	*ret_received = received;
	*ret_given = given;
out:
	cfs_instance_builder_finish(&builder);
	return r;
}
