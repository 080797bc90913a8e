#include "fs/cloud/clouds.h"

#include <errno.h>
#include <string.h>

#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/base/wait.h"
#include "fs/client/credentials.h"

#define REASON_MAX 4096 /* bytes of why a cloud cannot be */

/* The set that is to be: clouds of the old one, and fresh ones. */
struct plan {
	struct {
		struct cfs_cloud *cloud;
		bool fresh;
	} clouds[CFS_CLOUDS_MAX];
	size_t n;
};

/* Searches for credentials that are waited for. */
struct settling {
	struct cfs_loop *loop;
	struct cfs_wait waits[CFS_CLOUDS_MAX];
	struct cfs_timer limit;
	size_t pending;
};

static void time_is_up(void *arg)
{
	struct settling *settling = arg;

	cfs_loop_stop(settling->loop);
}

static void searched(void *arg, int result)
{
	struct settling *settling = arg;

	(void)result;
	if (--settling->pending == 0)
		cfs_loop_stop(settling->loop);
}

/* Runs the loop until each cloud has credentials, or has none, or time is up. */
static int settle(struct plan *plan, struct cfs_loop *loop)
{
	struct settling settling = {.loop = loop};
	const struct cfs_keys *keys;
	struct cfs_error error;
	size_t i;
	int r = 0;

	for (i = 0; i < plan->n; i++)
		settling.pending +=
			cfs_credentials_get(plan->clouds[i].cloud->client->credentials,
				&settling.waits[i], searched, &settling, &keys, &error) == 0;
	if (settling.pending > 0) {
		cfs_timer_init(&settling.limit, time_is_up, &settling);
		cfs_timer_start(loop, &settling.limit, CFS_CLOUDS_SETTLE_MS);
		r = cfs_loop_run(loop);
		cfs_timer_stop(&settling.limit);
	}
	for (i = 0; i < plan->n; i++)
		cfs_wait_leave(&settling.waits[i]);
	return r;
}

static void ignore(void *arg, int result)
{
	(void)arg, (void)result;
}

/* Whether the cloud has credentials, as far as is known: a search that goes on may find some. */
static bool has_keys(struct cfs_cloud *cloud, struct cfs_error *ret_error)
{
	struct cfs_wait wait = {0};
	const struct cfs_keys *keys;
	int r;

	r = cfs_credentials_get(cloud->client->credentials, &wait, ignore, NULL, &keys, ret_error);
	cfs_wait_leave(&wait);
	return r >= 0;
}

static bool has_regions(const struct cfs_cloud *cloud)
{
	return cloud->client->n_regions > 0 || cloud->config->all_regions;
}

/* Whether a cloud has all it needs. */
static bool any_complete(const struct plan *plan)
{
	struct cfs_error error;
	size_t i;

	for (i = 0; i < plan->n; i++)
		if (has_regions(plan->clouds[i].cloud) && has_keys(plan->clouds[i].cloud, &error))
			return true;
	return false;
}

static struct cfs_cloud *find_same(
	const struct cfs_clouds *clouds, const struct cfs_cloud_config *config)
{
	struct cfs_cloud *cloud;

	for (cloud = clouds->first; cloud; cloud = cloud->next)
		if (cfs_cloud_config_equal(cloud->config, config))
			return cloud;
	return NULL;
}

/* Takes the first configured cloud into the plan. */
static int plan_next(const struct cfs_clouds *clouds, struct cfs_config *config, struct plan *plan,
	struct cfs_buf *why)
{
	struct cfs_cloud_config *one = config->clouds;
	struct cfs_cloud *cloud = find_same(clouds, one);
	struct cfs_buf reason = CFS_BUF_INIT(REASON_MAX);
	bool fresh = !cloud;
	int r;

	if (fresh) {
		r = cfs_cloud_create(clouds->runtime, one, &cloud, &reason);
		if (r < 0)
			cfs_buf_addf(why, "[%s]: %s", one->name,
				reason.len ? cfs_buf_text(&reason) : strerror(-r));
		cfs_buf_finish(&reason);
		if (r < 0)
			return r;
	}
	config->clouds = one->next;
	cloud->owns_config = true;
	if (!fresh)
		cfs_cloud_config_destroy(one);
	plan->clouds[plan->n].cloud = cloud;
	plan->clouds[plan->n].fresh = fresh;
	plan->n++;
	return 0;
}

