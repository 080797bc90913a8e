/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/aws_support.h"

#include "backends/aws/ec2/instances.h"
#include "backends/aws/ec2/live.h"

#define SHOT (1u << CFS_AWS_LIVE_SCREENSHOT)
#define LOG (1u << CFS_AWS_LIVE_LOG)

static void test_an_id_is_8_or_17_hexadecimal_digits(void **state)
{
	static const char *const no[] = {"", "i-", "i-0123456", "i-012345678", "i-0123456789abcdef",
		"i-0123456789abcdef01", "i-0123456789ABCDEF0", "i-0123456789abcdeg0", "I-0badcafe",
		"i_0badcafe", " i-0badcafe", "i-0badcafe ", "i-0badcafe\n", "../x", "ins-r9hr2upy",
		"i-0badcaf/"};

	(void)state;
	assert_true(cfs_aws_instances_valid_id("i-0badcafe"));
	assert_true(cfs_aws_instances_valid_id("i-0123456789abcdef0"));
	for (size_t i = 0; i < N_ELEMENTS(no); i++) {
		if (cfs_aws_instances_valid_id(no[i]))
			fail_msg("taken: '%s'", no[i]);
	}
}

static void test_power_is_the_low_byte_of_the_code_else_the_name(void **state)
{
	(void)state;
	assert_int_equal(cfs_aws_instances_power("0", "pending"), CFS_POWER_CHANGING);
	assert_int_equal(cfs_aws_instances_power("16", "running"), CFS_POWER_ON);
	assert_int_equal(cfs_aws_instances_power("32", "shutting-down"), CFS_POWER_CHANGING);
	assert_int_equal(cfs_aws_instances_power("48", "terminated"), CFS_POWER_GONE);
	assert_int_equal(cfs_aws_instances_power("64", "stopping"), CFS_POWER_CHANGING);
	assert_int_equal(cfs_aws_instances_power("80", "stopped"), CFS_POWER_OFF);
	/* "The high byte is used for internal purposes and should be ignored." */
	assert_int_equal(cfs_aws_instances_power("272", "x"), CFS_POWER_ON);
	assert_int_equal(cfs_aws_instances_power("32768", "x"), CFS_POWER_CHANGING);
	/* The code wins; without one that is known, the name speaks. */
	assert_int_equal(cfs_aws_instances_power("80", "running"), CFS_POWER_OFF);
	assert_int_equal(cfs_aws_instances_power("", "running"), CFS_POWER_ON);
	assert_int_equal(cfs_aws_instances_power("17", "stopped"), CFS_POWER_OFF);
	assert_int_equal(cfs_aws_instances_power("16x", "stopped"), CFS_POWER_OFF);
	assert_int_equal(cfs_aws_instances_power("-16", "stopped"), CFS_POWER_OFF);
	assert_int_equal(cfs_aws_instances_power("99999999999999999999", "stopped"), CFS_POWER_OFF);
	assert_int_equal(cfs_aws_instances_power("", ""), CFS_POWER_UNKNOWN);
	assert_int_equal(cfs_aws_instances_power("17", "dreaming"), CFS_POWER_UNKNOWN);
}

static void test_live_files_follow_the_state(void **state)
{
	(void)state;
	assert_int_equal(
		cfs_aws_live_offers(CFS_POWER_ON, "running", "t3.micro", "x86_64"), SHOT | LOG);
	assert_int_equal(cfs_aws_live_offers(CFS_POWER_CHANGING, "stopping", "t3.micro", "x86_64"),
		SHOT | LOG);
	assert_int_equal(cfs_aws_live_offers(CFS_POWER_OFF, "stopped", "t3.micro", "x86_64"), LOG);
	assert_int_equal(
		cfs_aws_live_offers(CFS_POWER_CHANGING, "pending", "t3.micro", "x86_64"), 0);
	assert_int_equal(
		cfs_aws_live_offers(CFS_POWER_CHANGING, "shutting-down", "t3.micro", "x86_64"), 0);
	assert_int_equal(
		cfs_aws_live_offers(CFS_POWER_GONE, "terminated", "t3.micro", "x86_64"), 0);
	assert_int_equal(cfs_aws_live_offers(CFS_POWER_UNKNOWN, "", "t3.micro", "x86_64"), 0);
}

static void test_arm_and_metal_have_no_screenshot(void **state)
{
	static const struct {
		const char *type, *architecture;
		bool screenshot;
	} rows[] = {
		{"t3.micro", "x86_64", true},
		{"t2.nano", "i386", true},
		{"m5.metal", "x86_64", false},
		{"m7i.metal-24xl", "x86_64", false},
		{"u-6tb1.metal", "x86_64", false},
		{"mac1.metal", "x86_64_mac", false},
		{"mac2.metal", "arm64_mac", false},
		{"m7g.large", "arm64", false},
		/* The architecture is trusted first. */
		{"m7g.large", "x86_64", true},
		{"t3.micro", "arm64", false},
		/* Without it the type's name has to do. */
		{"a1.large", "", false},
		{"t4g.nano", "", false},
		{"c6gn.xlarge", "", false},
		{"c7gd.xlarge", "", false},
		{"im4gn.large", "", false},
		{"is4gen.large", "", false},
		{"x2gd.medium", "", false},
		{"g5g.xlarge", "", false},
		{"hpc7g.4xlarge", "", false},
		{"g4dn.xlarge", "", true},
		{"g4ad.xlarge", "", true},
		{"g5.xlarge", "", true},
		{"a10.large", "", true},
		{"m5a.large", "", true},
		{"m7i-flex.large", "", true},
		{"x2iedn.xlarge", "", true},
		{"", "", true},
		{"7g", "", true},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint32_t offers = cfs_aws_live_offers(
			CFS_POWER_ON, "running", rows[i].type, rows[i].architecture);

		if (offers != (rows[i].screenshot ? (SHOT | LOG) : LOG))
			fail_msg("%s %s", rows[i].type, rows[i].architecture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_id_is_8_or_17_hexadecimal_digits),
		cmocka_unit_test(test_power_is_the_low_byte_of_the_code_else_the_name),
		cmocka_unit_test(test_live_files_follow_the_state),
		cmocka_unit_test(test_arm_and_metal_have_no_screenshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
