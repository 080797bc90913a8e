/* SPDX-License-Identifier: MIT */
/*
 * Looks for credentials, or for an endpoint, for a test: a JSON object a line on stdin, one on
 * stdout for each.
 *
 *     {"profile":S or null,"environ":{...},"base":"http://127.0.0.1:PORT","homes":{USER:S ...}}
 *     {"provider":S,"why":S,"id":S,"secret":S,"token":S or null}
 *     {"provider":S,"why":S,"fault":N}        the chain ended there
 *     {"looked":S}                            there are none
 *
 * runs the whole chain of the AWS backend, with the files that there are and the variables that are
 * given. What it asks of https://HOST/PATH, or of a metadata service, is asked of
 * BASE/HOST/PATH; what is below BASE already, as it is. homes are the user database ("": of who
 * asks), or the host's own if there are none.
 *
 *     {"service":"ec2" | "sts" | "sso" | "sso-oidc" | "signin","region":S,"profile":S or null,"environ":{...}}
 *     {"url":S,"region":S,"home":S}           home: the account's own region
 *     {"error":S}
 *
 *     {"time":S}                              when keys expire
 *     {"seconds":N} or {}
 */
#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "backends/aws/api/endpoints.h"
#include "backends/aws/aws.h"
#include "backends/base/time.h"
#include "backends/contract/backend.h"
#include "backends/contract/step.h"
#include "fs/base/clock.h"
#include "fs/base/replace.h"

struct run {
	const cJSON *environ, *homes;
	const char *base; /* NULL: nothing is asked */
	struct cfs_settings settings;
	struct cfs_env env;
};

struct answer {
	struct cfs_step_answer answer;
	struct cfs_buf content;
	bool done;
};

static void require(bool what, const char *message)
{
	if (what)
		return;
	fprintf(stderr, "chain_tool: %s\n", message);
	exit(1);
}

static const char *text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static const char *get(void *arg, const char *name)
{
	const struct run *run = arg;

	return text_of(run->environ, name);
}

static int read_file(void *arg, const char *path, struct cfs_buf *content)
{
	(void)arg;
	return cfs_env_process.read_file(NULL, path, content);
}

static int find_home(void *arg, const char *user, char **ret_home)
{
	const struct run *run = arg;
	const char *home = text_of(run->homes, user ? user : "");

	if (!run->homes)
		return cfs_env_process.find_home(NULL, user, ret_home);
	if (!home)
		return -ENOENT;
	*ret_home = strdup(home);
	return *ret_home ? 0 : -ENOMEM;
}

static int make_random(void *arg, unsigned char *bytes, size_t len)
{
	(void)arg;
	return cfs_clock_random_bytes(bytes, len);
}

/* Steps */

static int on_data(void *arg, const char *bytes, size_t len)
{
	struct answer *answer = arg;

	return cfs_buf_add(&answer->content, bytes, len);
}

static void on_done(void *arg, const struct cfs_http_outcome *outcome)
{
	struct answer *answer = arg;

	answer->answer.fault = outcome->fault;
	answer->answer.status = outcome->status;
	answer->answer.date = outcome->date;
	answer->done = true;
}

static const struct cfs_http_handler handler = {.data = on_data, .done = on_done};

/* Sends the request to the test's server instead, its URL as the path. */
static void redirect(const struct run *run, struct cfs_http_request *request)
{
	struct cfs_buf url = CFS_BUF_INIT(CFS_HTTP_URL_MAX);
	const char *rest = strstr(request->url, "://");

	require(run->base && rest, "a request of no host");
	if (strncmp(request->url, run->base, strlen(run->base)) == 0)
		return;
	require(cfs_buf_addf(&url, "%s/%s", run->base, rest + 3) == 0, "a long URL");
	require(cfs_http_request_set_url(request, cfs_buf_text(&url)) == 0, "a URL");
	cfs_buf_finish(&url);
}

