/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/wire.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backends/aws/aws.h"
#include "backends/http/http.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"

#define START_S INT64_C(1715000000) /* 2024-05-06T12:53:20Z */
#define PATIENCE_MS (INT64_C(3600) * 1000)
#define BODY_MAX (256 * 1024)

static const char *const region_names[] = {"us-east-1", "eu-west-1", "ap-south-1"};
static const char *const tencent_region_names[] = {"ap-guangzhou", "eu-frankfurt", "na-ashburn"};

static struct fuzz_wire *current; /* the one that there is */
static int64_t passed_ms;
static double random_number;

/* In place of fs/base/clock.c */

int64_t cfs_clock_ms(void)
{
	return 1000000 + passed_ms;
}

int64_t cfs_clock_us(void)
{
	return cfs_clock_ms() * 1000;
}

struct timespec cfs_clock_wall(void)
{
	return (struct timespec){
		.tv_sec = START_S + passed_ms / 1000, .tv_nsec = passed_ms % 1000 * 1000000};
}

double cfs_clock_random(void)
{
	return random_number;
}

int cfs_clock_random_bytes(void *bytes, size_t len)
{
	memset(bytes, 7, len);
	return 0;
}

/* In place of fs/base/log.c */

void cfs_log_set_level(enum cfs_log_level level)
{
	(void)level;
}

int cfs_log_level_find(const char *name)
{
	(void)name;
	return -1;
}

void cfs_log_to_journal(const char *stream)
{
	(void)stream;
}

void cfs_log_to_syslog(void)
{
}

void cfs_log(enum cfs_log_level level, const char *format, ...)
{
	char line[16384];
	va_list args;
	int len;

	(void)level;
	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	MUST(len >= 0 && len < CFS_LOG_LINE_MAX);
	MUST_OF(fuzz_is_printable(line), line);
	MUST_OF(!fuzz_wire_tells(line), line);
	if (current)
		current->log_lines++;
}

/* In place of libc's. Time passes when there is nothing else to do. */

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): theirs are reserved */
int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
	int n = (int)syscall(SYS_epoll_pwait, fd, events, max, 0, NULL, 8);

	if (n != 0 || !current)
		return n;
	if (!current->waiting(current->arg)) {
		cfs_loop_stop(current->loop);
		return 0;
	}
	/* Who waits is told at some time. */
	MUST(timeout >= 0 && passed_ms < current->patient_until);
	passed_ms += timeout;
	return 0;
}

/* In place of backends/http/http.c */

struct pending {
	struct cfs_transfer *transfer;
	const struct cfs_http_handler *handler;
	void *arg;
	struct cfs_http_request request;
	struct cfs_timer timer;
	struct fuzz_input answer;
	bool hangs;
};

struct request_facts {
	bool lists;
	size_t region; /* n_regions: none */
};

static size_t region_of(const struct cfs_http_request *request)
{
	for (size_t i = 0; i < current->config.n_regions; i++) {
		if (strstr(request->url, current->config.regions[i]))
			return i;
		for (size_t j = 0; j < request->n_headers; j++) {
			if (strcasestr(request->headers[j], "region:") &&
				strstr(request->headers[j], current->config.regions[i]))
				return i;
		}
	}
	return current->config.n_regions;
}

static bool is_aws(void)
{
	return current->config.backend == &cfs_aws_backend;
}

static struct request_facts facts_of(struct cfs_http_request *request)
{
	const char *body = cfs_buf_text(&request->body);

	return (struct request_facts){
		.lists = is_aws() ? strstr(body, "Action=DescribeInstances&") &&
				!strstr(body, "InstanceId") && strstr(body, "MaxResults")
				  : strstr(body, "\"Offset\"") != NULL,
		.region = region_of(request),
	};
}

/* The token of the page that is asked for is that of the page before. */
static void check_token(struct cfs_http_request *request, const struct fuzz_wire_region *region)
{
	const char *body = cfs_buf_text(&request->body);
	const char *at = strstr(body, "NextToken=");

	if (!region->token[0] || !at) {
		MUST_OF(!at == !region->token[0], body);
		return;
	}
	for (const char *byte = region->token; *byte; byte++, at++) {
		char escaped[4];

		if (byte == region->token)
			at += strlen("NextToken=");
		snprintf(escaped, sizeof(escaped), "%%%02X", (unsigned char)*byte);
		if (strncmp(at, escaped, 3) == 0)
			at += 2;
		else
			MUST_OF(*at == *byte, body);
	}
	MUST_OF(*at == '&' || *at == '\0', body);
}

