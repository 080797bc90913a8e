/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/text.h"
#include "backends/contract/step.h"

#define CANARY "hush"
#define CANARY_MIN 8
/* A provider that goes on for so long never ends. What it may ask for one set of keys is far less,
 * and counted by the keyring. */
#define STEPS_MAX 64

/* Secrets */

static const char *const secret_names[] = {"aws_secret_access_key", "aws_session_token",
	"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
	"SecretAccessKey", "SessionToken", "secretAccessKey", "sessionToken", "accessToken",
	"refreshToken", "clientSecret", "dpopKey", "idToken", "Token", "token", "secret_key",
	"secretKey", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SESSION_TOKEN",
	"TmpSecretKey", "InstanceVncUrl"};

static size_t count(const struct fuzz_input *input, const char *word, size_t len)
{
	const char *at = input->at, *end = at + input->left;
	size_t n = 0;

	while (at < end && (at = memmem(at, (size_t)(end - at), word, len))) {
		n++;
		at++;
	}
	return n;
}

static void take_secret(
	struct fuzz_secrets *secrets, const struct fuzz_input *input, const char *at)
{
	const char *end = input->at + input->left;
	size_t len = 0;

	while (at + len < end && cfs_text_is_token(at + len, 1, 1, ""))
		len++;
	if (len < CANARY_MIN || secrets->n == FUZZ_SECRETS_MAX || count(input, at, len) != 1)
		return;
	secrets->words[secrets->n] = strndup(at, len);
	MUST(secrets->words[secrets->n++]);
}

/* Whether a name that ends at `end`, with what follows it up to the value, stands where a name
 * does: at the beginning of a line, before '='; as a JSON member; as a tag. */
static bool is_name(const struct fuzz_input *text, const char *begin, const char *end,
	const char *value, enum fuzz_form form)
{
	char before = begin > text->at ? begin[-1] : '\n';

	switch (form) {
	case FUZZ_XML:
		return before == '<' && *end == '>' && end + 1 == value;
	case FUZZ_JSON:
		return before == '"' && *end == '"' && value[-1] == '"' &&
			memchr(end, ':', (size_t)(value - end));
	case FUZZ_INI:
		break;
	}
	return before == '\n' && memchr(end, '=', (size_t)(value - end)) &&
		!memchr(end, '"', (size_t)(value - end));
}

static bool is_named(const struct fuzz_input *text, const char *value, enum fuzz_form form)
{
	const char *end = value;

	while (end > text->at && strchr(" =\":>\t", end[-1]))
		end--;
	if (end == value)
		return false;
	for (size_t i = 0; i < sizeof(secret_names) / sizeof(secret_names[0]); i++) {
		size_t len = strlen(secret_names[i]);

		if ((size_t)(end - text->at) >= len &&
			memcmp(end - len, secret_names[i], len) == 0 &&
			is_name(text, end - len, end, value, form))
			return true;
	}
	return false;
}

void fuzz_secrets_find(struct fuzz_secrets *secrets, const struct fuzz_input *input,
	const struct fuzz_input *text, enum fuzz_form form)
{
	const char *at = text->at, *end = at + text->left;

	/* In these what looks like a name may be text. */
	if (count(text, "<!", 2) || count(text, "\\\"", 2))
		return;
	while (at < end && (at = memmem(at, (size_t)(end - at), CANARY, strlen(CANARY)))) {
		if (is_named(text, at, form))
			take_secret(secrets, input, at);
		at++;
	}
}

void fuzz_secrets_finish(struct fuzz_secrets *secrets)
{
	while (secrets->n > 0)
		free(secrets->words[--secrets->n]);
}

void fuzz_secrets_check(const struct fuzz_secrets *secrets, const char *text)
{
	for (size_t i = 0; i < secrets->n; i++)
		MUST_OF(!strstr(text, secrets->words[i]), text);
}

/* The host */

static const char *get(void *arg, const char *name)
{
	const struct fuzz_host *host = arg;

	for (size_t i = 0; i < host->n_variables; i++) {
		if (strcmp(host->variables[i].name, name) == 0)
			return host->variables[i].value;
	}
	return NULL;
}

