/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/keys/cache.h"
#include "backends/aws/keys/sources.h"
#include "backends/aws/keys/sts.h"
#include "backends/contract/step.h"

/*
 * Source: "Assume role credential provider" in the AWS SDKs and Tools reference guide, and botocore
 * where that is silent.
 *
 * A profile with a role names where the keys come from that assume it: a source profile, which may
 * have a role itself, or a place outside the files. The roles are found when the way is opened,
 * from the profile downwards; then the source at the bottom gives the first keys, and STS is asked
 * for one role after the other, upwards. A profile that comes twice is refused, except one that
 * names itself: its role is assumed with its own static keys.
 *
 * Nobody can be asked for an MFA code: below a role that needs one, the keys are those that the AWS
 * CLI has cached for it, or for a role above it. The keys that the CLI has cached for a role are
 * also what is left when its keys cannot be had.
 */

#define RENEW "aws sts get-caller-identity --profile" /* asks for the code */
#define ROLES_MAX 8 /* so that with them and the steps below CFS_PROVIDER_STEPS_MAX suffices */

struct role {
	const char *profile;
	struct cfs_aws_sts_role ask;
	const char *mfa_serial; /* NULL: it needs no MFA */
};

struct state {
	const struct cfs_aws_config *config;
	struct cfs_aws_endpoints endpoints;
	struct role roles[ROLES_MAX]; /* [0] is that of the profile */
	size_t n_roles;
	size_t left; /* roles that are still to be assumed */
	const char *source;
	struct cfs_source base;
	struct cfs_keys keys;            /* of what is below roles[left - 1] */
	char from[CFS_PROVIDER_WHY_MAX]; /* the first of them */
	unsigned retries;
};

static const struct {
	const char *name;
	cfs_aws_open_fn *open;
} sources[] = {
	{"Environment", cfs_aws_environment_open},
	{"Ec2InstanceMetadata", cfs_aws_metadata_open},
	{"EcsContainer", cfs_aws_container_open},
};

static void destroy(void *arg)
{
	struct state *state = arg;

	cfs_source_finish(&state->base);
	cfs_aws_endpoints_finish(&state->endpoints);
	cfs_keys_finish(&state->keys);
	free(state);
}

/* Asks for the next role, or gives the keys of the last. */
static void ascend(struct state *state, int64_t now, struct cfs_step *step)
{
	const struct role *role;
	struct cfs_http_request request;
	int r;

	if (state->left == 0) {
		cfs_step_keys(step, 0, &state->keys, now, "role %.120s, with %s",
			state->roles[0].ask.arn, state->from);
		return;
	}
	role = &state->roles[state->left - 1];
	r = cfs_aws_sts_request(&state->endpoints, &role->ask, &state->keys, now, &request);
	if (r < 0)
		cfs_step_errno(step, r, "the role");
	else
		cfs_step_http(step, &request, state->endpoints.ca_file, false,
			CFS_AWS_SERVICE_TIMEOUT_MS);
}

/* The source at the bottom has answered. */
static void take_base(struct state *state, int64_t now, struct cfs_step *step)
{
	char why[CFS_PROVIDER_WHY_MAX];

	if (step->kind == CFS_STEP_KEYS) {
		state->keys = step->keys;
		memcpy(state->from, step->why, sizeof(state->from));
		cfs_source_finish(&state->base);
		ascend(state, now, step);
	} else if (step->kind == CFS_STEP_ABSENT) {
		memcpy(why, step->why, sizeof(why));
		cfs_step_failed(step, CFS_UNAUTHENTICATED,
			"no keys from %.60s to assume role %.80s: %s", state->source,
			state->roles[state->n_roles - 1].ask.arn, why);
	}
}

/* STS has answered for the next role. */
static void take_role(struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *step)
{
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct cfs_error error = {0};

	if (answer->fault == CFS_OK)
		cfs_aws_sts_read(answer, &keys, &error);
	if (cfs_source_retry(&state->retries, answer, error.fault)) {
		ascend(state, now, step);
	} else if (answer->fault != CFS_OK) {
		cfs_step_no_answer(step, answer, "STS");
	} else if (error.fault != CFS_OK) {
		cfs_error_hide(&error, state->keys.token.data);
		cfs_step_refused(step, &error, "STS", state->roles[state->left - 1].ask.arn);
	} else {
		cfs_keys_finish(&state->keys);
		state->keys = keys;
		keys = CFS_KEYS_INIT;
		state->left--;
		ascend(state, now, step);
	}
	cfs_keys_finish(&keys);
}

