/* SPDX-License-Identifier: MIT */
#include "fs/program/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "fs/base/loop.h"
#include "fs/catalogue/catalogue.h"
#include "fs/client/call.h"
#include "fs/client/credentials.h"
#include "fs/cloud/trouble.h"
#include "fs/program/check_report.h"

#define IDENTITY_MAX 2048  /* bytes of an ARN */
#define STATEMENT_MAX 1024 /* bytes of a policy statement, or of an error with its code */

/* A call, or a listing, that the check waits for. */
struct waiting {
	struct cfs_loop *loop;
	struct cfs_error error;
	int result;
	bool done;
};

static void call_done(void *arg, const struct cfs_error *error)
{
	struct waiting *waiting = arg;

	waiting->error = *error;
	waiting->done = true;
	cfs_loop_stop(waiting->loop);
}

static void wait_done(void *arg, int result)
{
	struct waiting *waiting = arg;

	waiting->result = result;
	waiting->done = true;
	cfs_loop_stop(waiting->loop);
}

/* -EINTR when a signal stopped the loop. */
static int run(struct waiting *waiting)
{
	int r = cfs_loop_run(waiting->loop);

	return r < 0 ? r : waiting->done ? 0 : -EINTR;
}

static int ask(struct cfs_cloud *cloud, const struct cfs_question *question, struct cfs_sink *sink,
	struct cfs_error *ret_error)
{
	struct waiting waiting = {.loop = cloud->client->runtime->loop};
	struct cfs_call call;
	int r;

	cfs_call_start(&call, cloud->client, question, sink, call_done, &waiting);
	r = run(&waiting);
	if (r < 0)
		cfs_call_cancel(&call);
	else
		*ret_error = waiting.error;
	return r;
}

static bool add_text(cJSON *object, const char *key, const char *text)
{
	return (text && *text ? cJSON_AddStringToObject(object, key, text)
			      : cJSON_AddNullToObject(object, key)) != NULL;
}

/* "CODE: message", or null for success. */
static bool add_error(cJSON *object, const char *key, const struct cfs_error *error)
{
	char line[STATEMENT_MAX];

	snprintf(line, sizeof(line), "%s%s%s", error->code,
		error->code[0] && error->message[0] ? ": " : "", error->message);
	return add_text(object, key,
		error->fault == CFS_OK ? NULL
			: line[0]      ? line
				  : cfs_failure_errno_name(cfs_failure_errno(error->fault, false)));
}

static int check_identity(struct cfs_cloud *cloud, cJSON *report)
{
	struct cfs_question question = {.verb = CFS_WHOAMI,
		.region = cloud->client->n_regions > 0 ? cloud->client->regions[0] : ""};
	struct cfs_buf identity = CFS_BUF_INIT(IDENTITY_MAX);
	struct cfs_sink sink = {.content = &identity};
	struct cfs_error error = {.fault = CFS_OK};
	const char *source;
	int64_t expires;
	int r;

	r = ask(cloud, &question, &sink, &error);
	if (r < 0)
		goto out;
	source = cfs_credentials_source(cloud->client->credentials);
	expires = cfs_credentials_expires(cloud->client->credentials);
	r = -ENOMEM;
	if (add_text(report, "credentials", source) &&
		add_text(report, "looked",
			source[0] ? NULL : cfs_credentials_looked(cloud->client->credentials)) &&
		(source[0] && expires != INT64_MAX
				? cJSON_AddNumberToObject(report, "expires", (double)expires)
				: cJSON_AddNullToObject(report, "expires")) &&
		add_text(report, "identity",
			error.fault == CFS_OK ? cfs_buf_text(&identity) : NULL) &&
		add_error(report, "identity_error", &error))
		r = 0;
out:
	cfs_buf_finish(&identity);
	return r;
}

/* Lists all regions, as the first `ls` would. */
static int list_regions(struct cfs_cloud *cloud)
{
	struct waiting waiting = {.loop = cloud->client->runtime->loop};
	struct cfs_wait wait = {0};
	int r;

	do {
		waiting.done = false;
		r = cfs_catalogue_list(cloud->catalogue, &wait, wait_done, &waiting);
		if (r != 0)
			return 0; /* what became of each region is in the catalogue */
		r = run(&waiting);
	} while (r == 0 && waiting.result == 0);
	cfs_wait_leave(&wait);
	return r;
}

static bool add_region(cJSON *list, const struct cfs_region_state *region)
{
	static const struct cfs_error none = {.fault = CFS_OK};
	cJSON *item = cJSON_CreateObject();

	if (!item || !cJSON_AddItemToArray(list, item)) {
		cJSON_Delete(item);
		return false;
	}
	return add_text(item, "name", region->name) &&
		(region->listed ? cJSON_AddNumberToObject(
					  item, "instances", (double)region->instances)
				: cJSON_AddNullToObject(item, "instances")) &&
		add_error(item, "error", region->failure ? &region->failure->error : &none);
}

static int check_regions(struct cfs_cloud *cloud, cJSON *report)
{
	const struct cfs_failure *unknown;
	struct cfs_region_state region;
	cJSON *list;
	int r;

	r = list_regions(cloud);
	if (r < 0)
		return r;
	list = cJSON_AddArrayToObject(report, "regions");
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < cfs_catalogue_n_regions(cloud->catalogue); i++) {
		cfs_catalogue_region(cloud->catalogue, i, &region);
		if (!add_region(list, &region))
			return -ENOMEM;
	}
	unknown = cfs_catalogue_regions_failure(cloud->catalogue);
	region = (struct cfs_region_state){.name = "all", .failure = unknown};
	return unknown && !add_region(list, &region) ? -ENOMEM : 0;
}

