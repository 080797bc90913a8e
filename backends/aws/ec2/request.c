#include "backends/aws/ec2/request.h"

#include <errno.h>

#include "backends/aws/api/query.h"
#include "backends/aws/ec2/account.h"
#include "backends/aws/ec2/live.h"

/* A dry run tells who may see an instance's console before it looks for the instance. */
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
struct cfs_rate cfs_aws_request_rate(const struct cfs_question *question)
{
	(void)question;
	return (struct cfs_rate){.per_second = 20, .burst = 100};
}

/* An operator who narrows his listing expects no other instance by its id either, so the filters go
 * with both. */
static int add_filters(struct cfs_buf *form, const struct cfs_account *account)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < account->n_filters; i++)
		r = cfs_aws_filters_add(form, i + 1, account->filters[i]);
	return r;
}

static int add_list(struct cfs_buf *form, const struct cfs_account *account, const char *page)
{
	int r = cfs_buf_addf(form, "&MaxResults=%d", CFS_AWS_PAGE_SIZE);

	if (r == 0 && page && *page)
		r = cfs_aws_query_add(form, "NextToken", page);
	return r == 0 ? add_filters(form, account) : r;
}

/* GetConsoleOutput is asked without Latest, although that gives a fresher log on Nitro: on every
 * other type it is an error, and a question does not know the instance's type. */
static int add_body(struct cfs_buf *form, const struct cfs_account *account,
	const struct cfs_question *question)
{
	const char *action = cfs_aws_request_action(question);
	const char *id = question->id ? question->id : MADE_UP_ID;
	int r;

	r = cfs_buf_addf(form, "Action=%s&Version=%s", action,
		question->verb == CFS_WHOAMI ? CFS_AWS_STS_VERSION : CFS_AWS_API_VERSION);
	if (r < 0)
		return r;
	switch (question->verb) {
	case CFS_LIST:
		return add_list(form, account, question->page);
	case CFS_FIND:
		r = cfs_aws_query_add(form, "InstanceId.1", id);
		return r == 0 ? add_filters(form, account) : r;
	case CFS_FETCH:
		r = cfs_aws_query_add(form, "InstanceId", id);
		if (r == 0 && question->live->wakes && question->wake)
			r = cfs_aws_query_add(form, "WakeUp", "true");
		return r;
	case CFS_PROBE:
		r = cfs_aws_query_add(form, "InstanceId", id);
		return r == 0 ? cfs_aws_query_add(form, "DryRun", "true") : r;
	case CFS_REGIONS: /* which by itself leaves out those that are not opted in to */
	case CFS_WHOAMI:
		return 0;
	}
	return -EINVAL;
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
