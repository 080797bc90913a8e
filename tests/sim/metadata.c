/* SPDX-License-Identifier: MIT */
#include "metadata.h"

#include "clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TTL_HEADER "x-aws-ec2-metadata-token-ttl-seconds"
#define TTL_MOST 21600
#define ROLES "/latest/meta-data/iam/security-credentials"
#define CAM_ROLES "/latest/meta-data/cam/security-credentials"
#define SECONDS 21600
/* New keys are there this long before the old ones expire, or in half their life if it is short. */
#define EARLY_MS (5 * 60 * 1000)

enum standing { OF_INSTANCE, OF_CVM, OF_CONTAINER, N_STANDING };

_Static_assert(N_STANDING == SIM_CLOUDS + 1, "struct sim has room for each");

struct call {
	struct sim *sim;
	const struct sim_request *request;
	const char *rest; /* of the path, behind the row's */
	struct sim_effect effect;
	struct sim_answer *answer;
};

static void refuse(struct sim_answer *answer, unsigned status, const char *title)
{
	answer->status = status;
	answer->content_type = "text/html";
	sim_buf_reset(&answer->body);
	sim_buf_addf(&answer->body,
		"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<html>\n <head>\n"
		"  <title>%u - %s</title>\n </head>\n <body>\n  <h1>%u - %s</h1>\n </body>\n"
		"</html>\n",
		status, title, status, title);
}

/* The keys that a service hands out to everybody who asks, until it is time for new ones. */
static const struct sim_session *standing_keys(struct sim *sim, enum standing which)
{
	static const struct {
		enum sim_cloud cloud;
		const char *role, *name;
	} roles[] = {
		[OF_INSTANCE] = {SIM_AWS, SIM_ROLE_INSTANCE, "i-0123456789abcdef0"},
		[OF_CVM] = {SIM_TENCENT, SIM_ROLE_INSTANCE, "ins-consolefs"},
		[OF_CONTAINER] = {SIM_AWS, SIM_ROLE_TASK, "consolefs-sim-task"},
	};
	struct sim_session *keys = &sim->standing[which];
	int64_t early = (keys->expires_ms - keys->made_ms) / 2;
	if (early > EARLY_MS)
		early = EARLY_MS;
	if (keys->id[0] && sim_now_ms(sim) < keys->expires_ms - early)
		return keys;
	const struct sim_session *made = sim_session_make(
		sim, roles[which].cloud, roles[which].role, roles[which].name, SECONDS);
	if (!made)
		return NULL;
	*keys = *made;
	return keys;
}

static void give_token(struct call *call)
{
	struct sim_answer *answer = call->answer;
	const char *text = sim_request_header(call->request, TTL_HEADER);
	size_t len = text ? strlen(text) : 0;
	unsigned long ttl =
		len && len < 6 && strspn(text, "0123456789") == len ? strtoul(text, NULL, 10) : 0;
	if (ttl < 1 || ttl > TTL_MOST) {
		refuse(answer, 400, "Bad Request");
		return;
	}
	/* A request that was forwarded is none of this machine's. */
	if (sim_request_header(call->request, "x-forwarded-for")) {
		refuse(answer, 403, "Forbidden");
		return;
	}
	const char *token = sim_session_ticket(call->sim, SIM_TICKET_METADATA, (unsigned)ttl);
	if (!token) {
		refuse(answer, 500, "Internal Server Error");
		return;
	}
	answer->header = TTL_HEADER;
	snprintf(answer->header_value, sizeof(answer->header_value), "%lu", ttl);
	if (call->effect.kind != SIM_FAULT_EMPTY)
		sim_buf_adds(&answer->body, token);
}

static void give_role(struct call *call)
{
	if (call->effect.kind != SIM_FAULT_EMPTY)
		sim_buf_adds(&call->answer->body, SIM_ROLE_INSTANCE);
}

