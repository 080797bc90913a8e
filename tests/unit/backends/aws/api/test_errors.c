/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/aws_support.h"

#include "backends/aws/api/errors.h"

static const struct {
	const char *code, *message;
	int status;
	enum cfs_fault fault;
} rows[] = {
	{"InvalidInstanceID.NotFound", "", 400, CFS_NOT_FOUND},
	{"InvalidInstanceID.Malformed", "Invalid id: \"i-1\"", 400, CFS_NOT_FOUND},
	{"InvalidInstanceID.SomethingNew", "", 400, CFS_NOT_FOUND},
	/* "pending: UnsupportedOperation 'instance is not running'" */
	{"UnsupportedOperation", "instance is not running", 400, CFS_TRANSITION},
	{"UnsupportedOperation", "not supported for this instance type", 400, CFS_UNSUPPORTED},
	{"UnsupportedOperation.X", "instance is not running", 400, CFS_TRANSITION},
	{"IncorrectInstanceState", "", 400, CFS_WRONG_STATE},
	{"RequestExpired", "Request has expired.", 400, CFS_CLOCK_SKEW},
	{"RequestTimeTooSkewed", "", 403, CFS_CLOCK_SKEW},
	{"AuthFailure", "AWS was not able to validate the provided credentials", 401,
		CFS_UNAUTHENTICATED},
	{"OptInRequired", "", 401, CFS_NOT_ENABLED},
	{"PendingVerification", "", 400, CFS_NOT_ENABLED},
	{"Blocked", "", 403, CFS_NOT_ENABLED},
	{"RegionDisabledException", "", 403, CFS_NOT_ENABLED},
	{"UnauthorizedOperation", "", 403, CFS_DENIED},
	{"AccessDenied", "", 403, CFS_DENIED},
	{"ExpiredToken", "", 400, CFS_EXPIRED},
	{"ExpiredTokenException", "", 403, CFS_EXPIRED},
	{"InvalidClientTokenId", "", 403, CFS_UNAUTHENTICATED},
	{"SignatureDoesNotMatch", "The request signature we calculated ...", 403,
		CFS_UNAUTHENTICATED},
	{"SignatureDoesNotMatch", "Signature expired: 20240506T070809Z is now earlier than", 403,
		CFS_CLOCK_SKEW},
	{"SignatureDoesNotMatch", "Signature not yet current: 20240506T070809Z is still", 403,
		CFS_CLOCK_SKEW},
	{"DryRunOperation", "Request would have succeeded", 412, CFS_BAD_ANSWER},
	{"InternalError", "", 500, CFS_SERVER},
	{"RequestLimitExceeded", "", 503, CFS_THROTTLED},
	{"Unavailable", "", 503, CFS_SERVER},
	{"ServiceUnavailable", "", 503, CFS_SERVER},
	{"RequestTimeout", "", 400, CFS_SERVER},
	{"RequestTimeoutException", "", 400, CFS_SERVER},
	{"PriorRequestNotComplete", "", 400, CFS_SERVER},
	{"Throttling", "", 400, CFS_THROTTLED},
	{"ThrottlingException", "", 400, CFS_THROTTLED},
	{"ThrottledException", "", 400, CFS_THROTTLED},
	{"RequestThrottled", "", 400, CFS_THROTTLED},
	{"RequestThrottledException", "", 400, CFS_THROTTLED},
	{"TooManyRequestsException", "", 400, CFS_THROTTLED},
	{"BandwidthLimitExceeded", "", 400, CFS_THROTTLED},
	{"LimitExceededException", "", 400, CFS_THROTTLED},
	{"SlowDown", "", 400, CFS_THROTTLED},
	{"EC2ThrottledException", "", 400, CFS_THROTTLED},
	{"InvalidParameterValue", "", 400, CFS_REJECTED},
	{"Client.UnauthorizedOperation", "", 403, CFS_DENIED},
	{"Client.InvalidInstanceID.NotFound", "", 400, CFS_NOT_FOUND},
	{"Server.InternalError", "", 400, CFS_SERVER},
};

static void test_every_code_has_its_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		enum cfs_fault fault =
			cfs_aws_errors_classify(rows[i].code, rows[i].message, rows[i].status);

		if (fault != rows[i].fault)
			fail_msg("%s (%s): %d", rows[i].code, rows[i].message, fault);
	}
}

