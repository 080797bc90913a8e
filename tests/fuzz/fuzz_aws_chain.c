/*
 * The search for AWS keys on a machine that the input describes (machine.h): variables, the shared
 * config and credentials files, SSO tokens, processes, STS, the services of containers and of the
 * instance metadata.
 */
#include "backends/aws/aws.h"
#include "tests/fuzz/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct fuzz_machine machine;

	fuzz_machine_init(&machine, &input);
	fuzz_machine_search(&machine, &cfs_aws_backend);
	fuzz_machine_finish(&machine);
	return 0;
}