/* The token stands in its header alone, unless the cloud made something else of it. */
static void check_request(struct cfs_http_request *request)
{
	MUST(request->url && request->method);
	MUST_OF(!strstr(request->url, FUZZ_WIRE_SECRET), request->url);
	MUST(!strstr(cfs_buf_text(&request->body), FUZZ_WIRE_SECRET));
	MUST_OF(current->quotes || !fuzz_wire_tells(request->url), request->url);
	MUST(current->quotes || !fuzz_wire_tells(cfs_buf_text(&request->body)));
	for (size_t i = 0; i < request->n_headers; i++) {
		const char *header = request->headers[i];

		MUST_OF(!strstr(header, FUZZ_WIRE_SECRET), header);
		if (strncasecmp(header, "X-Amz-Security-Token:", 21) != 0 &&
			strncasecmp(header, "X-TC-Token:", 11) != 0)
			MUST_OF(current->quotes || !fuzz_wire_tells(header), header);
	}
}

/* A good page, and what the model makes of it. */
static void make_page(struct cfs_buf *body, struct fuzz_input page, struct request_facts facts)
{
	struct fuzz_wire_region *region = &current->regions[facts.region];
	struct fuzz_input ids = {0};
	uint16_t on = 0, gone = 0;
	char *token;
	size_t n = 0;

	fuzz_next(&page, '>', &ids);
	token = fuzz_text(&page);
	/* As a cloud writes tokens. */
	for (char *at = token; *at; at++) {
		if (*at <= ' ' || *at > '~' || strchr("<&\"\\", *at))
			*at = '-';
	}
	cfs_buf_adds(body,
		is_aws() ? "<DescribeInstancesResponse><reservationSet><item><instancesSet>"
			 : "{\"Response\":{\"RequestId\":\"r\",\"InstanceSet\":[");
	while (ids.left > 0) {
		unsigned c = fuzz_byte(&ids), i = (c | 32) - 'a';
		const char *id = fuzz_wire_id(current, facts.region, i % FUZZ_WIRE_IDS);
		bool is_gone = c >= 'A' && c <= 'P';

		if (i >= FUZZ_WIRE_IDS)
			continue;
		if (is_gone) {
			gone |= (uint16_t)(1U << i);
			on &= (uint16_t) ~(1U << i);
		} else {
			on |= (uint16_t)(1U << i);
			gone &= (uint16_t) ~(1U << i);
		}
		if (is_aws())
			cfs_buf_addf(body,
				"<item><instanceId>%s</instanceId><instanceState><code>%d</code>"
				"<name>%s</name></instanceState></item>",
				id, is_gone ? 48 : 16, is_gone ? "terminated" : "running");
		else
			cfs_buf_addf(body, "%s{\"InstanceId\":\"%s\",\"InstanceState\":\"%s\"}",
				n++ ? "," : "", id, is_gone ? "TERMINATED" : "RUNNING");
	}
	if (is_aws())
		cfs_buf_addf(body,
			"</instancesSet></item></reservationSet>%s%s%s</DescribeInstancesResponse>",
			*token ? "<nextToken>" : "", token, *token ? "</nextToken>" : "");
	else
		cfs_buf_addf(body, "],\"TotalCount\":%zu}}", n + strlen(token));
	if (!facts.lists || !is_aws()) {
		region->unsure = true;
	} else {
		region->there = (uint16_t)((region->there | on) & ~gone);
		region->listed = (uint16_t)((region->listed | on) & ~gone);
		region->ended = !*token && region->whole;
		region->lists = current->lists;
		if (region->ended)
			region->there = region->listed;
		/* A token that is too long to be sent is a bad answer. */
		snprintf(region->token, sizeof(region->token), "%s", token);
		if (strlen(token) >= sizeof(region->token))
			region->whole = false;
	}
	free(token);
	MUST(cfs_buf_error(body) == 0);
}

static void give(const struct pending *pending, const struct cfs_buf *body, unsigned cut,
	struct cfs_http_outcome *outcome)
{
	static const size_t pieces[] = {BODY_MAX, 1, 7, 100};
	size_t piece = pieces[cut % 4];

	for (size_t at = 0; at < body->len && !outcome->aborted_by; at += piece) {
		size_t n = body->len - at < piece ? body->len - at : piece;
		struct fuzz_input part = {.at = body->data + at, .left = n};
		char *bytes = fuzz_bytes(&part);

		outcome->aborted_by = pending->handler->data(pending->arg, bytes, n);
		free(bytes);
	}
	if (outcome->aborted_by)
		outcome->fault = cfs_fault_from_errno(outcome->aborted_by);
}

static void end(struct pending *pending)
{
	cfs_timer_stop(&pending->timer);
	cfs_http_request_finish(&pending->request);
	pending->transfer->easy = NULL;
	MUST(current->under_way-- > 0);
	free(pending);
}

