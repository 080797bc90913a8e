/* SPDX-License-Identifier: MIT */
#include "fleet.h"

#include "crypto.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* 36^8: how many ids of the form ins-xxxxxxxx there are. */
#define CVM_IDS 2821109907456u
#define CVM_HALF_BITS 21
#define ROUNDS 4

/* Instances were launched during 2025, whatever the day is: one seed, one fleet. */
#define LAUNCH_EPOCH_S 1735689600
#define LAUNCH_SPAN_S (300 * 86400)

static const struct sim_type aws_types[] = {
	{"t3.micro", "x86_64", false, true, 2, 1},
	{"m5.large", "x86_64", false, true, 2, 8},
	{"c5.xlarge", "x86_64", false, true, 4, 8},
	{"r5.2xlarge", "x86_64", false, true, 8, 64},
	{"t2.micro", "x86_64", false, false, 1, 1},
	{"m4.large", "x86_64", false, false, 2, 8},
	{"m7g.large", "arm64", false, true, 2, 8},
	{"m5.metal", "x86_64", true, true, 96, 384},
	{"c6g.metal", "arm64", true, true, 64, 128},
};
enum { AWS_T3, AWS_M5, AWS_C5, AWS_R5, AWS_T2, AWS_M4, AWS_M7G, AWS_METAL, AWS_ARM_METAL };

static const struct sim_type cvm_types[] = {
	{"S5.MEDIUM2", "x86_64", false, true, 2, 2},
	{"S5.LARGE8", "x86_64", false, true, 4, 8},
	{"SA2.MEDIUM4", "x86_64", false, true, 2, 4},
	{"C3.LARGE16", "x86_64", false, true, 4, 16},
	{"BMI5.24XLARGE384", "x86_64", true, true, 96, 384},
};
enum { CVM_S5M, CVM_S5L, CVM_SA2, CVM_C3, CVM_METAL };

#define NAME_255 "\xff\x01"  /* stands for a name of 255 letters */
#define NAME_WIDE "\xff\x02" /* for one of 128 three-byte letters */

/*
 * Ten instances that hold every kind. Whoever tests with ten tests with all: the two EC2 clocks
 * that sleep and wake, each state, both kinds without screenshots, and names that are no file
 * names.
 */
