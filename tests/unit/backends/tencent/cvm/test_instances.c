/* SPDX-License-Identifier: MIT */
/* backends/tencent/cvm/instances.h: InstanceSet as instances. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/tencent/cvm/instances.h"
#include "backends/tencent/cvm/live.h"
#include "backends/tencent/tencent.h"
#include "tests/unit/support/instance_at.h"

#define TAKEN_MAX 8

struct taken {
	struct cfs_sink sink;
	struct cfs_instance *instances[TAKEN_MAX];
	size_t n, n_left_out;
	char left_out[256]; /* the last line */
	int answer;         /* what the sink returns */
};

static int take(void *arg, struct cfs_instance *instance)
{
	struct taken *taken = arg;

	assert_true(taken->n < TAKEN_MAX);
	taken->instances[taken->n++] = instance;
	return taken->answer;
}

static void note_left_out(void *arg, const char *why)
{
	struct taken *taken = arg;

	taken->n_left_out++;
	snprintf(taken->left_out, sizeof(taken->left_out), "%s", why);
}

/* Reads a set given as JSON. */
static int read_set(struct taken *taken, const char *json, const char *only)
{
	cJSON *set = cJSON_Parse(json);
	size_t received = 0, given = 0;
	int answer = taken->answer, r;

	assert_non_null(set);
	*taken = (struct taken){.answer = answer};
	taken->sink = (struct cfs_sink){.instance = take, .left_out = note_left_out, .arg = taken};
	r = cfs_tencent_instances_read(set, only, &taken->sink, &received, &given);
	if (r == 0) {
		assert_int_equal(given, taken->n);
		assert_int_equal(received, cJSON_GetArraySize(set));
	}
	cJSON_Delete(set);
	return r;
}

static void finish(struct taken *taken)
{
	for (size_t i = 0; i < taken->n; i++)
		cfs_instance_destroy(taken->instances[i]);
	taken->n = 0;
}

static const char *extra(const struct cfs_instance *instance, const char *key)
{
	for (size_t i = 0; i < instance->n_extras; i++) {
		if (strcmp(instance_extra(instance, i).key, key) == 0)
			return instance_extra(instance, i).value;
	}
	return NULL;
}

static void fields_are_read(void **state)
{
	struct taken taken = {0};
	const struct cfs_instance *one;

	(void)state;
	assert_int_equal(
		read_set(&taken,
			"[{\"InstanceId\": \"ins-r9hr2upy\", \"InstanceName\": \"web \\u540d\","
			"\"Placement\": {\"Zone\": \"ap-guangzhou-6\", \"ProjectId\": 1002189},"
			"\"InstanceState\": \"RUNNING\", \"InstanceType\": \"S5.MEDIUM4\","
			"\"CreatedTime\": \"2020-03-09T02:43:43+00:00\","
			"\"ExpiredTime\": \"2020-04-09T02:47:36+00:00\","
			"\"Uuid\": \"u\", \"OsName\": \"o\", \"ImageId\": \"i\","
			"\"InstanceChargeType\": \"c\", \"RestrictState\": \"r\","
			"\"StopChargingMode\": \"s\","
			"\"VirtualPrivateCloud\": {\"VpcId\": \"v\", \"SubnetId\": \"n\"},"
			"\"LoginSettings\": {\"Password\": \"hidden\"},"
			"\"IPv6Addresses\": [\"2402:4e00::1\"],"
			"\"PublicIpAddresses\": [\"123.207.11.190\"],"
			"\"PrivateIpAddresses\": [\"10.0.0.1\", \"10.0.0.2\"],"
			"\"Tags\": [{\"Key\": \"env\", \"Value\": \"prod\"},"
			"{\"Key\": \"empty\", \"Value\": \"\"}, {\"Key\": \"none\"}]}]",
			NULL),
		0);
	assert_int_equal(taken.n, 1);
	one = taken.instances[0];
	assert_string_equal(cfs_instance_field(one, CFS_FIELD_ID), "ins-r9hr2upy");
	assert_string_equal(cfs_instance_field(one, CFS_FIELD_NAME), "web \xe5\x90\x8d");
	assert_string_equal(cfs_instance_field(one, CFS_FIELD_ZONE), "ap-guangzhou-6");
	assert_string_equal(cfs_instance_field(one, CFS_FIELD_STATE), "RUNNING");
	assert_string_equal(cfs_instance_field(one, CFS_FIELD_TYPE), "S5.MEDIUM4");
	assert_string_equal(cfs_instance_field(one, CFS_FIELD_LAUNCHED), "2020-03-09T02:43:43Z");
	assert_int_equal(one->power, CFS_POWER_ON);
	assert_int_equal(one->offers, 3);

	assert_int_equal(one->n_addresses, 4);
	assert_string_equal(instance_address(one, 0), "10.0.0.1");
	assert_string_equal(instance_address(one, 1), "10.0.0.2");
	assert_string_equal(instance_address(one, 2), "123.207.11.190");
	assert_string_equal(instance_address(one, 3), "2402:4e00::1");

	assert_int_equal(one->n_tags, 3);
	assert_string_equal(instance_tag(one, 0).key, "empty");
	assert_string_equal(instance_tag(one, 0).value, "");
	assert_string_equal(instance_tag(one, 1).key, "env");
	assert_string_equal(instance_tag(one, 1).value, "prod");
	assert_string_equal(instance_tag(one, 2).key, "none");
	assert_string_equal(instance_tag(one, 2).value, "");

	assert_int_equal(one->n_extras, 10);
	assert_string_equal(extra(one, "Uuid"), "u");
	assert_string_equal(extra(one, "OsName"), "o");
	assert_string_equal(extra(one, "ImageId"), "i");
	assert_string_equal(extra(one, "ExpiredTime"), "2020-04-09T02:47:36Z");
	assert_string_equal(extra(one, "InstanceChargeType"), "c");
	assert_string_equal(extra(one, "RestrictState"), "r");
	assert_string_equal(extra(one, "StopChargingMode"), "s");
	assert_string_equal(extra(one, "ProjectId"), "1002189");
	assert_string_equal(extra(one, "VpcId"), "v");
	assert_string_equal(extra(one, "SubnetId"), "n");
	finish(&taken);
}

