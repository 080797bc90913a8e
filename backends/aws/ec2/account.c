/* SPDX-License-Identifier: MIT */
#include "backends/aws/ec2/account.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/api/config.h"

const struct cfs_setting cfs_aws_account_settings[] = {
	{
		.key = "filter",
		.words = "list only instances that match NAME=VALUE[,VALUE...]",
		.check = cfs_aws_filters_check,
		.list = true,
	},
	{.key = NULL},
};

static int load_endpoints(struct cfs_account *account, const struct cfs_settings *settings,
	const struct cfs_env *env, struct cfs_buf *why)
{
	struct cfs_aws_config config;
	int r;

	cfs_aws_config_init(&config, settings, env);
	r = cfs_aws_config_load(&config, why);
	/* A file that cannot be read is an error only where credentials are needed from it. */
	if (r < 0 && r != -ENOMEM && r != -EINVAL) {
		cfs_buf_clear(why);
		r = 0;
	}
	if (r == 0)
		r = cfs_aws_endpoints_load(&account->endpoints, &config, why);
	if (r == 0)
		r = cfs_aws_endpoints_check(&account->endpoints, CFS_AWS_EC2, why);
	if (r == 0)
		r = cfs_aws_endpoints_check(&account->endpoints, CFS_AWS_STS, why);
	cfs_aws_config_finish(&config);
	return r;
}

/* What is wrong with a setting, NULL for nothing. `total` is the length of all filters so far. */
static const char *check_setting(
	const struct cfs_account *account, const struct cfs_pair *setting, size_t total)
{
	const char *wrong = strcmp(setting->key, "filter") == 0
		? cfs_aws_filters_check(setting->value)
		: "is unknown";

	if (!wrong && account->n_filters == CFS_AWS_FILTERS_MAX)
		wrong = "is set more than 50 times";
	if (!wrong && total > CFS_AWS_FILTERS_TEXT_MAX)
		wrong = "has more than 32768 bytes in all";
	return wrong;
}

static int take_filters(
	struct cfs_account *account, const struct cfs_settings *settings, struct cfs_buf *why)
{
	size_t total = 0;

	for (size_t i = 0; i < settings->n_own; i++) {
		const struct cfs_pair *setting = &settings->own[i];
		const char *wrong;

		total += strlen(setting->value);
		wrong = check_setting(account, setting, total);
		if (wrong) {
			int r = cfs_buf_addf(why, "%s %s", setting->key, wrong);

			return r < 0 ? r : -EINVAL;
		}
		account->filters[account->n_filters] = strdup(setting->value);
		if (!account->filters[account->n_filters])
			return -ENOMEM;
		account->n_filters++;
	}
	return 0;
}

int cfs_aws_account_create(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_account **ret_account, struct cfs_buf *why)
{
	struct cfs_account *account;
	int r = -ENOMEM;

	account = calloc(1, sizeof(*account));
	if (!account)
		goto out;
	r = load_endpoints(account, settings, env, why);
	if (r == 0)
		r = take_filters(account, settings, why);
	if (r < 0)
		goto out;
	*ret_account = account;
	account = NULL;
out:
	cfs_aws_account_destroy(account);
	return r;
}

void cfs_aws_account_destroy(struct cfs_account *account)
{
	if (!account)
		return;
	for (size_t i = 0; i < account->n_filters; i++)
		free(account->filters[i]);
	cfs_aws_endpoints_finish(&account->endpoints);
	free(account);
}

const char *cfs_aws_account_ca_file(const struct cfs_account *account)
{
	return account->endpoints.ca_file;
}

int cfs_aws_account_region(const struct cfs_account *account, const char **ret_region)
{
	*ret_region = account->endpoints.region;
	return 0;
}

void cfs_aws_account_target(const struct cfs_account *account, const struct cfs_question *question,
	enum cfs_aws_service *ret_service, struct cfs_aws_target *ret_target)
{
	enum cfs_aws_service service = question->verb == CFS_WHOAMI ? CFS_AWS_STS : CFS_AWS_EC2;

	cfs_aws_endpoints_target(&account->endpoints, service, question->region, ret_target);
	*ret_service = service;
}