static const struct kind {
	enum sim_state state;
	enum sim_special special;
	unsigned type;
	bool asleep;
	const char *name; /* NULL: no Name tag, or an empty InstanceName */
} first_aws[] =
	{
		{SIM_RUNNING, SIM_SPECIAL_NONE, AWS_M5, false, "web-1"},
		{SIM_RUNNING, SIM_SPECIAL_NONE, AWS_T3, true, "web-1"},
		{SIM_STOPPED, SIM_SPECIAL_NONE, AWS_C5, false, "db/primary"},
		{SIM_PENDING, SIM_SPECIAL_NONE, AWS_T3, false, ".."},
		{SIM_RUNNING, SIM_SPECIAL_NONE, AWS_M7G, false, "<script>alert(1)</script>"},
		/* NOLINTNEXTLINE(misc-misleading-bidirectional): it is to mislead */
		{SIM_RUNNING, SIM_SPECIAL_NONE, AWS_METAL, false, "build\nbox \xe2\x80\xaegpj.exe"},
		{SIM_STOPPING, SIM_SPECIAL_NONE, AWS_M4, false, NAME_255},
		{SIM_SHUTTING_DOWN, SIM_SPECIAL_NONE, AWS_M5, false, ""},
		{SIM_RUNNING, SIM_SPECIAL_NONE, AWS_T2, true, NULL},
		{SIM_TERMINATED, SIM_SPECIAL_NONE, AWS_M5, false, "old-web"},
},
  first_cvm[] =
	  {
		  {SIM_RUNNING, SIM_SPECIAL_NONE, CVM_S5L, false, "web-1"},
		  {SIM_RUNNING, SIM_SPECIAL_NONE, CVM_S5M, false, "web-1"},
		  {SIM_STOPPED, SIM_SPECIAL_NONE, CVM_SA2, false, "db/primary"},
		  {SIM_PENDING, SIM_SPECIAL_NONE, CVM_S5M, false, ".."},
		  {SIM_STARTING, SIM_SPECIAL_NONE, CVM_C3, false, "<script>alert(1)</script>"},
		  {SIM_STOPPING, SIM_SPECIAL_NONE, CVM_S5M, false,
			  /* NOLINTNEXTLINE(misc-misleading-bidirectional): likewise */
			  "build\nbox \xe2\x80\xaegpj.exe"},
		  {SIM_REBOOTING, SIM_SPECIAL_NONE, CVM_S5L, false, NAME_WIDE},
		  {SIM_SHUTDOWN, SIM_SPECIAL_NONE, CVM_S5M, false, ""},
		  {SIM_RUNNING, SIM_SPECIAL_TYPE, CVM_METAL, false,
			  "\xe6\x9c\xaa\xe5\x91\xbd\xe5\x90\x8d"},
		  {SIM_TERMINATING, SIM_SPECIAL_NONE, CVM_S5M, false, "old-web"},
},
  next_cvm[] = {
	  /* The rest of DescribeInstanceVncUrl's errors, at 10 to 15. */
	  {SIM_RUNNING, SIM_SPECIAL_OPERATING, CVM_S5M, false, "resizing"},
	  {SIM_STOPPED, SIM_SPECIAL_STOP_CHARGING, CVM_S5M, false, "parked"},
	  {SIM_RUNNING, SIM_SPECIAL_RESCUE_ENTER, CVM_S5L, false, "rescue-in"},
	  {SIM_RUNNING, SIM_SPECIAL_RESCUE_EXIT, CVM_S5L, false, "rescue-out"},
	  {SIM_RUNNING, SIM_SPECIAL_MIGRATING, CVM_C3, false, "moving"},
	  {SIM_LAUNCH_FAILED, SIM_SPECIAL_NONE, CVM_S5M, false, "stillborn"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const roles[] = {"web", "api", "db", "cache", "worker", "build", "mail", "edge"};
static const char *const hostile[] = {"a/b/../c", ".", "...", " leading and trailing ", "tab\there",
	"-rf", "*", "caf\xc3\xa9 \xf0\x9f\x98\x80", NAME_WIDE, "\x01\x7f\x1b[31m",
	"a&b \"c\" 'd' $(id) `id`", "web-1"};

int sim_fleet_region(const struct sim_regions *regions, const char *name)
{
	for (unsigned i = 0; i < regions->count; i++) {
		if (strcmp(regions->names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

int sim_fleet_init(
	struct sim_fleet *fleet, uint64_t seed, uint32_t count, const struct sim_regions *regions)
{
	*fleet = (struct sim_fleet){.seed = seed, .count = count};
	for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
		fleet->regions[cloud] = &regions[cloud];
		fleet->displays[cloud] = calloc(count ? count : 1, sizeof(struct sim_display));
		if (!fleet->displays[cloud]) {
			sim_fleet_finish(fleet);
			return -ENOMEM;
		}
	}
	return 0;
}

void sim_fleet_finish(struct sim_fleet *fleet)
{
	if (!fleet)
		return;
	for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
		free(fleet->displays[cloud]);
		free(fleet->changes[cloud]);
		fleet->displays[cloud] = NULL;
		fleet->changes[cloud] = NULL;
	}
}

static uint64_t round_key(const struct sim_fleet *fleet, enum sim_cloud cloud, unsigned round)
{
	return sim_crypto_mix(fleet->seed * SIM_CLOUDS + (uint64_t)cloud) ^ (uint64_t)round << 56;
}

/* A balanced Feistel network over 2 * bits: a permutation whose inverse costs the same. */
static uint64_t permute(
	const struct sim_fleet *fleet, enum sim_cloud cloud, unsigned bits, uint64_t value)
{
	uint64_t mask = ((uint64_t)1 << bits) - 1;
	uint64_t left = value >> bits & mask, right = value & mask;
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t next =
			left ^ (sim_crypto_mix(round_key(fleet, cloud, round) ^ right) & mask);
		left = right;
		right = next;
	}
	return left << bits | right;
}

static uint64_t unpermute(
	const struct sim_fleet *fleet, enum sim_cloud cloud, unsigned bits, uint64_t value)
{
	uint64_t mask = ((uint64_t)1 << bits) - 1;
	uint64_t left = value >> bits & mask, right = value & mask;
	for (unsigned round = ROUNDS; round-- > 0;) {
		uint64_t previous =
			right ^ (sim_crypto_mix(round_key(fleet, cloud, round) ^ left) & mask);
		right = left;
		left = previous;
	}
	return left << bits | right;
}

static void make_id(const struct sim_fleet *fleet, enum sim_cloud cloud, uint32_t index,
	char ret_id[SIM_ID_SIZE])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	if (cloud == SIM_AWS) {
		snprintf(ret_id, SIM_ID_SIZE, "i-0%016llx",
			(unsigned long long)permute(fleet, cloud, 32, index));
		return;
	}
	/* Cycle walking keeps the permutation inside the 36^8 ids. */
	uint64_t value = permute(fleet, cloud, CVM_HALF_BITS, index);
	while (value >= CVM_IDS)
		value = permute(fleet, cloud, CVM_HALF_BITS, value);
	char text[9] = "";
	for (int i = 7; i >= 0; i--) {
		text[i] = digits[value % 36];
		value /= 36;
	}
	snprintf(ret_id, SIM_ID_SIZE, "ins-%s", text);
}

static int parse_aws_id(const struct sim_fleet *fleet, const char *id, uint64_t *ret_index)
{
	size_t len = strlen(id);
	if (strncmp(id, "i-", 2) != 0 || (len != 10 && len != 19) ||
		strspn(id + 2, "0123456789abcdef") != len - 2)
		return -EINVAL;
	if (len != 19 || id[2] != '0')
		return -ENOENT;
	*ret_index = unpermute(fleet, SIM_AWS, 32, strtoull(id + 3, NULL, 16));
	return 0;
}

static int parse_cvm_id(const struct sim_fleet *fleet, const char *id, uint64_t *ret_index)
{
	uint64_t value = 0;
	if (strncmp(id, "ins-", 4) != 0 || strlen(id) != 12)
		return -EINVAL;
	for (const char *p = id + 4; *p; p++) {
		if (*p >= '0' && *p <= '9')
			value = value * 36 + (uint64_t)(*p - '0');
		else if (*p >= 'a' && *p <= 'z')
			value = value * 36 + (uint64_t)(*p - 'a' + 10);
		else
			return -EINVAL;
	}
	value = unpermute(fleet, SIM_TENCENT, CVM_HALF_BITS, value);
	while (value >= CVM_IDS)
		value = unpermute(fleet, SIM_TENCENT, CVM_HALF_BITS, value);
	*ret_index = value;
	return 0;
}

/* Whoever is gone for now is found too. */
static int find_index(
	const struct sim_fleet *fleet, enum sim_cloud cloud, const char *id, uint64_t *ret_index)
{
	int r = cloud == SIM_AWS ? parse_aws_id(fleet, id, ret_index)
				 : parse_cvm_id(fleet, id, ret_index);
	return r == 0 && *ret_index >= fleet->count ? -ENOENT : r;
}

static unsigned char change_of(const struct sim_fleet *fleet, enum sim_cloud cloud, uint32_t index)
{
	return fleet->changes[cloud] ? fleet->changes[cloud][index] : SIM_CHANGE_NONE;
}

bool sim_fleet_is_gone(const struct sim_fleet *fleet, enum sim_cloud cloud, uint32_t index)
{
	return change_of(fleet, cloud, index) == SIM_CHANGE_GONE;
}

int sim_fleet_find(const struct sim_fleet *fleet, enum sim_cloud cloud, const char *id,
	struct sim_instance *ret_instance)
{
	uint64_t index = 0;
	int r = find_index(fleet, cloud, id, &index);
	if (r < 0)
		return r;
	if (sim_fleet_is_gone(fleet, cloud, (uint32_t)index))
		return -ENOENT;
	sim_fleet_get(fleet, cloud, (uint32_t)index, ret_instance);
	return 0;
}

static const struct kind *special_kind(enum sim_cloud cloud, uint32_t index)
{
	if (cloud == SIM_AWS)
		return index < COUNT(first_aws) ? &first_aws[index] : NULL;
	if (index < COUNT(first_cvm))
		return &first_cvm[index];
	index -= (uint32_t)COUNT(first_cvm);
	return index < COUNT(next_cvm) ? &next_cvm[index] : NULL;
}

static void set_name(struct sim_instance *out, const char *name)
{
	out->has_name = name != NULL;
	if (!name) {
		out->name[0] = '\0';
	} else if (strcmp(name, NAME_255) == 0) {
		for (int i = 0; i < 255; i++)
			out->name[i] = (char)('a' + i % 26);
		out->name[255] = '\0';
	} else if (strcmp(name, NAME_WIDE) == 0) {
		for (int i = 0; i < 128; i++)
			memcpy(out->name + (size_t)3 * (size_t)i, "\xe9\x95\xbf", 3);
		out->name[384] = '\0';
	} else {
		snprintf(out->name, sizeof(out->name), "%s", name);
	}
}

/* An ordinary machine: one in ten is not running, one in fifty has a name that bites. */
static void draw_kind(struct sim_instance *out)
{
	uint64_t random = out->random;
	unsigned percent = (unsigned)(random % 100);
	out->state = SIM_RUNNING;
	if (percent < 6)
		out->state = SIM_STOPPED;
	else if (percent < 8)
		out->state = SIM_PENDING;
	else if (percent < 10)
		out->state = SIM_STOPPING;
	out->asleep = random >> 8 & 1;
	unsigned type = (unsigned)(random >> 16 & 0xffff);
	if (out->cloud == SIM_AWS)
		out->type = &aws_types[type % 100 < 85 ? type % 6 : AWS_M7G + type % 3];
	else
		out->type = &cvm_types[type % CVM_METAL];
	const char *role = roles[random >> 32 & 7];
	unsigned naming = (unsigned)(random >> 40 & 0xff);
	if (naming < 5) {
		set_name(out, hostile[(random >> 48) % COUNT(hostile)]);
	} else if (naming < 12) {
		set_name(out, role); /* many share it */
	} else {
		out->has_name = true;
		snprintf(out->name, sizeof(out->name), "%s-%u", role, (unsigned)out->index);
	}
}

/* As most fleets have them: "web-3". */
static void set_plain_name(struct sim_instance *out)
{
	out->has_name = true;
	snprintf(out->name, sizeof(out->name), "%s-%u", roles[out->random >> 32 & 7],
		(unsigned)out->index + 1);
}

static void add_tag(struct sim_instance *out, const char *key, const char *value)
{
	struct sim_tag *tag = &out->tags[out->n_tags++];
	tag->key = key;
	snprintf(tag->value, sizeof(tag->value), "%s", value);
}

static void set_tags(const struct sim_fleet *fleet, struct sim_instance *out)
{
	static const char *const envs[] = {"prod", "staging", "dev"};
	static const char *const teams[] = {"platform", "payments", "search & <ads>", "\"core\""};
	char text[32];
	if (out->has_name && out->cloud == SIM_AWS)
		add_tag(out, "Name", out->name);
	add_tag(out, "env", envs[sim_crypto_mix(out->random) % COUNT(envs)]);
	add_tag(out, "team",
		teams[sim_crypto_mix(out->random + 1) % (fleet->plain ? 2 : COUNT(teams))]);
	snprintf(
		text, sizeof(text), "cc-%04u", (unsigned)(sim_crypto_mix(out->random + 2) % 10000));
	add_tag(out, "cost-center", text);
	add_tag(out, "backup", out->index % 2 ? "daily" : "none");
	if (out->cloud == SIM_TENCENT)
		add_tag(out, "role", roles[out->random >> 32 & 7]);
}

void sim_fleet_get(const struct sim_fleet *fleet, enum sim_cloud cloud, uint32_t index,
	struct sim_instance *ret_instance)
{
	struct sim_instance *out = ret_instance;
	const struct sim_regions *regions = fleet->regions[cloud];
	out->cloud = cloud;
	out->index = index;
	out->random = sim_crypto_mix(round_key(fleet, cloud, 99) ^ (uint64_t)index << 8);
	out->n_tags = 0;
	out->special = SIM_SPECIAL_NONE;
	make_id(fleet, cloud, index, out->id);
	out->region = index % regions->count;
	const char *region = regions->names[out->region];
	unsigned zone = (unsigned)(sim_crypto_mix(out->random + 3) % 3);
	if (cloud == SIM_AWS)
		snprintf(out->zone, sizeof(out->zone), "%s%c", region, (char)('a' + (int)zone));
	else
		snprintf(out->zone, sizeof(out->zone), "%s-%u", region, zone + 3);
	const struct kind *kind = special_kind(cloud, index);
	if (kind) {
		out->state = kind->state;
		out->special = kind->special;
		out->type = cloud == SIM_AWS ? &aws_types[kind->type] : &cvm_types[kind->type];
		out->asleep = kind->asleep;
		set_name(out, kind->name);
	} else {
		draw_kind(out);
	}
	if (fleet->plain)
		set_plain_name(out);
	unsigned char change = change_of(fleet, cloud, index);
	if (change != SIM_CHANGE_NONE && change != SIM_CHANGE_GONE)
		out->state = (enum sim_state)(change - 1);
	out->launched_ms =
		(LAUNCH_EPOCH_S + (int64_t)(sim_crypto_mix(out->random + 4) % LAUNCH_SPAN_S)) *
		1000;
	snprintf(out->private_ip, sizeof(out->private_ip), "10.%u.%u.%u", index >> 16 & 0xff,
		index >> 8 & 0xff, index & 0xff);
	out->public_ip[0] = '\0';
	if (out->state == SIM_RUNNING && sim_crypto_mix(out->random + 5) % 3 != 0)
		snprintf(out->public_ip, sizeof(out->public_ip), "203.0.113.%u", index & 0xff);
	set_tags(fleet, out);
}

const char *sim_fleet_state_name(enum sim_cloud cloud, enum sim_state state)
{
	switch (state) {
	case SIM_PENDING:
		return cloud == SIM_AWS ? "pending" : "PENDING";
	case SIM_RUNNING:
		return cloud == SIM_AWS ? "running" : "RUNNING";
	case SIM_STOPPING:
		return cloud == SIM_AWS ? "stopping" : "STOPPING";
	case SIM_STOPPED:
		return cloud == SIM_AWS ? "stopped" : "STOPPED";
	case SIM_SHUTTING_DOWN:
		return "shutting-down";
	case SIM_TERMINATED:
		return "terminated";
	case SIM_STARTING:
		return "STARTING";
	case SIM_REBOOTING:
		return "REBOOTING";
	case SIM_SHUTDOWN:
		return "SHUTDOWN";
	case SIM_TERMINATING:
		return "TERMINATING";
	case SIM_LAUNCH_FAILED:
		return "LAUNCH_FAILED";
	}
	return "";
}

/* The change that a line of the file says. */
static bool parse_change(const struct sim_fleet *fleet, const char *line, enum sim_cloud *ret_cloud,
	uint64_t *ret_index, unsigned char *ret_change)
{
	size_t len = strcspn(line, " ");
	char id[SIM_ID_SIZE];
	if (line[len] != ' ' || len >= sizeof(id))
		return false;
	memcpy(id, line, len);
	id[len] = '\0';
	const char *what = line + len + 1;
	*ret_cloud = strncmp(id, "ins-", 4) == 0 ? SIM_TENCENT : SIM_AWS;
	if (find_index(fleet, *ret_cloud, id, ret_index) < 0)
		return false;
	*ret_change = SIM_CHANGE_GONE;
	if (strcmp(what, "gone") == 0)
		return true;
	for (int state = SIM_PENDING; state <= SIM_LAUNCH_FAILED; state++) {
		*ret_change = (unsigned char)(state + 1);
		if (strcmp(what, sim_fleet_state_name(*ret_cloud, (enum sim_state)state)) == 0)
			return true;
	}
	return false;
}

static void read_changes(struct sim_fleet *fleet, FILE *stream)
{
	char line[128];
	while (fgets(line, sizeof(line), stream)) {
		enum sim_cloud cloud;
		uint64_t index = 0;
		unsigned char change;
		line[strcspn(line, "\n")] = '\0';
		if (!line[0])
			continue;
		if (parse_change(fleet, line, &cloud, &index, &change))
			fleet->changes[cloud][index] = change;
		else
			fprintf(stderr, "consolefs-sim: --fleet-file: \"%s\" is no change\n", line);
	}
}

void sim_fleet_read(struct sim_fleet *fleet, const char *path)
{
	struct stat info;
	if (stat(path, &info) < 0 ||
		(fleet->inode == info.st_ino && fleet->changed.tv_sec == info.st_mtim.tv_sec &&
			fleet->changed.tv_nsec == info.st_mtim.tv_nsec))
		return;
	FILE *stream = fopen(path, "re");
	if (!stream)
		return;
	fleet->inode = info.st_ino;
	fleet->changed = info.st_mtim;
	bool room = true;
	for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
		free(fleet->changes[cloud]);
		fleet->changes[cloud] = calloc(fleet->count ? fleet->count : 1, 1);
		room = room && fleet->changes[cloud];
	}
	if (room)
		read_changes(fleet, stream);
	else
		fprintf(stderr, "consolefs-sim: --fleet-file: out of memory\n");
	fclose(stream);
}
