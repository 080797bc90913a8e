/* SPDX-License-Identifier: MIT */
/*
 * The machines of both clouds, made from a seed.
 *
 * No table of instances exists: an instance is a function of (seed, cloud, index), and its id is a
 * keyed permutation of its index, so an id finds its index by the inverse. A fleet of 100,000
 * starts as fast as one of ten. The first ten of each cloud hold every kind there is; see fleet.c.
 * Index i lives in region i modulo the number of regions.
 */
#ifndef SIM_FLEET_H
#define SIM_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum sim_cloud { SIM_AWS, SIM_TENCENT, SIM_CLOUDS };

#define SIM_REGIONS_MAX 32
#define SIM_REGION_SIZE 32
#define SIM_ID_SIZE 24
#define SIM_NAME_SIZE 1024
#define SIM_TAGS_MAX 5
#define SIM_AWAKE_MS 30000 /* how long a woken display stays on */

struct sim_regions {
	char names[SIM_REGIONS_MAX][SIM_REGION_SIZE];
	unsigned count;
};

int sim_fleet_region(const struct sim_regions *regions, const char *name); /* index or -1 */

enum sim_state {
	/* EC2, and the first four CVM too */
	SIM_PENDING,
	SIM_RUNNING,
	SIM_STOPPING,
	SIM_STOPPED,
	SIM_SHUTTING_DOWN,
	SIM_TERMINATED,
	/* CVM only */
	SIM_STARTING,
	SIM_REBOOTING,
	SIM_SHUTDOWN,
	SIM_TERMINATING,
	SIM_LAUNCH_FAILED,
};

/* What keeps a running CVM from having a console. */
enum sim_special {
	SIM_SPECIAL_NONE,
	SIM_SPECIAL_TYPE,          /* UnsupportedOperation.SpecialInstanceType */
	SIM_SPECIAL_STOP_CHARGING, /* stopped, and its billing too */
	SIM_SPECIAL_RESCUE_ENTER,
	SIM_SPECIAL_RESCUE_EXIT,
	SIM_SPECIAL_MIGRATING,
	SIM_SPECIAL_OPERATING, /* LatestOperationState OPERATING */
};

struct sim_type {
	const char *name;
	const char *arch; /* x86_64 or arm64 */
	bool metal;
	bool nitro;
	unsigned cpus;
	unsigned memory_gb;
};

struct sim_tag {
	const char *key;
	char value[SIM_NAME_SIZE];
};

struct sim_instance {
	enum sim_cloud cloud;
	uint32_t index;
	uint64_t random; /* its own constant, for whatever else must differ */
	char id[SIM_ID_SIZE];
	unsigned region;
	char zone[SIM_REGION_SIZE + 4];
	enum sim_state state;
	enum sim_special special;
	bool asleep; /* the display, until it is woken */
	const struct sim_type *type;
	int64_t launched_ms;
	char private_ip[16];
	char public_ip[16]; /* "" when it has none */
	bool has_name;
	char name[SIM_NAME_SIZE];
	struct sim_tag tags[SIM_TAGS_MAX];
	unsigned n_tags;
};

/* What changes while the simulator runs. */
struct sim_display {
	int64_t awake_until_ms; /* monotonic; INT64_MAX: for good */
	uint32_t draws;
	uint32_t last_bytes; /* length of the last screen */
};

#define SIM_CHANGE_NONE 0
#define SIM_CHANGE_GONE 255 /* any other: the state, plus one */

struct sim_fleet {
	uint64_t seed;
	uint32_t count; /* of each cloud */
	bool plain;     /* names and tags are such as most fleets have */
	const struct sim_regions *regions[SIM_CLOUDS];
	struct sim_display *displays[SIM_CLOUDS]; /* by index */
	/* --fleet-file: what is not as the seed has it */
	unsigned char *changes[SIM_CLOUDS]; /* by index; NULL: the file was never there */
	struct timespec changed;            /* the file that was read last */
	unsigned long inode;
};

/* regions: SIM_CLOUDS elements, which must outlive the fleet. 0 or -ENOMEM. */
int sim_fleet_init(
	struct sim_fleet *fleet, uint64_t seed, uint32_t count, const struct sim_regions *regions);
void sim_fleet_finish(struct sim_fleet *fleet);

/* index < count. */
void sim_fleet_get(const struct sim_fleet *fleet, enum sim_cloud cloud, uint32_t index,
	struct sim_instance *ret_instance);
/* 0, -EINVAL if the text is no id of this cloud, -ENOENT if no instance of any region has it. */
int sim_fleet_find(const struct sim_fleet *fleet, enum sim_cloud cloud, const char *id,
	struct sim_instance *ret_instance);

/* Whether the machine of that index is gone for now: then it is in no list. index < count. */
bool sim_fleet_is_gone(const struct sim_fleet *fleet, enum sim_cloud cloud, uint32_t index);
/*
 * Reads the file of changes again if it is another than before: lines "ID gone" and "ID STATE",
 * with the state as the cloud names it. Whoever is not in it is as the seed has it. A line that
 * makes no sense is complained of on stderr.
 */
void sim_fleet_read(struct sim_fleet *fleet, const char *path);

/* The names that EC2 (running) and CVM (RUNNING) give a state. */
const char *sim_fleet_state_name(enum sim_cloud cloud, enum sim_state state);

#endif