/* Adds what was found out about one permission. */
static bool add_permission(cJSON *list, const struct cfs_cloud *cloud,
	const struct cfs_question *question, const struct cfs_error *error)
{
	const char *name = cloud->client->backend->permission(question), *at;
	cJSON *item = cJSON_CreateObject();
	char statement[STATEMENT_MAX];
	bool denied = error->fault == CFS_DENIED;

	if (!item || !cJSON_AddItemToArray(list, item)) {
		cJSON_Delete(item);
		return false;
	}
	at = strstr(cloud->client->backend->statement, "%s");
	snprintf(statement, sizeof(statement), "%.*s%s%s",
		(int)(at - cloud->client->backend->statement), cloud->client->backend->statement,
		name, at + 2);
	return add_text(item, "name", name) &&
		(error->fault == CFS_OK || denied ? cJSON_AddBoolToObject(item, "allowed", !denied)
						  : cJSON_AddNullToObject(item, "allowed")) &&
		add_error(item, "error", error) &&
		add_text(item, "statement", denied ? statement : NULL);
}

/* Whether listing is permitted, by what became of the regions: one that was denied is enough. */
static void judge_listing(const struct cfs_cloud *cloud, struct cfs_error *ret_error)
{
	struct cfs_region_state region;

	*ret_error = (struct cfs_error){.fault = CFS_OK};
	for (size_t i = 0; i < cfs_catalogue_n_regions(cloud->catalogue); i++) {
		cfs_catalogue_region(cloud->catalogue, i, &region);
		if (region.failure && ret_error->fault != CFS_DENIED)
			*ret_error = region.failure->error;
	}
}

static int check_permissions(struct cfs_cloud *cloud, cJSON *report)
{
	cJSON *list = cJSON_AddArrayToObject(report, "permissions");
	struct cfs_question question = {.verb = CFS_LIST, .token = ""};
	struct cfs_sink sink = {0};
	struct cfs_error error;
	int r;

	if (!list)
		return -ENOMEM;
	if (cfs_catalogue_n_regions(cloud->catalogue) == 0)
		return 0;
	question.region = cfs_catalogue_region_name(cloud->catalogue, 0);
	judge_listing(cloud, &error);
	if (!add_permission(list, cloud, &question, &error))
		return -ENOMEM;
	question.verb = CFS_PROBE;
	for (size_t i = 0; i < cloud->client->backend->n_live; i++) {
		question.live = &cloud->client->backend->live[i];
		/* Rows of one action stand together, and take the same permission. */
		if (i > 0 && strcmp(question.live->action, question.live[-1].action) == 0)
			continue;
		r = ask(cloud, &question, &sink, &error);
		if (r < 0)
			return r;
		if (!add_permission(list, cloud, &question, &error))
			return -ENOMEM;
	}
	return 0;
}

static bool has_error(const cJSON *list)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		if (cJSON_IsString(cJSON_GetObjectItemCaseSensitive(item, "error")))
			return true;
	}
	return false;
}

/* The identity is only shown: a private network may have an endpoint for consoles and none for the
 * service that tells who is asking. */
static bool add_note(cJSON *report, bool ok)
{
	bool known = cJSON_IsString(cJSON_GetObjectItemCaseSensitive(report, "identity"));

	return add_text(report, "note",
		ok && !known ? "the identity could not be looked up; nothing else needs it" : NULL);
}

/* What to do first, with a cloud that does not work. A permission that is missing has its statement. */
static bool add_next(cJSON *report, const struct cfs_cloud *cloud)
{
	struct cfs_trouble trouble;

	return add_text(report, "next", cfs_trouble_find(cloud, &trouble) ? trouble.todo : NULL);
}

static int check_cloud(struct cfs_cloud *cloud, cJSON *report)
{
	bool ok;
	int r = 0;

	if (!add_text(report, "cloud", cloud->config->name) ||
		!add_text(report, "backend", cloud->client->backend->name))
		return -ENOMEM;
	r = check_identity(cloud, report);
	if (r == 0)
		r = check_regions(cloud, report);
	if (r == 0)
		r = check_permissions(cloud, report);
	if (r < 0)
		return r;
	ok = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(report, "regions")) > 0 &&
		!has_error(cJSON_GetObjectItemCaseSensitive(report, "regions")) &&
		!has_error(cJSON_GetObjectItemCaseSensitive(report, "permissions"));
	return add_note(report, ok) && add_next(report, cloud) &&
			cJSON_AddBoolToObject(report, "ok", ok)
		? ok
		: -ENOMEM;
}

int cfs_check(const struct cfs_clouds *clouds, bool json)
{
	cJSON *reports = cJSON_CreateArray(), *report;
	bool all = true;
	int r = reports ? 0 : -ENOMEM;

	for (struct cfs_cloud *cloud = clouds->first; cloud && r >= 0; cloud = cloud->next) {
		report = cJSON_CreateObject();
		if (!report || !cJSON_AddItemToArray(reports, report)) {
			cJSON_Delete(report);
			r = -ENOMEM;
			break;
		}
		r = check_cloud(cloud, report);
		all = all && r > 0;
	}
	if (r >= 0)
		r = cfs_check_report_print(reports, json);
	cJSON_Delete(reports);
	return r < 0 ? r : all;
}
