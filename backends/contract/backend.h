/* SPDX-License-Identifier: MIT */
/*
 * What a cloud is to the filesystem.
 *
 * A backend is pure: it turns a question into an HTTP request and the bytes of the answer into
 * instances, the content of a file, or an error. It opens no socket, reads no clock, never blocks
 * and knows nothing of FUSE. All that differs between clouds stands behind one `static const struct
 * cfs_backend`; adding a cloud adds a directory and a line in registry.c.
 *
 * The life of a call:
 *
 *     account_create     once for each configured cloud
 *     request            for each attempt: the signed HTTP request
 *     reader_create      for each attempt; then feed as bytes arrive, finish, destroy
 *
 * Slots marked (optional) may be NULL; all others are mandatory.
 */
#ifndef CFS_BACKENDS_CONTRACT_BACKEND_H
#define CFS_BACKENDS_CONTRACT_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/base/buf.h"
#include "backends/base/fault.h"
#include "backends/base/secret.h"
#include "backends/contract/credentials.h"
#include "backends/contract/env.h"
#include "backends/contract/instance.h"
#include "backends/http/http.h"

#define CFS_REGION_MAX 32   /* bytes of a region's name */
#define CFS_REGIONS_MAX 64  /* regions of one cloud */
#define CFS_TOKEN_MAX 4096  /* bytes of a listing's continuation token */
#define CFS_LIVE_MAX 8      /* live files of a backend */
#define CFS_SETTINGS_MAX 64 /* backend-specific settings of one cloud */

/* A live file: its bytes come from an API call at open. */
struct cfs_live {
	const char *name;   /* in the instance's directory */
	const char *action; /* the API action behind it, for logs, limits and `error` */
	uint64_t nominal; /* bytes: what stat reports before open, and the most a snapshot may hold
			   */
	bool wakes;       /* takes the wake flag with it; the directory then has a file `wake` */
	bool image;       /* a picture: the gallery shows it */
	bool page;        /* a web page: when the call fails, one that says why is served instead */
	bool once; /* each open must have its own: a link that works once. It is never held */
};

/* One configured cloud in a backend's own terms: endpoints, filters. Immutable. */
struct cfs_account;

/* The settings of one cloud that a backend may care for. Borrowed, valid for the account's life. */
struct cfs_settings {
	const char *name;           /* of the cloud: its directory */
	const char *profile;        /* NULL: the SDK's own rules */
	const char *endpoint;       /* NULL: the cloud's own */
	const char *ca_file;        /* NULL: the SDK's own rules, then the system's */
	bool insecure_http;         /* endpoints may be asked over plain http, wherever they are */
	const struct cfs_pair *own; /* settings that are rows of the backend's own table */
	size_t n_own;
};

enum cfs_verb {
	CFS_LIST,    /* the instances of a region, or some of them */
	CFS_FIND,    /* one instance of a region by its id */
	CFS_FETCH,   /* the content of a live file */
	CFS_REGIONS, /* the regions that the account may use */
	CFS_WHOAMI,  /* whom the keys belong to */
	CFS_PROBE,   /* whether a FETCH would be allowed, without its effect */
};

/* A question to a cloud. The texts are borrowed for the duration of the call it is given to. */
struct cfs_question {
	enum cfs_verb verb;
	const char *region; /* REGIONS, WHOAMI: may be "": wherever the cloud answers that */
	/* FIND, FETCH, PROBE: satisfies valid_id. FIND, PROBE: or NULL, for one that is made up */
	const char *id;
	const struct cfs_live *live; /* FETCH, PROBE: a row of the backend's own table */
	bool wake;                   /* FETCH of a live file that wakes: wake the display first */
	const char *token; /* LIST: "" for the first request, else what the last answer gave */
};

/* Where an answer's content goes as it is read. */
struct cfs_sink {
	/* LIST, FIND: takes the instance over. 0, or a negative errno that ends the reading. */
	int (*instance)(void *arg, struct cfs_instance *instance);
	/* LIST, FIND (optional): an instance was left out, and why, as one printable line. */
	void (*left_out)(void *arg, const char *why);
	/* REGIONS: a region that the account may use, one that is valid_region; the name is
	 * borrowed. 0, or a negative errno that ends the reading. */
	int (*region)(void *arg, const char *region);
	void *arg;
	struct cfs_buf *content; /* FETCH: filled, empty at first; its max is the nominal size.
				  * WHOAMI: filled with the caller's ARN, one printable line */
	/* LIST: how many instances the cloud says there are in all, where it does; 0: it does not.
	 * And whether some may not have been given: then nothing is concluded from what was not
	 * mentioned. */
	int64_t total;
	bool partial;
	char token
		[CFS_TOKEN_MAX]; /* LIST: set to the token of the next request, "" after the last */
};

/* A setting that only this backend knows. */
struct cfs_setting {
	const char *key;
	const char *words; /* what it is, in a few words, as shells show it beside the key */
	/* NULL if the value is valid. Else what is wrong with it, a static text that follows the
	 * key: "is not NAME=VALUE". */
	const char *(*check)(const char *value);
	bool list;        /* its value may be several words with commas between them */
	const char *demo; /* (optional) its value in the demo, as in struct cfs_demo_facts */
};

