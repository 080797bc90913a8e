/* SPDX-License-Identifier: MIT */
/*
 * What can go wrong with a call to a cloud, in terms that do not depend on the cloud.
 *
 * A backend turns a provider's code into one of these; the filesystem turns one of these into an
 * errno (fs/client/failure.c) and a sentence. The provider's own message is kept beside it, in
 * cfs_error.
 */
#ifndef CFS_BACKENDS_BASE_FAULT_H
#define CFS_BACKENDS_BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum cfs_fault {
	CFS_OK = 0,
	CFS_NOT_FOUND,       /* no such instance, as far as this answer tells */
	CFS_DENIED,          /* signed in, but this action is not allowed */
	CFS_UNAUTHENTICATED, /* credentials missing or wrong, MFA, a region not opted in to */
	CFS_NOT_ENABLED, /* the account may not use the service or region (yet), or not from here */
	CFS_EXPIRED,     /* the credentials have expired */
	CFS_CLOCK_SKEW,  /* refused because of this machine's clock */
	CFS_STOPPED,     /* the instance is stopped, shut down or terminated */
	CFS_TRANSITION,  /* the instance is changing state, or an operation is in progress */
	CFS_WRONG_STATE, /* the instance is in a state, not said which, that does not allow it */
	CFS_UNSUPPORTED, /* the instance, its type or its region cannot do this */
	CFS_THROTTLED,   /* over a rate limit of the cloud */
	CFS_SERVER,      /* the cloud's own fault */
	CFS_REJECTED,    /* the cloud finds the request itself wrong */
	CFS_BAD_ANSWER,  /* an invalid answer */
	CFS_TOO_LARGE,   /* an answer over its limit */
	CFS_EMPTY,       /* a valid answer that has nothing to show yet */
	CFS_TIMED_OUT,   /* no answer within the time allowed */
	CFS_UNREACHABLE, /* the name did not resolve, or there is no route */
	CFS_REFUSED,     /* the connection was refused */
	CFS_RESET,       /* the connection broke before the answer was whole */
	CFS_TLS,         /* the server could not be verified, or wants a client certificate */
	CFS_PROXY_DENIED, /* the proxy wants a user and a password */
	CFS_INTERRUPTED,  /* the caller gave up */
	CFS_NO_MEMORY,    /* this process ran out of memory */
	CFS_N_FAULTS
};

/* How much is kept of a cloud's own code, message and request id. Longer ones are cut. */
#define CFS_CODE_MAX 96
#define CFS_MESSAGE_MAX 512
#define CFS_REQUEST_ID_MAX 96

/*
 * A failure, or CFS_OK. The texts are the cloud's (or the transport's), always valid UTF-8 without
 * control bytes, "" where unknown. They never hold a secret.
 */
struct cfs_error {
	enum cfs_fault fault;
	char code[CFS_CODE_MAX];
	char message[CFS_MESSAGE_MAX];
	char request_id[CFS_REQUEST_ID_MAX];
};

/* A row of a backend's table of codes. */
struct cfs_code_fault {
	const char *code;
	enum cfs_fault fault;
};

/* Sets *error to a fault with a message of our own. */
void cfs_error_set(struct cfs_error *error, enum cfs_fault fault, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Put into an error what an answer says. A cloud, or whoever answers in its place, may quote what it
 * was sent in any field: the session token, the signature. So nothing of an answer comes into an
 * error, and from there into a log, a file or a page, but by these.
 *
 * A code is words of letters with dots between them, and hardly a digit; an id is groups of letters
 * and digits that are no longer than those of a UUID, with hyphens between them. What is not becomes
 * "?". A message ends before the first word that may be a secret (text.h).
 */
void cfs_error_say_code(struct cfs_error *error, const char *text, size_t len);
void cfs_error_say_message(struct cfs_error *error, const char *text, size_t len);
void cfs_error_say_request_id(struct cfs_error *error, const char *text, size_t len);

/* Takes out of the error's texts what is a part of a secret that was sent: a message ends before
 * the word, another text becomes "?". Parts of less than CFS_ERROR_PART_MIN bytes do not count.
 * NULL: there is no secret. */
#define CFS_ERROR_PART_MIN 16
void cfs_error_hide(struct cfs_error *error, const char *secret);

/* The fault that the exact code has in a table of n rows, or CFS_N_FAULTS when it has no row. */
enum cfs_fault cfs_fault_find(const struct cfs_code_fault *table, size_t n, const char *code);

/* The fault that the HTTP status of an answer stands for, where nothing else in it tells: CFS_OK for
 * 200, CFS_BAD_ANSWER for a status that means nothing in particular. */
enum cfs_fault cfs_fault_from_status(int status);

/* The fault for a negative errno of this process: -ENOMEM, -EFBIG, -EBADMSG; others are bad
 * answers. */
enum cfs_fault cfs_fault_from_errno(int r);

#endif
