/* SPDX-License-Identifier: MIT */
#include "backends/aws/ec2/instances.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backends/aws/ec2/live.h"
#include "backends/base/text.h"
#include "backends/base/time.h"

/* Source: InstanceState in the API reference. */
static const struct state {
	int code;
	const char *name;
	enum cfs_power power;
} states[] = {
	{0, "pending", CFS_POWER_CHANGING},
	{16, "running", CFS_POWER_ON},
	{32, "shutting-down", CFS_POWER_CHANGING},
	{48, "terminated", CFS_POWER_GONE},
	{64, "stopping", CFS_POWER_CHANGING},
	{80, "stopped", CFS_POWER_OFF},
};

/* Fields under the names that the AWS CLI gives them, in the order in which they are shown. */
static const struct extra {
	enum cfs_aws_place place;
	const char *key;
} extras[] = {
	{CFS_AT_ARCHITECTURE, "Architecture"},
	{CFS_AT_HYPERVISOR, "Hypervisor"},
	{CFS_AT_PLATFORM_DETAILS, "PlatformDetails"},
	{CFS_AT_PRIVATE_DNS_NAME, "PrivateDnsName"},
	{CFS_AT_PUBLIC_DNS_NAME, "PublicDnsName"},
	{CFS_AT_VPC_ID, "VpcId"},
	{CFS_AT_SUBNET_ID, "SubnetId"},
	{CFS_AT_IMAGE_ID, "ImageId"},
	{CFS_AT_KEY_NAME, "KeyName"},
	{CFS_AT_STATE_REASON_MESSAGE, "StateReason"},
	{CFS_AT_STATE_TRANSITION_REASON, "StateTransitionReason"},
};

static const struct {
	enum cfs_aws_place place;
	enum cfs_field field;
} fields[] = {
	{CFS_AT_INSTANCE_ID, CFS_FIELD_ID},
	{CFS_AT_ZONE, CFS_FIELD_ZONE},
	{CFS_AT_STATE_NAME, CFS_FIELD_STATE},
	{CFS_AT_INSTANCE_TYPE, CFS_FIELD_TYPE},
};

static const struct {
	enum cfs_aws_place place;
	enum cfs_address_kind kind;
	bool main;
} addresses[] = {
	{CFS_AT_MAIN_PRIVATE_ADDRESS, CFS_ADDRESS_PRIVATE, true},
	{CFS_AT_MAIN_PUBLIC_ADDRESS, CFS_ADDRESS_PUBLIC, true},
	{CFS_AT_MAIN_IPV6_ADDRESS, CFS_ADDRESS_PUBLIC, true},
	{CFS_AT_PRIVATE_ADDRESS, CFS_ADDRESS_PRIVATE, false},
	{CFS_AT_PUBLIC_ADDRESS, CFS_ADDRESS_PUBLIC, false},
	{CFS_AT_IPV6_ADDRESS, CFS_ADDRESS_PUBLIC, false},
};

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

bool cfs_aws_instances_valid_id(const char *id)
{
	size_t len;

	if (strncmp(id, "i-", 2) != 0)
		return false;
	len = strspn(id + 2, "0123456789abcdef");
	return (len == 8 || len == 17) && id[2 + len] == '\0';
}

enum cfs_power cfs_aws_instances_power(const char *code, const char *name)
{
	size_t len = strspn(code, "0123456789");
	int low = -1;

	if (len > 0 && len <= 5 && code[len] == '\0') {
		low = 0;
		for (size_t i = 0; i < len; i++)
			low = low * 10 + (code[i] - '0');
		low &= 0xff;
	}
	for (size_t i = 0; i < N_ELEMENTS(states); i++) {
		if (states[i].code == low)
			return states[i].power;
	}
	for (size_t i = 0; i < N_ELEMENTS(states); i++) {
		if (strcmp(states[i].name, name) == 0)
			return states[i].power;
	}
	return CFS_POWER_UNKNOWN;
}

