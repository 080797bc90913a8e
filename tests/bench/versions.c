/* SPDX-License-Identifier: MIT */
/* bench-versions: the libraries that a measurement depends on. */
#define FUSE_USE_VERSION 314
#include <curl/curl.h>
#include <fuse_lowlevel.h>
#include <openssl/crypto.h>
#include <stdio.h>

int main(void)
{
	printf("libfuse %s, libcurl %s, OpenSSL %s\n", fuse_pkgversion(),
		curl_version_info(CURLVERSION_NOW)->version,
		OpenSSL_version(OPENSSL_VERSION_STRING));
	return 0;
}
