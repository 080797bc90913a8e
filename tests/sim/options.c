/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "pictures.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef CONSOLEFS_VERSION
#define CONSOLEFS_VERSION "unknown"
#endif

#define INSTANCES_MAX 1000000ul

static const char usage[] =
	"usage: consolefs-sim [options]\n"
	"Simulates the EC2 and Tencent CVM APIs over HTTPS on 127.0.0.1.\n"
	"\n"
	"  --port N              listen on this port (0: any, the default)\n"
	"  --ready-file FILE     write the base URL here once listening\n"
	"  --ca-file FILE        write the certificate that clients must trust\n"
	"  --instances N         machines in each cloud (20)\n"
	"  --aws-regions A,B     (us-east-1)\n"
	"  --tencent-regions A,B (ap-guangzhou)\n"
	"  --seed N              same seed, same fleet (1)\n"
	"  --latency MS          delay every answer\n"
	"  --rate-scale F        times the documented request rates; 0: no limit (1)\n"
	"  --fault SPEC          [CLOUD/]ACTION[%REGION][@INSTANCE]:KIND[=ARG][:SHARE|:xN]\n"
	"                        kinds: delay=MS hang reset truncate status=NNN code=CODE garbage\n"
	"                        throttle[=S] badbase64 notjpeg badid=ID oversize empty close\n"
	"                        cutheader cutbody cuttls badtls stall drip=MS longlength\n"
	"                        shortlength badchunk nolastchunk chunks=N bigheader longheader\n"
	"                        interim twice\n"
	"  --log FILE            append one JSON object per request\n"
	"  --fleet-file FILE     machines that are gone or in another state, ID gone|STATE a "
	"line;\n"
	"                        read again when it changes\n"
	"  --authority-file FILE the certificate's authority: kept here from start to start\n"
	"  --fault-file FILE     more such rules, one a line; read again when it changes\n"
	"  --freeze-clock        screens show a fixed time and count\n"
	"  --plain-names         no machine has a name or a tag that is odd\n"
	"  --screen-bytes N      draw 16 screens at start, JPEGs of N bytes, and show no others\n"
	"  --clock-offset S      both clouds' clocks are this many seconds ahead (or behind: -S)\n"
	"  --metadata-file FILE  serve the metadata services of both clouds, and a container's,\n"
	"                        over http, and write their base URL here\n"
	"  --metadata-port N     on this port (0: any, the default)\n"
	"  --session-seconds N   temporary credentials live no longer\n"
	"  --no-instance-role    the machine has no role\n"
	"  --web-identity-file F the token that AssumeRoleWithWebIdentity accepts\n"
	"                        (consolefs-sim-web-identity-token)\n"
	"  --container-token-file F  what the container service accepts as Authorization\n"
	"                        (consolefs-sim-container-token)\n"
	"  --issued-file FILE    append each secret, token and link that is handed out\n"
	"  --die-with-parent     end when the starting process does\n"
	"  --help, --version\n"
	"\n"
	"Both clouds accept the id CONSOLEFSSIM with the secret consolefs-sim-secret.\n";