void cfs_aws_instances_init(
	struct cfs_aws_instances *instances, struct cfs_sink *sink, const char *wanted)
{
	*instances = (struct cfs_aws_instances){.sink = sink, .wanted = wanted};
	cfs_instance_builder_init(&instances->builder);
	cfs_addresses_init(&instances->addresses);
	cfs_buf_init(&instances->text, CFS_AWS_INSTANCE_TEXT_MAX);
	sink->token[0] = '\0';
}

void cfs_aws_instances_finish(struct cfs_aws_instances *instances)
{
	if (!instances)
		return;
	cfs_instance_builder_finish(&instances->builder);
	cfs_addresses_finish(&instances->addresses);
	cfs_buf_finish(&instances->text);
}

static void reset(struct cfs_aws_instances *instances)
{
	cfs_instance_builder_reset(&instances->builder);
	cfs_addresses_reset(&instances->addresses);
	cfs_buf_clear(&instances->text);
	memset(instances->field, 0, sizeof(instances->field));
	instances->tag_key = instances->tag_value = 0;
}

void cfs_aws_instances_begin(struct cfs_aws_instances *instances, enum cfs_aws_place place)
{
	if (place == CFS_AT_INSTANCE)
		reset(instances);
	if (place != CFS_AT_TAG)
		return;
	instances->tag_key = instances->tag_value = 0;
	instances->tag_begin = instances->text.len;
}

static const char *text_at(const struct cfs_aws_instances *instances, uint32_t at)
{
	return at ? instances->text.data + at - 1 : "";
}

static const char *field_at(const struct cfs_aws_instances *instances, enum cfs_aws_place place)
{
	return text_at(instances, instances->field[place - CFS_AT_FIRST_FIELD]);
}

/* Keeps a text of the current instance. A text that does not fit is left out. */
static int keep(struct cfs_aws_instances *instances, const char *text, size_t len, uint32_t *ret_at)
{
	size_t begin = instances->text.len;
	int r;

	if (len >= CFS_AWS_INSTANCE_TEXT_MAX - begin)
		return 0;
	r = cfs_buf_add(&instances->text, text, len + 1); /* with its NUL */
	if (r == 0)
		*ret_at = (uint32_t)begin + 1;
	return r;
}

static int end_tag(struct cfs_aws_instances *instances)
{
	const char *key = text_at(instances, instances->tag_key);
	const char *value = text_at(instances, instances->tag_value);
	int r = 0;

	if (*key)
		r = cfs_instance_builder_add_tag(
			&instances->builder, key, strlen(key), value, strlen(value));
	if (r == 0 && strcmp(key, "Name") == 0)
		r = cfs_instance_builder_set(
			&instances->builder, CFS_FIELD_NAME, value, strlen(value));
	/* The builder has its own copy, so many tags do not take the room of other fields. */
	cfs_buf_cut(&instances->text, instances->tag_begin);
	return r;
}

/* The launch time, if it is a time in UTC, as EC2 writes it. */
static int set_launched(struct cfs_aws_instances *instances)
{
	const char *text = field_at(instances, CFS_AT_LAUNCH_TIME);
	size_t len = strlen(text);
	int64_t seconds;

	if (len > 0 && (cfs_time_parse(text, &seconds) < 0 || text[len - 1] != 'Z'))
		len = 0;
	return cfs_instance_builder_set(&instances->builder, CFS_FIELD_LAUNCHED, text, len);
}

static int end_address(
	struct cfs_aws_instances *instances, enum cfs_aws_place place, const char *text)
{
	for (size_t i = 0; i < N_ELEMENTS(addresses); i++) {
		if (addresses[i].place == place)
			return cfs_addresses_add(
				&instances->addresses, addresses[i].kind, addresses[i].main, text);
	}
	return 0;
}

static int add_extras(struct cfs_aws_instances *instances)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < N_ELEMENTS(extras); i++) {
		const char *text = field_at(instances, extras[i].place);

		if (!*text && extras[i].place == CFS_AT_STATE_REASON_MESSAGE)
			text = field_at(instances, CFS_AT_STATE_REASON_CODE);
		if (*text)
			r = cfs_instance_builder_add_extra(
				&instances->builder, extras[i].key, text, strlen(text));
	}
	return r;
}

