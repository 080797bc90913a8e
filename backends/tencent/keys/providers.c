#include "backends/tencent/keys/providers.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/text.h"

#define WHY_ROOM (2 * CFS_PROVIDER_WHY_MAX)
#define CLOCK_WINDOW 300 /* seconds that a clock may be off, as API 3.0 has it */

const struct cfs_provider *const cfs_tencent_providers[] = {
	&cfs_tencent_provider_environment,
	&cfs_tencent_provider_file,
	&cfs_tencent_provider_tccli,
	&cfs_tencent_provider_tke,
	&cfs_tencent_provider_cvm,
	NULL,
};

int cfs_tencent_provider_create(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	struct cfs_provider_state *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->settings = settings;
	state->env = env;
	*ret_state = state;
	return 0;
}

void cfs_tencent_provider_destroy(struct cfs_provider_state *state)
{
	free(state);
}

__attribute__((format(printf, 2, 0))) static void say(
	struct cfs_step *step, const char *format, va_list args)
{
	char text[WHY_ROOM];

	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	cfs_text_line(step->why, sizeof(step->why), text, strlen(text));
}

void cfs_tencent_provider_absent(struct cfs_step *ret_step, const char *format, ...)
{
	va_list args;

	*ret_step = (struct cfs_step){.kind = CFS_STEP_ABSENT};
	va_start(args, format);
	say(ret_step, format, args);
	va_end(args);
}

void cfs_tencent_provider_failed(
	struct cfs_step *ret_step, enum cfs_fault fault, const char *format, ...)
{
	va_list args;

	*ret_step = (struct cfs_step){.kind = CFS_STEP_FAILED, .fault = fault};
	va_start(args, format);
	say(ret_step, format, args);
	va_end(args);
}

void cfs_tencent_provider_refused(struct cfs_step *ret_step, const char *where, const char *service,
	const struct cfs_error *error)
{
	static const enum cfs_fault kept[] = {CFS_EXPIRED, CFS_CLOCK_SKEW, CFS_THROTTLED,
		CFS_SERVER, CFS_BAD_ANSWER, CFS_NO_MEMORY};
	enum cfs_fault fault = CFS_UNAUTHENTICATED;
	size_t len = strlen(error->code);

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (error->fault == kept[i])
			fault = kept[i];
	}
	if (len == 0) /* then these are our own words */
		cfs_tencent_provider_failed(
			ret_step, fault, "%s: %s: %s", where, service, error->message);
	else if (cfs_text_is_token(error->code, len, sizeof(error->code), "._-"))
		cfs_tencent_provider_failed(
			ret_step, fault, "%s: %s refused: %s", where, service, error->code);
	else
		cfs_tencent_provider_failed(
			ret_step, fault, "%s: %s refused, with no valid code", where, service);
}

/* What else is found is a slip of a copy: a blank, a quote mark's twin, a second line. */
bool cfs_tencent_provider_is_key(const char *text)
{
	return cfs_text_is_graphic(text, strlen(text), "");
}

static int set(struct cfs_secret *secret, const char *text)
{
	return text && *text ? cfs_secret_set(secret, text, strlen(text)) : 0;
}

void cfs_tencent_provider_keys(struct cfs_step *ret_step, const char *where, const char *id,
	const char *secret, const char *token)
{
	const struct {
		const char *text, *name;
		bool required;
	} parts[] = {
		{id, "secret id", true},
		{secret, "secret key", true},
		{token, "token", false},
	};
	struct cfs_keys keys = CFS_KEYS_INIT;
	int r;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *wrong = NULL;

		if (!parts[i].text || parts[i].text[0] == '\0')
			wrong = parts[i].required ? "is missing" : NULL;
		else if (!cfs_tencent_provider_is_key(parts[i].text))
			wrong = "holds a blank or another character that no key has";
		if (wrong) {
			cfs_tencent_provider_failed(ret_step, CFS_UNAUTHENTICATED, "%s: the %s %s",
				where, parts[i].name, wrong);
			return;
		}
	}
	r = set(&keys.id, id);
	if (r == 0)
		r = set(&keys.secret, secret);
	if (r == 0)
		r = set(&keys.token, token);
	if (r < 0) {
		cfs_keys_finish(&keys);
		cfs_tencent_provider_failed(ret_step,
			r == -ENOMEM ? CFS_NO_MEMORY : CFS_UNAUTHENTICATED, "%s: %s", where,
			r == -ENOMEM ? "out of memory" : "a key is too long");
		return;
	}
	*ret_step = (struct cfs_step){.kind = CFS_STEP_KEYS, .keys = keys};
	cfs_text_line(ret_step->why, sizeof(ret_step->why), where, strlen(where));
}

void cfs_tencent_provider_temporary(struct cfs_step *ret_step, const char *where, const char *id,
	const char *secret, const char *token, int64_t expires, int64_t now, int64_t date)
{
	if (!token || !*token) {
		cfs_tencent_provider_failed(
			ret_step, CFS_UNAUTHENTICATED, "%s: the token is missing", where);
		return;
	}
	if (expires <= now) {
		bool off = date > 0 && (date - now > CLOCK_WINDOW || now - date > CLOCK_WINDOW);

		cfs_tencent_provider_failed(ret_step, off ? CFS_CLOCK_SKEW : CFS_EXPIRED,
			"%s: the keys have expired%s", where,
			off ? ", by this machine's clock" : "");
		return;
	}
	cfs_tencent_provider_keys(ret_step, where, id, secret, token);
	if (ret_step->kind == CFS_STEP_KEYS)
		ret_step->keys.expires = expires;
}
