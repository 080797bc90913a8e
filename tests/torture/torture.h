/* SPDX-License-Identifier: MIT */
/* What the objects of fs/ and backends/ call in place of what can fail for want of memory: see
 * tests/torture/symbols. Each is the function of its name, and returns NULL (asprintf: -1) with
 * ENOMEM when it is told to fail. */
#ifndef TESTS_TORTURE_TORTURE_H
#define TESTS_TORTURE_TORTURE_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

void *torture_malloc(size_t size);
void *torture_calloc(size_t n, size_t size);
void *torture_realloc(void *memory, size_t size);
void *torture_reallocarray(void *memory, size_t n, size_t size);
void *torture_aligned_alloc(size_t alignment, size_t size);
char *torture_strdup(const char *text);
char *torture_strndup(const char *text, size_t len);
int torture_asprintf(char **ret_text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *torture_realpath(const char *path, char *resolved);
/* Whether a test waits for what may rightly never come: see tests/unit/support/fake_backend.h. */
extern bool torture_in_vain;

CURL *torture_curl_easy_init(void);
CURLM *torture_curl_multi_init(void);
CURLSH *torture_curl_share_init(void);
CURLU *torture_curl_url(void);

#endif