static void test_the_code_is_matched_before_the_status(void **state)
{
	static const int statuses[] = {200, 400, 401, 403, 412, 429, 500, 503};

	(void)state;
	/* Two rows of the table have several messages, none has several statuses. */
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		for (size_t j = 0; j < N_ELEMENTS(statuses); j++)
			assert_int_equal(
				cfs_aws_errors_classify(rows[i].code, rows[i].message, statuses[j]),
				rows[i].fault);
	}
}

static void test_a_code_we_do_not_know_has_the_fault_of_its_status(void **state)
{
	(void)state;
	assert_int_equal(cfs_aws_errors_classify("NewCode.X", "", 400), CFS_REJECTED);
	assert_int_equal(cfs_aws_errors_classify("NewCode", "", 403), CFS_UNAUTHENTICATED);
	assert_int_equal(cfs_aws_errors_classify("NewCode", "", 429), CFS_THROTTLED);
	assert_int_equal(cfs_aws_errors_classify("NewCode", "", 502), CFS_SERVER);
	assert_int_equal(cfs_aws_errors_classify("NewCode", "", 200), CFS_BAD_ANSWER);
	assert_int_equal(cfs_aws_errors_classify(".", "", 500), CFS_SERVER);
	assert_int_equal(cfs_aws_errors_classify("Client.", "", 400), CFS_BAD_ANSWER);
}

static void test_no_code_has_the_fault_of_its_status(void **state)
{
	(void)state;
	assert_int_equal(cfs_aws_errors_classify("", "", 401), CFS_UNAUTHENTICATED);
	assert_int_equal(cfs_aws_errors_classify("", "", 403), CFS_UNAUTHENTICATED);
	assert_int_equal(cfs_aws_errors_classify("", "", 429), CFS_THROTTLED);
	assert_int_equal(cfs_aws_errors_classify("", "", 500), CFS_SERVER);
	assert_int_equal(cfs_aws_errors_classify("", "", 599), CFS_SERVER);
	assert_int_equal(cfs_aws_errors_classify("", "", 600), CFS_BAD_ANSWER);
	assert_int_equal(cfs_aws_errors_classify("", "", 400), CFS_BAD_ANSWER);
	assert_int_equal(cfs_aws_errors_classify("", "", 301), CFS_BAD_ANSWER);
	assert_int_equal(cfs_aws_errors_classify("", "", 200), CFS_BAD_ANSWER);
}

static void test_a_message_is_one_line_without_the_encoded_context(void **state)
{
	static const char text[] = "You are not authorized.\nUser: x\x1b[0m\n "
				   "Encoded authorization failure message: 4GIOHlTk";
	struct cfs_error error = {0};

	(void)state;
	cfs_aws_errors_message(&error, text, strlen(text));
	assert_string_equal(error.message, "You are not authorized.?User: x?[0m");
	cfs_aws_errors_message(&error, "", 0);
	assert_string_equal(error.message, "");
}

static void test_a_message_holds_nothing_of_the_request_that_was_signed(void **state)
{
	static const char text[] = "The signature does not match.\n\nThe Canonical String for this "
				   "request should have "
				   "been\n'POST\n/\n\nx-amz-security-token:IQoJb3JpZ2luX2Vj'";
	struct cfs_error error = {0};
	char token[300];

	(void)state;
	cfs_aws_errors_message(&error, text, strlen(text));
	assert_string_equal(error.message, "The signature does not match.");
	memset(token, 'x', sizeof(token));
	memcpy(token, "Of token:", 9);
	cfs_aws_errors_message(&error, token, sizeof(token));
	assert_string_equal(error.message, "Of token:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_has_its_fault),
		cmocka_unit_test(test_the_code_is_matched_before_the_status),
		cmocka_unit_test(test_a_code_we_do_not_know_has_the_fault_of_its_status),
		cmocka_unit_test(test_no_code_has_the_fault_of_its_status),
		cmocka_unit_test(test_a_message_is_one_line_without_the_encoded_context),
		cmocka_unit_test(test_a_message_holds_nothing_of_the_request_that_was_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
