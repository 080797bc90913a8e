/*
 * The search for Tencent Cloud's keys on a machine that the input describes (machine.h): variables,
 * the credentials file, tccli's profiles, STS, a pod's identity and the machine's metadata.
 */
#include "backends/tencent/tencent.h"
#include "tests/fuzz/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct fuzz_machine machine;

	fuzz_machine_init(&machine, &input);
	fuzz_machine_search(&machine, &cfs_tencent_backend);
	fuzz_machine_finish(&machine);
	return 0;
}