static void give_credentials(struct call *call)
{
	struct sim_answer *answer = call->answer;
	char now[SIM_TIME_TEXT], expiration[SIM_TIME_TEXT];
	sim_clock_format(sim_now_ms(call->sim), 0, now);
	answer->content_type = "application/json";
	if (call->effect.kind == SIM_FAULT_CODE) {
		sim_buf_addf(&answer->body,
			"{\n  \"Code\" : \"%s\",\n  \"Message\" : \"Simulated error\",\n"
			"  \"LastUpdated\" : \"%s\"\n}",
			call->effect.arg, now);
		snprintf(answer->record.code, sizeof(answer->record.code), "%s", call->effect.arg);
		return;
	}
	const struct sim_session *keys = standing_keys(call->sim, OF_INSTANCE);
	if (!keys) {
		refuse(answer, 500, "Internal Server Error");
		return;
	}
	sim_clock_format(keys->made_ms, 0, now);
	sim_clock_format(keys->expires_ms, 0, expiration);
	if (call->effect.kind != SIM_FAULT_EMPTY)
		sim_buf_addf(&answer->body,
			"{\n  \"Code\" : \"Success\",\n  \"LastUpdated\" : \"%s\",\n"
			"  \"Type\" : \"AWS-HMAC\",\n  \"AccessKeyId\" : \"%s\",\n"
			"  \"SecretAccessKey\" : \"%s\",\n  \"Token\" : \"%s\",\n"
			"  \"Expiration\" : \"%s\"\n}",
			now, keys->id, keys->secret, keys->token, expiration);
}

static void give_container_credentials(struct call *call)
{
	struct sim_answer *answer = call->answer;
	const char *token = sim_request_header(call->request, "authorization");
	char expiration[SIM_TIME_TEXT];
	answer->content_type = "application/json";
	if (call->effect.kind == SIM_FAULT_CODE) {
		answer->status = 400;
		sim_buf_addf(&answer->body,
			"{\"code\":\"%s\",\"message\":\"Simulated error\",\"HttpErrorCode\":400}",
			call->effect.arg);
		snprintf(answer->record.code, sizeof(answer->record.code), "%s", call->effect.arg);
		return;
	}
	if (!token ||
		!sim_is_token(
			token, call->sim->options.container_token_file, SIM_CONTAINER_TOKEN)) {
		answer->status = 401;
		sim_buf_adds(&answer->body,
			"{\"code\":\"AccessDenied\",\"message\":\"The token is missing or wrong\","
			"\"HttpErrorCode\":401}");
		return;
	}
	const struct sim_session *keys = standing_keys(call->sim, OF_CONTAINER);
	if (!keys) {
		answer->status = 500;
		return;
	}
	sim_clock_format(keys->expires_ms, 0, expiration);
	if (call->effect.kind != SIM_FAULT_EMPTY)
		sim_buf_addf(&answer->body,
			"{\"RoleArn\":\"arn:aws:iam::" SIM_ACCOUNT ":role/" SIM_ROLE_TASK
			"\",\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"%s\",\"Token\":\"%s\","
			"\"Expiration\":\"%s\"}",
			keys->id, keys->secret, keys->token, expiration);
}

static void give_cam_credentials(struct call *call)
{
	struct sim_answer *answer = call->answer;
	char expiration[SIM_TIME_TEXT];
	answer->content_type = "application/json";
	if (call->effect.kind == SIM_FAULT_CODE) {
		sim_buf_addf(&answer->body, "{\"Code\":\"%s\",\"Message\":\"Simulated error\"}",
			call->effect.arg);
		snprintf(answer->record.code, sizeof(answer->record.code), "%s", call->effect.arg);
		return;
	}
	const struct sim_session *keys = standing_keys(call->sim, OF_CVM);
	if (!keys) {
		refuse(answer, 500, "Internal Server Error");
		return;
	}
	sim_clock_format(keys->expires_ms, 0, expiration);
	if (call->effect.kind != SIM_FAULT_EMPTY)
		sim_buf_addf(&answer->body,
			"{\n    \"TmpSecretId\": \"%s\",\n    \"TmpSecretKey\": \"%s\",\n"
			"    \"ExpiredTime\": %" PRId64 ",\n    \"Expiration\": \"%s\",\n"
			"    \"Token\": \"%s\",\n    \"Code\": \"Success\"\n}",
			keys->id, keys->secret, keys->expires_ms / 1000, expiration, keys->token);
}

static void give_region(struct call *call)
{
	sim_buf_adds(&call->answer->body, call->sim->options.regions[SIM_AWS].names[0]);
}

static void give_zone(struct call *call)
{
	sim_buf_addf(&call->answer->body, "%sa", call->sim->options.regions[SIM_AWS].names[0]);
}

