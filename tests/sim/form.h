/* SPDX-License-Identifier: MIT */
/* An HTML form, as in EC2's request bodies and in queries. */
#ifndef SIM_FORM_H
#define SIM_FORM_H

#include <stdbool.h>
#include <stddef.h>

#define SIM_PARAMS_MAX 4096 /* 1000 ids, and filters */

/* Percent-decoded names and values, in order. */
struct sim_param {
	char *name;
	char *value;
};

struct sim_form {
	char *text; /* holds all names and values */
	struct sim_param *params;
	size_t count;
};

/* 0, -EINVAL for a bad escape or a NUL byte, -E2BIG past SIM_PARAMS_MAX, -ENOMEM. */
int sim_form_parse(const char *text, size_t len, struct sim_form *ret_form);
void sim_form_finish(struct sim_form *form);
/* Is the name of this pattern, as "Filter.3.Value.12" is of "Filter.N.Value.N"? */
bool sim_form_fits(const char *name, const char *pattern);
const char *sim_form_get(const struct sim_form *form, const char *name); /* or NULL */

#endif
