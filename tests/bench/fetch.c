/* SPDX-License-Identifier: MIT */
/*
 * bench-fetch URL CA REGION INSTANCE [decode]: the least that a screenshot can cost.
 *
 * One easy handle of libcurl, its connection kept, fetches the same GetConsoleScreenshot again and
 * again. The signature is made once for each line of stdin. The answer is discarded as it comes;
 * with `decode`, its base64 is decoded. Each line is a COUNT, and its answer a line of COUNT
 * durations in microseconds.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/base64.h"
#include "clock.h"
#include "signed.h"

#define IMAGE_MAX (1 << 20)

struct image {
	struct cfs_base64 decoder;
	struct cfs_buf content;
	bool begun, ended;
};

static size_t discard(char *bytes, size_t size, size_t len, void *arg)
{
	(void)bytes, (void)size, (void)arg;
	return len;
}

/* Not a parser: the element is found whole, or at the beginning of a piece. */
static size_t decode(char *bytes, size_t size, size_t len, void *arg)
{
	static const char mark[] = "<imageData>";
	struct image *image = arg;
	const char *from = bytes, *to;

	(void)size;
	if (!image->begun) {
		from = memmem(bytes, len, mark, strlen(mark));
		if (!from)
			return len;
		from += strlen(mark);
		image->begun = true;
	}
	to = memchr(from, '<', len - (size_t)(from - bytes));
	if (!image->ended &&
		cfs_base64_feed(&image->decoder, from, (size_t)((to ? to : bytes + len) - from),
			&image->content) < 0)
		return 0;
	image->ended = image->ended || to;
	return len;
}

static void fetch(CURL *easy, struct image *image)
{
	CURLcode result;

	cfs_buf_clear(&image->content);
	image->decoder = (struct cfs_base64){0};
	image->begun = image->ended = false;
	result = curl_easy_perform(easy);
	if (result != CURLE_OK) {
		fprintf(stderr, "bench-fetch: %s\n", curl_easy_strerror(result));
		exit(EXIT_FAILURE);
	}
}

int main(int argc, char **argv)
{
	bool decodes = argc == 6 && strcmp(argv[5], "decode") == 0;
	struct image image = {.content = CFS_BUF_INIT(IMAGE_MAX)};
	char line[32], body[256];
	CURL *easy;

	if (argc < 5 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return EXIT_FAILURE;
	snprintf(body, sizeof(body), "Action=GetConsoleScreenshot&Version=2016-11-15&InstanceId=%s",
		argv[4]);
	easy = bench_easy(argv[1], argv[2]);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, decodes ? decode : discard);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &image);
	while (fgets(line, sizeof(line), stdin)) {
		struct curl_slist *headers = bench_signed(argv[1], argv[3], body);

		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
		for (int count = atoi(line); count > 0; count--) {
			double began = bench_clock_us();

			fetch(easy, &image);
			printf("%.1f ", bench_clock_us() - began);
		}
		putchar('\n');
		fflush(stdout);
		curl_slist_free_all(headers);
	}
	curl_easy_cleanup(easy);
	cfs_buf_finish(&image.content);
	curl_global_cleanup();
	return EXIT_SUCCESS;
}
