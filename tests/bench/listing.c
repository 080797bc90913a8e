/* SPDX-License-Identifier: MIT */
/*
 * bench-listing URL CA REGION...: the least that listing a cloud can cost.
 *
 * Fetches every page of DescribeInstances, the regions in parallel and with connections kept, and
 * walks it with libxml2 as it arrives, which finds the next page's token and counts the instances.
 * Prints the seconds it took and the number of instances.
 */
#include <curl/curl.h>
#include <libxml/parser.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/api/sigv4.h"
#include "backends/base/text.h"
#include "clock.h"
#include "signed.h"

#define TOKEN_MAX 4096
#define BODY_MAX (3 * TOKEN_MAX + 256)

struct region {
	const char *name;
	CURL *easy;
	struct curl_slist *headers;
	xmlParserCtxtPtr parser;
	char body[BODY_MAX];
	char token[TOKEN_MAX];
	size_t token_len;
	bool in_token;
};

static unsigned long instances;

static void on_begin(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
	int n_namespaces, const xmlChar **namespaces, int n_attributes, int n_defaulted,
	const xmlChar **attributes)
{
	struct region *region = arg;

	(void)prefix, (void)uri, (void)n_namespaces, (void)namespaces, (void)n_attributes;
	(void)n_defaulted, (void)attributes;
	region->in_token = strcmp((const char *)name, "nextToken") == 0;
	if (strcmp((const char *)name, "instanceId") == 0)
		instances++;
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct region *region = arg;

	(void)name, (void)prefix, (void)uri;
	region->in_token = false;
}

static void on_text(void *arg, const xmlChar *bytes, int len)
{
	struct region *region = arg;

	if (!region->in_token || (size_t)len >= TOKEN_MAX - region->token_len)
		return;
	memcpy(region->token + region->token_len, bytes, (size_t)len);
	region->token_len += (size_t)len;
	region->token[region->token_len] = '\0';
}

static const xmlSAXHandler sax = {
	.initialized = XML_SAX2_MAGIC,
	.startElementNs = on_begin,
	.endElementNs = on_end,
	.characters = on_text,
};

static size_t walk(char *bytes, size_t size, size_t len, void *arg)
{
	struct region *region = arg;

	(void)size;
	return xmlParseChunk(region->parser, bytes, (int)len, 0) == XML_ERR_OK ? len : 0;
}

static void ask(CURLM *multi, struct region *region, const char *url)
{
	struct cfs_buf token = CFS_BUF_INIT(3 * TOKEN_MAX);
	xmlSAXHandler copy = sax;

	cfs_text_encode(&token, region->token, region->token_len, "");
	snprintf(region->body, sizeof(region->body),
		"Action=DescribeInstances&Version=2016-11-15&MaxResults=1000%s%s",
		token.len ? "&NextToken=" : "", cfs_buf_text(&token));
	cfs_buf_finish(&token);
	region->token_len = 0;
	curl_slist_free_all(region->headers);
	region->headers = bench_signed(url, region->name, region->body);
	xmlFreeParserCtxt(region->parser);
	region->parser = xmlCreatePushParserCtxt(&copy, region, NULL, 0, NULL);
	if (!region->parser)
		bench_die("libxml2");
	curl_easy_setopt(region->easy, CURLOPT_HTTPHEADER, region->headers);
	curl_easy_setopt(region->easy, CURLOPT_POSTFIELDS, region->body);
	curl_multi_add_handle(multi, region->easy);
}

/* A page is there: asks for the next one. Whether there is one. */
static bool next(CURLM *multi, const CURLMsg *message, const char *url)
{
	struct region *region = NULL;
	CURL *easy = message->easy_handle;

	if (message->data.result != CURLE_OK) {
		fprintf(stderr, "bench-listing: %s\n", curl_easy_strerror(message->data.result));
		exit(EXIT_FAILURE);
	}
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&region);
	curl_multi_remove_handle(multi, easy);
	if (xmlParseChunk(region->parser, "", 0, 1) != XML_ERR_OK)
		bench_die("libxml2");
	if (region->token_len == 0)
		return false;
	ask(multi, region, url);
	return true;
}

static void list(CURLM *multi, size_t under_way, const char *url)
{
	const CURLMsg *message;
	int n;

	while (under_way > 0) {
		curl_multi_perform(multi, &n);
		while ((message = curl_multi_info_read(multi, &n))) {
			if (!next(multi, message, url))
				under_way--;
		}
		if (under_way > 0)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
}

int main(int argc, char **argv)
{
	struct region *regions;
	size_t n = argc > 3 ? (size_t)argc - 3 : 0;
	CURLM *multi;
	double began;

	if (n == 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return EXIT_FAILURE;
	multi = curl_multi_init();
	regions = calloc(n, sizeof(*regions));
	if (!regions || !multi)
		bench_die("memory");
	began = bench_clock_us();
	for (size_t i = 0; i < n; i++) {
		regions[i].name = argv[3 + i];
		regions[i].easy = bench_easy(argv[1], argv[2]);
		curl_easy_setopt(regions[i].easy, CURLOPT_WRITEFUNCTION, walk);
		curl_easy_setopt(regions[i].easy, CURLOPT_WRITEDATA, &regions[i]);
		curl_easy_setopt(regions[i].easy, CURLOPT_PRIVATE, &regions[i]);
		ask(multi, &regions[i], argv[1]);
	}
	list(multi, n, argv[1]);
	printf("%.4f %lu\n", (bench_clock_us() - began) / 1e6, instances);
	for (size_t i = 0; i < n; i++) {
		curl_easy_cleanup(regions[i].easy);
		curl_slist_free_all(regions[i].headers);
		xmlFreeParserCtxt(regions[i].parser);
	}
	curl_multi_cleanup(multi);
	free(regions);
	curl_global_cleanup();
	return EXIT_SUCCESS;
}