static void drop(struct plan *plan, size_t i)
{
	if (plan->clouds[i].fresh)
		cfs_cloud_destroy(plan->clouds[i].cloud);
	plan->n--;
	memmove(&plan->clouds[i], &plan->clouds[i + 1], (plan->n - i) * sizeof(plan->clouds[0]));
}

/*
 * Whether a cloud that nobody configured is left out: it has no credentials while another has, or
 * it has no region. Keys that are there but wrong are worth a directory, whose `status` says so.
 */
static bool is_left_out(struct cfs_cloud *cloud, bool any_keys)
{
	struct cfs_error error;

	if (!has_keys(cloud, &error))
		return any_keys && cfs_credentials_absent(cloud->client->credentials);
	return !has_regions(cloud);
}

static int sift(struct plan *plan, bool from_file, struct cfs_buf *why)
{
	struct cfs_cloud *cloud, *regionless = NULL;
	struct cfs_error error;
	bool any_keys = false;
	size_t i;

	for (i = 0; i < plan->n; i++) {
		any_keys = any_keys || has_keys(plan->clouds[i].cloud, &error);
		if (!has_regions(plan->clouds[i].cloud) && has_keys(plan->clouds[i].cloud, &error))
			regionless = plan->clouds[i].cloud;
	}
	/* One without a region is no error beside another that works, unless it was asked for. */
	if (regionless && (from_file || !any_complete(plan))) {
		cfs_buf_addf(why,
			"[%s]: no region: set `regions`, or the environment variable that the "
			"cloud's own tools read",
			regionless->config->name);
		return -EINVAL;
	}
	for (i = 0; i < plan->n;) {
		cloud = plan->clouds[i].cloud;
		if (!from_file && is_left_out(cloud, any_keys)) {
			if (cloud == regionless)
				cfs_log(CFS_LOG_WARNING, "[%s]: left out, as it has no region",
					cloud->config->name);
			drop(plan, i);
			continue;
		}
		if (!has_keys(cloud, &error))
			cfs_log(CFS_LOG_WARNING, "[%s]: %s", cloud->config->name, error.message);
		i++;
	}
	return 0;
}

static bool is_planned(const struct plan *plan, const struct cfs_cloud *cloud)
{
	size_t i;

	for (i = 0; i < plan->n; i++)
		if (plan->clouds[i].cloud == cloud)
			return true;
	return false;
}

static void carry_out(struct cfs_clouds *clouds, const struct plan *plan)
{
	struct cfs_cloud *cloud, **at = &clouds->first;
	size_t i;

	while ((cloud = *at)) {
		if (is_planned(plan, cloud)) {
			at = &cloud->next;
			continue;
		}
		*at = cloud->next;
		cfs_cloud_retire(cloud);
	}
	at = &clouds->first;
	for (i = 0; i < plan->n; i++) {
		*at = plan->clouds[i].cloud;
		at = &(*at)->next;
	}
	*at = NULL;
}

int cfs_clouds_configure(struct cfs_clouds *clouds, struct cfs_config *config, struct cfs_buf *why)
{
	struct plan plan = {.n = 0};
	int r = 0;

	while (config->clouds && r == 0)
		r = plan_next(clouds, config, &plan, why);
	if (r == 0 && !clouds->configured)
		r = settle(&plan, clouds->runtime->loop);
	if (r == 0)
		r = sift(&plan, config->from_file, why);
	if (r < 0) {
		while (plan.n > 0)
			drop(&plan, plan.n - 1);
		return r;
	}
	carry_out(clouds, &plan);
	clouds->configured = true;
	return 0;
}

void cfs_clouds_finish(struct cfs_clouds *clouds)
{
	struct cfs_cloud *cloud;

	while ((cloud = clouds->first)) {
		clouds->first = cloud->next;
		cfs_cloud_destroy(cloud);
	}
}
