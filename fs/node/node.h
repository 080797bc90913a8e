/* SPDX-License-Identifier: MIT */
/*
 * Nodes: the files and directories of the tree that somebody refers to.
 *
 * A node is the result of a lookup and lives until all its lookups are forgotten. Mostly it is the
 * kernel that looks up and forgets. It keeps size and page cache by node, and its fstat() names no
 * file handle; so two kinds differ:
 *
 *   A directory has one node, found again by every lookup: by its st_ino, and as several may have
 * the same number, by what it is the directory of. So has a link: one that leads elsewhere has another.
 *
 *   A file has a fresh node for every lookup, with the same st_ino. The open that follows has the
 * node for itself, and with it a size and a page cache: several overlapping opens of one path each
 * see exactly their own bytes. The kernel is told to look up every file of a path again (entry and
 * attribute timeouts of 0), so no second open comes to a node by its name.
 *
 *   A second open may come by /proc/PID/fd, though. Opens of one node share its snapshot.
 *
 *   In a still tree (CLOUD/.still, or all of the tree) files have one node too, as
 * directories do: another filesystem or a bind mount above it may keep a node for ever. The
 * snapshot of a live file there is held while nobody has it open (still.h). A live file of which
 * each open must have its own bytes has fresh nodes even there.
 *
 * The snapshot is the content of an open file. It is made for the first open, and the opens that
 * come meanwhile wait for it too; it is wiped at the last release, not when the node is forgotten:
 * the kernel may remember a node for hours.
 *
 * The times of a node belong to what it shows and not to the lookup (fs/tree/times.h): a program that
 * compares them with those of an earlier reading finds what has changed, and nothing else. Only what
 * is made at every open has no such time: there it is the present minute, and the snapshot's own
 * once it is open. With the present time to the nanosecond, a program that reads again whatever has
 * changed would make one call after the other.
 *
 * Node ids count up and are never used again, so FUSE's generation number is always 0.
 */
#ifndef CFS_FS_NODE_NODE_H
#define CFS_FS_NODE_NODE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "backends/base/buf.h"
#include "fs/catalogue/catalogue.h"
#include "fs/cloud/cloud.h"

#define CFS_NODE_ROOT 1 /* FUSE_ROOT_ID */

enum cfs_node_kind {
	CFS_NODE_TOP,
	CFS_NODE_CLOUD,
	CFS_NODE_INSTANCE,
	CFS_NODE_FILE,
	CFS_NODE_BY_NAME,   /* CLOUD/by-name */
	CFS_NODE_BY_REGION, /* CLOUD/by-region */
	CFS_NODE_REGION,    /* CLOUD/by-region/REGION */
	CFS_NODE_STILL,     /* CLOUD/.still */
	CFS_NODE_LINK,      /* to an instance's directory, from by-name or a region */
};

/* The names of three of them. */
#define CFS_NODE_BY_NAME_DIR "by-name"
#define CFS_NODE_BY_REGION_DIR "by-region"
#define CFS_NODE_STILL_DIR ".still"

struct cfs_file;
struct cfs_fetch;
struct cfs_generate;
struct cfs_held;
struct cfs_nodes;
struct cfs_still;

/* Where the bytes of a live file came from. */
struct cfs_origin {
	char request_id[CFS_REQUEST_ID_MAX]; /* "" when the cloud gave none */
	const char *region;                  /* the catalogue's text */
	bool woken;                          /* the display was woken for it */
};

struct cfs_node {
	uint64_t id;
	uint64_t lookups; /* that are not forgotten */
	struct cfs_link by_id;
	struct cfs_link by_ino; /* steady ones */
	struct cfs_nodes *nodes;
	enum cfs_node_kind kind;
	bool steady;             /* found again by every lookup: it is the only one of its kind */
	bool in_still;           /* it is CLOUD/.still, or below it */
	uint64_t ino;            /* st_ino: the same in every mount */
	struct cfs_cloud *cloud; /* NULL at the top; a reference */
	struct cfs_entry *entry; /* of an instance and of what is in it; a reference */

	size_t region;    /* of a REGION, its index */
	bool from_region; /* of a LINK: it stands in by-region */

