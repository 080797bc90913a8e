/* SPDX-License-Identifier: MIT */
/*
 * The search for AWS keys on a host that the input describes (host.h): variables, the shared
 * config and credentials files, SSO tokens, processes, STS, the services of containers and of the
 * instance metadata.
 */
#include "backends/aws/aws.h"
#include "tests/fuzz/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct fuzz_host host;

	fuzz_host_init(&host, &input);
	fuzz_host_search(&host, &cfs_aws_backend);
	fuzz_host_finish(&host);
	return 0;
}
