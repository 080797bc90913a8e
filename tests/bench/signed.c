/* SPDX-License-Identifier: MIT */
#include "signed.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "backends/aws/api/sigv4.h"
#include "clock.h"

#define KEY_ID "CONSOLEFSSIM"
#define KEY_SECRET "consolefs-sim-secret"
#define FORM "application/x-www-form-urlencoded; charset=utf-8"
#define BUFFER_BYTES 65536L /* libcurl's receive buffer, as consolefs has it */

static struct curl_slist *add(struct curl_slist *list, const char *name, const char *value)
{
	char header[CFS_SIGV4_AUTHORIZATION_MAX + 64];

	snprintf(header, sizeof(header), "%s: %s", name, value);
	list = curl_slist_append(list, header);
	if (!list)
		bench_die("memory");
	return list;
}

struct curl_slist *bench_signed(const char *url, const char *region, const char *body)
{
	struct cfs_sigv4_scope scope;
	struct cfs_sigv4_header headers[] = {
		{"Host", url + strlen("https://")},
		{"Content-Type", FORM},
		{"X-Amz-Date", scope.date},
	};
	const struct cfs_sigv4_request request = {
		.method = "POST",
		.path = "/",
		.query = "",
		.headers = headers,
		.n_headers = sizeof(headers) / sizeof(headers[0]),
		.body = body,
		.body_len = strlen(body),
	};
	struct cfs_buf authorization = CFS_BUF_INIT(CFS_SIGV4_AUTHORIZATION_MAX);
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct curl_slist *list = NULL;

	if (cfs_secret_set(&keys.id, KEY_ID, strlen(KEY_ID)) < 0 ||
		cfs_secret_set(&keys.secret, KEY_SECRET, strlen(KEY_SECRET)) < 0 ||
		cfs_sigv4_scope(time(NULL), region, "ec2", &scope) < 0 ||
		cfs_sigv4_authorization(&request, &scope, &keys, &authorization) < 0)
		bench_die("signature");
	for (size_t i = 0; i < request.n_headers; i++)
		list = add(list, headers[i].name, headers[i].value);
	list = add(list, "Authorization", cfs_buf_text(&authorization));
	cfs_buf_finish(&authorization);
	cfs_keys_finish(&keys);
	return list;
}

CURL *bench_easy(const char *url, const char *ca_file)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		bench_die("libcurl");
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
	return easy;
}
