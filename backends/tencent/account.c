#include "backends/tencent/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/text.h"

#define DOMAIN "tencentcloudapi.com"
#define FINANCE "-fsi"

const char *const cfs_tencent_account_keys[] = {"vnc_page", "filter", NULL};

const char *cfs_tencent_account_check(const char *key, const char *value)
{
	if (strcmp(key, "vnc_page") == 0)
		return cfs_tencent_url_page(value);
	if (strcmp(key, "filter") == 0)
		return cfs_tencent_filters_check(value);
	return "not a setting of this backend";
}

/* Why goes to a log: the outcome is told by the return value, whether or not it has room. */
static int refuse(struct cfs_buf *why, const char *setting, const char *reason)
{
	int r = cfs_buf_addf(why, "%s: %s", setting, reason);

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
	const char *wrong = cfs_tencent_account_check(own->key, own->value);

	if (wrong)
		return refuse(why, own->key, wrong);
	if (strcmp(own->key, "vnc_page") == 0)
		return replace(&account->vnc_page, own->value);
	if (account->n_filters == CFS_TENCENT_FILTERS_OWN_MAX)
		return refuse(why, own->key,
			"at most 9 filters: the API takes 10, and one is needed to find an "
			"instance by its id");
	return replace(&account->filters[account->n_filters++], own->value);
}

int cfs_tencent_account_create(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_account **ret_account, struct cfs_buf *why)
{
	const char *region = cfs_env_get(env, "TENCENTCLOUD_REGION");
	struct cfs_account *account;
	int r;

	account = calloc(1, sizeof(*account));
	if (!account)
		return -ENOMEM;
	r = replace(&account->region, region ? region : "");
	if (r == 0)
		r = replace(&account->vnc_page, CFS_TENCENT_VNC_PAGE);
	if (r == 0 && settings->ca_file)
		r = replace(&account->ca_file, settings->ca_file);
	if (r == 0 && settings->endpoint) {
		const char *wrong =
			cfs_tencent_url_endpoint(settings->endpoint, &account->tls, account->host);

		if (wrong)
			r = refuse(why, "endpoint", wrong);
	}
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

/* "ap-guangzhou", "na-siliconvalley", "ap-shanghai-fsi": an area, and a place in it. */
bool cfs_tencent_account_valid_region(const char *region)
{
	size_t len = strlen(region);

	if (!cfs_text_is_token(region, len, CFS_REGION_MAX, "-"))
		return false;
	for (size_t i = 0; i < len; i++) {
		bool hyphen = region[i] == '-';

		if (region[i] >= 'A' && region[i] <= 'Z')
			return false;
		if (hyphen && (i == 0 || i + 1 == len || region[i + 1] == '-'))
			return false;
	}
	return strchr(region, '-') != NULL;
}

static bool is_finance(const char *region)
{
	size_t len = strlen(region);

	return len > strlen(FINANCE) && strcmp(region + len - strlen(FINANCE), FINANCE) == 0;
}

void cfs_tencent_account_host(const struct cfs_account *account, const char *region, bool *ret_tls,
	char ret_host[static CFS_TENCENT_HOST_MAX])
{
	*ret_tls = true;
	if (account->host[0]) {
		*ret_tls = account->tls;
		memcpy(ret_host, account->host, sizeof(account->host));
	} else if (is_finance(region)) {
		snprintf(
			ret_host, CFS_TENCENT_HOST_MAX, "cvm.%.*s." DOMAIN, CFS_REGION_MAX, region);
	} else {
		snprintf(ret_host, CFS_TENCENT_HOST_MAX, "cvm." DOMAIN);
	}
}
