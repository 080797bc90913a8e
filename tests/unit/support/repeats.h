/* SPDX-License-Identifier: MIT */
/* For tests that do the same thousands of times over, at every split of a text or with every byte damaged. Under
 * tests/torture, where allocations fail, they do it a few times: the same allocations would fail again, and every
 * test is run many times. That it works everywhere is shown where nothing fails. */
#ifndef CFS_TESTS_UNIT_SUPPORT_REPEATS_H
#define CFS_TESTS_UNIT_SUPPORT_REPEATS_H

#include <stddef.h>

/* The step with which all of n are done, or a few of them. */
size_t step_over(size_t n);

#endif
