/* SPDX-License-Identifier: MIT */
#include "ec2.h"

#include "clock.h"
#include "console.h"
#include "screen.h"
#include "sigv4.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define VERSION "2016-11-15"
/* Base64 of GetConsoleOutput is wrapped, in the reference's example, as MIME does. */
#define WRAP 76
#define CONSOLE_MAX ((size_t)64 << 10)

/* "Error codes for the Amazon EC2 API": those that are not 400. */
static const struct status {
	const char *code;
	unsigned status;
} statuses[] = {
	{"AuthFailure", 401},
	{"OptInRequired", 401},
	{"UnauthorizedOperation", 403},
	{"ExpiredTokenException", 403},
	{"InvalidClientTokenId", 403},
	{"SignatureDoesNotMatch", 403},
	{"MissingAuthenticationToken", 403},
	{"DryRunOperation", 412},
	{"InternalError", 500},
	{"InternalFailure", 500},
	{"RequestLimitExceeded", 503},
	{"Unavailable", 503},
	{"ServiceUnavailable", 503},
	{"InsufficientInstanceCapacity", 500},
};

/* An action and the parameters it knows; "X.N" stands for a list, "X.N.Y" for one of structures. */
struct action {
	const char *name;
	const char *params[8];
	void (*run)(struct sim_ec2_call *call);
};

void sim_ec2_error(
	struct sim_answer *answer, unsigned status, const char *code, const char *format, ...)
{
	char message[4096];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (status == 0) {
		status = 400;
		for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
			if (strcmp(statuses[i].code, code) == 0)
				status = statuses[i].status;
		}
	}
	answer->status = status;
	snprintf(answer->record.code, sizeof(answer->record.code), "%s", code);
	sim_buf_reset(&answer->body);
	sim_buf_adds(&answer->body,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<Response><Errors><Error><Code>");
	sim_buf_add_xml(&answer->body, code);
	sim_buf_adds(&answer->body, "</Code><Message>");
	sim_buf_add_xml(&answer->body, message);
	sim_buf_addf(&answer->body,
		"</Message></Error></Errors><RequestID>%s</RequestID></Response>",
		answer->request_id);
}

void sim_ec2_open(struct sim_buf *body, const char *action, const char *request_id)
{
	sim_buf_addf(body,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<%sResponse xmlns=\"" SIM_EC2_NAMESPACE "\">\n"
		"    <requestId>%s</requestId>\n",
		action, request_id);
}

static void no_memory(struct sim_answer *answer)
{
	sim_ec2_error(answer, 500, "InternalError", "An internal error has occurred");
}

/* The instance that InstanceId names, in this region. False after an error answer. */
static bool find_instance(struct sim_ec2_call *call, bool silent, struct sim_instance *ret_instance)
{
	const char *id = sim_form_get(call->form, "InstanceId");
	if (!id) {
		sim_ec2_error(call->answer, 0, "MissingParameter",
			"The request must contain the parameter InstanceId");
		return false;
	}
	int r = sim_fleet_find(&call->sim->fleet, SIM_AWS, id, ret_instance);
	if (r == -EINVAL) {
		sim_ec2_error(call->answer, 0, "InvalidInstanceID.Malformed",
			"Invalid id: \"%.80s\"", id);
		return false;
	}
	if (call->dry_run) {
		sim_ec2_error(call->answer, 0, "DryRunOperation",
			"Request would have succeeded, but DryRun flag is set.");
		return false;
	}
	if (r < 0 || ret_instance->region != call->region) {
		if (silent)
			sim_ec2_error(call->answer, 0, "InvalidInstanceID.NotFound", "%s", "");
		else
			sim_ec2_error(call->answer, 0, "InvalidInstanceID.NotFound",
				"The instance ID '%s' does not exist", id);
		return false;
	}
	return true;
}

static bool is_true(const struct sim_form *form, const char *name)
{
	const char *value = sim_form_get(form, name);
	return value && strcasecmp(value, "true") == 0;
}

