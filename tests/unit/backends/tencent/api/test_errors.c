/* SPDX-License-Identifier: MIT */
/* backends/tencent/api/errors.h: what each documented code means to a user. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/tencent/api/errors.h"

/* The documented codes, as a list of its own: a code without its row would show here. */
static const struct cfs_code_fault documented[] = {
	/* DescribeInstanceVncUrl */
	{"InvalidInstance.NotSupported", CFS_UNSUPPORTED},
	{"InvalidInstanceId.Malformed", CFS_NOT_FOUND},
	{"InvalidInstanceId.NotFound", CFS_NOT_FOUND},
	{"InvalidInstanceState", CFS_WRONG_STATE},
	{"OperationDenied.InstanceOperationInProgress", CFS_TRANSITION},
	{"UnauthorizedOperation.InvalidToken", CFS_UNAUTHENTICATED},
	{"UnauthorizedOperation.MFAExpired", CFS_UNAUTHENTICATED},
	{"UnauthorizedOperation.MFANotFound", CFS_UNAUTHENTICATED},
	{"UnsupportedOperation.InstanceStateEnterRescueMode", CFS_TRANSITION},
	{"UnsupportedOperation.InstanceStateEnterServiceLiveMigrate", CFS_TRANSITION},
	{"UnsupportedOperation.InstanceStateExitRescueMode", CFS_TRANSITION},
	{"UnsupportedOperation.InstanceStateIsolating", CFS_STOPPED},
	{"UnsupportedOperation.InstanceStateLaunchFailed", CFS_STOPPED},
	{"UnsupportedOperation.InstanceStatePending", CFS_TRANSITION},
	{"UnsupportedOperation.InstanceStateRebooting", CFS_TRANSITION},
	{"UnsupportedOperation.InstanceStateShutdown", CFS_STOPPED},
	{"UnsupportedOperation.InstanceStateStarting", CFS_TRANSITION},
	{"UnsupportedOperation.InstanceStateStopped", CFS_STOPPED},
	{"UnsupportedOperation.InstanceStateStopping", CFS_TRANSITION},
	{"UnsupportedOperation.InstanceStateTerminated", CFS_STOPPED},
	{"UnsupportedOperation.InstanceStateTerminating", CFS_TRANSITION},
	{"UnsupportedOperation.SpecialInstanceType", CFS_UNSUPPORTED},
	{"UnsupportedOperation.StoppedModeStopCharging", CFS_STOPPED},
	/* Common to all actions */
	{"AuthFailure.InvalidAuthorization", CFS_UNAUTHENTICATED},
	{"AuthFailure.InvalidSecretId", CFS_UNAUTHENTICATED},
	{"AuthFailure.MFAFailure", CFS_UNAUTHENTICATED},
	{"AuthFailure.SecretIdNotFound", CFS_UNAUTHENTICATED},
	{"AuthFailure.SignatureExpire", CFS_CLOCK_SKEW},
	{"AuthFailure.SignatureFailure", CFS_UNAUTHENTICATED},
	{"AuthFailure.TokenFailure", CFS_UNAUTHENTICATED},
	{"AuthFailure.UnauthorizedOperation", CFS_DENIED},
	{"RequestLimitExceeded", CFS_THROTTLED},
	{"RequestLimitExceeded.UinLimitExceeded", CFS_THROTTLED},
	{"RequestLimitExceeded.IPLimitExceeded", CFS_THROTTLED},
	{"RequestLimitExceeded.GlobalRegionUinLimitExceeded", CFS_THROTTLED},
	{"InternalError", CFS_SERVER},
	{"InternalServerError", CFS_SERVER},
	{"FailedOperation", CFS_SERVER},
	{"ResourceUnavailable", CFS_SERVER},
	{"ServiceUnavailable", CFS_SERVER},
	{"ResourceNotFound", CFS_NOT_FOUND},
	{"InvalidParameter", CFS_REJECTED},
	{"InvalidParameterValue", CFS_REJECTED},
	{"MissingParameter", CFS_REJECTED},
	{"UnknownParameter", CFS_REJECTED},
	{"InvalidAction", CFS_REJECTED},
	{"NoSuchVersion", CFS_REJECTED},
	{"UnsupportedRegion", CFS_UNSUPPORTED},
	{"UnsupportedOperation", CFS_UNSUPPORTED},
	{"UnauthorizedOperation", CFS_DENIED},
	{"IpInBlacklist", CFS_NOT_ENABLED},
	{"IpNotInWhitelist", CFS_NOT_ENABLED},
	{"ActionOffline", CFS_UNSUPPORTED},
};

