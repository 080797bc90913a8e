#include "backends/tencent/tencent.h"

#include <string.h>

#include "backends/tencent/cvm/account.h"
#include "backends/tencent/cvm/answer.h"
#include "backends/tencent/cvm/request.h"
#include "backends/tencent/keys/providers.h"

#define NOMINAL (16 * 1024)

#define ID_PREFIX "ins-"
#define ID_SUFFIX_MIN 6
#define ID_SUFFIX_MAX 16

_Static_assert(CFS_TENCENT_N_LIVE <= CFS_LIVE_MAX, "more live files than a backend may have");

static const struct cfs_live live[CFS_TENCENT_N_LIVE] = {
	[CFS_TENCENT_LIVE_VNC_URL] =
		{
			.name = "vnc_url",
			.action = "DescribeInstanceVncUrl",
			.nominal = NOMINAL,
		},
	[CFS_TENCENT_LIVE_VNC_PAGE] =
		{
			.name = "vnc.html",
			.action = "DescribeInstanceVncUrl",
			.nominal = NOMINAL,
			.page = true,
		},
};

bool cfs_tencent_valid_id(const char *id)
{
	size_t len;

	if (strncmp(id, ID_PREFIX, strlen(ID_PREFIX)) != 0)
		return false;
	id += strlen(ID_PREFIX);
	len = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789");
	return id[len] == '\0' && len >= ID_SUFFIX_MIN && len <= ID_SUFFIX_MAX;
}

static const char *action(const struct cfs_question *question)
{
	return cfs_tencent_request_api(question)->action;
}

static const char *permission(const struct cfs_question *question)
{
	switch (question->verb) {
	case CFS_FETCH:
	case CFS_PROBE:
		return "cvm:DescribeInstanceVncUrl";
	case CFS_REGIONS:
		return "region:DescribeRegions";
	case CFS_WHOAMI:
		return "sts:GetCallerIdentity";
	case CFS_LIST:
	case CFS_FIND:
		break;
	}
	return "cvm:DescribeInstances";
}

/* Requests a second, as the page of each action states them. A bucket that is full lets a burst
 * through on top of them, so the one for links, of which there are few, holds one. */
static struct cfs_rate rate(const struct cfs_question *question)
{
	switch (question->verb) {
	case CFS_FETCH:
	case CFS_PROBE:
		return (struct cfs_rate){.per_second = 10, .burst = 1};
	case CFS_REGIONS:
	case CFS_WHOAMI:
		return (struct cfs_rate){.per_second = 20, .burst = 20};
	case CFS_LIST:
	case CFS_FIND:
		break;
	}
	return (struct cfs_rate){.per_second = 40, .burst = 40};
}

static const char *endpoint_check(const char *url)
{
	char host[CFS_TENCENT_HOST_MAX];
	bool tls;

	return cfs_tencent_url_endpoint(url, &tls, host);
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

const struct cfs_backend cfs_tencent_backend = {
	.name = "tencent",
	.live = live,
	.n_live = CFS_TENCENT_N_LIVE,
	.settings = cfs_tencent_account_settings,
	.endpoint_check = endpoint_check,
	.regions = cfs_tencent_account_regions,
	.demo = &demo,
	.providers = cfs_tencent_providers,
	.account_create = cfs_tencent_account_create,
	.account_destroy = cfs_tencent_account_destroy,
	.account_ca_file = cfs_tencent_account_ca_file,
	.account_region = cfs_tencent_account_region,
	.valid_id = cfs_tencent_valid_id,
	.valid_region = cfs_tencent_account_valid_region,
	.action = action,
	.permission = permission,
	.rate = rate,
	.statement = "{\"effect\": \"allow\", \"action\": [\"%s\"], \"resource\": [\"*\"]}",
	.request = cfs_tencent_request,
	.reader_create = cfs_tencent_answer_create,
	.reader_feed = cfs_tencent_answer_feed,
	.reader_finish = cfs_tencent_answer_finish,
	.reader_destroy = cfs_tencent_answer_destroy,
};