/* Wakes the display if asked, and draws it. */
static int draw_screen(
	struct sim_ec2_call *call, const struct sim_instance *instance, struct sim_buf *ret_jpeg)
{
	struct sim *sim = call->sim;
	struct sim_display *display = &sim->fleet.displays[SIM_AWS][instance->index];
	int64_t now = sim_clock_monotonic_ms();
	bool frozen = sim->options.freeze_clock;
	if (is_true(call->form, "WakeUp"))
		display->awake_until_ms = frozen ? INT64_MAX : now + SIM_AWAKE_MS;
	struct sim_screen screen = {
		.instance = instance,
		.awake = !instance->asleep || now < display->awake_until_ms,
		.shown_ms = sim_shown_ms(sim),
		.count = frozen ? 0 : ++display->draws,
	};
	if (!frozen) {
		screen.not_bytes[0] = display->last_bytes;
		screen.not_bytes[1] = sim->last_bytes;
	}
	int r = sim_screen_draw(&screen, ret_jpeg);
	if (r == 0)
		display->last_bytes = sim->last_bytes = (uint32_t)ret_jpeg->len;
	return r;
}

/* A screen that was drawn at start, as the value of its element. */
static void add_picture(struct sim_ec2_call *call, const struct sim_instance *instance)
{
	struct sim_answer *answer = call->answer;
	const struct sim_picture *picture = &call->sim->pictures.of[instance->index % SIM_PICTURES];
	sim_buf_adds(&answer->body, "    <imageData>");
	sim_buf_add(&answer->body, picture->base64.data, picture->base64.len);
	sim_buf_adds(&answer->body, "</imageData>\n");
	memcpy(answer->record.sha256, picture->sha256, sizeof(picture->sha256));
}

/* Whether a fault spoils the data of an answer. */
static bool spoils(enum sim_fault_kind kind)
{
	return kind == SIM_FAULT_BADBASE64 || kind == SIM_FAULT_NOTJPEG ||
		kind == SIM_FAULT_OVERSIZE || kind == SIM_FAULT_EMPTY;
}

/* Base64 of data as the value of an element, spoilt if a fault says so. */
static void add_data(
	struct sim_ec2_call *call, const char *element, const struct sim_buf *data, unsigned wrap)
{
	static const char text[] = "This is no picture, only words that were encoded well.";
	struct sim_buf *body = &call->answer->body;
	enum sim_fault_kind kind = call->effect.kind;
	sim_buf_addf(body, "    <%s>", element);
	if (kind == SIM_FAULT_BADBASE64) {
		sim_buf_adds(body, "/9j/4AAQ!this is not base64!****=A=");
	} else if (kind == SIM_FAULT_NOTJPEG) {
		sim_buf_add_base64(body, text, strlen(text), wrap);
	} else if (kind == SIM_FAULT_OVERSIZE) {
		sim_buf_adds(body, "/9j/4AAQ");
		sim_buf_fill(body, 'A', SIM_FAULT_OVERSIZE_BYTES);
	} else if (kind != SIM_FAULT_EMPTY) {
		sim_buf_add_base64(body, data->data, data->len, wrap);
	}
	sim_buf_addf(body, "</%s>\n", element);
	if (kind != SIM_FAULT_EMPTY && data->len)
		sim_crypto_sha256_hex(data->data, data->len, call->answer->record.sha256);
}

