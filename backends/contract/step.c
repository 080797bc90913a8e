/* SPDX-License-Identifier: MIT */
#include "backends/contract/step.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "backends/base/text.h"

#define TEXT_MAX (4 * CFS_PROVIDER_WHY_MAX)

static void begin(struct cfs_step *step, enum cfs_step_kind kind, enum cfs_fault fault)
{
	*step = (struct cfs_step){.kind = kind, .fault = fault, .keys = CFS_KEYS_INIT};
}

__attribute__((format(printf, 2, 0))) static void say(
	struct cfs_step *step, const char *format, va_list args)
{
	char text[TEXT_MAX];

	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	cfs_text_line(step->why, sizeof(step->why), text, strlen(text));
}

void cfs_step_absent(struct cfs_step *ret_step, const char *format, ...)
{
	va_list args;

	begin(ret_step, CFS_STEP_ABSENT, CFS_OK);
	va_start(args, format);
	say(ret_step, format, args);
	va_end(args);
}

void cfs_step_failed(struct cfs_step *ret_step, enum cfs_fault fault, const char *format, ...)
{
	va_list args;

	begin(ret_step, CFS_STEP_FAILED, fault);
	va_start(args, format);
	say(ret_step, format, args);
	va_end(args);
}

/* Why keys cannot be used, NULL if they can; with the name of the one that cannot. */
static const char *check_keys(const struct cfs_keys *keys, const char **ret_name)
{
	const struct {
		const struct cfs_secret *secret;
		const char *name;
		bool required;
	} parts[] = {
		{&keys->id, "key id", true},
		{&keys->secret, "secret key", true},
		{&keys->token, "token", false},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		*ret_name = parts[i].name;
		if (parts[i].required && parts[i].secret->len == 0)
			return "is missing";
		/* A slip of a copy: a second line, a quotation mark's twin. */
		if (!cfs_text_is_graphic(parts[i].secret->data, parts[i].secret->len, ""))
			return "holds a blank, a control character or one that is not ASCII";
	}
	return NULL;
}

void cfs_step_keys(struct cfs_step *ret_step, int r, struct cfs_keys *keys, int64_t now,
	const char *format, ...)
{
	char from[CFS_PROVIDER_WHY_MAX];
	const char *wrong, *name;
	va_list args;

	begin(ret_step, CFS_STEP_KEYS, CFS_OK);
	va_start(args, format);
	say(ret_step, format, args);
	va_end(args);
	memcpy(from, ret_step->why, sizeof(from));
	wrong = check_keys(keys, &name);
	if (r == -ENOMEM) {
		cfs_step_failed(ret_step, CFS_NO_MEMORY, "out of memory");
	} else if (r < 0) {
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED, "%s: a key is too long", from);
	} else if (wrong) {
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED, "%s: the %s %s", from, name, wrong);
	} else if (keys->expires <= now) {
		cfs_step_failed(ret_step, CFS_EXPIRED, "%s: the keys have expired", from);
	} else {
		ret_step->keys = *keys;
		*keys = CFS_KEYS_INIT;
	}
	cfs_keys_finish(keys);
}

void cfs_step_http(struct cfs_step *ret_step, struct cfs_http_request *request, const char *ca_file,
	bool direct, long timeout_ms)
{
	begin(ret_step, CFS_STEP_HTTP, CFS_OK);
	ret_step->request = *request;
	ret_step->ca_file = ca_file;
	ret_step->direct = direct;
	ret_step->timeout_ms = timeout_ms;
	cfs_http_request_init(request, request->method);
}

void cfs_step_process(struct cfs_step *ret_step, char **argv, long timeout_ms)
{
	begin(ret_step, CFS_STEP_PROCESS, CFS_OK);
	ret_step->argv = argv;
	ret_step->timeout_ms = timeout_ms;
}

void cfs_step_write(struct cfs_step *ret_step, char **path, struct cfs_buf *bytes)
{
	begin(ret_step, CFS_STEP_WRITE, CFS_OK);
	ret_step->path = *path;
	ret_step->bytes = *bytes;
	*path = NULL;
	cfs_buf_init(bytes, bytes->max);
}