static void answer(void *arg)
{
	struct pending *pending = arg;
	struct request_facts facts = facts_of(&pending->request);
	const struct cfs_http_handler *handler = pending->handler;
	struct cfs_http_outcome outcome = {.message = ""};
	struct cfs_buf body = CFS_BUF_INIT(BODY_MAX);
	struct fuzz_input rest = pending->answer;
	unsigned kind = fuzz_byte(&rest), how = fuzz_byte(&rest);
	void *owner = pending->arg;
	char digits[4] = "";
	bool in_region = facts.region < current->config.n_regions;

	if (how >> 4 & 1)
		outcome.date = START_S + passed_ms / 1000 + (how >> 5 & 1 ? 7200 : -7200);
	else if (how >> 5 & 1)
		outcome.date = START_S + passed_ms / 1000;
	if (pending->hangs) {
		outcome.fault = CFS_TIMED_OUT;
		outcome.message = "nothing came";
	} else if (kind == 'l' && in_region) {
		make_page(&body, rest, facts);
		outcome.status = 200;
	} else if (kind == 's') {
		for (size_t i = 0; i < 3; i++)
			digits[i] = (char)fuzz_byte(&rest);
		outcome.status = 200 + abs(atoi(digits)) % 400;
		MUST(cfs_buf_add(&body, rest.at, rest.left < BODY_MAX ? rest.left : BODY_MAX) == 0);
		if (in_region)
			current->regions[facts.region].unsure = true;
	} else if (kind == 'f') {
		outcome.fault = (enum cfs_fault)(1 + fuzz_byte(&rest) % (CFS_N_FAULTS - 1));
		outcome.message = "no answer came";
	} else {
		outcome.fault = CFS_UNREACHABLE;
		outcome.message = "there is no such host";
	}
	give(pending, &body, how, &outcome);
	end(pending);
	handler->done(owner, &outcome);
	cfs_buf_finish(&body);
}

void cfs_http_start(struct cfs_http *http, struct cfs_transfer *transfer,
	struct cfs_http_request *request, const struct cfs_http_options *options,
	const struct cfs_http_handler *handler, void *arg)
{
	static const int64_t delays[] = {0, 100, 6000, 14000};
	struct pending *pending = calloc(1, sizeof(*pending));
	struct request_facts facts;
	int64_t delay;

	(void)http;
	MUST(pending && options->timeout_ms > 0 && options->connect_ms > 0);
	MUST(options->connect_ms <= options->timeout_ms ||
		options->connect_ms <= FUZZ_WIRE_TIMEOUT_MS / 2);
	*pending = (struct pending){
		.transfer = transfer, .handler = handler, .arg = arg, .request = *request};
	cfs_http_request_init(request, request->method);
	*transfer = (struct cfs_transfer){.easy = pending};
	check_request(&pending->request);
	facts = facts_of(&pending->request);
	if (facts.lists && facts.region < current->config.n_regions && is_aws()) {
		struct fuzz_wire_region *region = &current->regions[facts.region];

		if (!strstr(cfs_buf_text(&pending->request.body), "NextToken=")) {
			region->listed = 0;
			region->whole = true;
			region->ended = false;
			region->token[0] = '\0';
		} else if (!region->unsure) {
			check_token(&pending->request, region);
		}
	}
	if (current->next_answer < current->n_answers)
		pending->answer = current->answers[current->next_answer++];
	delay = pending->answer.left > 1 ? delays[(unsigned char)pending->answer.at[1] >> 2 & 3]
					 : 0;
	pending->hangs = pending->answer.left > 0 && pending->answer.at[0] == 'h';
	if (pending->hangs || delay > options->timeout_ms) {
		pending->hangs = true;
		delay = options->timeout_ms;
	}
	current->under_way++;
	current->requests++;
	cfs_timer_init(&pending->timer, answer, pending);
	cfs_timer_start(current->loop, &pending->timer, delay);
}

void cfs_http_cancel(struct cfs_transfer *transfer)
{
	if (transfer && transfer->easy)
		end(transfer->easy);
}

/* The environment */

static const char *get(void *arg, const char *name)
{
	const struct fuzz_wire *wire = arg;

	if (!wire->has_keys)
		return NULL;
	if (strcmp(name, "AWS_ACCESS_KEY_ID") == 0 || strcmp(name, "TENCENTCLOUD_SECRET_ID") == 0)
		return "AKIDEXAMPLE";
	if (strcmp(name, "AWS_SECRET_ACCESS_KEY") == 0 ||
		strcmp(name, "TENCENTCLOUD_SECRET_KEY") == 0)
		return FUZZ_WIRE_SECRET;
	if (strcmp(name, "AWS_SESSION_TOKEN") == 0 || strcmp(name, "TENCENTCLOUD_TOKEN") == 0)
		return FUZZ_WIRE_TOKEN;
	return NULL;
}

