/* SPDX-License-Identifier: MIT */
#include "fs/cloud/clouds.h"

#include <errno.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/base/wait.h"
#include "fs/client/credentials.h"
#include "fs/cloud/trouble.h"

#define REASON_MAX 4096 /* bytes of the reason why a cloud could not be created */

/* The new set of clouds: some taken over from the current set, some created. */
struct new_set {
	struct {
		struct cfs_cloud *cloud;
		bool fresh;
	} clouds[CFS_CLOUDS_MAX];
	size_t n;
};

/* Waits for the searches for credentials of all clouds. */
struct credentials_wait {
	struct cfs_loop *loop;
	struct cfs_wait waits[CFS_CLOUDS_MAX];
	struct cfs_timer limit;
	size_t pending;
};

static void timed_out(void *arg)
{
	struct credentials_wait *all = arg;

	cfs_loop_stop(all->loop);
}

static void search_ended(void *arg, int result)
{
	struct credentials_wait *all = arg;

	(void)result;
	if (--all->pending == 0)
		cfs_loop_stop(all->loop);
}

/* Runs the loop until the search for credentials of each cloud has ended, or time is up. */
static int wait_for_credentials(struct new_set *set, struct cfs_loop *loop)
{
	struct credentials_wait all = {.loop = loop};
	const struct cfs_keys *keys;
	struct cfs_error error;
	int r = 0;

	for (size_t i = 0; i < set->n; i++)
		all.pending += cfs_credentials_get(set->clouds[i].cloud->client->credentials,
				       &all.waits[i], search_ended, &all, &keys, &error) == 0;
	if (all.pending > 0) {
		cfs_timer_init(&all.limit, timed_out, &all);
		cfs_timer_start(loop, &all.limit, CFS_CLOUDS_CREDENTIALS_MS);
		r = cfs_loop_run(loop);
		cfs_timer_stop(&all.limit);
	}
	for (size_t i = 0; i < set->n; i++)
		cfs_wait_leave(&all.waits[i]);
	return r;
}

static void ignore(void *arg, int result)
{
	(void)arg, (void)result;
}

/* Whether the cloud has credentials, or may have: a search in progress counts as yes. */
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

/* Whether any cloud has both a region and credentials. */
static bool any_usable(const struct new_set *set)
{
	struct cfs_error error;

	for (size_t i = 0; i < set->n; i++)
		if (has_regions(set->clouds[i].cloud) && has_keys(set->clouds[i].cloud, &error))
			return true;
	return false;
}

static struct cfs_cloud *find_same(
	const struct cfs_clouds *clouds, const struct cfs_cloud_config *config)
{
	for (struct cfs_cloud *cloud = clouds->first; cloud; cloud = cloud->next)
		if (cfs_cloud_config_equal(cloud->config, config))
			return cloud;
	return NULL;
}

/* Moves the first cloud of the configuration to the new set. A cloud of the current set with the
 * same configuration is taken over, otherwise one is created. */
static int add_next(const struct cfs_clouds *clouds, struct cfs_config *config, struct new_set *set,
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
	set->clouds[set->n].cloud = cloud;
	set->clouds[set->n].fresh = fresh;
	set->n++;
	return 0;
}

static void remove_cloud(struct new_set *set, size_t i)
{
	if (set->clouds[i].fresh)
		cfs_cloud_destroy(set->clouds[i].cloud);
	set->n--;
	memmove(&set->clouds[i], &set->clouds[i + 1], (set->n - i) * sizeof(set->clouds[0]));
}

/*
 * Whether to leave out a cloud that was not configured explicitly: it has no credentials while
 * another cloud has, or it has no region. A cloud with wrong credentials is kept, so that its
 * `status` can say what is wrong.
 */
static bool is_left_out(struct cfs_cloud *cloud, bool any_keys)
{
	struct cfs_error error;

	if (!has_keys(cloud, &error))
		return any_keys && cfs_credentials_absent(cloud->client->credentials);
	return !has_regions(cloud);
}

/* Removes clouds that cannot be used from the new set, and warns of others without credentials. */
static int leave_out_unusable(struct new_set *set, bool from_file, struct cfs_buf *why)
{
	struct cfs_cloud *cloud, *no_region = NULL;
	struct cfs_error error;
	struct cfs_trouble trouble;
	bool any_keys = false;

	for (size_t i = 0; i < set->n; i++) {
		any_keys = any_keys || has_keys(set->clouds[i].cloud, &error);
		if (!has_regions(set->clouds[i].cloud) && has_keys(set->clouds[i].cloud, &error))
			no_region = set->clouds[i].cloud;
	}
	/* A cloud without a region is an error only if it was configured explicitly, or if no other
	 * cloud works. */
	if (no_region && (from_file || !any_usable(set))) {
		(void)cfs_trouble_find(no_region, &trouble);
		cfs_buf_addf(
			why, "[%s]: %s: %s", no_region->config->name, trouble.what, trouble.todo);
		return -EINVAL;
	}
	for (size_t i = 0; i < set->n;) {
		cloud = set->clouds[i].cloud;
		if (!from_file && is_left_out(cloud, any_keys)) {
			if (cloud == no_region && cfs_trouble_find(cloud, &trouble))
				cfs_log(CFS_LOG_WARNING, "[%s]: left out: %s: %s",
					cloud->config->name, trouble.what, trouble.todo);
			remove_cloud(set, i);
			continue;
		}
		if (!has_keys(cloud, &error) && cfs_trouble_find(cloud, &trouble))
			cfs_log(CFS_LOG_WARNING, "[%s]: %s: %s", cloud->config->name, trouble.what,
				trouble.todo);
		i++;
	}
	return 0;
}

static bool is_in_set(const struct new_set *set, const struct cfs_cloud *cloud)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->clouds[i].cloud == cloud)
			return true;
	return false;
}

/* Makes the new set the current one, and retires the clouds that are not in it. */
static void replace(struct cfs_clouds *clouds, const struct new_set *set)
{
	struct cfs_cloud *cloud, **at = &clouds->first;

	while ((cloud = *at)) {
		if (is_in_set(set, cloud)) {
			at = &cloud->next;
			continue;
		}
		*at = cloud->next;
		cfs_cloud_retire(cloud);
		clouds->changed_ns = cfs_clock_wall_ns();
	}
	at = &clouds->first;
	for (size_t i = 0; i < set->n; i++) {
		*at = set->clouds[i].cloud;
		at = &(*at)->next;
		if (set->clouds[i].fresh)
			clouds->changed_ns = cfs_clock_wall_ns();
	}
	*at = NULL;
}

int cfs_clouds_configure(struct cfs_clouds *clouds, struct cfs_config *config, struct cfs_buf *why)
{
	struct new_set set = {.n = 0};
	int r = 0;

	while (config->clouds && r == 0)
		r = add_next(clouds, config, &set, why);
	if (r == 0 && !clouds->configured)
		r = wait_for_credentials(&set, clouds->runtime->loop);
	if (r == 0)
		r = leave_out_unusable(&set, config->from_file, why);
	if (r < 0) {
		while (set.n > 0)
			remove_cloud(&set, set.n - 1);
		return r;
	}
	replace(clouds, &set);
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
