/* SPDX-License-Identifier: MIT */
#include "backends/tencent/api/errors.h"

#include <string.h>

/* A family stands before its members, and is what members without a row fall back to. */
static const struct cfs_code_fault codes[] = {
	/* Who is asking */
	{"AuthFailure", CFS_UNAUTHENTICATED},
	{"AuthFailure.AccessKeyIllegal", CFS_UNAUTHENTICATED},
	{"AuthFailure.InvalidAuthorization", CFS_UNAUTHENTICATED},
	{"AuthFailure.InvalidSecretId", CFS_UNAUTHENTICATED},
	{"AuthFailure.MFAFailure", CFS_UNAUTHENTICATED},
	{"AuthFailure.SecretIdNotFound", CFS_UNAUTHENTICATED},
	/* "Timestamp and server time cannot differ by more than five minutes." */
	{"AuthFailure.SignatureExpire", CFS_CLOCK_SKEW},
	{"AuthFailure.SignatureFailure", CFS_UNAUTHENTICATED},
	/* Documented as "token error", for a wrong token as for one past its time: to call it
	 * expired would send half of its readers to renew what was never right. */
	{"AuthFailure.TokenFailure", CFS_UNAUTHENTICATED},
	{"AuthFailure.UnauthorizedOperation", CFS_DENIED}, /* refused by a CAM policy */
	{"UnauthorizedOperation", CFS_DENIED},
	{"UnauthorizedOperation.InvalidToken", CFS_UNAUTHENTICATED},
	{"UnauthorizedOperation.MFAExpired", CFS_UNAUTHENTICATED},
	{"UnauthorizedOperation.MFANotFound", CFS_UNAUTHENTICATED},
	{"IpInBlacklist", CFS_NOT_ENABLED},
	{"IpNotInWhitelist", CFS_NOT_ENABLED},
	{"AccountQualificationRestrictions", CFS_NOT_ENABLED},
	{"InvalidAccount", CFS_NOT_ENABLED}, /* .InsufficientBalance, .UnpaidOrder */
	{"OperationDenied.AccountNotSupported", CFS_NOT_ENABLED},

	/* Whose keys STS is asked for, and with what */
	{"InternalError.IllegalRole", CFS_UNAUTHENTICATED},
	{"InvalidParameter.AccessKeyNotSupport", CFS_UNAUTHENTICATED},
	{"InvalidParameter.AccountNotAvaliable", CFS_UNAUTHENTICATED}, /* spelt so */
	{"InvalidParameter.WebIdentityTokenError", CFS_UNAUTHENTICATED},
	{"ResourceNotFound.RoleNotFound", CFS_UNAUTHENTICATED},

	/* How often */
	{"RequestLimitExceeded", CFS_THROTTLED},
	{"RequestLimitExceeded.UinLimitExceeded", CFS_THROTTLED},
	{"RequestLimitExceeded.IPLimitExceeded", CFS_THROTTLED},
	{"RequestLimitExceeded.GlobalRegionUinLimitExceeded", CFS_THROTTLED},
	{"LimitExceeded", CFS_THROTTLED},
	{"InvalidParameter.OverLimit", CFS_THROTTLED},

	/* The cloud itself */
	{"InternalError", CFS_SERVER},
	{"InternalServerError", CFS_SERVER},
	{"FailedOperation", CFS_SERVER},
	{"ResourceUnavailable", CFS_SERVER},
	{"ServiceUnavailable", CFS_SERVER},

	/* The request */
	{"InvalidParameter", CFS_REJECTED},
	{"InvalidParameterValue", CFS_REJECTED},
	{"MissingParameter", CFS_REJECTED},
	{"UnknownParameter", CFS_REJECTED},
	{"InvalidAction", CFS_REJECTED},
	{"NoSuchVersion", CFS_REJECTED},
	{"UnsupportedProtocol", CFS_REJECTED},
	{"RequestSizeLimitExceeded", CFS_REJECTED},
	{"ResponseSizeLimitExceeded", CFS_TOO_LARGE},

	/* The instance. An id that the cloud finds malformed names no instance of it. */
	{"ResourceNotFound", CFS_NOT_FOUND},
	{"InvalidInstanceId", CFS_NOT_FOUND},
	{"InvalidInstanceId.Malformed", CFS_NOT_FOUND},
	{"InvalidInstanceId.NotFound", CFS_NOT_FOUND},
	{"InvalidInstance", CFS_UNSUPPORTED},
	{"InvalidInstance.NotSupported", CFS_UNSUPPORTED},
	{"InvalidInstanceState", CFS_WRONG_STATE}, /* LAUNCH_FAILED, as most have their own */
	{"ResourceInUse", CFS_TRANSITION},
	{"OperationDenied", CFS_UNSUPPORTED},
	{"OperationDenied.InstanceOperationInProgress", CFS_TRANSITION},
	{"UnsupportedRegion", CFS_UNSUPPORTED},
	{"ActionOffline", CFS_UNSUPPORTED},
	{"UnsupportedOperation", CFS_UNSUPPORTED},
	{"UnsupportedOperation.InstanceStateEnterRescueMode", CFS_TRANSITION},
	{"UnsupportedOperation.InstanceStateEnterServiceLiveMigrate", CFS_TRANSITION},
	{"UnsupportedOperation.InstanceStateExitRescueMode", CFS_TRANSITION},
	{"UnsupportedOperation.InstanceStateArrears", CFS_STOPPED},
	{"UnsupportedOperation.InstanceStateCorrupted", CFS_STOPPED},
	{"UnsupportedOperation.InstanceStateFreezing", CFS_STOPPED},
	{"UnsupportedOperation.InstanceStateIsolating", CFS_STOPPED},
	{"UnsupportedOperation.InstanceStateLaunchFailed", CFS_STOPPED},
	{"UnsupportedOperation.InstanceStateNotRunning", CFS_STOPPED},
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
};

enum cfs_fault cfs_tencent_errors_fault(const char *code)
{
	char family[CFS_CODE_MAX];
	size_t len = strlen(code);

	/* What is too long for a code is cut where codes are kept, in struct cfs_error. */
	if (len >= sizeof(family))
		len = sizeof(family) - 1;
	memcpy(family, code, len);
	family[len] = '\0';
	for (;;) {
		enum cfs_fault fault =
			cfs_fault_find(codes, sizeof(codes) / sizeof(codes[0]), family);
		char *dot = strrchr(family, '.');

		if (fault != CFS_N_FAULTS)
			return fault;
		if (!dot)
			return CFS_REJECTED;
		*dot = '\0';
	}
}

bool cfs_tencent_errors_permitted(const char *code)
{
	static const char *const permitted[] = {
		"InvalidInstance",
		"InvalidInstanceId.NotFound",
		"InvalidInstanceState",
		"OperationDenied",
		"ResourceInUse",
		"ResourceNotFound",
		"UnsupportedOperation",
	};

	for (size_t i = 0; i < sizeof(permitted) / sizeof(permitted[0]); i++) {
		size_t len = strlen(permitted[i]);

		if (strncmp(code, permitted[i], len) == 0 &&
			(code[len] == '\0' || code[len] == '.'))
			return true;
	}
	return false;
}