/* Takes the keys that the AWS CLI has cached for a role; it need not be assumed then, nor what is
 * below it. What cfs_aws_cache_role says. */
static int take_cached(struct state *state, size_t index, int64_t now)
{
	const struct role *role = &state->roles[index];
	struct cfs_keys keys;
	int r;

	r = cfs_aws_cache_role(state->config->env, &role->ask, role->mfa_serial, now, &keys);
	if (r == 0) {
		cfs_source_finish(&state->base);
		cfs_keys_finish(&state->keys);
		state->keys = keys;
		state->left = index;
	}
	return r;
}

/* After a failure: whether the AWS CLI has cached keys of a role that is still to be assumed. The
 * first that counts is the first for the CLI too. */
static bool fall_back(struct state *state, int64_t now, const struct cfs_step *failed)
{
	for (size_t i = 0; cfs_aws_cache_may_help(failed) && i < state->left; i++) {
		if (take_cached(state, i, now) < 0)
			continue;
		(void)snprintf(state->from, sizeof(state->from),
			"keys that the AWS CLI cached, as %.200s", failed->why);
		return true;
	}
	return false;
}

static void step(
	void *arg, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	struct state *state = arg;

	if (state->base.state) {
		state->base.step(state->base.state, answer, now, ret_step);
		take_base(state, now, ret_step);
	} else if (answer) {
		take_role(state, answer, now, ret_step);
	} else { /* the keys were at hand when the source was opened */
		ascend(state, now, ret_step);
	}
	if (fall_back(state, now, ret_step)) {
		state->retries = 0;
		ascend(state, now, ret_step);
	}
}

/* Opening */

bool cfs_aws_role_has(const struct cfs_aws_config *config, const char *profile)
{
	return cfs_aws_config_get(config, profile, "role_arn") &&
		!cfs_aws_config_get(config, profile, "web_identity_token_file");
}

static bool has_static(const struct cfs_aws_config *config, const char *profile)
{
	return cfs_aws_config_get(config, profile, "aws_access_key_id") ||
		cfs_aws_config_get(config, profile, "aws_secret_access_key");
}

__attribute__((format(printf, 2, 3))) static bool refuse(
	struct cfs_step *step, const char *format, ...)
{
	char text[2 * CFS_PROVIDER_WHY_MAX];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	cfs_step_failed(step, CFS_UNAUTHENTICATED, "%s", text);
	return false;
}

/* Adds the role of a profile, and says where its keys come from: one of the two is set. */
static bool add_role(struct state *state, const char *profile, const char **ret_profile,
	const char **ret_place, struct cfs_step *step)
{
	const struct cfs_aws_config *config = state->config;
	const char *source =
		cfs_aws_config_get_name(config, profile, "source_profile", CFS_AWS_SECTION_PROFILE);
	const char *place = cfs_aws_config_get(config, profile, "credential_source");
	const char *duration = cfs_aws_config_get(config, profile, "duration_seconds");

	if (state->n_roles == ROLES_MAX)
		return refuse(step,
			"profile %.100s needs more than %d roles, each to assume the next",
			state->roles[0].profile, ROLES_MAX);
	if (!source == !place)
		return refuse(step,
			"profile %.100s has role_arn, %s source_profile %s credential_source",
			profile, source ? "and both" : "but neither", source ? "and" : "nor");
	/* A duration that is not a number is ignored, as in botocore. */
	if (duration && (strlen(duration) > 9 || duration[strspn(duration, "0123456789")]))
		duration = NULL;
	state->roles[state->n_roles++] = (struct role){
		.profile = profile,
		.ask = {.arn = cfs_aws_config_get(config, profile, "role_arn"),
			.session = cfs_aws_config_get(config, profile, "role_session_name"),
			.external_id = cfs_aws_config_get_whole(config, profile, "external_id"),
			.duration = duration},
		.mfa_serial = cfs_aws_config_get(config, profile, "mfa_serial"),
	};
	*ret_profile = source;
	*ret_place = place;
	return true;
}