static void every_list_of_addresses_is_taken_and_none_twice(void **state)
{
	static const char *const expected[] = {"10.0.0.9", "10.0.0.2", "10.0.0.10", "30.0.0.1",
		"123.207.11.190", "43.0.0.1", "2402:4e00::1", "2402:4e00::2", "2402:4e00:1::1"};
	struct taken taken = {0};

	(void)state;
	assert_int_equal(
		read_set(&taken,
			"[{\"InstanceId\": \"ins-r9hr2upy\","
			"\"PublicIPv6Addresses\": [\"2402:4e00:1::1\", \"2402:4e00::1\"],"
			"\"IPv6Addresses\": [\"2402:4e00::1\", \"2402:4e00:0::2\"],"
			"\"VirtualPrivateCloud\": {\"PrivateIpAddresses\": [\"10.0.0.9\"]},"
			"\"PublicIpAddresses\": [\"123.207.11.190\", null, \"43.0.0.1\", \"x\"],"
			"\"RdmaIpAddresses\": [\"30.0.0.1\"],"
			"\"PrivateIpAddresses\": [\"10.0.0.9\", \"10.0.0.10\", \"10.0.0.2\"]}]",
			NULL),
		0);
	assert_int_equal(taken.n, 1);
	assert_int_equal(taken.instances[0]->n_addresses, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < taken.instances[0]->n_addresses; i++)
		assert_string_equal(instance_address(taken.instances[0], i), expected[i]);
	finish(&taken);
}

static void what_is_null_or_of_another_type_is_left_out(void **state)
{
	static const char *const odd[] = {"null", "true", "[]", "{}", "[null]", "[[\"x\"]]", "[{}]",
		"{\"Zone\": 3}", "[{\"Key\": null, \"Value\": \"v\"}]",
		"[{\"Key\": \"\", \"Value\": \"v\"}]", "\"\"", "[\"\"]"};
	static const char *const names[] = {"InstanceName", "Placement", "InstanceState",
		"InstanceType", "CreatedTime", "Uuid", "VirtualPrivateCloud", "PrivateIpAddresses",
		"PublicIpAddresses", "IPv6Addresses", "RdmaIpAddresses", "PublicIPv6Addresses",
		"Tags"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t j = 0; j < sizeof(odd) / sizeof(odd[0]); j++) {
			struct taken taken = {0};
			const struct cfs_instance *one;
			char json[256];

			snprintf(json, sizeof(json),
				"[{\"InstanceId\": \"ins-r9hr2upy\", \"%s\": %s}]", names[i],
				odd[j]);
			assert_int_equal(read_set(&taken, json, NULL), 0);
			assert_int_equal(taken.n, 1);
			one = taken.instances[0];
			for (size_t f = CFS_FIELD_ID + 1; f < CFS_N_FIELDS; f++)
				assert_string_equal(cfs_instance_field(one, f), "");
			assert_int_equal(one->n_addresses, 0);
			assert_int_equal(one->n_extras, 0);
			assert_int_equal(one->n_tags, 0);
			finish(&taken);
		}
	}
}

