#include "backends/aws/aws.h"

#include <string.h>

#include "backends/aws/ec2/account.h"
#include "backends/aws/ec2/instances.h"
#include "backends/aws/ec2/reader.h"
#include "backends/aws/ec2/request.h"
#include "backends/aws/keys/providers.h"

/* A screen of EC2 has at most 100 kB and a log 64 KiB: the nominal sizes leave room for more. */
const struct cfs_live cfs_aws_live[CFS_AWS_N_LIVE] = {
	[CFS_AWS_LIVE_SCREENSHOT] =
		{
			.name = "screenshot.jpg",
			.action = "GetConsoleScreenshot",
			.nominal = 1024 * 1024,
			.wakes = true,
			.image = true,
		},
	[CFS_AWS_LIVE_LOG] =
		{
			.name = "console.log",
			.action = "GetConsoleOutput",
			.nominal = 128 * 1024,
		},
};

static const char *const permissions[CFS_AWS_N_LIVE] = {
	[CFS_AWS_LIVE_SCREENSHOT] = "ec2:GetConsoleScreenshot",
	[CFS_AWS_LIVE_LOG] = "ec2:GetConsoleOutput",
};

static const struct cfs_provider *const providers[] = {
	&cfs_aws_provider_environment,
	&cfs_aws_provider_profile,
	&cfs_aws_provider_web_identity,
	&cfs_aws_provider_container,
	&cfs_aws_provider_metadata,
	NULL,
};

static const char *action(const struct cfs_question *question)
{
	switch (question->verb) {
	case CFS_FETCH:
	case CFS_PROBE:
		return question->live->action;
	case CFS_REGIONS:
		return "DescribeRegions";
	case CFS_WHOAMI:
		return "GetCallerIdentity";
	case CFS_LIST:
	case CFS_FIND:
		break;
	}
	return "DescribeInstances";
}

static const char *permission(const struct cfs_question *question)
{
	switch (question->verb) {
	case CFS_FETCH:
	case CFS_PROBE:
		return permissions[question->live - cfs_aws_live];
	case CFS_REGIONS:
		return "ec2:DescribeRegions";
	case CFS_WHOAMI: /* which nobody can be denied */
		return "sts:GetCallerIdentity";
	case CFS_LIST:
	case CFS_FIND:
		break;
	}
	return "ec2:DescribeInstances";
}

/* "Request throttling for the Amazon EC2 API": non-mutating actions. The lower limit of an
 * unpaginated, unfiltered DescribeInstances is not ours: we page, or name the instance. */
static struct cfs_rate rate(const struct cfs_question *question)
{
	(void)question;
	return (struct cfs_rate){.per_second = 20, .burst = 100};
}

static const char *endpoint_check(const char *url)
{
	struct cfs_aws_endpoint endpoint;

	return cfs_aws_endpoint_parse(url, &endpoint);
}

const struct cfs_backend cfs_aws_backend = {
	.name = "aws",
	.live = cfs_aws_live,
	.n_live = CFS_AWS_N_LIVE,
	.own_keys = cfs_aws_account_keys,
	.own_check = cfs_aws_account_check,
	.endpoint_check = endpoint_check,
	.providers = providers,
	.account_create = cfs_aws_account_create,
	.account_destroy = cfs_aws_account_destroy,
	.account_ca_file = cfs_aws_account_ca_file,
	.account_region = cfs_aws_account_region,
	.valid_id = cfs_aws_instances_valid_id,
	.valid_region = cfs_aws_endpoint_valid_region,
	.action = action,
	.permission = permission,
	.rate = rate,
	.statement = "{\"Effect\": \"Allow\", \"Action\": \"%s\", \"Resource\": \"*\"}",
	.request = cfs_aws_request,
	.reader_create = cfs_aws_reader_create,
	.reader_feed = cfs_aws_reader_feed,
	.reader_finish = cfs_aws_reader_finish,
	.reader_destroy = cfs_aws_reader_destroy,
};