static void get_console_screenshot(struct sim_ec2_call *call)
{
	struct sim_instance instance;
	struct sim_buf jpeg = {0};
	struct sim_answer *answer = call->answer;
	/* Seen in the wild: a stopped instance, another region's and none at all look alike. */
	if (!find_instance(call, true, &instance))
		return;
	if (instance.state == SIM_STOPPED || instance.state == SIM_TERMINATED) {
		sim_ec2_error(answer, 0, "InvalidInstanceID.NotFound", "%s", "");
		return;
	}
	if (instance.state == SIM_PENDING || instance.state == SIM_SHUTTING_DOWN) {
		sim_ec2_error(answer, 0, "UnsupportedOperation", "instance is not running");
		return;
	}
	if (instance.type->metal || strcmp(instance.type->arch, "x86_64") != 0) {
		sim_ec2_error(answer, 0, "UnsupportedOperation",
			"The instance type %s does not support screenshots", instance.type->name);
		return;
	}
	bool drawn = call->sim->options.screen_bytes && !spoils(call->effect.kind);
	if (!drawn && draw_screen(call, &instance, &jpeg) < 0) {
		no_memory(answer);
		goto out;
	}
	sim_ec2_open(&answer->body, "GetConsoleScreenshot", answer->request_id);
	sim_buf_addf(&answer->body, "    <instanceId>%s</instanceId>\n", instance.id);
	if (drawn)
		add_picture(call, &instance);
	else
		add_data(call, "imageData", &jpeg, 0);
	sim_buf_adds(&answer->body, "</GetConsoleScreenshotResponse>");
out:
	sim_buf_finish(&jpeg);
}

static void get_console_output(struct sim_ec2_call *call)
{
	struct sim_instance instance;
	struct sim_buf text = {0};
	struct sim_answer *answer = call->answer;
	char time[SIM_TIME_TEXT];
	bool latest = is_true(call->form, "Latest");
	if (!find_instance(call, false, &instance))
		return;
	if (latest && !instance.type->nitro) {
		sim_ec2_error(answer, 0, "UnsupportedOperation",
			"This operation is not supported on this instance type: %s",
			instance.type->name);
		return;
	}
	int64_t shown_ms = sim_shown_ms(call->sim);
	if (instance.state != SIM_PENDING) {
		struct sim_display *display = &call->sim->fleet.displays[SIM_AWS][instance.index];
		bool live = latest && instance.state == SIM_RUNNING;
		uint32_t count = live && !call->sim->options.freeze_clock ? ++display->draws : 0;
		sim_console_write(&text, &instance, live, shown_ms, count);
	}
	if (text.failed) {
		no_memory(answer);
		goto out;
	}
	if (text.len > CONSOLE_MAX) {
		memmove(text.data, text.data + text.len - CONSOLE_MAX, CONSOLE_MAX);
		text.len = CONSOLE_MAX;
	}
	sim_clock_format(latest ? shown_ms : instance.launched_ms + 90000, 1, time);
	sim_ec2_open(&answer->body, "GetConsoleOutput", answer->request_id);
	sim_buf_addf(&answer->body,
		"    <instanceId>%s</instanceId>\n    <timestamp>%s</timestamp>\n", instance.id,
		time);
	/* A machine that has written nothing has no output element at all. */
	if (text.len && call->effect.kind != SIM_FAULT_EMPTY)
		add_data(call, "output", &text, WRAP);
	sim_buf_adds(&answer->body, "</GetConsoleOutputResponse>");
out:
	sim_buf_finish(&text);
}

static void add_region(struct sim_buf *body, const char *name, const char *status)
{
	sim_buf_addf(body,
		"        <item>\n            <regionName>%s</regionName>\n"
		"            <regionEndpoint>ec2.%s.amazonaws.com</regionEndpoint>\n"
		"            <optInStatus>%s</optInStatus>\n        </item>\n",
		name, name, status);
}

/* Does the call ask for this region? by_default: it belongs to an answer to no RegionName. */
static bool wants_region(const struct sim_form *form, const char *name, bool by_default)
{
	bool named = false;
	for (size_t i = 0; i < form->count; i++) {
		if (strncmp(form->params[i].name, "RegionName.", 11) != 0)
			continue;
		if (strcmp(form->params[i].value, name) == 0)
			return true;
		named = true;
	}
	return !named && by_default;
}

/* Regions that an account must opt in to. */
static const char *const opt_in[] = {
	"af-south-1", "ap-east-1", "ap-southeast-3", "eu-south-1", "me-central-1", "me-south-1"};