static int read_file(void *arg, const char *path, struct cfs_buf *content)
{
	const struct fuzz_host *host = arg;

	for (size_t i = 0; i < host->n_files; i++) {
		const struct fuzz_input *file = &host->files[i].content;

		if (strcmp(host->files[i].path, path) == 0)
			return cfs_buf_add(content, file->at, file->left);
	}
	return -ENOENT;
}

static int make_random(void *arg, unsigned char *bytes, size_t len)
{
	(void)arg;
	memset(bytes, 7, len);
	return 0;
}

static void take_variables(
	struct fuzz_host *host, const struct fuzz_input *input, struct fuzz_input record)
{
	struct fuzz_input line;
	char *text, *equals;

	fuzz_secrets_find(&host->secrets, input, &record, FUZZ_INI);
	while (fuzz_next(&record, '\n', &line) && host->n_variables < FUZZ_VARIABLES_MAX) {
		text = fuzz_text(&line);
		equals = strchr(text, '=');
		if (!equals) {
			free(text);
			continue;
		}
		*equals = '\0';
		/* The value of its own, so that what is read past its end is found out. */
		host->variables[host->n_variables].name = text;
		host->variables[host->n_variables].value = strdup(equals + 1);
		MUST(host->variables[host->n_variables].value);
		host->n_variables++;
	}
}

/* What a record is, as whoever reads it takes it. */
static enum fuzz_form form_of(const char *head, const struct fuzz_input *record)
{
	if (head[0] == '/' && (strstr(head, "/config") || strstr(head, "/credentials")))
		return FUZZ_INI;
	return record->left > 0 && record->at[0] == '<' ? FUZZ_XML : FUZZ_JSON;
}

static void take_record(
	struct fuzz_host *host, const struct fuzz_input *input, struct fuzz_input record)
{
	struct fuzz_input line = {0};
	char *head;

	fuzz_next(&record, '\n', &line);
	head = fuzz_text(&line);
	fuzz_secrets_find(&host->secrets, input, &record, form_of(head, &record));
	if (head[0] == '/' && host->n_files < FUZZ_FILES_MAX) {
		host->files[host->n_files].path = head;
		host->files[host->n_files++].content = record;
		return;
	}
	if (head[0] != '/' && host->n_answers < FUZZ_ANSWERS_MAX) {
		size_t i = host->n_answers++;

		host->answers[i].content = record;
		host->answers[i].to = CFS_STEP_HTTP;
		if (head[0] == '$') {
			host->answers[i].to = CFS_STEP_PROCESS;
			host->answers[i].status = atoi(head + 1) & 0xff;
		} else if (head[0] == '!') {
			host->answers[i].to = CFS_STEP_ABSENT;
			host->answers[i].fault =
				(enum cfs_fault)(1 + (unsigned)atoi(head + 1) % (CFS_N_FAULTS - 1));
		} else {
			host->answers[i].status = atoi(head) % 1000;
		}
	}
	free(head);
}

void fuzz_host_init(struct fuzz_host *host, const struct fuzz_input *input)
{
	struct fuzz_input rest = *input, record;

	*host = (struct fuzz_host){.settings = {.name = "cloud"}};
	host->env = (struct cfs_env){
		.get = get, .read_file = read_file, .random = make_random, .arg = host};
	if (fuzz_next(&rest, FUZZ_SEPARATOR, &record))
		take_variables(host, input, record);
	while (fuzz_next(&rest, FUZZ_SEPARATOR, &record))
		take_record(host, input, record);
	host->settings.profile = get(host, "PROFILE");
	host->settings.endpoint = get(host, "ENDPOINT");
	host->settings.ca_file = get(host, "CA_FILE");
}

void fuzz_host_finish(struct fuzz_host *host)
{
	while (host->n_variables > 0) {
		free(host->variables[--host->n_variables].name);
		free(host->variables[host->n_variables].value);
	}
	while (host->n_files > 0)
		free(host->files[--host->n_files].path);
	fuzz_secrets_finish(&host->secrets);
}

