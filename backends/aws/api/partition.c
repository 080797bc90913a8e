/* SPDX-License-Identifier: MIT */
#include "backends/aws/api/partition.h"

#include <stddef.h>
#include <string.h>

#define N_PARTITIONS (sizeof(partitions) / sizeof(partitions[0]))

static const struct cfs_aws_partition partitions[] = {
	{.name = "aws",
		.prefix = "",
		.suffix = "amazonaws.com",
		.dual_suffix = "api.aws",
		.console = "aws.amazon.com",
		.region = "us-east-1"},
	{.name = "aws-cn",
		.prefix = "cn-",
		.suffix = "amazonaws.com.cn",
		.dual_suffix = "api.amazonwebservices.com.cn",
		.console = "amazonaws.cn",
		.region = "cn-northwest-1"},
	{.name = "aws-us-gov",
		.prefix = "us-gov-",
		.suffix = "amazonaws.com",
		.dual_suffix = "api.aws",
		.console = "amazonaws-us-gov.com",
		.region = "us-gov-west-1",
		.plain_fips = true},
	{.name = "aws-iso",
		.prefix = "us-iso-",
		.suffix = "c2s.ic.gov",
		.dual_suffix = "api.aws.ic.gov",
		.console = "c2shome.ic.gov",
		.region = "us-iso-east-1"},
	{.name = "aws-iso-b",
		.prefix = "us-isob-",
		.suffix = "sc2s.sgov.gov",
		.dual_suffix = "api.aws.scloud",
		.console = "sc2shome.sgov.gov",
		.region = "us-isob-east-1"},
	{.name = "aws-iso-e",
		.prefix = "eu-isoe-",
		.suffix = "cloud.adc-e.uk",
		.dual_suffix = "api.cloud-aws.adc-e.uk",
		.console = "csphome.adc-e.uk",
		.region = "eu-isoe-west-1"},
	{.name = "aws-iso-f",
		.prefix = "us-isof-",
		.suffix = "csp.hci.ic.gov",
		.dual_suffix = "api.aws.hci.ic.gov",
		.console = "csphome.hci.ic.gov",
		.region = "us-isof-south-1"},
	{.name = "aws-eusc",
		.prefix = "eusc-",
		.suffix = "amazonaws.eu",
		.dual_suffix = "api.amazonwebservices.eu",
		.console = "amazonaws-eusc.eu",
		.region = "eusc-de-east-1"},
};

const char *const cfs_aws_partition_regions[] = {"us-east-1", "us-east-2", "us-west-1", "us-west-2",
	"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2",
	"ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2",
	"ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
	"ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1", "eu-central-1", "eu-central-2",
	"eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3",
	"il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-gov-east-1",
	"us-gov-west-1", NULL};

const struct cfs_aws_partition *cfs_aws_partition_of_region(const char *region)
{
	for (size_t i = 1; i < N_PARTITIONS; i++) {
		if (strncmp(region, partitions[i].prefix, strlen(partitions[i].prefix)) == 0)
			return &partitions[i];
	}
	return &partitions[0];
}

const struct cfs_aws_partition *cfs_aws_partition_of_arn(const char *arn)
{
	size_t len;

	if (strncmp(arn, "arn:", 4) != 0)
		return NULL;
	arn += 4;
	len = strcspn(arn, ":");
	for (size_t i = 0; i < N_PARTITIONS; i++) {
		if (strlen(partitions[i].name) == len && memcmp(partitions[i].name, arn, len) == 0)
			return &partitions[i];
	}
	return NULL;
}
