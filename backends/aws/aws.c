#include "backends/aws/aws.h"

#include "backends/aws/ec2/account.h"
#include "backends/aws/ec2/instances.h"
#include "backends/aws/ec2/live.h"
#include "backends/aws/ec2/reader.h"
#include "backends/aws/ec2/request.h"
#include "backends/aws/keys/providers.h"

static const struct cfs_provider *const providers[] = {
	&cfs_aws_provider_environment,
	&cfs_aws_provider_profile,
	&cfs_aws_provider_web_identity,
	&cfs_aws_provider_container,
	&cfs_aws_provider_metadata,
	NULL,
};

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