static void give_document(struct call *call)
{
	const char *region = call->sim->options.regions[SIM_AWS].names[0];
	sim_buf_addf(&call->answer->body,
		"{\n  \"accountId\" : \"" SIM_ACCOUNT "\",\n  \"architecture\" : \"x86_64\",\n"
		"  \"availabilityZone\" : \"%sa\",\n  \"instanceId\" : \"i-0123456789abcdef0\",\n"
		"  \"instanceType\" : \"t3.micro\",\n  \"region\" : \"%s\",\n"
		"  \"version\" : \"2017-09-30\"\n}",
		region, region);
}

static const struct row {
	const char *path;
	const char *action; /* for the log and the faults */
	enum sim_cloud cloud;
	bool put;
	bool with_token; /* an EC2 metadata token is needed */
	bool of_role;    /* only where the machine has one */
	bool named;      /* behind the path stands the role's name */
	void (*give)(struct call *call);
} rows[] = {
	{"/latest/api/token", "MetadataToken", SIM_AWS, true, false, false, false, give_token},
	{ROLES "/", "MetadataCredentials", SIM_AWS, false, true, true, true, give_credentials},
	{ROLES "/", "MetadataRole", SIM_AWS, false, true, true, false, give_role},
	{ROLES, "MetadataRole", SIM_AWS, false, true, true, false, give_role},
	{CAM_ROLES "/", "MetadataCredentials", SIM_TENCENT, false, false, true, true,
		give_cam_credentials},
	{CAM_ROLES "/", "MetadataRole", SIM_TENCENT, false, false, true, false, give_role},
	{CAM_ROLES, "MetadataRole", SIM_TENCENT, false, false, true, false, give_role},
	{"/latest/meta-data/placement/region", "MetadataOther", SIM_AWS, false, true, false, false,
		give_region},
	{"/latest/meta-data/placement/availability-zone", "MetadataOther", SIM_AWS, false, true,
		false, false, give_zone},
	{"/latest/dynamic/instance-identity/document", "MetadataOther", SIM_AWS, false, true, false,
		false, give_document},
	{"/container", "ContainerCredentials", SIM_AWS, false, false, false, false,
		give_container_credentials},
};

static const struct row *find_row(const char *uri)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].path);
		if (strncmp(uri, rows[i].path, len) == 0 && (uri[len] != '\0') == rows[i].named)
			return &rows[i];
	}
	return NULL;
}

static bool judge(struct call *call, const struct row *row)
{
	const char *token = sim_request_header(call->request, "x-aws-ec2-metadata-token");
	const char *method = call->request->method;
	if (strcmp(method, row->put ? "PUT" : "GET") != 0)
		refuse(call->answer, 405, "Not Allowed");
	else if (row->with_token &&
		!(token && sim_session_ticket_is_good(call->sim, SIM_TICKET_METADATA, token)))
		refuse(call->answer, 401, "Unauthorized");
	else if (row->of_role && call->sim->options.no_instance_role)
		refuse(call->answer, 404, "Not Found");
	else if (row->named && strcmp(call->rest, SIM_ROLE_INSTANCE) != 0)
		refuse(call->answer, 404, "Not Found");
	else if (call->effect.kind == SIM_FAULT_THROTTLE)
		refuse(call->answer, 429, "Too Many Requests");
	else
		return true;
	return false;
}

void sim_metadata_decide(
	struct sim *sim, const struct sim_request *request, struct sim_answer *answer)
{
	const struct row *row = find_row(request->uri);
	answer->status = 200;
	answer->content_type = "text/plain";
	answer->server = "EC2ws";
	if (!row) {
		answer->record.cloud = "";
		snprintf(answer->record.action, sizeof(answer->record.action), "Metadata");
		refuse(answer, 404, "Not Found");
		return;
	}
	answer->record.cloud = row->cloud == SIM_AWS ? "aws" : "tencent";
	snprintf(answer->record.action, sizeof(answer->record.action), "%s", row->action);
	struct call call = {.sim = sim,
		.request = request,
		.rest = request->uri + strlen(row->path),
		.answer = answer};
	call.effect = sim_pick_fault(sim, row->cloud, &answer->record);
	if (sim_answer_fault(answer, &call.effect) || !judge(&call, row))
		return;
	row->give(&call);
	if (call.effect.kind == SIM_FAULT_OVERSIZE)
		sim_buf_fill(&answer->body, ' ', SIM_FAULT_OVERSIZE_BYTES);
}
