/* SPDX-License-Identifier: MIT */
#include "sts.h"

#include "clock.h"
#include "roles.h"
#include "sigv4.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMESPACE "https://sts.amazonaws.com/doc/" SIM_STS_VERSION "/"
#define SECONDS_DEFAULT 3600
#define SECONDS_LEAST 900
#define SECONDS_MOST 43200
#define SECONDS_MOST_CHAINED 3600

struct call {
	struct sim *sim;
	const struct sim_form *form;
	const struct sim_session *session; /* of the caller; NULL: the user */
	struct sim_effect effect;
	struct sim_answer *answer;
};

struct action {
	const char *name;
	bool unsigned_too;
	const char *params[9];
	void (*run)(struct call *call);
};

/* "Common errors" of the reference: those that are not 400. */
static const struct status {
	const char *code;
	unsigned status;
} statuses[] = {
	{"AccessDenied", 403},
	{"AccessDeniedException", 403},
	{"ExpiredToken", 403},
	{"InvalidClientTokenId", 403},
	{"MissingAuthenticationToken", 403},
	{"OptInRequired", 403},
	{"RegionDisabledException", 403},
	{"SignatureDoesNotMatch", 403},
	{"InternalFailure", 500},
	{"ServiceUnavailable", 503},
};

__attribute__((format(printf, 3, 4))) static void fail(
	struct sim_answer *answer, const char *code, const char *format, ...)
{
	char message[4096];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	answer->status = 400;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (strcmp(statuses[i].code, code) == 0)
			answer->status = statuses[i].status;
	}
	snprintf(answer->record.code, sizeof(answer->record.code), "%s", code);
	sim_buf_reset(&answer->body);
	sim_buf_addf(&answer->body,
		"<ErrorResponse xmlns=\"" NAMESPACE "\">\n  <Error>\n    <Type>%s</Type>\n"
		"    <Code>",
		answer->status < 500 ? "Sender" : "Receiver");
	sim_buf_add_xml(&answer->body, code);
	sim_buf_adds(&answer->body, "</Code>\n    <Message>");
	sim_buf_add_xml(&answer->body, message);
	sim_buf_addf(&answer->body,
		"</Message>\n  </Error>\n  <RequestId>%s</RequestId>\n</ErrorResponse>\n",
		answer->request_id);
}

static void open_result(const struct call *call)
{
	const char *action = call->answer->record.action;
	sim_buf_addf(&call->answer->body, "<%sResponse xmlns=\"" NAMESPACE "\">\n  <%sResult>\n",
		action, action);
}

static void close_result(const struct call *call)
{
	const char *action = call->answer->record.action;
	sim_buf_addf(&call->answer->body,
		"  </%sResult>\n  <ResponseMetadata>\n    <RequestId>%s</RequestId>\n"
		"  </ResponseMetadata>\n</%sResponse>\n",
		action, call->answer->request_id, action);
}

static void invalid(const struct call *call, const char *value, const char *name, const char *rule)
{
	fail(call->answer, "ValidationError",
		"1 validation error detected: Value '%.80s' at '%s' failed to satisfy constraint: "
		"%s",
		value, name, rule);
}

/* A required parameter, or NULL after an error answer. */
static const char *need(const struct call *call, const char *name, size_t least, size_t most)
{
	const char *value = sim_form_get(call->form, name);
	char rule[80];
	if (!value) {
		invalid(call, "", name, "Member must not be null");
		return NULL;
	}
	if (strlen(value) < least || strlen(value) > most) {
		snprintf(
			rule, sizeof(rule), "Member must have length from %zu to %zu", least, most);
		invalid(call, value, name, rule);
		return NULL;
	}
	return value;
}

/* DurationSeconds, or 0 after an error answer. */
static unsigned need_seconds(const struct call *call)
{
	const char *text = sim_form_get(call->form, "DurationSeconds");
	unsigned most = call->session ? SECONDS_MOST_CHAINED : SECONDS_MOST;
	if (!text)
		return SECONDS_DEFAULT;
	size_t len = strlen(text);
	unsigned long seconds =
		len && len < 7 && strspn(text, "0123456789") == len ? strtoul(text, NULL, 10) : 0;
	if (seconds < SECONDS_LEAST) {
		invalid(call, text, "durationSeconds",
			"Member must have value greater than or equal to 900");
		return 0;
	}
	if (seconds > SECONDS_MOST) {
		invalid(call, text, "durationSeconds",
			"Member must have value less than or equal to 43200");
		return 0;
	}
	if (seconds > most) {
		fail(call->answer, "ValidationError",
			"The requested DurationSeconds exceeds the 1 hour session limit for roles "
			"assumed by role chaining");
		return 0;
	}
	return (unsigned)seconds;
}

