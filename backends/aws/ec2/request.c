/* SPDX-License-Identifier: MIT */
#include "backends/aws/ec2/request.h"

#include "backends/aws/api/query.h"
#include "backends/aws/ec2/account.h"
#include "backends/aws/ec2/live.h"

/* For a dry run without an instance: EC2 checks permissions before it looks for the instance. */
#define MADE_UP_ID "i-0123456789abcdef0"

static const char *const permissions[CFS_AWS_N_LIVE] = {
	[CFS_AWS_LIVE_SCREENSHOT] = "ec2:GetConsoleScreenshot",
	[CFS_AWS_LIVE_LOG] = "ec2:GetConsoleOutput",
};

const char *cfs_aws_request_action(const struct cfs_question *question)
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

const char *cfs_aws_request_permission(const struct cfs_question *question)
{
	switch (question->verb) {
	case CFS_FETCH:
	case CFS_PROBE:
		return permissions[question->live - cfs_aws_live];
	case CFS_REGIONS:
		return "ec2:DescribeRegions";
	case CFS_WHOAMI: /* allowed for everyone */
		return "sts:GetCallerIdentity";
	case CFS_LIST:
	case CFS_FIND:
		break;
	}
	return "ec2:DescribeInstances";
}

/* Source: "Request throttling for the Amazon EC2 API", non-mutating actions. DescribeInstances has a
 * lower limit without pages and filters, but a listing has pages and a FIND names its instance. */
struct cfs_rate cfs_aws_request_rate(const struct cfs_question *question)
{
	(void)question;
	return (struct cfs_rate){.per_second = 20, .burst = 100};
}

/* Filters also apply to FIND: an instance that the listing leaves out cannot be found by its ID. */
static void add_filters(struct cfs_buf *form, const struct cfs_account *account)
{
	for (size_t i = 0; i < account->n_filters; i++)
		cfs_aws_filters_add(form, i + 1, account->filters[i]);
}

/* GetConsoleOutput is asked without Latest. It would give a fresher log of instances on Nitro, but is
 * an error for all others, and the question does not tell the instance's type. */
static int add_body(struct cfs_buf *form, const struct cfs_account *account,
	const struct cfs_question *question)
{
	const char *id = question->id ? question->id : MADE_UP_ID;

	cfs_buf_addf(form, "Action=%s&Version=%s", cfs_aws_request_action(question),
		question->verb == CFS_WHOAMI ? CFS_AWS_STS_VERSION : CFS_AWS_API_VERSION);
	switch (question->verb) {
	case CFS_LIST:
		cfs_buf_addf(form, "&MaxResults=%d", CFS_AWS_LIST_SIZE);
		if (question->token && *question->token)
			cfs_aws_query_add(form, "NextToken", question->token);
		add_filters(form, account);
		break;
	case CFS_FIND:
		cfs_aws_query_add(form, "InstanceId.1", id);
		add_filters(form, account);
		break;
	case CFS_FETCH:
		cfs_aws_query_add(form, "InstanceId", id);
		if (question->live->wakes && question->wake)
			cfs_aws_query_add(form, "WakeUp", "true");
		break;
	case CFS_PROBE:
		cfs_aws_query_add(form, "InstanceId", id);
		cfs_aws_query_add(form, "DryRun", "true");
		break;
	case CFS_REGIONS: /* by default without the regions that need opting in */
	case CFS_WHOAMI:
		break;
	}
	return cfs_buf_error(form);
}

int cfs_aws_request(const struct cfs_account *account, const struct cfs_question *question,
	const struct cfs_keys *keys, int64_t now, struct cfs_http_request *ret_request)
{
	struct cfs_http_request request;
	enum cfs_aws_service service;
	struct cfs_aws_target target;
	int r;

	cfs_http_request_init(&request, "POST");
	cfs_aws_account_target(account, question, &service, &target);
	r = add_body(&request.body, account, question);
	if (r == 0)
		r = cfs_aws_query_finish(&request, &target, service, keys, now);
	if (r < 0) {
		cfs_http_request_finish(&request);
		return r;
	}
	*ret_request = request;
	return 0;
}
