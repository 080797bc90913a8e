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

/* The fault that the exact code has in a table of n rows, or CFS_N_FAULTS when it has no row. */
enum cfs_fault cfs_fault_find(const struct cfs_code_fault *table, size_t n, const char *code);

/* The fault that the HTTP status of an answer stands for, where nothing else in it tells: CFS_OK for
 * 200, CFS_BAD_ANSWER for a status that means nothing in particular. */
enum cfs_fault cfs_fault_from_status(int status);

/* The fault for a negative errno of this process: -ENOMEM, -EFBIG, -EBADMSG; others are bad
 * answers. */
enum cfs_fault cfs_fault_from_errno(int r);

#endif
