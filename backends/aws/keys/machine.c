#include "backends/aws/keys/machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backends/base/text.h"

#define TEXT_MAX (4 * CFS_PROVIDER_WHY_MAX)

void cfs_aws_machine_finish(struct cfs_aws_machine *machine)
{
	if (!machine || !machine->state)
		return;
	machine->destroy(machine->state);
	*machine = (struct cfs_aws_machine){0};
}

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

void cfs_aws_step_say(struct cfs_step *step, enum cfs_step_kind kind, enum cfs_fault fault,
	const char *format, ...)
{
	va_list args;

	begin(step, kind, fault);
	va_start(args, format);
	say(step, format, args);
	va_end(args);
}

/* What can stand in a header of a request. */
static bool is_printable(const struct cfs_secret *secret)
{
	return cfs_text_is_graphic(secret->data, secret->len, "");
}

void cfs_aws_step_keys(
	struct cfs_step *step, struct cfs_keys *keys, int64_t now, const char *format, ...)
{
	char from[CFS_PROVIDER_WHY_MAX];
	va_list args;

	begin(step, CFS_STEP_KEYS, CFS_OK);
	va_start(args, format);
	say(step, format, args);
	va_end(args);
	memcpy(from, step->why, sizeof(from));
	if (keys->id.len == 0 || keys->secret.len == 0) {
		cfs_aws_step_say(
			step, CFS_STEP_FAILED, CFS_BAD_ANSWER, "%s: a key is missing", from);
	} else if (!is_printable(&keys->id) || !is_printable(&keys->secret) ||
		!is_printable(&keys->token)) {
		cfs_aws_step_say(step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED,
			"%s: the keys hold blanks, control bytes or characters beyond ASCII", from);
	} else if (keys->expires <= now) {
		cfs_aws_step_say(
			step, CFS_STEP_FAILED, CFS_EXPIRED, "%s: the keys have expired", from);
	} else {
		step->keys = *keys;
		*keys = CFS_KEYS_INIT;
	}
	cfs_keys_finish(keys);
}

void cfs_aws_step_http(struct cfs_step *step, struct cfs_http_request *request, const char *ca_file,
	bool direct, long timeout_ms)
{
	begin(step, CFS_STEP_HTTP, CFS_OK);
	step->request = *request;
	step->ca_file = ca_file;
	step->direct = direct;
	step->timeout_ms = timeout_ms;
	cfs_http_request_init(request, request->method);
}

void cfs_aws_step_errno(struct cfs_step *step, int r, const char *who)
{
	if (r == -ENOMEM)
		cfs_aws_step_say(step, CFS_STEP_FAILED, CFS_NO_MEMORY, "out of memory");
	else if (r == -EFBIG)
		cfs_aws_step_say(step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED,
			"what is configured for %s is too long", who);
	else
		cfs_aws_step_say(step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED,
			"what is configured for %s cannot be sent", who);
}

const char *cfs_aws_machine_words(enum cfs_fault fault)
{
	static const char *const words[CFS_N_FAULTS] = {
		[CFS_TIMED_OUT] = "gave no answer in time",
		[CFS_UNREACHABLE] = "cannot be reached",
		[CFS_REFUSED] = "refused the connection",
		[CFS_RESET] = "broke the connection off",
		[CFS_TLS] = "could not be verified (TLS)",
		[CFS_REJECTED] = "may not be asked at that address",
		[CFS_TOO_LARGE] = "gave an answer over its limit",
		[CFS_BAD_ANSWER] = "gave no valid answer",
		[CFS_NO_MEMORY] = "could not be asked for lack of memory",
	};
	const char *found = fault < CFS_N_FAULTS ? words[fault] : NULL;

	return found ? found : "cannot be asked";
}

void cfs_aws_step_no_answer(
	struct cfs_step *step, const struct cfs_step_answer *answer, const char *who)
{
	cfs_aws_step_say(step, CFS_STEP_FAILED, answer->fault, "%s %s", who,
		cfs_aws_machine_words(answer->fault));
}

void cfs_aws_step_error(
	struct cfs_step *step, const struct cfs_error *error, const char *who, const char *what)
{
	cfs_aws_step_say(step, CFS_STEP_FAILED, error->fault, "%s gives no keys for %.80s: %s%s%s",
		who, what, error->code, *error->code && *error->message ? ": " : "",
		error->message);
}

void cfs_aws_step_unset(struct cfs_step *step, int r, const struct cfs_buf *why)
{
	if (r == -ENOMEM)
		cfs_aws_step_errno(step, r, "");
	else
		cfs_aws_step_say(
			step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED, "%s", cfs_buf_text(why));
}

bool cfs_aws_machine_is_transient(
	const struct cfs_step_answer *answer, const struct cfs_error *error)
{
	if (answer->fault != CFS_OK)
		return answer->fault == CFS_RESET || answer->fault == CFS_TIMED_OUT;
	return error->fault == CFS_SERVER || error->fault == CFS_THROTTLED;
}

int cfs_aws_machine_set_keys(
	struct cfs_keys *keys, const char *id, const char *secret, const char *token)
{
	int r = cfs_secret_set(&keys->id, id, strlen(id));

	if (r == 0)
		r = cfs_secret_set(&keys->secret, secret, strlen(secret));
	if (r == 0 && token)
		r = cfs_secret_set(&keys->token, token, strlen(token));
	return r;
}