/* Whether the source may be used by the last role. */
static bool check_source(const struct state *state, const char *source, struct cfs_step *step)
{
	const char *parent = state->roles[state->n_roles - 1].profile;

	if (!cfs_aws_config_has(state->config, CFS_AWS_SECTION_PROFILE, source))
		return refuse(step, "source_profile %.100s of profile %.100s does not exist",
			source, parent);
	for (size_t i = 0; i < state->n_roles; i++) {
		if (strcmp(state->roles[i].profile, source) != 0)
			continue;
		if (strcmp(source, parent) == 0 && has_static(state->config, source))
			continue;
		return refuse(
			step, "profile %.100s is its own source: the profiles form a loop", source);
	}
	return true;
}

/* Takes the keys that the AWS CLI got with an MFA code for the last role, or with them for one
 * above it. */
static bool open_cached(struct state *state, int64_t now, struct cfs_step *step)
{
	const char *profile = state->roles[state->n_roles - 1].profile;
	int first = 0, r;

	for (size_t i = state->n_roles; i > 0; i--) {
		r = take_cached(state, i - 1, now);
		if (r == 0) {
			(void)snprintf(state->from, sizeof(state->from),
				"keys that the AWS CLI cached after MFA; when they expire, "
				"run: " RENEW " %.80s",
				profile);
			return true;
		}
		if (i == state->n_roles)
			first = r;
	}
	if (first == -ENOMEM)
		cfs_step_errno(step, first, "the role");
	else
		cfs_step_failed(step, first == -EKEYEXPIRED ? CFS_EXPIRED : CFS_UNAUTHENTICATED,
			"profile %.60s needs an MFA code, and %s; run: " RENEW " %.60s", profile,
			first == -EKEYEXPIRED ? "the keys that the AWS CLI cached have expired"
					      : "there are no keys in the cache of the AWS CLI",
			profile);
	return false;
}

/* Finds the roles, and opens the source at the bottom. */
static bool descend(struct state *state, const char *profile, int64_t now, struct cfs_step *step)
{
	cfs_aws_open_fn *open = NULL;
	const char *place = NULL;

	for (;;) {
		if (!add_role(state, profile, &profile, &place, step))
			return false;
		if (!place && !check_source(state, profile, step))
			return false;
		if (state->roles[state->n_roles - 1].mfa_serial)
			return open_cached(state, now, step);
		if (place)
			break;
		if (has_static(state->config, profile) ||
			!cfs_aws_role_has(state->config, profile)) {
			open = cfs_aws_profile_open;
			break;
		}
	}
	for (size_t i = 0; place && i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (strcmp(sources[i].name, place) == 0)
			open = sources[i].open;
	}
	if (!open)
		return refuse(step, "credential_source %.60s of profile %.100s is unknown", place,
			state->roles[state->n_roles - 1].profile);
	state->left = state->n_roles;
	state->source = place ? place : profile;
	if (open(state->config, place ? state->config->profile : profile, now, &state->base, step))
		return true;
	if (step->kind == CFS_STEP_KEYS) {
		state->keys = step->keys;
		memcpy(state->from, step->why, sizeof(state->from));
		return true;
	}
	take_base(state, now, step);
	return fall_back(state, now, step);
}

bool cfs_aws_role_open(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	struct cfs_buf why = CFS_BUF_INIT(4 * CFS_PROVIDER_WHY_MAX);
	struct state *state = calloc(1, sizeof(*state));
	bool opened = false;
	int r;

	if (!state) {
		cfs_step_errno(ret_step, -ENOMEM, "the role");
		return false;
	}
	state->config = config;
	state->keys = CFS_KEYS_INIT;
	r = cfs_aws_endpoints_load(&state->endpoints, config, &why);
	if (r == 0)
		r = cfs_aws_endpoints_check(&state->endpoints, CFS_AWS_STS, &why);
	if (r < 0)
		cfs_step_unset(ret_step, r, &why);
	else
		opened = descend(state, profile, now, ret_step);
	if (opened)
		*ret_source = (struct cfs_source){.step = step, .destroy = destroy, .state = state};
	else
		destroy(state);
	cfs_buf_finish(&why);
	return opened;
}