static void describe_regions(struct sim_ec2_call *call)
{
	const struct sim_regions *regions = &call->sim->options.regions[SIM_AWS];
	struct sim_buf *body = &call->answer->body;
	if (call->dry_run) {
		sim_ec2_error(call->answer, 0, "DryRunOperation",
			"Request would have succeeded, but DryRun flag is set.");
		return;
	}
	bool all = is_true(call->form, "AllRegions");
	sim_ec2_open(body, "DescribeRegions", call->answer->request_id);
	sim_buf_adds(body, "    <regionInfo>\n");
	for (unsigned i = 0; i < regions->count && call->effect.kind != SIM_FAULT_EMPTY; i++) {
		const char *name = regions->names[i];
		bool opted_in = false;
		for (size_t o = 0; o < sizeof(opt_in) / sizeof(opt_in[0]); o++)
			opted_in = opted_in || strcmp(opt_in[o], name) == 0;
		if (wants_region(call->form, name, true))
			add_region(body, name, opted_in ? "opted-in" : "opt-in-not-required");
	}
	for (size_t i = 0; i < sizeof(opt_in) / sizeof(opt_in[0]); i++) {
		if (sim_fleet_region(regions, opt_in[i]) < 0 &&
			wants_region(call->form, opt_in[i], all))
			add_region(body, opt_in[i], "not-opted-in");
	}
	if (call->effect.kind == SIM_FAULT_OVERSIZE) {
		sim_buf_adds(body, "        <item><regionName>");
		sim_buf_fill(body, 'a', SIM_FAULT_OVERSIZE_BYTES);
		sim_buf_adds(body, "</regionName></item>\n");
	}
	sim_buf_adds(body, "    </regionInfo>\n</DescribeRegionsResponse>");
}

static const struct action actions[] = {
	{"DescribeInstances",
		{"InstanceId.N", "Filter.N.Name", "Filter.N.Value.N", "MaxResults", "NextToken"},
		sim_ec2_instances_describe},
	{"DescribeRegions", {"RegionName.N", "AllRegions"}, describe_regions},
	{"GetConsoleScreenshot", {"InstanceId", "WakeUp"}, get_console_screenshot},
	{"GetConsoleOutput", {"InstanceId", "Latest"}, get_console_output},
};

static bool is_boolean(const char *value)
{
	return strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0;
}

/* Every parameter is known, once, and a boolean is one. False after an error answer. */
static bool check_params(struct sim_ec2_call *call, const struct action *action)
{
	static const char *const booleans[] = {"DryRun", "WakeUp", "Latest", "AllRegions"};
	const struct sim_form *form = call->form;
	for (size_t i = 0; i < form->count; i++) {
		const struct sim_param *param = &form->params[i];
		bool known = strcmp(param->name, "Action") == 0 ||
			strcmp(param->name, "Version") == 0 || strcmp(param->name, "DryRun") == 0;
		for (size_t p = 0; !known && p < 8 && action->params[p]; p++)
			known = sim_form_fits(param->name, action->params[p]);
		if (!known) {
			sim_ec2_error(call->answer, 0, "UnknownParameter",
				"The parameter %.80s is not recognized", param->name);
			return false;
		}
		if (sim_form_get(form, param->name) != param->value) {
			sim_ec2_error(call->answer, 0, "InvalidParameterCombination",
				"The parameter %.80s is given more than once", param->name);
			return false;
		}
		for (size_t b = 0; b < sizeof(booleans) / sizeof(booleans[0]); b++) {
			if (strcmp(param->name, booleans[b]) == 0 && !is_boolean(param->value)) {
				sim_ec2_error(call->answer, 0, "InvalidParameterValue",
					"Value (%.80s) for parameter %s is invalid. Must be "
					"true or false",
					param->value, param->name);
				return false;
			}
		}
	}
	return true;
}