/* The one bad instance is left out with a log line. */
static void an_id_that_is_none_costs_only_its_own_instance(void **state)
{
	static const struct {
		const char *entry, *why;
	} bad[] = {
		{"{\"InstanceId\": \"../x\"}", "\"../x\" is not an instance id"},
		{"{\"InstanceId\": \"\"}", "\"\" is not an instance id"},
		{"{\"InstanceId\": \"ins-UPPER123\"}", "\"ins-UPPER123\" is not an instance id"},
		{"{\"InstanceId\": \"ins-a\\nb\\u001b[0m\"}",
			"\"ins-a?b?[0m\" is not an instance id"},
		{"{\"InstanceId\": 7}", "an entry of InstanceSet has no InstanceId"},
		{"{\"InstanceId\": null}", "an entry of InstanceSet has no InstanceId"},
		{"{}", "an entry of InstanceSet has no InstanceId"},
		{"null", "an entry of InstanceSet has no InstanceId"},
		{"[]", "an entry of InstanceSet has no InstanceId"},
		{"\"ins-r9hr2upy\"", "an entry of InstanceSet has no InstanceId"},
	};
	char json[2048], endless[300];
	struct taken taken = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(json, sizeof(json),
			"[{\"InstanceId\": \"ins-aaaaaaaa\"}, %s, {\"InstanceId\": "
			"\"ins-bbbbbbbb\"}]",
			bad[i].entry);
		assert_int_equal(read_set(&taken, json, NULL), 0);
		assert_int_equal(taken.n, 2);
		assert_string_equal(cfs_instance_id(taken.instances[0]), "ins-aaaaaaaa");
		assert_string_equal(cfs_instance_id(taken.instances[1]), "ins-bbbbbbbb");
		assert_int_equal(taken.n_left_out, 1);
		assert_string_equal(taken.left_out, bad[i].why);
		finish(&taken);
	}
	memset(endless, 'a', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	snprintf(json, sizeof(json), "[{\"InstanceId\": \"ins-%s\"}]", endless);
	assert_int_equal(read_set(&taken, json, NULL), 0);
	assert_int_equal(taken.n, 0);
	assert_int_equal(taken.n_left_out, 1);
	assert_true(strlen(taken.left_out) < 120);
}

static void only_the_instance_asked_for_is_found(void **state)
{
	struct taken taken = {0};

	(void)state;
	assert_int_equal(read_set(&taken,
				 "[{\"InstanceId\": \"ins-aaaaaaaa\"}, "
				 "{\"InstanceId\": \"ins-bbbbbbbb\"}]",
				 "ins-bbbbbbbb"),
		0);
	assert_int_equal(taken.n, 1);
	assert_string_equal(cfs_instance_id(taken.instances[0]), "ins-bbbbbbbb");
	assert_int_equal(taken.n_left_out, 0);
	finish(&taken);
}

static void the_sink_may_end_the_reading(void **state)
{
	struct taken taken = {.answer = -ENOMEM};

	(void)state;
	assert_int_equal(read_set(&taken,
				 "[{\"InstanceId\": \"ins-aaaaaaaa\"}, "
				 "{\"InstanceId\": \"ins-bbbbbbbb\"}]",
				 NULL),
		-ENOMEM);
	assert_int_equal(taken.n, 1);
	finish(&taken);
}