/*
 * How `consolefs --demo` mounts this cloud, which consolefs-sim then simulates: the simulator has
 * an option --BACKEND-regions. In the texts {url} stands for where the simulator is, {ca_file} for
 * the file of the authority that it is trusted by, {dir} for the cloud's directory.
 */
struct cfs_demo_facts {
	const char *regions; /* separated by commas */
	/* The whole environment that the backend sees, ended by a key that is NULL. Its credentials
	 * are the simulator's, for anybody to read: they open nothing else. */
	const struct cfs_pair *variables;
	const char *const *commands; /* what to try in a shell, NULL-terminated */
	/* (optional) How another program asks the simulator: its name, and a command, which may be
	 * several lines. */
	const char *client, *client_command;
};

/* What a new user does so that the cloud works. Each is part of a sentence. */
struct cfs_first_steps {
	const char *keys;            /* "run `aws configure`, or set AWS_PROFILE" */
	const char *region_variable; /* of the environment, that the cloud's own tools read */
	const char *region;          /* one that most users have, as an example */
};

struct cfs_reader;

/* A rate the cloud documents: a token bucket. */
struct cfs_rate {
	double per_second;
	double burst;
};

struct cfs_backend {
	const char *name; /* of the backend, and the default name of a cloud of it */

	const struct cfs_live *live; /* at most CFS_LIVE_MAX rows */
	size_t n_live;

	/* (optional) Settings that only this backend knows, ended by a key that is NULL. */
	const struct cfs_setting *settings;

	const struct cfs_first_steps *first_steps;

	/* (optional) What is wrong with an endpoint, a static text that follows its name ("has no
	 * host"); NULL if nothing is. */
	const char *(*endpoint_check)(const char *url, bool insecure_http);

	/* (optional) Names of regions, NULL-terminated, of which a mistyped one may have been meant
	 * to be one. Others are valid too: see valid_region. */
	const char *const *regions;

	const struct cfs_demo_facts *demo; /* (optional) NULL: it is not simulated */

	/* Sources of credentials in the order in which they are tried, NULL-terminated. */
	const struct cfs_provider *const *providers;

	/* 0; -EINVAL with a sentence in why; -ENOMEM. Copies what it needs of settings. */
	int (*account_create)(const struct cfs_settings *settings, const struct cfs_env *env,
		struct cfs_account **ret_account, struct cfs_buf *why);
	void (*account_destroy)(struct cfs_account *account);
	/* The file of authorities to trust for the account's endpoints, NULL for the system's. */
	const char *(*account_ca_file)(const struct cfs_account *account);
	/* The region that the cloud's own tools would use, "" if none is configured anywhere. 0, or
	 * a negative errno with a sentence in why. The text belongs to the account. */
	int (*account_region)(const struct cfs_account *account, const char **ret_region);

	/* Whether the text is an instance id, or a region's name, of this cloud. No path of another
	 * shape costs a call, and nothing else that a cloud answers becomes the name of a
	 * directory: so neither is ever a path, an option ('-' at the beginning), hidden, or has
	 * other than letters, digits, '-' and '_' in it; and no id is an entry of a cloud's
	 * directory ("status", "by-name"). */
	bool (*valid_id)(const char *id);
	bool (*valid_region)(const char *region);

	/* The API action that answers the question ("GetConsoleScreenshot"), the permission it
	 * takes
	 * ("ec2:GetConsoleScreenshot"), and its documented rate. */
	const char *(*action)(const struct cfs_question *question);
	const char *(*permission)(const struct cfs_question *question);
	struct cfs_rate (*rate)(const struct cfs_question *question);
	/* The policy statement that allows a permission, in the cloud's own form, one line, with
	 * one
	 * "%s" for the permission. */
	const char *statement;

	/* The signed request; `now` in seconds since the epoch. *ret_request is initialised by the
	 * callee and the caller's to finish. -ENOMEM, -EFBIG. */
	int (*request)(const struct cfs_account *account, const struct cfs_question *question,
		const struct cfs_keys *keys, int64_t now, struct cfs_http_request *ret_request);

	/* A reader of one answer. The question's verb, id and live, and the sink, are kept until
	 * destroy. */
	int (*reader_create)(const struct cfs_account *account, const struct cfs_question *question,
		struct cfs_sink *sink, struct cfs_reader **ret_reader);
	/* The next bytes of the body. 0; a negative errno ends the transfer: -EBADMSG, -EFBIG,
	 * -ENOMEM or what the sink returned. */
	int (*reader_feed)(struct cfs_reader *reader, const char *bytes, size_t len);
	/* The whole answer has arrived, with this HTTP status: what does it say? Sets *ret_error,
	 * fault CFS_OK for a good answer. FIND with no such instance is CFS_NOT_FOUND. PROBE is
	 * CFS_OK when the action is allowed, whatever else keeps it from being done. */
	void (*reader_finish)(struct cfs_reader *reader, int status, struct cfs_error *ret_error);
	void (*reader_destroy)(struct cfs_reader *reader);
};

#endif
