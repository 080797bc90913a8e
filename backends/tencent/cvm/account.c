/* SPDX-License-Identifier: MIT */
#include "backends/tencent/cvm/account.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct cfs_setting cfs_tencent_account_settings[] = {
	{
		.key = "vnc_page",
		.words = "URL that a VNC link is appended to",
		.check = cfs_tencent_url_page,
		.demo = "{url}/vnc?InstanceVncUrl=",
	},
	{
		.key = "filter",
		.words = "list only instances that match NAME=VALUE[,VALUE...]",
		.check = cfs_tencent_filters_check,
		.list = true,
	},
	{.key = NULL},
};

/* Source: https://cloud.tencent.com/document/api/213/15692 */
const char *const cfs_tencent_account_regions[] = {"ap-bangkok", "ap-beijing", "ap-beijing-fsi",
	"ap-chengdu", "ap-chongqing", "ap-guangzhou", "ap-hongkong", "ap-jakarta", "ap-nanjing",
	"ap-seoul", "ap-shanghai", "ap-shanghai-fsi", "ap-shenzhen-fsi", "ap-singapore", "ap-tokyo",
	"eu-frankfurt", "na-ashburn", "na-siliconvalley", "sa-saopaulo", NULL};

/* What is wrong with a setting, NULL if nothing is. */
static const char *check(const struct cfs_pair *own)
{
	const struct cfs_setting *setting = cfs_tencent_account_settings;

	while (setting->key && strcmp(setting->key, own->key) != 0)
		setting++;
	return setting->key ? setting->check(own->value) : "is not a setting of this backend";
}

/* Why goes to a log: the outcome is told by the return value, whether or not it has room. */
static int refuse(struct cfs_buf *why, const char *setting, const char *reason)
{
	int r = cfs_buf_addf(why, "%s %s", setting, reason);

	return r == -ENOMEM ? r : -EINVAL;
}

static int replace(char **place, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*place);
	*place = copy;
	return 0;
}

static int apply_own(struct cfs_account *account, const struct cfs_pair *own, struct cfs_buf *why)
{
	const char *wrong = check(own);

	if (wrong)
		return refuse(why, own->key, wrong);
	if (strcmp(own->key, "vnc_page") == 0)
		return replace(&account->vnc_page, own->value);
	if (account->n_filters == CFS_TENCENT_FILTERS_OWN_MAX)
		return refuse(why, own->key,
			"is one too many: the API takes 10, and one is needed to find an instance "
			"by its id");
	return replace(&account->filters[account->n_filters++], own->value);
}

int cfs_tencent_account_create(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_account **ret_account, struct cfs_buf *why)
{
	struct cfs_account *account;
	int r;

	account = calloc(1, sizeof(*account));
	if (!account)
		return -ENOMEM;
	r = replace(&account->vnc_page, CFS_TENCENT_VNC_PAGE);
	if (r == 0 && settings->ca_file)
		r = replace(&account->ca_file, settings->ca_file);
	if (r == 0)
		r = cfs_tencent_endpoint_load(
			settings, env, &account->endpoints, &account->region, why);
	for (size_t i = 0; r == 0 && i < settings->n_own; i++)
		r = apply_own(account, &settings->own[i], why);
	if (r < 0) {
		cfs_tencent_account_destroy(account);
		return r;
	}
	*ret_account = account;
	return 0;
}

void cfs_tencent_account_destroy(struct cfs_account *account)
{
	if (!account)
		return;
	for (size_t i = 0; i < account->n_filters; i++)
		free(account->filters[i]);
	free(account->vnc_page);
	free(account->region);
	free(account->ca_file);
	free(account);
}

const char *cfs_tencent_account_ca_file(const struct cfs_account *account)
{
	return account->ca_file;
}

int cfs_tencent_account_region(const struct cfs_account *account, const char **ret_region)
{
	*ret_region = account->region;
	return 0;
}
