/* SPDX-License-Identifier: MIT */
#include "backends/aws/aws.h"

#include "backends/aws/api/partition.h"
#include "backends/aws/ec2/account.h"
#include "backends/aws/ec2/instances.h"
#include "backends/aws/ec2/live.h"
#include "backends/aws/ec2/reader.h"
#include "backends/aws/ec2/request.h"
#include "backends/aws/keys/providers.h"

static const char *endpoint_check(const char *url, bool insecure_http)
{
	struct cfs_aws_endpoint endpoint;

	return cfs_aws_endpoint_parse(url, insecure_http, &endpoint);
}

static const struct cfs_pair demo_variables[] = {
	{"AWS_ACCESS_KEY_ID", "CONSOLEFSSIM"},
	{"AWS_SECRET_ACCESS_KEY", "consolefs-sim-secret"},
	/* The simulator is every service that may be asked. */
	{"AWS_ENDPOINT_URL", "{url}"},
	{NULL, NULL},
};

/* By find, which sees what is shown: a shell's glob finds the screenshot of a stopped instance too.
 */
static const char *const demo_commands[] = {
	"cat {dir}/status",
	"xdg-open \"$(find {dir} -name screenshot.jpg | head -n 1)\"",
	"echo > \"$(find {dir} -name wake | head -n 1)\"",
	"rsync -a --chmod=u+w {dir}/ ~/screens/",
	NULL,
};

static const struct cfs_demo_facts demo = {
	.regions = "us-east-1,eu-west-1",
	.variables = demo_variables,
	.commands = demo_commands,
	.client = "the AWS CLI",
	.client_command = "AWS_ACCESS_KEY_ID=CONSOLEFSSIM "
			  "AWS_SECRET_ACCESS_KEY=consolefs-sim-secret \\\n"
			  "AWS_CA_BUNDLE={ca_file} AWS_REGION=us-east-1 \\\n"
			  "aws --endpoint-url {url} ec2 describe-instances",
};

static const struct cfs_first_steps first_steps = {
	.keys = "run `aws configure`, or set AWS_PROFILE to a profile that you have",
	.region_variable = "AWS_REGION",
	.region = "us-east-1",
};

const struct cfs_backend cfs_aws_backend = {
	.name = "aws",
	.live = cfs_aws_live,
	.n_live = CFS_AWS_N_LIVE,
	.settings = cfs_aws_account_settings,
	.first_steps = &first_steps,
	.endpoint_check = endpoint_check,
	.regions = cfs_aws_partition_regions,
	.demo = &demo,
	.providers = cfs_aws_providers,
	.account_create = cfs_aws_account_create,
	.account_destroy = cfs_aws_account_destroy,
	.account_ca_file = cfs_aws_account_ca_file,
	.account_region = cfs_aws_account_region,
	.valid_id = cfs_aws_instances_valid_id,
	.valid_region = cfs_aws_endpoint_valid_region,
	.action = cfs_aws_request_action,
	.permission = cfs_aws_request_permission,
	.rate = cfs_aws_request_rate,
	.statement = "{\"Effect\": \"Allow\", \"Action\": \"%s\", \"Resource\": \"*\"}",
	.request = cfs_aws_request,
	.reader_create = cfs_aws_reader_create,
	.reader_feed = cfs_aws_reader_feed,
	.reader_finish = cfs_aws_reader_finish,
	.reader_destroy = cfs_aws_reader_destroy,
};