static void every_documented_code_has_its_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++) {
		if (cfs_tencent_errors_fault(documented[i].code) != documented[i].fault)
			fail_msg("%s is %d, not %d", documented[i].code,
				(int)cfs_tencent_errors_fault(documented[i].code),
				(int)documented[i].fault);
	}
}

static void an_unknown_code_falls_back_to_its_family(void **state)
{
	static const struct cfs_code_fault cases[] = {
		{"AuthFailure.SomethingNew", CFS_UNAUTHENTICATED},
		{"AuthFailure.SignatureExpire.Deeper", CFS_CLOCK_SKEW},
		{"UnauthorizedOperation.CamNoAuth", CFS_DENIED},
		{"UnauthorizedOperation.MFAExpired.Deeper", CFS_UNAUTHENTICATED},
		{"RequestLimitExceeded.New.Limit", CFS_THROTTLED},
		{"LimitExceeded.New", CFS_THROTTLED},
		{"InternalError.TradeUnknownError", CFS_SERVER},
		{"UnsupportedOperation.New", CFS_UNSUPPORTED},
		{"InvalidParameterValue.LimitExceeded", CFS_REJECTED},
		{"NeverHeardOf", CFS_REJECTED},
		{"NeverHeardOf.AuthFailure", CFS_REJECTED},
		{"AuthFailureX", CFS_REJECTED},
		{".AuthFailure", CFS_REJECTED},
		{"AuthFailure.", CFS_UNAUTHENTICATED},
		{"", CFS_REJECTED},
		{"...", CFS_REJECTED},
	};
	char endless[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cfs_tencent_errors_fault(cases[i].code), cases[i].fault);
	memset(endless, 'x', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_int_equal(cfs_tencent_errors_fault(endless), CFS_REJECTED);
	memcpy(endless, "AuthFailure.", strlen("AuthFailure."));
	assert_int_equal(cfs_tencent_errors_fault(endless), CFS_UNAUTHENTICATED);
}

/* An error about the instance comes after permission; what comes before it shows nothing. */
static void an_error_about_the_instance_shows_that_the_call_was_permitted(void **state)
{
	static const char *const permitted[] = {"InvalidInstanceId.NotFound",
		"InvalidInstance.NotSupported", "InvalidInstanceState",
		"OperationDenied.InstanceOperationInProgress", "ResourceNotFound",
		"ResourceNotFound.Instance", "UnsupportedOperation.InstanceStateStopped",
		"UnsupportedOperation.SpecialInstanceType",
		"UnsupportedOperation.StoppedModeStopCharging"};
	static const char *const not_shown[] = {"", "UnauthorizedOperation",
		"UnauthorizedOperation.MFAExpired", "UnauthorizedOperation.InvalidToken",
		"AuthFailure.UnauthorizedOperation", "AuthFailure.SignatureFailure",
		"AuthFailure.SecretIdNotFound", "InvalidInstanceId", "InvalidInstanceId.Malformed",
		"InvalidParameter", "InvalidParameterValue", "MissingParameter", "InternalError",
		"RequestLimitExceeded", "UnsupportedRegion", "ActionOffline", "NoSuchVersion",
		"IpNotInWhitelist", "UnsupportedOperationX", "InvalidInstanceIdX"};

	(void)state;
	for (size_t i = 0; i < sizeof(permitted) / sizeof(permitted[0]); i++)
		assert_true(cfs_tencent_errors_permitted(permitted[i]));
	for (size_t i = 0; i < sizeof(not_shown) / sizeof(not_shown[0]); i++)
		assert_false(cfs_tencent_errors_permitted(not_shown[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_documented_code_has_its_fault),
		cmocka_unit_test(an_unknown_code_falls_back_to_its_family),
		cmocka_unit_test(an_error_about_the_instance_shows_that_the_call_was_permitted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
