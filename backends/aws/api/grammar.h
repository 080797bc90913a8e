/* SPDX-License-Identifier: MIT */
/*
 * The elements that matter in XML answers of EC2 and STS.
 *
 * An answer is a tree of elements, of which only some matter. Each that does is a place. All others
 * are skipped with what they contain. The elements' names are from the EC2 API reference, version
 * 2016-11-15, and the STS API reference, version 2011-06-15.
 */
#ifndef CFS_BACKENDS_AWS_API_GRAMMAR_H
#define CFS_BACKENDS_AWS_API_GRAMMAR_H

#include <stdbool.h>

enum cfs_aws_place {
	CFS_AT_DOCUMENT,
	CFS_AT_SKIPPED,

	/* Roots of the documents that can be read. */
	CFS_AT_ERRORS_RESPONSE, /* EC2's own errors */
	CFS_AT_ERROR_RESPONSE,  /* errors of STS and most other services */
	CFS_AT_INSTANCES_RESPONSE,
	CFS_AT_SCREENSHOT_RESPONSE,
	CFS_AT_OUTPUT_RESPONSE,
	CFS_AT_REGIONS_RESPONSE,
	CFS_AT_IDENTITY_RESPONSE,
	CFS_AT_ROLE_RESPONSE, /* of AssumeRole and AssumeRoleWithWebIdentity */

	CFS_AT_ERRORS,
	CFS_AT_ERROR,
	CFS_AT_RESERVATIONS,
	CFS_AT_RESERVATION,
	CFS_AT_INSTANCES,
	CFS_AT_INSTANCE,
	CFS_AT_STATE,
	CFS_AT_STATE_REASON,
	CFS_AT_PLACEMENT,
	CFS_AT_TAGS,
	CFS_AT_TAG,
	CFS_AT_INTERFACES,
	CFS_AT_INTERFACE,
	CFS_AT_PRIVATE_ADDRESSES,
	CFS_AT_PRIVATE_ITEM,
	CFS_AT_ASSOCIATION,
	CFS_AT_IPV6_ADDRESSES,
	CFS_AT_IPV6_ITEM,
	CFS_AT_METADATA, /* ResponseMetadata of STS */
	CFS_AT_REGIONS,
	CFS_AT_REGION,
	CFS_AT_IDENTITY,
	CFS_AT_ROLE,
	CFS_AT_KEYS,

	/* Leaves: elements whose text matters. From here on cfs_aws_grammar_is_leaf holds. */
	CFS_AT_ERROR_CODE,
	CFS_AT_ERROR_MESSAGE,
	CFS_AT_REQUEST_ID,
	CFS_AT_NEXT_TOKEN,
	CFS_AT_TAG_KEY,
	CFS_AT_TAG_VALUE,
	CFS_AT_MAIN_PRIVATE_ADDRESS,
	CFS_AT_MAIN_PUBLIC_ADDRESS,
	CFS_AT_MAIN_IPV6_ADDRESS,
	CFS_AT_PRIVATE_ADDRESS,
	CFS_AT_PUBLIC_ADDRESS,
	CFS_AT_IPV6_ADDRESS,
	CFS_AT_CONSOLE_INSTANCE_ID,
	CFS_AT_CONSOLE_DATA, /* imageData or output */
	CFS_AT_REGION_NAME,
	CFS_AT_REGION_OPT_IN,
	CFS_AT_ARN,
	CFS_AT_KEYS_ID,
	CFS_AT_KEYS_SECRET,
	CFS_AT_KEYS_TOKEN,
	CFS_AT_KEYS_EXPIRATION,

	/* Single-valued fields of an instance. */
	CFS_AT_INSTANCE_ID,
	CFS_AT_INSTANCE_TYPE,
	CFS_AT_LAUNCH_TIME,
	CFS_AT_ZONE,
	CFS_AT_STATE_CODE,
	CFS_AT_STATE_NAME,
	CFS_AT_ARCHITECTURE,
	CFS_AT_HYPERVISOR,
	CFS_AT_PLATFORM_DETAILS,
	CFS_AT_PRIVATE_DNS_NAME,
	CFS_AT_PUBLIC_DNS_NAME,
	CFS_AT_VPC_ID,
	CFS_AT_SUBNET_ID,
	CFS_AT_IMAGE_ID,
	CFS_AT_KEY_NAME,
	CFS_AT_STATE_REASON_CODE,
	CFS_AT_STATE_REASON_MESSAGE,
	CFS_AT_STATE_TRANSITION_REASON,
	CFS_N_PLACES
};

#define CFS_AT_FIRST_LEAF CFS_AT_ERROR_CODE
#define CFS_AT_FIRST_FIELD CFS_AT_INSTANCE_ID
#define CFS_N_INSTANCE_FIELDS (CFS_N_PLACES - CFS_AT_FIRST_FIELD)

/* The place of the element `name` within the element at `parent`. */
enum cfs_aws_place cfs_aws_grammar_step(enum cfs_aws_place parent, const char *name);

static inline bool cfs_aws_grammar_is_leaf(enum cfs_aws_place place)
{
	return place >= CFS_AT_FIRST_LEAF;
}

static inline bool cfs_aws_grammar_is_field(enum cfs_aws_place place)
{
	return place >= CFS_AT_FIRST_FIELD;
}

#endif