static void do_http(
	const struct run *run, struct cfs_http *http, struct cfs_step *step, struct answer *answer)
{
	struct cfs_http_options options = {.timeout_ms = 20000,
		.connect_ms = 20000,
		.direct = step->direct,
		.ca_file = step->ca_file};
	struct cfs_transfer transfer;

	redirect(run, &step->request);
	cfs_http_start(http, &transfer, &step->request, &options, &handler, answer);
	while (!answer->done) {
		struct pollfd wait = {.fd = cfs_http_fd(http), .events = POLLIN};

		require(poll(&wait, 1, 30000) == 1, "the server is silent");
		cfs_http_dispatch(http);
	}
}

static void do_process(struct cfs_step *step, struct answer *answer)
{
	posix_spawn_file_actions_t actions;
	char chunk[4096], *no_environ[] = {NULL};
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	require(pipe(ends) == 0 && posix_spawn_file_actions_init(&actions) == 0 &&
			posix_spawn_file_actions_adddup2(&actions, ends[1], 1) == 0 &&
			posix_spawn_file_actions_addclose(&actions, ends[0]) == 0,
		"a pipe");
	answer->answer.fault = CFS_REFUSED;
	if (posix_spawnp(&pid, step->argv[0], &actions, NULL, step->argv, no_environ) == 0) {
		close(ends[1]);
		while ((n = read(ends[0], chunk, sizeof(chunk))) > 0)
			require(cfs_buf_add(&answer->content, chunk, (size_t)n) == 0, "output");
		require(waitpid(pid, &status, 0) == pid, "waitpid");
		answer->answer.fault = CFS_OK;
		answer->answer.status =
			WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	} else {
		close(ends[1]);
	}
	close(ends[0]);
	posix_spawn_file_actions_destroy(&actions);
}

static void do_write(struct cfs_step *step, struct answer *answer)
{
	struct stat new;

	answer->answer.status =
		cfs_replace_file(step->path, cfs_buf_text(&step->bytes), step->bytes.len, &new);
}

/* Runs one provider to its end. */
static void run_provider(const struct run *run, struct cfs_http *http,
	const struct cfs_provider *provider, struct cfs_step *ret_step)
{
	struct cfs_provider_state *state;
	struct answer answer;

	require(provider->create(&run->settings, &run->env, &state) == 0, "memory");
	provider->step(state, NULL, time(NULL), ret_step);
	while (ret_step->kind == CFS_STEP_HTTP || ret_step->kind == CFS_STEP_PROCESS ||
		ret_step->kind == CFS_STEP_WRITE) {
		answer = (struct answer){.content = CFS_BUF_INIT(CFS_PROVIDER_ANSWER_MAX)};
		if (ret_step->kind == CFS_STEP_HTTP)
			do_http(run, http, ret_step, &answer);
		else if (ret_step->kind == CFS_STEP_PROCESS)
			do_process(ret_step, &answer);
		else
			do_write(ret_step, &answer);
		cfs_step_finish(ret_step);
		answer.answer.content = cfs_buf_text(&answer.content);
		answer.answer.len = answer.content.len;
		provider->step(state, &answer.answer, time(NULL), ret_step);
		cfs_buf_wipe(&answer.content);
	}
	provider->destroy(state);
}

static cJSON *run_chain(const struct run *run)
{
	const struct cfs_provider *const *providers = cfs_aws_backend.providers;
	cJSON *out = cJSON_CreateObject();
	struct cfs_buf looked = CFS_BUF_INIT(65536);
	struct cfs_http *http;
	struct cfs_step step = {.kind = CFS_STEP_ABSENT};

	require(cfs_http_create(&http) == 0, "the HTTP engine");
	for (; *providers && step.kind == CFS_STEP_ABSENT; providers++) {
		run_provider(run, http, *providers, &step);
		require(cfs_buf_addf(&looked, "%s: %s\n", (*providers)->name, step.why) == 0, "");
		if (step.kind == CFS_STEP_ABSENT)
			continue;
		cJSON_AddStringToObject(out, "provider", (*providers)->name);
		cJSON_AddStringToObject(out, "why", step.why);
	}
	if (step.kind == CFS_STEP_KEYS) {
		cJSON_AddStringToObject(out, "id", step.keys.id.data);
		cJSON_AddStringToObject(out, "secret", step.keys.secret.data);
		if (step.keys.token.data)
			cJSON_AddStringToObject(out, "token", step.keys.token.data);
		cfs_keys_finish(&step.keys);
	} else if (step.kind == CFS_STEP_FAILED) {
		cJSON_AddNumberToObject(out, "fault", step.fault);
	} else {
		cJSON_AddStringToObject(out, "looked", cfs_buf_text(&looked));
	}
	cfs_buf_finish(&looked);
	cfs_http_destroy(http);
	return out;
}

