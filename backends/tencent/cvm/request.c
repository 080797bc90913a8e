/* SPDX-License-Identifier: MIT */
#include "backends/tencent/cvm/request.h"

#include <errno.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "backends/tencent/api/api.h"
#include "backends/tencent/cvm/account.h"

#define OFFSET_DIGITS_MAX 9

static const struct cfs_tencent_api describe_instances = {"cvm", "2017-03-12", "DescribeInstances"},
				    describe_vnc_url = {"cvm", "2017-03-12",
					    "DescribeInstanceVncUrl"},
				    describe_regions = {"region", "2022-06-27", "DescribeRegions"},
				    get_caller_identity = {
					    "sts", "2018-08-13", "GetCallerIdentity"};

static const struct cfs_tencent_api *find_api(const struct cfs_question *question)
{
	switch (question->verb) {
	case CFS_FETCH:
	case CFS_PROBE:
		return &describe_vnc_url;
	case CFS_REGIONS:
		return &describe_regions;
	case CFS_WHOAMI:
		return &get_caller_identity;
	case CFS_LIST:
	case CFS_FIND:
		break;
	}
	return &describe_instances;
}

const char *cfs_tencent_request_action(const struct cfs_question *question)
{
	return find_api(question)->action;
}

const char *cfs_tencent_request_permission(const struct cfs_question *question)
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
struct cfs_rate cfs_tencent_request_rate(const struct cfs_question *question)
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

int cfs_tencent_request_offset(const char *token, int64_t *ret_offset)
{
	size_t len = strlen(token);
	int64_t offset = 0;

	if (len > OFFSET_DIGITS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (token[i] < '0' || token[i] > '9')
			return -EINVAL;
		offset = offset * 10 + (token[i] - '0');
	}
	*ret_offset = offset;
	return 0;
}

static int add_filters(
	cJSON *body, const struct cfs_account *account, const struct cfs_question *question)
{
	cJSON *filters = cJSON_AddArrayToObject(body, "Filters");
	bool find = question->verb == CFS_FIND;
	int r = filters ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < account->n_filters; i++) {
		r = cfs_tencent_filters_add(filters, account->filters[i]);
		/* It is not documented what two filters of the same name mean. If ids are
		 * configured, the reader picks the instance that is looked for from the answer. */
		if (cfs_tencent_filters_by_id(account->filters[i]))
			find = false;
	}
	if (r == 0 && find)
		r = cfs_tencent_filters_add_one(filters, "instance-id", question->id);
	return r;
}

static int add_list(
	cJSON *body, const struct cfs_account *account, const struct cfs_question *question)
{
	int64_t offset;
	int r;

	r = cfs_tencent_request_offset(question->token, &offset);
	if (r < 0)
		return r;
	if (!cJSON_AddNumberToObject(body, "Offset", (double)offset) ||
		!cJSON_AddNumberToObject(body, "Limit", CFS_TENCENT_LIST_SIZE))
		return -ENOMEM;
	return account->n_filters ? add_filters(body, account, question) : 0;
}

static int add_find(
	cJSON *body, const struct cfs_account *account, const struct cfs_question *question)
{
	cJSON *ids;

	/* InstanceIds and Filters exclude each other. */
	if (account->n_filters)
		return add_filters(body, account, question);
	ids = cJSON_CreateStringArray(&question->id, 1);
	if (!ids)
		return -ENOMEM;
	if (!cJSON_AddItemToObject(body, "InstanceIds", ids)) {
		cJSON_Delete(ids);
		return -ENOMEM;
	}
	return 0;
}

static int add_parameters(
	cJSON *body, const struct cfs_account *account, const struct cfs_question *question)
{
	switch (question->verb) {
	case CFS_LIST:
		return add_list(body, account, question);
	case CFS_FIND:
		return add_find(body, account, question);
	case CFS_FETCH:
	case CFS_PROBE:
		return cJSON_AddStringToObject(body, "InstanceId", question->id) ? 0 : -ENOMEM;
	case CFS_REGIONS:
		return cJSON_AddStringToObject(body, "Product", "cvm") ? 0 : -ENOMEM;
	case CFS_WHOAMI:
		return 0;
	}
	return -EINVAL;
}

static int make_body(
	const struct cfs_account *account, const struct cfs_question *question, cJSON **ret_body)
{
	struct cfs_question asked = *question;
	cJSON *body = cJSON_CreateObject();
	int r;

	if (!asked.id)
		asked.id = CFS_TENCENT_MADE_UP_ID;
	r = body ? add_parameters(body, account, &asked) : -ENOMEM;

	if (r < 0)
		cJSON_Delete(body);
	else
		*ret_body = body;
	return r;
}

/* STS requires a region, and answers the same in all those where it is offered. */
static const char *region_of(const struct cfs_account *account, const struct cfs_question *question)
{
	if (question->region[0] || question->verb != CFS_WHOAMI)
		return question->region;
	return cfs_tencent_endpoint_sts_region(account->region);
}

int cfs_tencent_request(const struct cfs_account *account, const struct cfs_question *question,
	const struct cfs_keys *keys, int64_t now, struct cfs_http_request *ret_request)
{
	const struct cfs_tencent_api *api = find_api(question);
	const char *region = region_of(account, question);
	struct cfs_tencent_endpoint endpoint;
	cJSON *body = NULL;
	int r;

	r = make_body(account, question, &body);
	if (r < 0)
		return r;
	cfs_tencent_endpoint_find(&account->endpoints, api->service, region, &endpoint);
	r = cfs_tencent_api_request(api, &endpoint, region, body, keys, now, ret_request);
	cJSON_Delete(body);
	return r;
}