static bool is_plain_listing(const struct sim_form *form)
{
	for (size_t i = 0; i < form->count; i++) {
		const char *name = form->params[i].name;
		if (strncmp(name, "Filter.", 7) == 0 || strncmp(name, "InstanceId.", 11) == 0 ||
			strcmp(name, "MaxResults") == 0)
			return false;
	}
	return true;
}

static void run_action(struct sim_ec2_call *call, const char *name)
{
	const struct action *action = NULL;
	struct sim_answer *answer = call->answer;
	const char *version = sim_form_get(call->form, "Version");
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, name) == 0)
			action = &actions[i];
	}
	if (!version || strcmp(version, VERSION) != 0) {
		sim_ec2_error(answer, 0, version ? "NoSuchVersion" : "MissingParameter",
			version ? "The requested version (%.40s) of service ec2 does not exist"
				: "The request must contain the parameter %s",
			version ? version : "Version");
		return;
	}
	if (!action) {
		sim_ec2_error(answer, 0, "InvalidAction",
			"The action %.60s is not valid for this web service.", name);
		return;
	}
	if (!check_params(call, action))
		return;
	bool plain = strcmp(name, "DescribeInstances") == 0 && is_plain_listing(call->form);
	if (call->effect.kind == SIM_FAULT_THROTTLE ||
		!sim_bucket_take(&call->sim->buckets, SIM_AWS, call->region, name, plain,
			sim_clock_monotonic_ms())) {
		sim_ec2_error(answer, 0, "RequestLimitExceeded", "Request limit exceeded.");
		return;
	}
	if (call->effect.kind == SIM_FAULT_CODE) {
		sim_ec2_error(answer, 0, call->effect.arg, "Simulated error %s", call->effect.arg);
		return;
	}
	call->dry_run = is_true(call->form, "DryRun");
	action->run(call);
}

static void fill_record(const struct sim_form *form, struct sim_record *record)
{
	const char *action = sim_form_get(form, "Action");
	const char *id = sim_form_get(form, "InstanceId");
	if (!id)
		id = sim_form_get(form, "InstanceId.1");
	snprintf(record->action, sizeof(record->action), "%s", action ? action : "");
	snprintf(record->instance, sizeof(record->instance), "%s", id ? id : "");
	record->wakeup = is_true(form, "WakeUp");
}

void sim_ec2_decide(struct sim *sim, const struct sim_request *request, const struct sim_form *form,
	struct sim_answer *answer)
{
	struct sim_verdict verdict = {0};
	if (sim_sigv4_verify(sim, request, SIM_SIGV4_EC2, &verdict) < 0) {
		no_memory(answer);
		return;
	}
	fill_record(form, &answer->record);
	snprintf(answer->record.signature, sizeof(answer->record.signature), "%s", verdict.reason);
	snprintf(answer->record.region, sizeof(answer->record.region), "%s", verdict.region);
	if (verdict.session)
		snprintf(answer->record.role, sizeof(answer->record.role), "%s",
			verdict.session->role);
	struct sim_ec2_call call = {.sim = sim, .form = form, .answer = answer};
	call.effect = sim_pick_fault(sim, SIM_AWS, &answer->record);
	if (sim_answer_fault(answer, &call.effect))
		return;
	const char *type = sim_request_header(request, "content-type");
	if (strcmp(verdict.reason, "ok") != 0) {
		sim_ec2_error(answer, verdict.status, verdict.code, "%s", verdict.message);
	} else if (!type || strncmp(type, "application/x-www-form-urlencoded", 33) != 0) {
		sim_ec2_error(answer, 400, "MalformedQueryString",
			"The body must be application/x-www-form-urlencoded");
	} else if (!answer->record.action[0]) {
		sim_ec2_error(answer, 400, "MissingAction",
			"The request must contain the parameter Action");
	} else {
		int region = sim_fleet_region(&sim->options.regions[SIM_AWS], verdict.region);
		call.region = (unsigned)region;
		run_action(&call, answer->record.action);
	}
}
