/* SPDX-License-Identifier: MIT */
/*
 * Signs requests for a test: a JSON object a line on stdin, one on stdout for each.
 *
 * With "method" it is any request, and the answer shows each stage of the signature:
 *
 *     {"now":N,"region":S,"service":S,"id":S,"secret":S,
 *      "method":S,"path":S,"query":S,"headers":[[S,S],...],"body":S}
 *     {"canonical":S,"string":S,"authorization":S}
 *
 * With "verb" it is a question to the EC2 backend, and the answer is the request as it is sent:
 *
 *     {"now":N,"region":S,"id":S,"secret":S,"token":S or null,
 *      "verb":"list" | "find" | "screenshot" | "log","instance":S,"wake":B,"page":S,
 *      "endpoint":S or null,"filters":[S,...]}
 *     {"url":S,"headers":[S,...],"body":S}
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "backends/aws/api/sigv4.h"
#include "backends/aws/aws.h"
#include "backends/aws/ec2/live.h"
#include "backends/contract/backend.h"

static void require(bool what, const char *message)
{
	if (what)
		return;
	fprintf(stderr, "sign_tool: %s\n", message);
	exit(1);
}

static const char *text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* A text that has to be there. */
static const char *need_text(const cJSON *object, const char *name)
{
	const char *text = text_of(object, name);

	require(text != NULL, name);
	return text;
}

static int64_t now_of(const cJSON *object)
{
	const cJSON *now = cJSON_GetObjectItemCaseSensitive(object, "now");

	require(cJSON_IsNumber(now), "now");
	return (int64_t)now->valuedouble;
}

static struct cfs_keys keys_of(const cJSON *object)
{
	struct cfs_keys keys = CFS_KEYS_INIT;
	const char *id = need_text(object, "id"), *secret = need_text(object, "secret");
	const char *token = text_of(object, "token");

	require(cfs_secret_set(&keys.id, id, strlen(id)) == 0, "id");
	require(cfs_secret_set(&keys.secret, secret, strlen(secret)) == 0, "secret");
	require(!token || cfs_secret_set(&keys.token, token, strlen(token)) == 0, "token");
	return keys;
}

static cJSON *sign(const cJSON *in)
{
	struct cfs_sigv4_header headers[CFS_SIGV4_HEADERS_MAX];
	struct cfs_sigv4_request request = {.method = need_text(in, "method"),
		.path = need_text(in, "path"),
		.query = need_text(in, "query"),
		.headers = headers,
		.body = need_text(in, "body"),
		.body_len = strlen(need_text(in, "body"))};
	struct cfs_buf canonical = CFS_BUF_INIT(CFS_SIGV4_TEXT_MAX), names = CFS_BUF_INIT(4096);
	struct cfs_buf text = CFS_BUF_INIT(4096), authorization = CFS_BUF_INIT(8192);
	struct cfs_sigv4_scope scope;
	struct cfs_keys keys = keys_of(in);
	cJSON *out = cJSON_CreateObject();
	const cJSON *header;

	cJSON_ArrayForEach(header, cJSON_GetObjectItemCaseSensitive(in, "headers"))
	{
		require(request.n_headers < CFS_SIGV4_HEADERS_MAX, "headers");
		headers[request.n_headers++] = (struct cfs_sigv4_header){
			cJSON_GetStringValue(cJSON_GetArrayItem(header, 0)),
			cJSON_GetStringValue(cJSON_GetArrayItem(header, 1))};
	}
	require(cfs_sigv4_scope(
			now_of(in), need_text(in, "region"), need_text(in, "service"), &scope) == 0,
		"scope");
	require(cfs_sigv4_canonical_request(&request, &canonical, &names) == 0,
		"canonical request");
	require(cfs_sigv4_string_to_sign(&scope, &canonical, &text) == 0, "string to sign");
	require(cfs_sigv4_authorization(&request, &scope, &keys, &authorization) == 0,
		"authorization");
	require(out && cJSON_AddStringToObject(out, "canonical", cfs_buf_text(&canonical)) &&
			cJSON_AddStringToObject(out, "string", cfs_buf_text(&text)) &&
			cJSON_AddStringToObject(out, "authorization", cfs_buf_text(&authorization)),
		"out of memory");
	cfs_buf_wipe(&canonical);
	cfs_buf_finish(&names);
	cfs_buf_finish(&text);
	cfs_buf_finish(&authorization);
	cfs_keys_finish(&keys);
	return out;
}

static const char *no_variable(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static struct cfs_account *account_of(const cJSON *in)
{
	struct cfs_env env = {.get = no_variable, .read_file = cfs_env_process.read_file};
	struct cfs_pair own[CFS_SETTINGS_MAX];
	struct cfs_settings settings = {
		.name = "aws", .endpoint = text_of(in, "endpoint"), .own = own};
	struct cfs_buf why = CFS_BUF_INIT(1024);
	struct cfs_account *account = NULL;
	const cJSON *filter;

	cJSON_ArrayForEach(filter, cJSON_GetObjectItemCaseSensitive(in, "filters"))
	{
		require(settings.n_own < CFS_SETTINGS_MAX, "filters");
		own[settings.n_own++] = (struct cfs_pair){"filter", cJSON_GetStringValue(filter)};
	}
	if (cfs_aws_backend.account_create(&settings, &env, &account, &why) < 0)
		require(false, cfs_buf_text(&why));
	cfs_buf_finish(&why);
	return account;
}

static cJSON *ask(const cJSON *in)
{
	const char *verb = need_text(in, "verb");
	struct cfs_question question = {.region = need_text(in, "region"),
		.id = text_of(in, "instance"),
		.token = text_of(in, "page"),
		.wake = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(in, "wake"))};
	struct cfs_account *account = account_of(in);
	struct cfs_keys keys = keys_of(in);
	struct cfs_http_request request;
	cJSON *out = cJSON_CreateObject(), *headers;

	question.verb = strcmp(verb, "list") == 0 ? CFS_LIST
		: strcmp(verb, "find") == 0       ? CFS_FIND
						  : CFS_FETCH;
	if (question.verb == CFS_FETCH)
		question.live = &cfs_aws_live[strcmp(verb, "log") == 0 ? CFS_AWS_LIVE_LOG
								       : CFS_AWS_LIVE_SCREENSHOT];
	require(cfs_aws_backend.request(account, &question, &keys, now_of(in), &request) == 0,
		"request");
	headers = cJSON_AddArrayToObject(out, "headers");
	require(headers && cJSON_AddStringToObject(out, "url", request.url) &&
			cJSON_AddStringToObject(out, "body", cfs_buf_text(&request.body)),
		"out of memory");
	for (size_t i = 0; i < request.n_headers; i++)
		require(cJSON_AddItemToArray(headers, cJSON_CreateString(request.headers[i])),
			"out of memory");
	cfs_http_request_finish(&request);
	cfs_keys_finish(&keys);
	cfs_aws_backend.account_destroy(account);
	return out;
}

int main(void)
{
	char *line = NULL, *text;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		cJSON *in = cJSON_Parse(line), *out;

		require(in != NULL, "not JSON");
		out = text_of(in, "verb") ? ask(in) : sign(in);
		text = cJSON_PrintUnformatted(out);
		require(text && puts(text) >= 0, "cannot write");
		free(text);
		cJSON_Delete(out);
		cJSON_Delete(in);
	}
	free(line);
	return fflush(stdout) == 0 ? 0 : 1;
}