static void add_credentials(const struct call *call, const struct sim_session *session)
{
	struct sim_buf *body = &call->answer->body;
	char expiration[SIM_TIME_TEXT];
	sim_clock_format(session->expires_ms, 0, expiration);
	if (call->effect.kind == SIM_FAULT_EMPTY)
		return;
	sim_buf_adds(body, "    <AssumedRoleUser>\n      <Arn>");
	sim_roles_add_arn(body, session);
	sim_buf_adds(body, "</Arn>\n      <AssumedRoleId>");
	sim_roles_add_id(body, session);
	sim_buf_addf(body,
		"</AssumedRoleId>\n    </AssumedRoleUser>\n    <Credentials>\n"
		"      <AccessKeyId>%s</AccessKeyId>\n"
		"      <SecretAccessKey>%s</SecretAccessKey>\n"
		"      <SessionToken>%s</SessionToken>\n"
		"      <Expiration>%s</Expiration>\n    </Credentials>\n",
		session->id, session->secret, session->token, expiration);
	if (call->effect.kind == SIM_FAULT_OVERSIZE)
		sim_buf_fill(body, ' ', SIM_FAULT_OVERSIZE_BYTES);
}

static void get_caller_identity(struct call *call)
{
	struct sim_buf *body = &call->answer->body;
	open_result(call);
	if (call->effect.kind != SIM_FAULT_EMPTY) {
		sim_buf_adds(body, "    <Arn>");
		sim_roles_add_caller(body, SIM_AWS, call->session);
		sim_buf_adds(body, "</Arn>\n    <UserId>");
		if (call->session)
			sim_roles_add_id(body, call->session);
		else
			sim_buf_adds(body, "AIDACONSOLEFSSIM00001");
		sim_buf_adds(body, "</UserId>\n    <Account>" SIM_ACCOUNT "</Account>\n");
	}
	if (call->effect.kind == SIM_FAULT_OVERSIZE)
		sim_buf_fill(body, ' ', SIM_FAULT_OVERSIZE_BYTES);
	close_result(call);
}

/* The role and the session's name, judged as texts. False after an error answer. */
static bool need_role(const struct call *call, char ret_role[SIM_ROLE_SIZE], const char **ret_name)
{
	const char *arn = need(call, "RoleArn", 20, 2048);
	const char *name = arn ? need(call, "RoleSessionName", 2, 64) : NULL;
	if (!name)
		return false;
	if (!sim_roles_is_session_name(name)) {
		invalid(call, name, "roleSessionName",
			"Member must satisfy regular expression pattern: [\\w+=,.@-]*");
		return false;
	}
	if (strncmp(arn, "arn:", 4) != 0) {
		fail(call->answer, "ValidationError", "%.200s is invalid", arn);
		return false;
	}
	/* A role that there is not may, for all that is said, be one that is not for the caller. */
	if (!sim_roles_parse(SIM_AWS, arn, ret_role))
		ret_role[0] = '\0';
	*ret_name = name;
	return true;
}

static void give(struct call *call, const char *role, const char *name, const char *more)
{
	unsigned seconds = need_seconds(call);
	if (seconds == 0)
		return;
	const struct sim_session *session =
		sim_session_make(call->sim, SIM_AWS, role, name, seconds);
	if (!session) {
		fail(call->answer, "InternalFailure", "An internal error has occurred");
		return;
	}
	open_result(call);
	add_credentials(call, session);
	sim_buf_adds(&call->answer->body, more);
	close_result(call);
}

static void assume_role(struct call *call)
{
	char role[SIM_ROLE_SIZE];
	const char *name;
	struct sim_buf caller = {0};
	if (!need_role(call, role, &name))
		return;
	if (!sim_roles_may(role, call->session, sim_form_get(call->form, "ExternalId"))) {
		sim_roles_add_caller(&caller, SIM_AWS, call->session);
		fail(call->answer, "AccessDenied",
			"User: %.200s is not authorized to perform: sts:AssumeRole on resource: "
			"%.200s",
			caller.failed ? "" : caller.data, sim_form_get(call->form, "RoleArn"));
		sim_buf_finish(&caller);
		return;
	}
	give(call, role, name, "");
}

