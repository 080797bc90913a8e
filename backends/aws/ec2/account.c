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
	/* What is wrong with a file but its text is said by whoever needs keys from it. */
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

static int take_filters(
	struct cfs_account *account, const struct cfs_settings *settings, struct cfs_buf *why)
{
	size_t total = 0;
	int r;

	for (size_t i = 0; i < settings->n_own; i++) {
		const char *text = settings->own[i].value;
		const char *wrong = strcmp(settings->own[i].key, "filter") == 0
			? cfs_aws_filters_check(text)
			: "is unknown";

		total += strlen(text);
		if (!wrong &&
			(account->n_filters == CFS_AWS_FILTERS_MAX ||
				total > CFS_AWS_FILTERS_TEXT_MAX))
			wrong = "is one too many";
		if (wrong) {
			r = cfs_buf_addf(why, "%s %s", settings->own[i].key, wrong);
			return r < 0 ? r : -EINVAL;
		}
		account->filters[account->n_filters] = strdup(text);
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