void cfs_step_finish(struct cfs_step *step)
{
	cfs_keys_finish(&step->keys);
	if (step->kind == CFS_STEP_HTTP)
		cfs_http_request_finish(&step->request);
	/* The command line that a user configures may contain secrets. */
	for (size_t i = 0; step->argv && step->argv[i]; i++)
		OPENSSL_cleanse(step->argv[i], strlen(step->argv[i]));
	free(step->argv);
	step->argv = NULL;
	free(step->path);
	step->path = NULL;
	cfs_buf_wipe(&step->bytes);
}

void cfs_step_errno(struct cfs_step *ret_step, int r, const char *what)
{
	if (r == -ENOMEM)
		cfs_step_failed(ret_step, CFS_NO_MEMORY, "out of memory");
	else if (r == -EFBIG)
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED,
			"the configured values for %s are too long", what);
	else
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED,
			"the configured values for %s cannot be sent", what);
}

void cfs_step_unset(struct cfs_step *ret_step, int r, const struct cfs_buf *why)
{
	if (r == -ENOMEM)
		cfs_step_errno(ret_step, r, "");
	else
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED, "%s", cfs_buf_text(why));
}

void cfs_step_fault_words(
	const struct cfs_step_answer *answer, char ret_words[static CFS_STEP_WORDS_MAX])
{
	static const char *const words[CFS_N_FAULTS] = {
		[CFS_TIMED_OUT] = "did not answer in time",
		[CFS_UNREACHABLE] = "cannot be reached",
		[CFS_REFUSED] = "refused the connection",
		[CFS_RESET] = "closed the connection",
		[CFS_TLS] = "could not be asked over TLS",
		[CFS_PROXY_DENIED] = "is behind a proxy that wants a user and a password",
		[CFS_REJECTED] = "has an address that is not allowed",
		[CFS_TOO_LARGE] = "sent an answer that is too long",
		[CFS_BAD_ANSWER] = "sent an invalid answer",
		[CFS_NO_MEMORY] = "could not be asked: out of memory",
	};
	const char *found = answer->fault < CFS_N_FAULTS ? words[answer->fault] : NULL;
	const char *message = answer->fault == CFS_TLS ? answer->message : NULL;

	snprintf(ret_words, CFS_STEP_WORDS_MAX, "%s%s%s", found ? found : "cannot be asked",
		message && *message ? ": " : "", message ? message : "");
}

void cfs_step_no_answer(
	struct cfs_step *ret_step, const struct cfs_step_answer *answer, const char *who)
{
	char words[CFS_STEP_WORDS_MAX];

	cfs_step_fault_words(answer, words);
	cfs_step_failed(ret_step, answer->fault, "%s %s", who, words);
}

void cfs_step_refused(
	struct cfs_step *ret_step, const struct cfs_error *error, const char *who, const char *what)
{
	cfs_step_failed(ret_step, error->fault, "%s gave no keys for %.80s: %s%s%s", who, what,
		error->code, *error->code && *error->message ? ": " : "", error->message);
}

bool cfs_step_role_name(
	const struct cfs_step_answer *answer, char ret_name[static CFS_STEP_ROLE_MAX + 1])
{
	size_t len = strcspn(answer->content, "\r\n");

	if (answer->status != 200 || strlen(answer->content) != answer->len ||
		!cfs_text_is_token(answer->content, len, CFS_STEP_ROLE_MAX, "+=,.@_-"))
		return false;
	memcpy(ret_name, answer->content, len);
	ret_name[len] = '\0';
	return true;
}

bool cfs_step_is_transient(const struct cfs_step_answer *answer, enum cfs_fault fault)
{
	if (answer->fault != CFS_OK)
		return answer->fault == CFS_RESET || answer->fault == CFS_TIMED_OUT;
	return fault == CFS_SERVER || fault == CFS_THROTTLED;
}
