#include "backends/aws/account.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backends/aws/profile.h"

const char *const cfs_aws_account_keys[] = {"filter", NULL};

const char *cfs_aws_account_check(const char *key, const char *value)
{
	return strcmp(key, "filter") == 0 ? cfs_aws_filters_check(value) : "is unknown";
}

/* -EINVAL with a sentence that names the setting or variable. */
static int set_endpoint(
	struct cfs_account *account, const char *from, const char *url, struct cfs_buf *why)
{
	const char *wrong = cfs_aws_endpoint_parse(url, &account->endpoint);
	int r;

	if (!wrong) {
		account->has_endpoint = true;
		return 0;
	}
	/* Not the URL itself: it may hold what was never meant to be shown. */
	r = cfs_buf_addf(why, "%s %s", from, wrong);
	return r < 0 ? r : -EINVAL;
}

static int choose_endpoint(struct cfs_account *account, const struct cfs_settings *settings,
	const struct cfs_env *env, struct cfs_buf *why)
{
	static const char *const variables[] = {"AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL"};
	const char *ignore = cfs_env_get(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");

	if (settings->endpoint)
		return set_endpoint(account, "endpoint", settings->endpoint, why);
	if (ignore && strcasecmp(ignore, "true") == 0)
		return 0;
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *url = cfs_env_get(env, variables[i]);

		if (url)
			return set_endpoint(account, variables[i], url, why);
	}
	return 0;
}

static int choose_ca_file(struct cfs_account *account, const struct cfs_settings *settings,
	const struct cfs_env *env, struct cfs_buf *why)
{
	const char *path =
		settings->ca_file ? settings->ca_file : cfs_env_get(env, "AWS_CA_BUNDLE");
	int r;

	if (!path)
		return 0;
	r = cfs_env_expand(env, path, &account->ca_file);
	if (r != -ENOENT)
		return r;
	r = cfs_buf_addf(why, "%s begins with ~, but HOME is not set",
		settings->ca_file ? "ca_file" : "AWS_CA_BUNDLE");
	return r < 0 ? r : -EINVAL;
}

static int choose_region(struct cfs_account *account, const struct cfs_settings *settings,
	const struct cfs_env *env, struct cfs_buf *why)
{
	struct cfs_aws_profile profile = {0};
	const char *region = cfs_env_get(env, "AWS_REGION");
	int r = 0;

	if (!region)
		region = cfs_env_get(env, "AWS_DEFAULT_REGION");
	if (!region) {
		r = cfs_aws_profile_load(settings->profile, env, &profile, why);
		/* What is wrong with a file but its text is said by whoever needs keys from it. */
		if (r < 0 && r != -ENOMEM && r != -EINVAL) {
			cfs_buf_clear(why);
			r = 0;
		}
		region = cfs_aws_profile_get(&profile, CFS_AWS_PROFILE_REGION);
	}
	if (r == 0) {
		account->region = strdup(region ? region : "");
		if (!account->region)
			r = -ENOMEM;
	}
	cfs_aws_profile_finish(&profile);
	return r;
}

static int take_filters(
	struct cfs_account *account, const struct cfs_settings *settings, struct cfs_buf *why)
{
	size_t total = 0;
	int r;

	for (size_t i = 0; i < settings->n_own; i++) {
		const char *text = settings->own[i].value;
		const char *wrong = cfs_aws_account_check(settings->own[i].key, text);

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
	r = choose_endpoint(account, settings, env, why);
	if (r == 0)
		r = choose_ca_file(account, settings, env, why);
	if (r == 0)
		r = take_filters(account, settings, why);
	if (r == 0)
		r = choose_region(account, settings, env, why);
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
	free(account->ca_file);
	free(account->region);
	free(account);
}

const char *cfs_aws_account_ca_file(const struct cfs_account *account)
{
	return account->ca_file;
}

int cfs_aws_account_region(const struct cfs_account *account, const char **ret_region)
{
	*ret_region = account->region;
	return 0;
}

void cfs_aws_account_endpoint(const struct cfs_account *account, const char *region,
	struct cfs_aws_endpoint *ret_endpoint)
{
	if (account->has_endpoint)
		*ret_endpoint = account->endpoint;
	else
		cfs_aws_endpoint_of_region(region, ret_endpoint);
}