/* Endpoints */

static cJSON *find_endpoint(const struct run *run, const char *name, const char *region)
{
	static const char *const names[CFS_AWS_N_SERVICES] = {[CFS_AWS_EC2] = "ec2",
		[CFS_AWS_STS] = "sts",
		[CFS_AWS_SSO] = "sso",
		[CFS_AWS_SSO_OIDC] = "sso-oidc",
		[CFS_AWS_SIGNIN] = "signin"};
	struct cfs_buf why = CFS_BUF_INIT(4096), url = CFS_BUF_INIT(CFS_HTTP_URL_MAX);
	struct cfs_aws_endpoints endpoints = {0};
	struct cfs_aws_config config;
	struct cfs_aws_target target;
	cJSON *out = cJSON_CreateObject();
	int service = 0, r;

	while (service < CFS_AWS_N_SERVICES && strcmp(names[service], name) != 0)
		service++;
	require(service < CFS_AWS_N_SERVICES, "no such service");
	cfs_aws_config_init(&config, &run->settings, &run->env);
	r = cfs_aws_config_load(&config, &why);
	if (r == 0)
		r = cfs_aws_endpoints_load(&endpoints, &config, &why);
	if (r == 0)
		r = cfs_aws_endpoints_check(&endpoints, (enum cfs_aws_service)service, &why);
	if (r == 0) {
		cfs_aws_endpoints_target(
			&endpoints, (enum cfs_aws_service)service, region, &target);
		require(cfs_aws_endpoint_url(&target.endpoint, &url) == 0, "a URL");
		cJSON_AddStringToObject(out, "url", cfs_buf_text(&url));
		cJSON_AddStringToObject(out, "region", target.region);
		cJSON_AddStringToObject(out, "home", endpoints.region);
	} else {
		cJSON_AddStringToObject(out, "error", cfs_buf_text(&why));
	}
	cfs_aws_endpoints_finish(&endpoints);
	cfs_aws_config_finish(&config);
	cfs_buf_finish(&why);
	cfs_buf_finish(&url);
	return out;
}

static cJSON *read_time(const char *text)
{
	cJSON *out = cJSON_CreateObject();
	int64_t seconds;

	if (cfs_time_parse_iso8601(text, &seconds) == 0)
		cJSON_AddNumberToObject(out, "seconds", (double)seconds);
	return out;
}

static void do_line(const char *line)
{
	cJSON *question = cJSON_Parse(line), *out;
	struct run run = {0};
	const char *service, *region, *time;
	char *text;

	require(cJSON_IsObject(question), "a line is no JSON object");
	run.environ = cJSON_GetObjectItemCaseSensitive(question, "environ");
	run.homes = cJSON_GetObjectItemCaseSensitive(question, "homes");
	run.base = text_of(question, "base");
	run.settings = (struct cfs_settings){.name = "aws",
		.profile = text_of(question, "profile"),
		.endpoint = text_of(question, "endpoint")};
	run.env = (struct cfs_env){.get = get,
		.read_file = read_file,
		.find_home = find_home,
		.random = make_random,
		.arg = &run};
	service = text_of(question, "service");
	region = text_of(question, "region");
	time = text_of(question, "time");
	out = time        ? read_time(time)
		: service ? find_endpoint(&run, service, region ? region : "")
			  : run_chain(&run);
	text = cJSON_PrintUnformatted(out);
	require(text && printf("%s\n", text) > 0 && fflush(stdout) == 0, "stdout");
	free(text);
	cJSON_Delete(out);
	cJSON_Delete(question);
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0)
		do_line(line);
	free(line);
	return 0;
}