static void assume_role_with_web_identity(struct call *call)
{
	const char *token = need(call, "WebIdentityToken", 4, 20000);
	char role[SIM_ROLE_SIZE];
	const char *name;
	if (!token || !need_role(call, role, &name))
		return;
	if (!sim_is_token(token, call->sim->options.web_identity_file, SIM_WEB_IDENTITY))
		fail(call->answer, "InvalidIdentityToken",
			"The ID Token provided is not a valid JWT. (You may see this error if you "
			"sent an Access Token)");
	else if (strcmp(role, SIM_ROLE_FEDERATED) != 0)
		fail(call->answer, "AccessDenied",
			"Not authorized to perform sts:AssumeRoleWithWebIdentity");
	else
		give(call, role, name,
			"    <SubjectFromWebIdentityToken>system:serviceaccount:default:sim"
			"</SubjectFromWebIdentityToken>\n"
			"    <Audience>sts.amazonaws.com</Audience>\n"
			"    <Provider>arn:aws:iam::" SIM_ACCOUNT
			":oidc-provider/sim</Provider>\n");
}

static const struct action actions[] = {
	{"GetCallerIdentity", false, {NULL}, get_caller_identity},
	{"AssumeRole", false,
		{"RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds", "Policy",
			"PolicyArns.member.N.arn", "SerialNumber", "TokenCode", NULL},
		assume_role},
	{"AssumeRoleWithWebIdentity", true,
		{"RoleArn", "RoleSessionName", "WebIdentityToken", "ProviderId", "DurationSeconds",
			"Policy", "PolicyArns.member.N.arn", NULL},
		assume_role_with_web_identity},
};

static bool check_params(struct call *call, const struct action *action)
{
	const struct sim_form *form = call->form;
	for (size_t i = 0; i < form->count; i++) {
		const char *name = form->params[i].name;
		bool known = strcmp(name, "Action") == 0 || strcmp(name, "Version") == 0;
		for (size_t p = 0; !known && action->params[p]; p++)
			known = sim_form_fits(name, action->params[p]);
		if (!known || sim_form_get(form, name) != form->params[i].value) {
			fail(call->answer, "ValidationError", "Parameter %.80s is %s", name,
				known ? "given more than once" : "not recognized");
			return false;
		}
	}
	return true;
}

static void run_action(struct call *call, const struct action *action)
{
	if (call->effect.kind == SIM_FAULT_THROTTLE)
		fail(call->answer, "Throttling", "Rate exceeded");
	else if (call->effect.kind == SIM_FAULT_CODE)
		fail(call->answer, call->effect.arg, "Simulated error %s", call->effect.arg);
	else if (check_params(call, action))
		action->run(call);
}

void sim_sts_decide(struct sim *sim, const struct sim_request *request, const struct sim_form *form,
	struct sim_answer *answer)
{
	struct sim_verdict verdict = {.reason = ""};
	struct sim_record *record = &answer->record;
	struct call call = {.sim = sim, .form = form, .answer = answer};
	const struct action *action = NULL;
	const char *type = sim_request_header(request, "content-type");
	const char *name = sim_form_get(form, "Action");
	answer->content_type = "text/xml";
	answer->server = NULL;
	snprintf(record->action, sizeof(record->action), "%s", name ? name : "");
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, record->action) == 0)
			action = &actions[i];
	}
	bool needs_signature = !action || !action->unsigned_too;
	if (needs_signature && sim_sigv4_verify(sim, request, SIM_SIGV4_STS, &verdict) < 0) {
		fail(answer, "InternalFailure", "An internal error has occurred");
		return;
	}
	snprintf(record->signature, sizeof(record->signature), "%s", verdict.reason);
	snprintf(record->region, sizeof(record->region), "%s", verdict.region);
	call.session = verdict.session;
	if (verdict.session)
		snprintf(record->role, sizeof(record->role), "%s", verdict.session->role);
	call.effect = sim_pick_fault(sim, SIM_AWS, record);
	if (sim_answer_fault(answer, &call.effect))
		return;
	if (needs_signature && strcmp(verdict.reason, "ok") != 0)
		fail(answer, verdict.code, "%s", verdict.message);
	else if (!type || strncmp(type, "application/x-www-form-urlencoded", 33) != 0)
		fail(answer, "MalformedInput", "The body must be a form");
	else if (!action)
		fail(answer, "InvalidAction",
			"Could not find operation %.60s for version " SIM_STS_VERSION,
			record->action);
	else
		run_action(&call, action);
}