	/* Files only: a row of the tree's own tables, or of the backend's. */
	const struct cfs_file *file;
	const struct cfs_live *live;
	unsigned opens;                /* those that wait for the snapshot included */
	bool filled;                   /* the snapshot is there */
	struct cfs_buf snapshot;       /* valid while filled */
	struct timespec snapshot_time; /* what it holds is of then */
	struct cfs_origin *origin;     /* of a live file's snapshot; NULL without memory for it */
	size_t counted;                /* bytes of the snapshot when it was made */
	size_t memory;                 /* that it takes */
	struct cfs_fetch *fetch;       /* under way for opens that wait */
	struct cfs_generate *generate; /* likewise */
	struct cfs_held *held;         /* of a still file, that its snapshot is held; or NULL */
};

/* With the root in it. 0 or -ENOMEM. */
int cfs_nodes_create(struct cfs_nodes **ret_nodes);
void cfs_nodes_destroy(struct cfs_nodes *nodes);

/* The clouds that the tree shows, borrowed; without them it has none. */
struct cfs_clouds;
void cfs_nodes_set_clouds(struct cfs_nodes *nodes, const struct cfs_clouds *clouds);
const struct cfs_clouds *cfs_nodes_clouds(const struct cfs_nodes *nodes);

/* Who holds the snapshots of still files, borrowed; NULL, as at first: nobody, and there is no .still.
 * `everywhere`: all of the tree is still. Before anything is looked up. */
void cfs_nodes_set_still(struct cfs_nodes *nodes, struct cfs_still *still, bool everywhere);
struct cfs_still *cfs_nodes_still(const struct cfs_nodes *nodes);

/* st_ino of a name in a directory of that st_ino: the same in every mount. */
uint64_t cfs_node_ino(uint64_t directory_ino, const char *name);

/* The node of that id, NULL if there is none: the kernel never asks for one it has forgotten. */
struct cfs_node *cfs_node_find(struct cfs_nodes *nodes, uint64_t id);

/* Each returns a node with one lookup more, or NULL without memory. */
struct cfs_node *cfs_node_of_cloud(struct cfs_nodes *nodes, struct cfs_cloud *cloud);
struct cfs_node *cfs_node_of_entry(
	struct cfs_nodes *nodes, struct cfs_cloud *cloud, struct cfs_entry *entry);
/* The instance's directory in .still. */
struct cfs_node *cfs_node_of_still_entry(
	struct cfs_nodes *nodes, struct cfs_cloud *cloud, struct cfs_entry *entry);
/* The by-name, by-region, region or .still directory of a cloud. */
struct cfs_node *cfs_node_of_view(
	struct cfs_nodes *nodes, struct cfs_cloud *cloud, enum cfs_node_kind kind, size_t region);
/* The link of that name in such a directory, to that instance. */
struct cfs_node *cfs_node_of_link(
	struct cfs_node *directory, const char *name, struct cfs_entry *entry);
/* A node for a file of that directory: a fresh one, unless the directory is still. One of file and
 * live is NULL. */
struct cfs_node *cfs_node_of_file(
	struct cfs_node *directory, const struct cfs_file *file, const struct cfs_live *live);

/* Whether the files in such a directory are steady, and its live files still. */
bool cfs_node_is_still_directory(const struct cfs_node *directory);
/* Whether it is the node of a still file: a live file whose snapshot is held. */
bool cfs_node_is_still(const struct cfs_node *node);

/* Forgets n lookups. The root stays. */
void cfs_node_forget(struct cfs_node *node, uint64_t n);

/* One open more, which has to wait for the snapshot unless the node is filled. */
void cfs_node_opened(struct cfs_node *node);
/* The snapshot of a node that is opened and not filled: takes over what is in content, and origin,
 * which may be NULL. */
void cfs_node_fill(struct cfs_node *node, struct cfs_buf *content, struct cfs_origin *origin);
/* Gives back the memory of the snapshot that its bytes do not need. -ENOMEM: it has what it had. */
int cfs_node_trim(struct cfs_node *node);
/* One open less: the last wipes the snapshot. */
void cfs_node_released(struct cfs_node *node);

/* An empty buffer for a snapshot, as large as most become: the memory of the one that was released
 * last, if there is one, so that one open after the other takes none from the system. -ENOMEM. */
int cfs_nodes_buffer(struct cfs_nodes *nodes, size_t max, struct cfs_buf *ret_buf);

/* Nodes known, the root included. */
size_t cfs_nodes_count(const struct cfs_nodes *nodes);

/* The snapshots there are. */
struct cfs_nodes_open {
	uint64_t snapshots;
	uint64_t bytes; /* when they were made */
};
struct cfs_nodes_open cfs_nodes_open(const struct cfs_nodes *nodes);

#endif