static void states_have_their_power_and_offer_vnc_where_it_can_answer(void **state)
{
	static const struct {
		const char *state;
		enum cfs_power power;
		uint32_t offers;
	} cases[] = {
		{"RUNNING", CFS_POWER_ON, 3},
		{"PENDING", CFS_POWER_CHANGING, 0},
		{"STARTING", CFS_POWER_CHANGING, 0},
		{"STOPPING", CFS_POWER_CHANGING, 0},
		{"REBOOTING", CFS_POWER_CHANGING, 0},
		{"TERMINATING", CFS_POWER_CHANGING, 0},
		{"STOPPED", CFS_POWER_OFF, 0},
		{"SHUTDOWN", CFS_POWER_OFF, 0},
		{"LAUNCH_FAILED", CFS_POWER_OFF, 0},
		{"TERMINATED", CFS_POWER_GONE, 0},
		{"ENTER_RESCUE_MODE", CFS_POWER_CHANGING, 0},
		{"RESCUE_MODE", CFS_POWER_ON, 3},
		{"EXIT_RESCUE_MODE", CFS_POWER_CHANGING, 0},
		{"ENTER_SERVICE_LIVE_MIGRATE", CFS_POWER_CHANGING, 0},
		{"SERVICE_LIVE_MIGRATE", CFS_POWER_ON, 3},
		{"EXIT_SERVICE_LIVE_MIGRATE", CFS_POWER_CHANGING, 3},
		{"SOMETHING_NEW", CFS_POWER_UNKNOWN, 3},
		{"running", CFS_POWER_UNKNOWN, 3},
		{"", CFS_POWER_UNKNOWN, 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t offers = 77;

		assert_int_equal(
			cfs_tencent_instances_state(cases[i].state, &offers), cases[i].power);
		assert_int_equal(offers, cases[i].offers);
	}
}

static void an_operation_in_progress_offers_no_vnc(void **state)
{
	static const struct {
		const char *latest;
		uint32_t offers;
	} cases[] = {{"\"OPERATING\"", 0}, {"\"SUCCESS\"", 3}, {"\"FAILED\"", 3}, {"null", 3}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct taken taken = {0};
		char json[256];

		snprintf(json, sizeof(json),
			"[{\"InstanceId\": \"ins-aaaaaaaa\", \"InstanceState\": \"RUNNING\", "
			"\"LatestOperationState\": %s}]",
			cases[i].latest);
		assert_int_equal(read_set(&taken, json, NULL), 0);
		assert_int_equal(taken.n, 1);
		assert_int_equal(taken.instances[0]->power, CFS_POWER_ON);
		assert_int_equal(taken.instances[0]->offers, cases[i].offers);
		finish(&taken);
	}
}

static void times_are_rfc_3339_in_utc(void **state)
{
	static const struct {
		const char *text, *time;
	} cases[] = {
		{"2020-03-09T02:43:43Z", "2020-03-09T02:43:43Z"},
		{"2020-03-09T02:43:43+00:00", "2020-03-09T02:43:43Z"},
		{"2020-03-09T02:43:43.125Z", "2020-03-09T02:43:43.125Z"},
		{"2020-03-09T02:43:43.125+00:00", "2020-03-09T02:43:43.125Z"},
		{"2020-03-09T02:43:43+08:00", NULL},
		{"2020-03-09T02:43:43", NULL},
		{"2020-03-09T02:43:43.Z", NULL},
		{"2020-03-09T02:43:43Zx", NULL},
		{"2020-03-09T02:43:4", NULL},
		{"2020-03-09 02:43:43Z", NULL},
		{"xxxx-03-09T02:43:43Z", NULL},
		{"2020-03-09T02:43:43.111111111111111111111111111111111111Z", NULL},
		/* On no calendar. */
		{"2024-02-29T23:59:60Z", "2024-02-29T23:59:60Z"},
		{"2024-02-30T00:00:00Z", NULL},
		{"2024-13-01T00:00:00Z", NULL},
		{"2024-01-01T24:00:00Z", NULL},
		{"2024-01-01T00:60:00Z", NULL},
		{"2024-01-01T00:00:90Z", NULL},
		{"1024-01-01T00:00:00Z", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char time[CFS_TENCENT_TIME_MAX] = "untouched";

		if (cases[i].time) {
			assert_true(cfs_tencent_instances_time(cases[i].text, time));
			assert_string_equal(time, cases[i].time);
		} else {
			assert_false(cfs_tencent_instances_time(cases[i].text, time));
			assert_string_equal(time, "untouched");
		}
	}
}

static void numbers_become_texts_only_when_whole(void **state)
{
	static const struct {
		const char *number, *text;
	} cases[] = {
		{"0", "0"},
		{"-7", "-7"},
		{"9007199254740992", "9007199254740992"},
		{"1e300", NULL},
		{"-1e999", NULL},
		{"1.5", NULL},
		{"\"p-1\"", "p-1"},
		{"false", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct taken taken = {0};
		char json[128];

		snprintf(json, sizeof(json),
			"[{\"InstanceId\": \"ins-aaaaaaaa\", \"Placement\": {\"ProjectId\": %s}}]",
			cases[i].number);
		assert_int_equal(read_set(&taken, json, NULL), 0);
		assert_int_equal(taken.n, 1);
		if (cases[i].text)
			assert_string_equal(extra(taken.instances[0], "ProjectId"), cases[i].text);
		else
			assert_null(extra(taken.instances[0], "ProjectId"));
		finish(&taken);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_read),
		cmocka_unit_test(every_list_of_addresses_is_taken_and_none_twice),
		cmocka_unit_test(what_is_null_or_of_another_type_is_left_out),
		cmocka_unit_test(an_id_that_is_none_costs_only_its_own_instance),
		cmocka_unit_test(only_the_instance_asked_for_is_found),
		cmocka_unit_test(the_sink_may_end_the_reading),
		cmocka_unit_test(states_have_their_power_and_offer_vnc_where_it_can_answer),
		cmocka_unit_test(an_operation_in_progress_offers_no_vnc),
		cmocka_unit_test(times_are_rfc_3339_in_utc),
		cmocka_unit_test(numbers_become_texts_only_when_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