enum option_id {
	OPT_PORT = 256,
	OPT_READY,
	OPT_CA,
	OPT_INSTANCES,
	OPT_AWS_REGIONS,
	OPT_TENCENT_REGIONS,
	OPT_SEED,
	OPT_LATENCY,
	OPT_RATE_SCALE,
	OPT_FAULT,
	OPT_LOG,
	OPT_FREEZE,
	OPT_PLAIN_NAMES,
	OPT_SCREEN_BYTES,
	OPT_FAULT_FILE,
	OPT_FLEET_FILE,
	OPT_AUTHORITY_FILE,
	OPT_CLOCK_OFFSET,
	OPT_METADATA_FILE,
	OPT_METADATA_PORT,
	OPT_SESSION_SECONDS,
	OPT_NO_ROLE,
	OPT_WEB_IDENTITY,
	OPT_CONTAINER_TOKEN,
	OPT_ISSUED,
	OPT_DIE,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option options[] = {
	{"port", required_argument, NULL, OPT_PORT},
	{"ready-file", required_argument, NULL, OPT_READY},
	{"ca-file", required_argument, NULL, OPT_CA},
	{"instances", required_argument, NULL, OPT_INSTANCES},
	{"aws-regions", required_argument, NULL, OPT_AWS_REGIONS},
	{"tencent-regions", required_argument, NULL, OPT_TENCENT_REGIONS},
	{"seed", required_argument, NULL, OPT_SEED},
	{"latency", required_argument, NULL, OPT_LATENCY},
	{"rate-scale", required_argument, NULL, OPT_RATE_SCALE},
	{"fault", required_argument, NULL, OPT_FAULT},
	{"log", required_argument, NULL, OPT_LOG},
	{"freeze-clock", no_argument, NULL, OPT_FREEZE},
	{"plain-names", no_argument, NULL, OPT_PLAIN_NAMES},
	{"screen-bytes", required_argument, NULL, OPT_SCREEN_BYTES},
	{"fault-file", required_argument, NULL, OPT_FAULT_FILE},
	{"fleet-file", required_argument, NULL, OPT_FLEET_FILE},
	{"authority-file", required_argument, NULL, OPT_AUTHORITY_FILE},
	{"clock-offset", required_argument, NULL, OPT_CLOCK_OFFSET},
	{"metadata-file", required_argument, NULL, OPT_METADATA_FILE},
	{"metadata-port", required_argument, NULL, OPT_METADATA_PORT},
	{"session-seconds", required_argument, NULL, OPT_SESSION_SECONDS},
	{"no-instance-role", no_argument, NULL, OPT_NO_ROLE},
	{"web-identity-file", required_argument, NULL, OPT_WEB_IDENTITY},
	{"container-token-file", required_argument, NULL, OPT_CONTAINER_TOKEN},
	{"issued-file", required_argument, NULL, OPT_ISSUED},
	{"die-with-parent", no_argument, NULL, OPT_DIE},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

static int parse_number(const char *name, const char *text, uint64_t most, uint64_t *ret_number)
{
	char *end;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno || number > most) {
		fprintf(stderr, "consolefs-sim: --%s: \"%s\" is no number from 0 to %llu\n", name,
			text, (unsigned long long)most);
		return -EINVAL;
	}
	*ret_number = number;
	return 0;
}

static int parse_offset(const char *text, int64_t *ret_ms)
{
	bool behind = text[0] == '-';
	uint64_t seconds = 0;
	int r = parse_number("clock-offset", text + behind, SIM_CLOCK_OFFSET_MAX, &seconds);
	if (r == 0)
		*ret_ms = (behind ? -1000 : 1000) * (int64_t)seconds;
	return r;
}

static int parse_scale(const char *text, double *ret_scale)
{
	char *end;
	errno = 0;
	double scale = strtod(text, &end);
	if (!(isdigit((unsigned char)text[0]) || text[0] == '.') || *end || errno ||
		!(scale >= 0 && scale <= 1e6)) {
		fprintf(stderr,
			"consolefs-sim: --rate-scale: \"%s\" is no number from 0 to 1000000\n",
			text);
		return -EINVAL;
	}
	*ret_scale = scale;
	return 0;
}

static int parse_bytes(const char *name, const char *text, uint32_t *ret_bytes)
{
	uint64_t number = 0;
	int r = parse_number(name, text, SIM_PICTURE_BYTES_MAX, &number);
	if (r == 0 && number < SIM_PICTURE_BYTES_MIN) {
		fprintf(stderr, "consolefs-sim: --%s: \"%s\" is less than %d\n", name, text,
			SIM_PICTURE_BYTES_MIN);
		return -EINVAL;
	}
	if (r == 0)
		*ret_bytes = (uint32_t)number;
	return r;
}

static bool is_region(const char *name)
{
	if (!name[0])
		return false;
	for (const char *p = name; *p; p++) {
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-')
			return false;
	}
	return true;
}

static bool split_regions(const char *text, struct sim_regions *regions)
{
	for (const char *p = text;;) {
		size_t len = strcspn(p, ",");
		if (regions->count == SIM_REGIONS_MAX || len >= SIM_REGION_SIZE)
			return false;
		char *region = regions->names[regions->count];
		memcpy(region, p, len);
		region[len] = '\0';
		if (!is_region(region) || sim_fleet_region(regions, region) >= 0)
			return false;
		regions->count++;
		if (p[len] == '\0')
			return true;
		p += len + 1;
	}
}

static int parse_regions(const char *name, const char *text, struct sim_regions *ret_regions)
{
	struct sim_regions regions = {0};
	if (!split_regions(text, &regions)) {
		fprintf(stderr,
			"consolefs-sim: --%s: \"%s\" is no list of up to %d regions, a,b,...\n",
			name, text, SIM_REGIONS_MAX);
		return -EINVAL;
	}
	*ret_regions = regions;
	return 0;
}

static int parse_fault(const char *text, struct sim_options *out)
{
	const char *wrong = out->n_faults == SIM_FAULTS_MAX
		? "there are too many"
		: sim_fault_parse(text, &out->faults[out->n_faults]);
	if (wrong) {
		fprintf(stderr, "consolefs-sim: --fault \"%s\": %s\n", text, wrong);
		return -EINVAL;
	}
	out->n_faults++;
	return 0;
}

static int parse_one(int id, const char *name, struct sim_options *out)
{
	uint64_t number = 0;
	int r = 0;
	switch ((enum option_id)id) {
	case OPT_PORT:
		r = parse_number(name, optarg, 65535, &number);
		out->port = (unsigned)number;
		return r;
	case OPT_INSTANCES:
		r = parse_number(name, optarg, INSTANCES_MAX, &number);
		out->instances = (uint32_t)number;
		return r;
	case OPT_SEED:
		return parse_number(name, optarg, UINT64_MAX, &out->seed);
	case OPT_LATENCY:
		r = parse_number(name, optarg, SIM_LATENCY_MAX, &number);
		out->latency_ms = (unsigned)number;
		return r;
	case OPT_READY:
		out->ready_file = optarg;
		return 0;
	case OPT_CA:
		out->ca_file = optarg;
		return 0;
	case OPT_LOG:
		out->log_file = optarg;
		return 0;
	case OPT_AWS_REGIONS:
		return parse_regions(name, optarg, &out->regions[SIM_AWS]);
	case OPT_TENCENT_REGIONS:
		return parse_regions(name, optarg, &out->regions[SIM_TENCENT]);
	case OPT_RATE_SCALE:
		return parse_scale(optarg, &out->rate_scale);
	case OPT_FAULT:
		return parse_fault(optarg, out);
	case OPT_FREEZE:
		out->freeze_clock = true;
		return 0;
	case OPT_PLAIN_NAMES:
		out->plain_names = true;
		return 0;
	case OPT_SCREEN_BYTES:
		return parse_bytes(name, optarg, &out->screen_bytes);
	case OPT_FAULT_FILE:
		out->fault_file = optarg;
		return 0;
	case OPT_FLEET_FILE:
		out->fleet_file = optarg;
		return 0;
	case OPT_AUTHORITY_FILE:
		out->authority_file = optarg;
		return 0;
	case OPT_CLOCK_OFFSET:
		return parse_offset(optarg, &out->clock_offset_ms);
	case OPT_METADATA_FILE:
		out->metadata_file = optarg;
		return 0;
	case OPT_METADATA_PORT:
		r = parse_number(name, optarg, 65535, &number);
		out->metadata_port = (unsigned)number;
		return r;
	case OPT_SESSION_SECONDS:
		r = parse_number(name, optarg, SIM_SESSION_SECONDS_MAX, &number);
		out->session_seconds = (unsigned)number;
		return r;
	case OPT_NO_ROLE:
		out->no_instance_role = true;
		return 0;
	case OPT_WEB_IDENTITY:
		out->web_identity_file = optarg;
		return 0;
	case OPT_CONTAINER_TOKEN:
		out->container_token_file = optarg;
		return 0;
	case OPT_ISSUED:
		out->issued_file = optarg;
		return 0;
	case OPT_DIE:
		out->die_with_parent = true;
		return 0;
	case OPT_HELP:
		fputs(usage, stdout);
		return 1;
	case OPT_VERSION:
		puts("consolefs-sim " CONSOLEFS_VERSION);
		return 1;
	}
	return -EINVAL;
}

int sim_options_parse(int argc, char **argv, struct sim_options *ret_options)
{
	static const struct sim_options defaults = {
		.instances = 20,
		.regions = {[SIM_AWS] = {.names = {"us-east-1"}, .count = 1},
			[SIM_TENCENT] = {.names = {"ap-guangzhou"}, .count = 1}},
		.seed = 1,
		.rate_scale = 1,
	};
	*ret_options = defaults;
	for (;;) {
		int index = 0;
		int id = getopt_long(argc, argv, "", options, &index);
		if (id == -1)
			break;
		if (id == '?') /* getopt has said what is wrong */
			return -EINVAL;
		int r = parse_one(id, options[index].name, ret_options);
		if (r != 0)
			return r;
	}
	if (optind < argc) {
		fprintf(stderr, "consolefs-sim: \"%s\" is no option; see --help\n", argv[optind]);
		return -EINVAL;
	}
	return 0;
}
