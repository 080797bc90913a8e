/* SPDX-License-Identifier: MIT */
#include "backends/tencent/tencent.h"

#include "backends/tencent/cvm/account.h"
#include "backends/tencent/cvm/answer.h"
#include "backends/tencent/cvm/instances.h"
#include "backends/tencent/cvm/live.h"
#include "backends/tencent/cvm/request.h"
#include "backends/tencent/keys/providers.h"

static const char *endpoint_check(const char *url, bool insecure_http)
{
	char host[CFS_HTTP_HOST_MAX];
	bool tls;

	return cfs_tencent_url_endpoint(url, insecure_http, &tls, host);
}

static const struct cfs_pair demo_variables[] = {
	{"TENCENTCLOUD_SECRET_ID", "CONSOLEFSSIM"},
	{"TENCENTCLOUD_SECRET_KEY", "consolefs-sim-secret"},
	{NULL, NULL},
};

static const char *const demo_commands[] = {"cat $(find {dir} -name vnc_url)", NULL};

static const struct cfs_demo_facts demo = {
	.regions = "ap-guangzhou,ap-singapore",
	.variables = demo_variables,
	.commands = demo_commands,
};

static const struct cfs_first_steps first_steps = {
	.keys = "run `tccli configure`, or set TENCENTCLOUD_SECRET_ID and "
		"TENCENTCLOUD_SECRET_KEY",
	.region_variable = "TENCENTCLOUD_REGION",
	.region = "ap-guangzhou",
};

const struct cfs_backend cfs_tencent_backend = {
	.name = "tencent",
	.live = cfs_tencent_live,
	.n_live = CFS_TENCENT_N_LIVE,
	.settings = cfs_tencent_account_settings,
	.first_steps = &first_steps,
	.endpoint_check = endpoint_check,
	.regions = cfs_tencent_account_regions,
	.demo = &demo,
	.providers = cfs_tencent_providers,
	.account_create = cfs_tencent_account_create,
	.account_destroy = cfs_tencent_account_destroy,
	.account_ca_file = cfs_tencent_account_ca_file,
	.account_region = cfs_tencent_account_region,
	.valid_id = cfs_tencent_instances_valid_id,
	.valid_region = cfs_tencent_endpoint_valid_region,
	.action = cfs_tencent_request_action,
	.permission = cfs_tencent_request_permission,
	.rate = cfs_tencent_request_rate,
	.statement = "{\"effect\": \"allow\", \"action\": [\"%s\"], \"resource\": [\"*\"]}",
	.request = cfs_tencent_request,
	.reader_create = cfs_tencent_answer_create,
	.reader_feed = cfs_tencent_answer_feed,
	.reader_finish = cfs_tencent_answer_finish,
	.reader_destroy = cfs_tencent_answer_destroy,
};
