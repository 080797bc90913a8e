/* SPDX-License-Identifier: MIT */
/* The command line. */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include "fault.h"
#include "fleet.h"

#define SIM_LATENCY_MAX 600000 /* ms */
#define SIM_SESSION_SECONDS_MAX 43200
#define SIM_CLOCK_OFFSET_MAX (100ll * 366 * 86400) /* s */

struct sim_options {
	unsigned port; /* 0: any */
	const char *ready_file;
	const char *ca_file;
	const char *log_file;
	uint32_t instances; /* of each cloud */
	struct sim_regions regions[SIM_CLOUDS];
	uint64_t seed;
	unsigned latency_ms;
	double rate_scale;
	bool freeze_clock;
	bool plain_names;
	uint32_t screen_bytes; /* 0: screens are drawn when asked for */
	const char *metadata_file;
	unsigned metadata_port;
	unsigned session_seconds; /* 0: as long as asked for */
	int64_t clock_offset_ms;
	const char *fault_file;
	const char *fleet_file;
	const char *authority_file;
	const char *issued_file;
	const char *web_identity_file;
	const char *container_token_file;
	bool no_instance_role;
	bool die_with_parent;
	struct sim_fault faults[SIM_FAULTS_MAX];
	size_t n_faults;
};

/*
 * Parses argv. Returns 0 to go on, 1 when --help or --version has been answered on stdout, -EINVAL
 * after a message on stderr that names the option. Strings stay argv's.
 */
int sim_options_parse(int argc, char **argv, struct sim_options *ret_options);

#endif
