/* SPDX-License-Identifier: MIT */
#include "backends/aws/api/errors.h"

#include <stdbool.h>
#include <string.h>

#include "backends/base/text.h"

#define ENCODED_MESSAGE "Encoded authorization failure message"
/* The request follows, as the service would have signed it, with the session token. */
#define SIGNED_MESSAGE "The Canonical String for this request"

static const struct cfs_code_fault codes[] = {
	{"InvalidInstanceID", CFS_NOT_FOUND}, /* .NotFound; .Malformed, which cannot happen */

	{"UnauthorizedOperation", CFS_DENIED},
	{"AccessDenied", CFS_DENIED},
	{"AccessDeniedException", CFS_DENIED},
	{"NotAuthorized", CFS_DENIED},

	{"AuthFailure", CFS_UNAUTHENTICATED},
	{"IncompleteSignature", CFS_UNAUTHENTICATED},
	{"InvalidAccessKeyId", CFS_UNAUTHENTICATED},
	{"IDPRejectedClaim", CFS_UNAUTHENTICATED},
	{"InvalidClientTokenId", CFS_UNAUTHENTICATED},
	{"InvalidIdentityToken", CFS_UNAUTHENTICATED},
	{"MissingAuthenticationToken", CFS_UNAUTHENTICATED},
	{"SignatureDoesNotMatch", CFS_UNAUTHENTICATED},
	{"UnrecognizedClientException", CFS_UNAUTHENTICATED},

	{"Blocked", CFS_NOT_ENABLED},
	{"OptInRequired", CFS_NOT_ENABLED},
	{"PendingVerification", CFS_NOT_ENABLED},
	{"RegionDisabledException", CFS_NOT_ENABLED},

	{"ExpiredToken", CFS_EXPIRED},
	{"ExpiredTokenException", CFS_EXPIRED},
	{"TokenRefreshRequired", CFS_EXPIRED},

	/* Expired temporary credentials may also get this. The answer does not tell which it is, so
	 * the clock is suspected first: a retry with the server's time will show. */
	{"RequestExpired", CFS_CLOCK_SKEW},
	{"RequestTimeTooSkewed", CFS_CLOCK_SKEW},
	{"RequestInTheFuture", CFS_CLOCK_SKEW},

	{"IncorrectInstanceState", CFS_WRONG_STATE},
	{"IncorrectState", CFS_WRONG_STATE},
	{"InvalidState", CFS_WRONG_STATE},

	{"UnsupportedOperation", CFS_UNSUPPORTED},
	{"UnsupportedInstanceAttribute", CFS_UNSUPPORTED},
	{"Unsupported", CFS_UNSUPPORTED},
	{"OperationNotPermitted", CFS_UNSUPPORTED},

	{"RequestLimitExceeded", CFS_THROTTLED},
	{"Throttling", CFS_THROTTLED},
	{"ThrottlingException", CFS_THROTTLED},
	{"ThrottledException", CFS_THROTTLED},
	{"RequestThrottled", CFS_THROTTLED},
	{"RequestThrottledException", CFS_THROTTLED},
	{"TooManyRequestsException", CFS_THROTTLED},
	{"BandwidthLimitExceeded", CFS_THROTTLED},
	{"LimitExceededException", CFS_THROTTLED},
	{"SlowDown", CFS_THROTTLED},
	{"EC2ThrottledException", CFS_THROTTLED},

	{"IDPCommunicationError", CFS_SERVER},
	{"InternalError", CFS_SERVER},
	{"InternalFailure", CFS_SERVER},
	{"ServiceUnavailable", CFS_SERVER},
	{"Unavailable", CFS_SERVER},
	{"RequestTimeout", CFS_SERVER},
	{"RequestTimeoutException", CFS_SERVER},
	{"PriorRequestNotComplete", CFS_SERVER},

	{"FilterLimitExceeded", CFS_REJECTED},
	{"InvalidAction", CFS_REJECTED},
	{"InvalidCharacter", CFS_REJECTED},
	{"InvalidFilter", CFS_REJECTED},
	{"InvalidNextToken", CFS_REJECTED},
	{"InvalidPaginationToken", CFS_REJECTED},
	{"InvalidParameter", CFS_REJECTED},
	{"InvalidParameterCombination", CFS_REJECTED},
	{"InvalidParameterValue", CFS_REJECTED},
	{"InvalidQueryParameter", CFS_REJECTED},
	{"InvalidRequest", CFS_REJECTED},
	{"MalformedQueryString", CFS_REJECTED},
	{"MissingAction", CFS_REJECTED},
	{"MissingParameter", CFS_REJECTED},
	{"NoSuchVersion", CFS_REJECTED},
	{"RequestEntityTooLarge", CFS_REJECTED},
	{"UnknownParameter", CFS_REJECTED},
	{"UnsupportedProtocol", CFS_REJECTED},
	{"ValidationError", CFS_REJECTED},

	/* "Would have succeeded", although no dry run was requested. */
	{"DryRunOperation", CFS_BAD_ANSWER},
};

/* Codes with more than one meaning, which a part of the message tells apart. */
static const struct by_message {
	const char *code;
	const char *part;
	enum cfs_fault fault;
} by_message[] = {
	/* GetConsoleScreenshot of a pending instance: "instance is not running". */
	{"UnsupportedOperation", "not running", CFS_TRANSITION},
	/* STS: "Signature expired: T is now earlier than ..."; "Signature not yet current: ...". */
	{"SignatureDoesNotMatch", "Signature expired", CFS_CLOCK_SKEW},
	{"SignatureDoesNotMatch", "Signature not yet current", CFS_CLOCK_SKEW},
};

static enum cfs_fault find_code(const char *code, const char *message)
{
	for (size_t i = 0; i < sizeof(by_message) / sizeof(by_message[0]); i++) {
		if (strcmp(by_message[i].code, code) == 0 && strstr(message, by_message[i].part))
			return by_message[i].fault;
	}
	return cfs_fault_find(codes, sizeof(codes) / sizeof(codes[0]), code);
}

/* The fault of an answer without a known code. */
static enum cfs_fault classify_status(int status, bool has_code)
{
	enum cfs_fault fault = cfs_fault_from_status(status);

	/* An unknown code is still an error. Without a code the answer is invalid. */
	if (fault == CFS_BAD_ANSWER && has_code && status >= 400 && status <= 499)
		return CFS_REJECTED;
	return fault == CFS_OK ? CFS_BAD_ANSWER : fault;
}

enum cfs_fault cfs_aws_errors_classify(const char *code, const char *message, int status)
{
	char family[CFS_CODE_MAX];
	enum cfs_fault fault;
	size_t len;

	/* Prefixes of the SOAP API, which are still seen in places. */
	if (strncmp(code, "Client.", 7) == 0 || strncmp(code, "Server.", 7) == 0)
		code += 7;
	fault = find_code(code, message);
	len = strcspn(code, ".");
	if (fault == CFS_N_FAULTS && code[len] == '.' && len < sizeof(family)) {
		memcpy(family, code, len);
		family[len] = '\0';
		fault = find_code(family, message);
	}
	return fault == CFS_N_FAULTS ? classify_status(status, *code != '\0') : fault;
}

void cfs_aws_errors_message(struct cfs_error *error, const char *text, size_t len)
{
	static const char *const ends[] = {ENCODED_MESSAGE, SIGNED_MESSAGE};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const char *end = memmem(text, len, ends[i], strlen(ends[i]));

		if (end)
			len = (size_t)(end - text);
	}
	len = cfs_text_before_secret(text, len);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	cfs_error_say_message(error, text, len);
}