static void leave_out(const struct cfs_aws_instances *instances, const char *id)
{
	char shown[CFS_ID_MAX + 1], why[CFS_ID_MAX + 64];

	if (!instances->sink->left_out)
		return;
	cfs_text_said(shown, sizeof(shown), id, strlen(id));
	snprintf(why, sizeof(why), "'%s' is not an EC2 instance ID", shown);
	instances->sink->left_out(instances->sink->arg, why);
}

static int end_instance(struct cfs_aws_instances *instances)
{
	const char *id = field_at(instances, CFS_AT_INSTANCE_ID);
	const char *state = field_at(instances, CFS_AT_STATE_NAME);
	struct cfs_instance *instance;
	enum cfs_power power;
	uint32_t offers;
	int r = 0;

	if (!cfs_aws_instances_valid_id(id)) {
		leave_out(instances, id);
		return 0;
	}
	/* Other instances are no answer to FIND. */
	if (instances->wanted && (instances->found || strcmp(id, instances->wanted) != 0))
		return 0;
	power = cfs_aws_instances_power(field_at(instances, CFS_AT_STATE_CODE), state);
	offers = cfs_aws_live_offers(power, state, field_at(instances, CFS_AT_INSTANCE_TYPE),
		field_at(instances, CFS_AT_ARCHITECTURE));
	for (size_t i = 0; r == 0 && i < N_ELEMENTS(fields); i++) {
		const char *text = field_at(instances, fields[i].place);

		r = cfs_instance_builder_set(
			&instances->builder, fields[i].field, text, strlen(text));
	}
	if (r == 0)
		r = set_launched(instances);
	if (r == 0)
		r = cfs_addresses_build(&instances->addresses, &instances->builder);
	if (r == 0)
		r = add_extras(instances);
	if (r == 0)
		r = cfs_instance_builder_build(&instances->builder, power, offers, &instance);
	if (r < 0)
		return r;
	instances->found = true;
	return instances->sink->instance(instances->sink->arg, instance);
}

/* A token is sent back unchanged, so it is never shortened or cleaned. */
static void end_token(struct cfs_aws_instances *instances, const char *text, size_t len, bool cut)
{
	struct cfs_sink *sink = instances->sink;

	instances->bad_page =
		cut || len >= sizeof(sink->token) || !cfs_text_is_graphic(text, len, "");
	if (instances->bad_page)
		len = 0;
	memcpy(sink->token, text, len);
	sink->token[len] = '\0';
}

int cfs_aws_instances_end(struct cfs_aws_instances *instances, enum cfs_aws_place place,
	const char *text, size_t len, bool cut)
{
	if (cfs_aws_grammar_is_field(place))
		return keep(instances, text, len, &instances->field[place - CFS_AT_FIRST_FIELD]);
	if (place == CFS_AT_TAG_KEY)
		return keep(instances, text, len, &instances->tag_key);
	if (place == CFS_AT_TAG_VALUE)
		return keep(instances, text, len, &instances->tag_value);
	if (place == CFS_AT_TAG)
		return end_tag(instances);
	if (place == CFS_AT_INSTANCE)
		return end_instance(instances);
	if (place == CFS_AT_NEXT_TOKEN)
		end_token(instances, text, len, cut);
	else if (!cut)
		return end_address(instances, place, text);
	return 0;
}

void cfs_aws_instances_judge(const struct cfs_aws_instances *instances, struct cfs_error *ret_error)
{
	if (instances->bad_page)
		cfs_error_set(ret_error, CFS_BAD_ANSWER,
			"the continuation token is too long or not printable");
	else if (instances->wanted && !instances->found)
		cfs_error_set(
			ret_error, CFS_NOT_FOUND, "the answer does not list %s", instances->wanted);
	else
		*ret_error = (struct cfs_error){.fault = CFS_OK};
}
