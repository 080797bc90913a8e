/* SPDX-License-Identifier: MIT */
/*
 * The search for Tencent Cloud's keys on a host that the input describes (host.h): variables,
 * the credentials file, tccli's profiles, STS, a pod's identity and the host's metadata.
 */
#include "backends/tencent/tencent.h"
#include "tests/fuzz/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct fuzz_host host;

	fuzz_host_init(&host, &input);
	fuzz_host_search(&host, &cfs_tencent_backend);
	fuzz_host_finish(&host);
	return 0;
}
