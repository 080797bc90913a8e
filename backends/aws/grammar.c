#include "backends/aws/grammar.h"

#include <stddef.h>
#include <string.h>

static const struct step {
	enum cfs_aws_place from;
	const char *name;
	enum cfs_aws_place to;
} steps[] = {
	{CFS_AT_DOCUMENT, "DescribeInstancesResponse", CFS_AT_INSTANCES_RESPONSE},
	{CFS_AT_DOCUMENT, "GetConsoleScreenshotResponse", CFS_AT_SCREENSHOT_RESPONSE},
	{CFS_AT_DOCUMENT, "GetConsoleOutputResponse", CFS_AT_OUTPUT_RESPONSE},
	{CFS_AT_DOCUMENT, "DescribeRegionsResponse", CFS_AT_REGIONS_RESPONSE},
	{CFS_AT_DOCUMENT, "GetCallerIdentityResponse", CFS_AT_IDENTITY_RESPONSE},
	{CFS_AT_DOCUMENT, "AssumeRoleResponse", CFS_AT_ROLE_RESPONSE},
	{CFS_AT_DOCUMENT, "AssumeRoleWithWebIdentityResponse", CFS_AT_ROLE_RESPONSE},
	{CFS_AT_DOCUMENT, "Response", CFS_AT_ERRORS_RESPONSE},
	{CFS_AT_DOCUMENT, "ErrorResponse", CFS_AT_ERROR_RESPONSE},

	{CFS_AT_ERRORS_RESPONSE, "Errors", CFS_AT_ERRORS},
	{CFS_AT_ERRORS_RESPONSE, "RequestID", CFS_AT_REQUEST_ID},
	{CFS_AT_ERRORS_RESPONSE, "RequestId", CFS_AT_REQUEST_ID},
	{CFS_AT_ERRORS, "Error", CFS_AT_ERROR},
	{CFS_AT_ERROR_RESPONSE, "Error", CFS_AT_ERROR},
	{CFS_AT_ERROR_RESPONSE, "RequestId", CFS_AT_REQUEST_ID},
	{CFS_AT_ERROR, "Code", CFS_AT_ERROR_CODE},
	{CFS_AT_ERROR, "Message", CFS_AT_ERROR_MESSAGE},

	{CFS_AT_SCREENSHOT_RESPONSE, "requestId", CFS_AT_REQUEST_ID},
	{CFS_AT_SCREENSHOT_RESPONSE, "instanceId", CFS_AT_CONSOLE_INSTANCE_ID},
	{CFS_AT_SCREENSHOT_RESPONSE, "imageData", CFS_AT_CONSOLE_DATA},
	{CFS_AT_OUTPUT_RESPONSE, "requestId", CFS_AT_REQUEST_ID},
	{CFS_AT_OUTPUT_RESPONSE, "instanceId", CFS_AT_CONSOLE_INSTANCE_ID},
	{CFS_AT_OUTPUT_RESPONSE, "output", CFS_AT_CONSOLE_DATA},

	{CFS_AT_REGIONS_RESPONSE, "requestId", CFS_AT_REQUEST_ID},
	{CFS_AT_REGIONS_RESPONSE, "regionInfo", CFS_AT_REGIONS},
	{CFS_AT_REGIONS, "item", CFS_AT_REGION},
	{CFS_AT_REGION, "regionName", CFS_AT_REGION_NAME},
	{CFS_AT_REGION, "optInStatus", CFS_AT_REGION_OPT_IN},

	{CFS_AT_IDENTITY_RESPONSE, "GetCallerIdentityResult", CFS_AT_IDENTITY},
	{CFS_AT_IDENTITY_RESPONSE, "ResponseMetadata", CFS_AT_METADATA},
	{CFS_AT_METADATA, "RequestId", CFS_AT_REQUEST_ID},
	{CFS_AT_IDENTITY, "Arn", CFS_AT_ARN},

	{CFS_AT_ROLE_RESPONSE, "AssumeRoleResult", CFS_AT_ROLE},
	{CFS_AT_ROLE_RESPONSE, "AssumeRoleWithWebIdentityResult", CFS_AT_ROLE},
	{CFS_AT_ROLE_RESPONSE, "ResponseMetadata", CFS_AT_METADATA},
	{CFS_AT_ROLE, "Credentials", CFS_AT_KEYS},
	{CFS_AT_KEYS, "AccessKeyId", CFS_AT_KEYS_ID},
	{CFS_AT_KEYS, "SecretAccessKey", CFS_AT_KEYS_SECRET},
	{CFS_AT_KEYS, "SessionToken", CFS_AT_KEYS_TOKEN},
	{CFS_AT_KEYS, "Expiration", CFS_AT_KEYS_EXPIRATION},

	{CFS_AT_INSTANCES_RESPONSE, "requestId", CFS_AT_REQUEST_ID},
	{CFS_AT_INSTANCES_RESPONSE, "nextToken", CFS_AT_NEXT_TOKEN},
	{CFS_AT_INSTANCES_RESPONSE, "reservationSet", CFS_AT_RESERVATIONS},
	{CFS_AT_RESERVATIONS, "item", CFS_AT_RESERVATION},
	{CFS_AT_RESERVATION, "instancesSet", CFS_AT_INSTANCES},
	{CFS_AT_INSTANCES, "item", CFS_AT_INSTANCE},
	{CFS_AT_INSTANCE, "instanceId", CFS_AT_INSTANCE_ID},
	{CFS_AT_INSTANCE, "instanceType", CFS_AT_INSTANCE_TYPE},
	{CFS_AT_INSTANCE, "launchTime", CFS_AT_LAUNCH_TIME},
	{CFS_AT_INSTANCE, "placement", CFS_AT_PLACEMENT},
	{CFS_AT_PLACEMENT, "availabilityZone", CFS_AT_ZONE},
	{CFS_AT_INSTANCE, "instanceState", CFS_AT_STATE},
	{CFS_AT_STATE, "code", CFS_AT_STATE_CODE},
	{CFS_AT_STATE, "name", CFS_AT_STATE_NAME},
	{CFS_AT_INSTANCE, "privateIpAddress", CFS_AT_PRIVATE_ADDRESS},
	{CFS_AT_INSTANCE, "ipAddress", CFS_AT_PUBLIC_ADDRESS},
	{CFS_AT_INSTANCE, "networkInterfaceSet", CFS_AT_INTERFACES},
	{CFS_AT_INTERFACES, "item", CFS_AT_INTERFACE},
	{CFS_AT_INTERFACE, "ipv6AddressesSet", CFS_AT_IPV6_ADDRESSES},
	{CFS_AT_IPV6_ADDRESSES, "item", CFS_AT_IPV6_ITEM},
	{CFS_AT_IPV6_ITEM, "ipv6Address", CFS_AT_IPV6_ADDRESS},
	{CFS_AT_INSTANCE, "tagSet", CFS_AT_TAGS},
	{CFS_AT_TAGS, "item", CFS_AT_TAG},
	{CFS_AT_TAG, "key", CFS_AT_TAG_KEY},
	{CFS_AT_TAG, "value", CFS_AT_TAG_VALUE},
	{CFS_AT_INSTANCE, "architecture", CFS_AT_ARCHITECTURE},
	{CFS_AT_INSTANCE, "hypervisor", CFS_AT_HYPERVISOR},
	{CFS_AT_INSTANCE, "platformDetails", CFS_AT_PLATFORM_DETAILS},
	{CFS_AT_INSTANCE, "privateDnsName", CFS_AT_PRIVATE_DNS_NAME},
	{CFS_AT_INSTANCE, "dnsName", CFS_AT_PUBLIC_DNS_NAME},
	{CFS_AT_INSTANCE, "vpcId", CFS_AT_VPC_ID},
	{CFS_AT_INSTANCE, "subnetId", CFS_AT_SUBNET_ID},
	{CFS_AT_INSTANCE, "imageId", CFS_AT_IMAGE_ID},
	{CFS_AT_INSTANCE, "keyName", CFS_AT_KEY_NAME},
	{CFS_AT_INSTANCE, "stateReason", CFS_AT_STATE_REASON},
	{CFS_AT_STATE_REASON, "code", CFS_AT_STATE_REASON_CODE},
	{CFS_AT_STATE_REASON, "message", CFS_AT_STATE_REASON_MESSAGE},
	{CFS_AT_INSTANCE, "reason", CFS_AT_STATE_TRANSITION_REASON},
};

enum cfs_aws_place cfs_aws_grammar_step(enum cfs_aws_place parent, const char *name)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i].from == parent && strcmp(steps[i].name, name) == 0)
			return steps[i].to;
	}
	return CFS_AT_SKIPPED;
}
