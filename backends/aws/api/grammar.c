/* SPDX-License-Identifier: MIT */
#include "backends/aws/api/grammar.h"

#include <stddef.h>
#include <string.h>

struct step {
	const char *name;
	enum cfs_aws_place to;
};

/* For each place its children that matter. Most elements of a listing are within an element that is
 * skipped, and cost no comparison. */
#define CHILDREN(...) \
	(const struct step[]) \
	{ \
		__VA_ARGS__, \
		{ \
			NULL, CFS_AT_SKIPPED \
		} \
	}

static const struct step *const children[CFS_N_PLACES] = {
	[CFS_AT_DOCUMENT] = CHILDREN({"DescribeInstancesResponse", CFS_AT_INSTANCES_RESPONSE},
		{"GetConsoleScreenshotResponse", CFS_AT_SCREENSHOT_RESPONSE},
		{"GetConsoleOutputResponse", CFS_AT_OUTPUT_RESPONSE},
		{"DescribeRegionsResponse", CFS_AT_REGIONS_RESPONSE},
		{"GetCallerIdentityResponse", CFS_AT_IDENTITY_RESPONSE},
		{"AssumeRoleResponse", CFS_AT_ROLE_RESPONSE},
		{"AssumeRoleWithWebIdentityResponse", CFS_AT_ROLE_RESPONSE},
		{"Response", CFS_AT_ERRORS_RESPONSE}, {"ErrorResponse", CFS_AT_ERROR_RESPONSE}),
	[CFS_AT_ERRORS_RESPONSE] = CHILDREN({"Errors", CFS_AT_ERRORS},
		{"RequestID", CFS_AT_REQUEST_ID}, {"RequestId", CFS_AT_REQUEST_ID}),
	[CFS_AT_ERRORS] = CHILDREN({"Error", CFS_AT_ERROR}),
	[CFS_AT_ERROR_RESPONSE] =
		CHILDREN({"Error", CFS_AT_ERROR}, {"RequestId", CFS_AT_REQUEST_ID}),
	[CFS_AT_ERROR] = CHILDREN({"Code", CFS_AT_ERROR_CODE}, {"Message", CFS_AT_ERROR_MESSAGE}),
	[CFS_AT_SCREENSHOT_RESPONSE] = CHILDREN({"requestId", CFS_AT_REQUEST_ID},
		{"instanceId", CFS_AT_CONSOLE_INSTANCE_ID}, {"imageData", CFS_AT_CONSOLE_DATA}),
	[CFS_AT_OUTPUT_RESPONSE] = CHILDREN({"requestId", CFS_AT_REQUEST_ID},
		{"instanceId", CFS_AT_CONSOLE_INSTANCE_ID}, {"output", CFS_AT_CONSOLE_DATA}),
	[CFS_AT_REGIONS_RESPONSE] =
		CHILDREN({"requestId", CFS_AT_REQUEST_ID}, {"regionInfo", CFS_AT_REGIONS}),
	[CFS_AT_REGIONS] = CHILDREN({"item", CFS_AT_REGION}),
	[CFS_AT_REGION] =
		CHILDREN({"regionName", CFS_AT_REGION_NAME}, {"optInStatus", CFS_AT_REGION_OPT_IN}),
	[CFS_AT_IDENTITY_RESPONSE] = CHILDREN({"GetCallerIdentityResult", CFS_AT_IDENTITY},
		{"ResponseMetadata", CFS_AT_METADATA}),
	[CFS_AT_METADATA] = CHILDREN({"RequestId", CFS_AT_REQUEST_ID}),
	[CFS_AT_IDENTITY] = CHILDREN({"Arn", CFS_AT_ARN}),
	[CFS_AT_ROLE_RESPONSE] = CHILDREN({"AssumeRoleResult", CFS_AT_ROLE},
		{"AssumeRoleWithWebIdentityResult", CFS_AT_ROLE},
		{"ResponseMetadata", CFS_AT_METADATA}),
	[CFS_AT_ROLE] = CHILDREN({"Credentials", CFS_AT_KEYS}),
	[CFS_AT_KEYS] = CHILDREN({"AccessKeyId", CFS_AT_KEYS_ID},
		{"SecretAccessKey", CFS_AT_KEYS_SECRET}, {"SessionToken", CFS_AT_KEYS_TOKEN},
		{"Expiration", CFS_AT_KEYS_EXPIRATION}),
	[CFS_AT_INSTANCES_RESPONSE] = CHILDREN({"requestId", CFS_AT_REQUEST_ID},
		{"nextToken", CFS_AT_NEXT_TOKEN}, {"reservationSet", CFS_AT_RESERVATIONS}),
	[CFS_AT_RESERVATIONS] = CHILDREN({"item", CFS_AT_RESERVATION}),
	[CFS_AT_RESERVATION] = CHILDREN({"instancesSet", CFS_AT_INSTANCES}),
	[CFS_AT_INSTANCES] = CHILDREN({"item", CFS_AT_INSTANCE}),
	[CFS_AT_INSTANCE] = CHILDREN({"instanceId", CFS_AT_INSTANCE_ID},
		{"instanceType", CFS_AT_INSTANCE_TYPE}, {"launchTime", CFS_AT_LAUNCH_TIME},
		{"placement", CFS_AT_PLACEMENT}, {"instanceState", CFS_AT_STATE},
		{"privateIpAddress", CFS_AT_MAIN_PRIVATE_ADDRESS},
		{"ipAddress", CFS_AT_MAIN_PUBLIC_ADDRESS},
		{"ipv6Address", CFS_AT_MAIN_IPV6_ADDRESS},
		{"networkInterfaceSet", CFS_AT_INTERFACES}, {"tagSet", CFS_AT_TAGS},
		{"architecture", CFS_AT_ARCHITECTURE}, {"hypervisor", CFS_AT_HYPERVISOR},
		{"platformDetails", CFS_AT_PLATFORM_DETAILS},
		{"privateDnsName", CFS_AT_PRIVATE_DNS_NAME}, {"dnsName", CFS_AT_PUBLIC_DNS_NAME},
		{"vpcId", CFS_AT_VPC_ID}, {"subnetId", CFS_AT_SUBNET_ID},
		{"imageId", CFS_AT_IMAGE_ID}, {"keyName", CFS_AT_KEY_NAME},
		{"stateReason", CFS_AT_STATE_REASON}, {"reason", CFS_AT_STATE_TRANSITION_REASON}),
	[CFS_AT_PLACEMENT] = CHILDREN({"availabilityZone", CFS_AT_ZONE}),
	[CFS_AT_STATE] = CHILDREN({"code", CFS_AT_STATE_CODE}, {"name", CFS_AT_STATE_NAME}),
	[CFS_AT_INTERFACES] = CHILDREN({"item", CFS_AT_INTERFACE}),
	[CFS_AT_INTERFACE] = CHILDREN({"privateIpAddress", CFS_AT_PRIVATE_ADDRESS},
		{"association", CFS_AT_ASSOCIATION},
		{"privateIpAddressesSet", CFS_AT_PRIVATE_ADDRESSES},
		{"ipv6AddressesSet", CFS_AT_IPV6_ADDRESSES}),
	[CFS_AT_PRIVATE_ADDRESSES] = CHILDREN({"item", CFS_AT_PRIVATE_ITEM}),
	[CFS_AT_PRIVATE_ITEM] = CHILDREN(
		{"privateIpAddress", CFS_AT_PRIVATE_ADDRESS}, {"association", CFS_AT_ASSOCIATION}),
	/* In a Wavelength Zone it is the carrier's address, on an Outpost the customer's own. */
	[CFS_AT_ASSOCIATION] = CHILDREN({"publicIp", CFS_AT_PUBLIC_ADDRESS},
		{"carrierIp", CFS_AT_PUBLIC_ADDRESS}, {"customerOwnedIp", CFS_AT_PUBLIC_ADDRESS}),
	[CFS_AT_IPV6_ADDRESSES] = CHILDREN({"item", CFS_AT_IPV6_ITEM}),
	[CFS_AT_IPV6_ITEM] = CHILDREN({"ipv6Address", CFS_AT_IPV6_ADDRESS}),
	[CFS_AT_TAGS] = CHILDREN({"item", CFS_AT_TAG}),
	[CFS_AT_TAG] = CHILDREN({"key", CFS_AT_TAG_KEY}, {"value", CFS_AT_TAG_VALUE}),
	[CFS_AT_STATE_REASON] = CHILDREN(
		{"code", CFS_AT_STATE_REASON_CODE}, {"message", CFS_AT_STATE_REASON_MESSAGE}),
};

enum cfs_aws_place cfs_aws_grammar_step(enum cfs_aws_place parent, const char *name)
{
	const struct step *step = children[parent];

	if (!step)
		return CFS_AT_SKIPPED;
	while (step->name && (step->name[0] != name[0] || strcmp(step->name, name) != 0))
		step++;
	return step->to;
}