/* The search */

static bool begins_with(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* Plain http, but to a host that is this host or its link? */
static bool is_in_the_clear(const char *url)
{
	static const char *const near[] = {"http://127.", "http://localhost", "http://[::1]",
		"http://169.254.", "http://[fd00:ec2::23]", "http://[fd00:ec2::254]",
		"http://metadata.tencentyun.com/"};

	if (begins_with(url, "https://"))
		return false;
	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		if (begins_with(url, near[i]))
			return false;
	}
	return true;
}

static void check_request(const struct fuzz_host *host, const struct cfs_step *step)
{
	const struct cfs_http_request *request = &step->request;

	MUST(request->url && request->method);
	MUST_OF(!step->direct || begins_with(request->url, "http"), request->url);
	/* A metadata service of IPv6 or by a variable is where the variable says. */
	MUST_OF(step->direct || !is_in_the_clear(request->url), request->url);
	MUST_OF(!strpbrk(request->url, " \"<>\\^`{|}#"), request->url);
	for (const char *at = request->url; *at; at++)
		MUST_OF(*at > ' ' && *at <= '~', request->url);
	MUST(strlen(request->url) <= CFS_HTTP_URL_MAX);
	MUST(request->n_headers <= CFS_HTTP_HEADERS_MAX);
	for (size_t i = 0; i < request->n_headers; i++) {
		MUST(strchr(request->headers[i], ':'));
		MUST_OF(!strpbrk(request->headers[i], "\r\n"), request->headers[i]);
		MUST(strlen(request->headers[i]) <= CFS_HTTP_HEADER_MAX);
	}
	MUST(request->body.len <= CFS_HTTP_BODY_MAX);
	/* URLs are logged by proxies and shown by ps(1). */
	fuzz_secrets_check(&host->secrets, request->url);
}

static void check_keys(const struct fuzz_host *host, const struct cfs_backend *backend,
	struct cfs_account *account, const struct cfs_step *step)
{
	const struct cfs_keys *keys = &step->keys;
	const struct cfs_secret *const parts[] = {&keys->id, &keys->secret, &keys->token};
	struct cfs_question question = {.verb = CFS_REGIONS, .region = ""};
	struct cfs_http_request request;
	int r;

	MUST(keys->id.len > 0 && keys->secret.len > 0);
	MUST(keys->expires > FUZZ_NOW);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		MUST(parts[i]->len <= CFS_SECRET_MAX);
		for (size_t j = 0; j < parts[i]->len; j++)
			MUST(parts[i]->data[j] > ' ' && parts[i]->data[j] <= '~');
		MUST(parts[i]->len == 0 || strlen(parts[i]->data) == parts[i]->len);
	}
	if (!account)
		return;
	r = backend->request(account, &question, keys, FUZZ_NOW, &request);
	MUST(r == 0 || r == -EFBIG);
	if (r == 0) {
		fuzz_secrets_check(&host->secrets, request.url);
		cfs_http_request_finish(&request);
	}
}

static bool is_file(const struct fuzz_host *host, const char *path)
{
	for (size_t i = 0; i < host->n_files; i++) {
		if (strcmp(host->files[i].path, path) == 0)
			return true;
	}
	return false;
}

static void check_step(const struct fuzz_host *host, const struct cfs_backend *backend,
	struct cfs_account *account, const struct cfs_step *step)
{
	MUST(memchr(step->why, '\0', sizeof(step->why)));
	MUST_OF(fuzz_is_line(step->why), step->why);
	fuzz_secrets_check(&host->secrets, step->why);
	switch (step->kind) {
	case CFS_STEP_KEYS:
		MUST(step->why[0]);
		check_keys(host, backend, account, step);
		return;
	case CFS_STEP_FAILED:
		MUST(step->why[0]);
		MUST_OF(step->fault > CFS_OK && step->fault < CFS_N_FAULTS, step->why);
		break;
	case CFS_STEP_ABSENT:
		MUST(step->why[0]);
		break;
	case CFS_STEP_HTTP:
		MUST(step->timeout_ms > 0);
		check_request(host, step);
		break;
	case CFS_STEP_PROCESS:
		MUST(step->timeout_ms > 0);
		MUST(step->argv && step->argv[0]);
		break;
	case CFS_STEP_WRITE:
		MUST(step->bytes.len > 0 && step->bytes.len <= CFS_ENV_FILE_MAX);
		MUST(step->path && is_file(host, step->path));
		break;
	}
	MUST(!step->keys.id.data && !step->keys.secret.data && !step->keys.token.data);
}

