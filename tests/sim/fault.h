/* SPDX-License-Identifier: MIT */
/*
 * Faults on demand: rules of the command line and of the file of --fault-file,
 * [CLOUD/]ACTION[%REGION][@INSTANCE]:KIND[=ARG][:SHARE|:xN].
 *
 * Every rule that matches a request is tried in the order given; delays add up, and the first other
 * kind that hits decides. A rule with a share draws from the seeded generator, one with xN hits the
 * first N matching requests.
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "fleet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define SIM_FAULT_TEXT 128
#define SIM_FAULTS_MAX 64
#define SIM_FAULT_DELAY_MAX 600000 /* ms */

enum sim_fault_kind {
	SIM_FAULT_NONE,
	/* of the transport: they hit before the request is judged */
	SIM_FAULT_DELAY,
	SIM_FAULT_HANG,
	SIM_FAULT_RESET,
	SIM_FAULT_STATUS,
	SIM_FAULT_GARBAGE,
	/* of the service: they hit a request that is signed well */
	SIM_FAULT_CODE,
	SIM_FAULT_THROTTLE,
	/* of the content: the action runs and its answer is spoilt */
	SIM_FAULT_TRUNCATE,
	SIM_FAULT_BADBASE64,
	SIM_FAULT_NOTJPEG,
	SIM_FAULT_BADID,
	SIM_FAULT_OVERSIZE,
	SIM_FAULT_EMPTY,
	/* of the wire: the action runs, and wire.c sends its answer; first to last in this order */
	SIM_FAULT_CLOSE,
	SIM_FAULT_CUTHEADER,
	SIM_FAULT_CUTBODY,
	SIM_FAULT_CUTTLS,
	SIM_FAULT_BADTLS,
	SIM_FAULT_STALL,
	SIM_FAULT_DRIP,
	SIM_FAULT_LONGLENGTH,
	SIM_FAULT_SHORTLENGTH,
	SIM_FAULT_BADCHUNK,
	SIM_FAULT_NOLASTCHUNK,
	SIM_FAULT_CHUNKS,
	SIM_FAULT_BIGHEADER,
	SIM_FAULT_LONGHEADER,
	SIM_FAULT_INTERIM,
	SIM_FAULT_TWICE,
};

/* Whether wire.c sends the answer. */
bool sim_fault_of_wire(enum sim_fault_kind kind);

/* A body past any sane limit: 20 MiB. */
#define SIM_FAULT_OVERSIZE_BYTES ((size_t)20 << 20)
#define SIM_FAULT_LONG_ID 300
#define SIM_FAULT_CHUNK_MAX 65536
#define SIM_FAULT_RETRY_MAX 3600 /* s */

struct sim_fault {
	int cloud; /* enum sim_cloud, or -1 for both */
	char action[SIM_FAULT_TEXT];
	char region[SIM_REGION_SIZE];  /* empty: any */
	char instance[SIM_FAULT_TEXT]; /* empty: any */
	enum sim_fault_kind kind;
	char arg[SIM_FAULT_TEXT];
	unsigned number; /* of milliseconds, bytes or seconds, or the HTTP status */
	double share;
	uint64_t left; /* matching requests it still hits */
};

/* What hits one request. */
struct sim_effect {
	enum sim_fault_kind kind;
	const char *arg;
	unsigned number;
	unsigned delay_ms;
	const char *name; /* for the log; "" when nothing hits */
};

/* Returns NULL, or what is wrong with the text, in words. */
const char *sim_fault_parse(const char *text, struct sim_fault *ret_fault);

/* Counts the request against the rules it matches. random is the state of the generator. */
struct sim_effect sim_fault_pick(struct sim_fault *faults, size_t count, uint64_t *random,
	enum sim_cloud cloud, const char *action, const char *region, const char *instance);

const char *sim_fault_name(enum sim_fault_kind kind);

/* The rules of --fault-file, one a line, which may be replaced while the simulator runs. */
struct sim_fault_file {
	struct sim_fault faults[SIM_FAULTS_MAX];
	size_t count;
	struct timespec changed; /* the file that was read last */
	unsigned long inode;
};

/* Reads the file again if it is another than before; one that is not there has no rules. A line
 * that is no rule is complained of on stderr. */
void sim_fault_file_read(struct sim_fault_file *file, const char *path);

#endif
