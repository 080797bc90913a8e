/* SPDX-License-Identifier: MIT */
/* A request to the simulated EC2, signed: what bare libcurl sends. */
#ifndef BENCH_SIGNED_H
#define BENCH_SIGNED_H

#include <curl/curl.h>

/* The headers of a POST of such a body to such a URL, to be freed with curl_slist_free_all. Ends
 * the program when it cannot. */
struct curl_slist *bench_signed(const char *url, const char *region, const char *body);

/* What every transfer of the benchmarks is set to: keep-alive, TLS verified by that file. */
CURL *bench_easy(const char *url, const char *ca_file);

#endif