/* The answer to a step, with its content in *ret_content for free(3). */
static struct cfs_step_answer answer_to(
	struct fuzz_host *host, enum cfs_step_kind asked, char **ret_content)
{
	struct cfs_step_answer answer = {.fault = CFS_UNREACHABLE, .date = FUZZ_NOW};
	struct fuzz_input content = {0};
	size_t i = host->next_answer;

	if (asked == CFS_STEP_WRITE) {
		answer.fault = CFS_OK;
		answer.status = -(int)(i % 2 * EACCES);
	} else if (i < host->n_answers) {
		host->next_answer++;
		answer.fault = host->answers[i].fault;
		answer.status = host->answers[i].status;
		if (host->answers[i].to != CFS_STEP_ABSENT && host->answers[i].to != asked)
			answer.fault = CFS_BAD_ANSWER;
		if (answer.fault == CFS_OK)
			content = host->answers[i].content;
		if (content.left > CFS_PROVIDER_ANSWER_MAX)
			content.left = CFS_PROVIDER_ANSWER_MAX;
	}
	/* Followed by a NUL, and by nothing else. */
	*ret_content = malloc(content.left + 1);
	MUST(*ret_content);
	if (content.left)
		memcpy(*ret_content, content.at, content.left);
	(*ret_content)[content.left] = '\0';
	answer.content = *ret_content;
	answer.len = content.left;
	return answer;
}

/* Runs one provider to its end, and returns how it ended. */
static enum cfs_step_kind run(struct fuzz_host *host, const struct cfs_backend *backend,
	const struct cfs_provider *provider, struct cfs_account *account)
{
	struct cfs_provider_state *state = NULL;
	struct cfs_step_answer answer, *answered = NULL;
	enum cfs_step_kind asked;
	struct cfs_step step;
	char *content = NULL;
	unsigned steps = 0;

	MUST(provider->create(&host->settings, &host->env, &state) == 0);
	for (;;) {
		MUST_OF(steps++ < STEPS_MAX, provider->name);
		memset(&step, 0xa5, sizeof(step)); /* it must be filled wholly */
		provider->step(state, answered, FUZZ_NOW, &step);
		free(content);
		content = NULL;
		check_step(host, backend, account, &step);
		asked = step.kind;
		cfs_step_finish(&step);
		if (asked != CFS_STEP_HTTP && asked != CFS_STEP_PROCESS && asked != CFS_STEP_WRITE)
			break;
		answer = answer_to(host, asked, &content);
		answered = &answer;
	}
	provider->destroy(state);
	return asked;
}

void fuzz_host_search(struct fuzz_host *host, const struct cfs_backend *backend)
{
	struct cfs_buf why = CFS_BUF_INIT(4 * CFS_PROVIDER_WHY_MAX);
	struct cfs_account *account = NULL;
	const char *text;
	int r;

	r = backend->account_create(&host->settings, &host->env, &account, &why);
	text = cfs_buf_text(&why);
	MUST_OF(fuzz_is_line(text), text);
	fuzz_secrets_check(&host->secrets, text);
	if (r == 0) {
		const char *region = NULL;

		MUST(backend->account_region(account, &region) == 0 && region);
		(void)backend->valid_region(region);
		(void)backend->account_ca_file(account);
	} else {
		MUST(r == -EINVAL);
		MUST(why.len > 0);
		account = NULL;
	}
	cfs_buf_finish(&why);
	for (size_t i = 0; backend->providers[i]; i++) {
		if (run(host, backend, backend->providers[i], account) != CFS_STEP_ABSENT)
			break;
	}
	if (account)
		backend->account_destroy(account);
}
