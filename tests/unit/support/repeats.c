/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/repeats.h"

#include <stdbool.h>

#define FEW 12

/* Of tests/torture, and not there elsewhere. */
extern bool torture_in_vain __attribute__((weak));

size_t step_over(size_t n)
{
	const bool *tortured = &torture_in_vain;

	return tortured && n > FEW ? n / FEW : 1;
}
