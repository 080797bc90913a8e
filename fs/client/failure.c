/* SPDX-License-Identifier: MIT */
#include "fs/client/failure.h"

#include <errno.h>
#include <string.h>

#include "backends/base/buf.h"
#include "backends/base/time.h"

struct row {
	int number;
	const char *name;
	const char *advice;
};

#define ROW(e, text) \
	{ \
		e, #e, text \
	}

/* One row for each fault: the table of errnos in the README. */
static const struct row rows[CFS_N_FAULTS] = {
	[CFS_OK] = {0, "OK", ""},
	[CFS_NOT_FOUND] = ROW(ENOENT, "check the id and the configured regions"),
	[CFS_DENIED] = ROW(EACCES, "allow %s"),
	[CFS_UNAUTHENTICATED] =
		ROW(EACCES, "check the credentials; `status` says where they come from"),
	[CFS_NOT_ENABLED] = ROW(EACCES,
		"see the message: the service, the region or this host's address may not be "
		"enabled "
		"for the account, or the cloud has yet to verify the account"),
	[CFS_EXPIRED] = ROW(EKEYEXPIRED, "renew the credentials"),
	[CFS_CLOCK_SKEW] = ROW(EACCES, "set this host's clock, or renew temporary credentials"),
	[CFS_STOPPED] =
		ROW(EHOSTDOWN, "start the instance; one that failed to launch has no console"),
	[CFS_TRANSITION] = ROW(EBUSY, "wait until the instance has started or stopped"),
	[CFS_WRONG_STATE] = ROW(EBUSY, "see `info.json` for the instance's state"),
	[CFS_UNSUPPORTED] =
		ROW(EOPNOTSUPP, "the cloud does not offer this for this instance, type or region"),
	[CFS_THROTTLED] = ROW(EBUSY, "ask less often, or set a lower `rate`"),
	[CFS_SERVER] = ROW(EREMOTEIO, "the cloud had an internal error; try again later"),
	[CFS_REJECTED] = ROW(EINVAL, "check filters, endpoint and regions in the configuration"),
	[CFS_BAD_ANSWER] =
		ROW(EBADMSG, "the answer is not in the cloud's format; check endpoint and proxy"),
	[CFS_TOO_LARGE] = ROW(EFBIG,
		"the answer is larger than its limit; fewer `regions` or a `filter` make a list "
		"shorter"),
	[CFS_EMPTY] =
		ROW(ENODATA, "there is nothing to show yet; try again, or `echo > wake` first"),
	[CFS_TIMED_OUT] = ROW(ETIMEDOUT, "check the network, or set a longer `timeout`"),
	[CFS_UNREACHABLE] = ROW(EHOSTUNREACH, "check the network, DNS and the endpoint"),
	[CFS_REFUSED] = ROW(ECONNREFUSED, "check the endpoint and the proxy"),
	[CFS_RESET] = ROW(ECONNRESET, "try again; check the network and the proxy"),
	[CFS_TLS] = ROW(EPROTO, "check `ca_file`, the endpoint, and any proxy that intercepts TLS"),
	[CFS_PROXY_DENIED] = ROW(EACCES,
		"put the proxy's user and password into its URL in the environment, "
		"http://USER:PASSWORD@HOST:PORT"),
	[CFS_INTERRUPTED] = ROW(EINTR, ""),
	[CFS_NO_MEMORY] = ROW(ENOMEM, ""),
};

static const struct row host_down =
	ROW(EHOSTDOWN, "the instance is listed, but has no console now: start it, or wait");

int cfs_failure_errno(enum cfs_fault fault, bool in_catalogue)
{
	if (fault == CFS_NOT_FOUND && in_catalogue)
		return host_down.number;
	return rows[fault].number;
}

const char *cfs_failure_errno_name(int number)
{
	for (size_t i = 0; i < CFS_N_FAULTS; i++)
		if (rows[i].number == number)
			return rows[i].name;
	return "EIO";
}

const char *cfs_failure_errno_advice(enum cfs_fault fault)
{
	return rows[fault].advice;
}

static const char *advice(const struct cfs_failure *failure)
{
	if (failure->error.fault == CFS_NOT_FOUND && failure->number == host_down.number)
		return host_down.advice;
	return rows[failure->error.fault].advice;
}

int cfs_failure_advice(const struct cfs_failure *failure, struct cfs_buf *buf)
{
	const char *text = advice(failure), *at = strstr(text, "%s");

	if (!at)
		return cfs_buf_adds(buf, text);
	return cfs_buf_addf(buf, "%.*s%s%s", (int)(at - text), text, failure->permission, at + 2);
}

int cfs_failure_describe(const struct cfs_failure *failure, struct cfs_buf *buf)
{
	const struct cfs_error *error = &failure->error;
	char when[CFS_TIME_TEXT];

	if (!failure->number)
		return 0;
	cfs_time_format(failure->when.tv_sec, when);
	cfs_buf_addf(buf,
		"time:       %s\naction:     %s\nerrno:      %s (%s)\ncode:       %s\n"
		"message:    %s\nrequest id: %s\nadvice:     ",
		when, failure->action, cfs_failure_errno_name(failure->number),
		strerror(failure->number), error->code[0] ? error->code : "-",
		error->message[0] ? error->message : "-",
		error->request_id[0] ? error->request_id : "-");
	cfs_failure_advice(failure, buf);
	cfs_buf_addc(buf, '\n');
	return cfs_buf_error(buf);
}