static int read_file(void *arg, const char *path, struct cfs_buf *content)
{
	(void)arg;
	(void)path;
	(void)content;
	return -ENOENT;
}

static int make_random(void *arg, unsigned char *bytes, size_t len)
{
	(void)arg;
	memset(bytes, 7, len);
	return 0;
}

void fuzz_wire_init(struct fuzz_wire *wire, const struct cfs_backend *backend, size_t n_regions,
	bool has_keys, double chance)
{
	static char name[] = "cloud";
	struct cfs_buf why = CFS_BUF_INIT(1024);
	const char *const *names =
		backend == &cfs_aws_backend ? region_names : tencent_region_names;

	MUST(n_regions <= FUZZ_WIRE_REGIONS_MAX);
	*wire = (struct fuzz_wire){.has_keys = has_keys};
	current = wire;
	passed_ms = 0;
	random_number = chance;
	wire->env = (struct cfs_env){
		.get = get, .read_file = read_file, .random = make_random, .arg = wire};
	MUST(cfs_loop_create(&wire->loop) == 0);
	MUST(cfs_metrics_create(&wire->metrics) == 0);
	wire->runtime = (struct cfs_runtime){
		.loop = wire->loop, .env = &wire->env, .metrics = wire->metrics};
	wire->config = (struct cfs_cloud_config){.name = name,
		.backend = backend,
		.n_regions = n_regions,
		.list_ttl_ms = 60000,
		.timeout_ms = FUZZ_WIRE_TIMEOUT_MS};
	for (size_t i = 0; i < n_regions; i++) {
		wire->config.regions[i] = strdup(names[i]);
		MUST(wire->config.regions[i]);
	}
	MUST(cfs_cloud_create(&wire->runtime, &wire->config, &wire->cloud, &why) == 0);
	wire->clouds = (struct cfs_clouds){.runtime = &wire->runtime, .first = wire->cloud};
	cfs_buf_finish(&why);
}

void fuzz_wire_finish(struct fuzz_wire *wire)
{
	cfs_cloud_destroy(wire->cloud);
	/* Whatever was started has been ended. */
	MUST(wire->under_way == 0);
	cfs_metrics_destroy(wire->metrics);
	cfs_loop_destroy(wire->loop);
	for (size_t i = 0; i < wire->config.n_regions; i++)
		free(wire->config.regions[i]);
	current = NULL;
}

/* How often a text stands in a record. */
static size_t count(const struct fuzz_input *record, const char *text)
{
	size_t len = strlen(text), n = 0;

	for (size_t at = 0; at + len <= record->left; at++)
		n += memcmp(record->at + at, text, len) == 0;
	return n;
}

void fuzz_wire_add(struct fuzz_wire *wire, struct fuzz_input record)
{
	size_t tokens = count(&record, FUZZ_WIRE_TOKEN);

	if (count(&record, FUZZ_WIRE_SECRET) > 0 ||
		count(&record, FUZZ_WIRE_TOKEN_BEGIN) != tokens ||
		wire->n_answers == FUZZ_WIRE_ANSWERS_MAX)
		return;
	wire->quotes = wire->quotes || tokens > 0;
	wire->answers[wire->n_answers++] = record;
}

void fuzz_wire_run(struct fuzz_wire *wire, bool (*waiting)(void *arg), void *arg)
{
	wire->waiting = waiting;
	wire->arg = arg;
	wire->patient_until = passed_ms + PATIENCE_MS;
	MUST(cfs_loop_run(wire->loop) == 0);
}

static void set(void *arg)
{
	*(bool *)arg = true;
}

static bool is_not_set(void *arg)
{
	return !*(bool *)arg;
}

void fuzz_wire_pass(struct fuzz_wire *wire, int64_t ms)
{
	struct cfs_timer timer;
	bool passed = false;

	cfs_timer_init(&timer, set, &passed);
	cfs_timer_start(wire->loop, &timer, ms);
	fuzz_wire_run(wire, is_not_set, &passed);
}

void fuzz_wire_sleep(int64_t ms)
{
	passed_ms += ms;
}

bool fuzz_wire_tells(const char *text)
{
	return strstr(text, FUZZ_WIRE_SECRET) || strstr(text, FUZZ_WIRE_TOKEN_BEGIN);
}

int64_t fuzz_wire_now(void)
{
	return passed_ms;
}

const char *fuzz_wire_id(const struct fuzz_wire *wire, size_t region, unsigned i)
{
	static char id[32];

	if (wire->config.backend == &cfs_aws_backend)
		snprintf(id, sizeof(id), "i-0%08zx%08x", region, i);
	else
		snprintf(id, sizeof(id), "ins-%04zx%04x", region, i);
	return id;
}
