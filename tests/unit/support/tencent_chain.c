/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/tencent_chain.h"

const char *host_get(void *arg, const char *name)
{
	const struct host *host = arg;

	for (size_t i = 0; host->variables && host->variables[i][0]; i++) {
		if (strcmp(host->variables[i][0], name) == 0)
			return host->variables[i][1];
	}
	return NULL;
}

int host_read_file(void *arg, const char *path, struct cfs_buf *content)
{
	struct host *host = arg;

	host->reads++;
	for (size_t i = 0; host->files && host->files[i].path; i++) {
		const struct file *file = &host->files[i];

		if (strcmp(file->path, path) == 0)
			return file->error ? file->error : cfs_buf_adds(content, file->text);
	}
	return -ENOENT;
}

void run_step(struct run *run, const struct cfs_step_answer *answer, int64_t now)
{
	struct cfs_step *step = &run->step;

	memset(step, 0xa5, sizeof(*step)); /* it must be filled wholly */
	run->provider->step(run->state, answer, now, step);
	assert_non_null(memchr(step->why, '\0', sizeof(step->why)));
	assert_null(strstr(step->why, SECRET));
	assert_null(strpbrk(step->why, "\r\n\t\x1b\x7f"));
	if (step->kind != CFS_STEP_KEYS) {
		assert_null(step->keys.id.data);
		assert_null(step->keys.secret.data);
		assert_null(step->keys.token.data);
	}
	if (step->kind != CFS_STEP_HTTP) {
		assert_null(step->request.url);
		assert_int_equal(step->request.n_headers, 0);
	}
	/* Each is told about: with words, and a failure with a fault. */
	if (step->kind == CFS_STEP_FAILED)
		assert_int_not_equal(step->fault, CFS_OK);
	if (step->kind != CFS_STEP_HTTP)
		assert_true(strlen(step->why) > 0);
	assert_null(step->argv);
}

void run_begin(struct run *run, const struct cfs_provider *provider)
{
	run->provider = provider;
	run->settings.name = "tencent";
	run->env =
		(struct cfs_env){.get = host_get, .read_file = host_read_file, .arg = &run->host};
	assert_int_equal(provider->create(&run->settings, &run->env, &run->state), 0);
	run_step(run, NULL, NOW);
}

void run_answer(struct run *run, int status, const char *content)
{
	struct cfs_step_answer answer = {
		.status = status, .date = NOW, .content = content, .len = strlen(content)};

	assert_int_equal(run->step.kind, CFS_STEP_HTTP);
	cfs_http_request_finish(&run->step.request);
	run_step(run, &answer, NOW);
}

void run_lose(struct run *run, enum cfs_fault fault)
{
	struct cfs_step_answer answer = {.fault = fault, .content = ""};

	assert_int_equal(run->step.kind, CFS_STEP_HTTP);
	cfs_http_request_finish(&run->step.request);
	run_step(run, &answer, NOW);
}

void run_end(struct run *run)
{
	if (run->step.kind == CFS_STEP_HTTP)
		cfs_http_request_finish(&run->step.request);
	if (run->step.kind == CFS_STEP_KEYS)
		cfs_keys_finish(&run->step.keys);
	run->provider->destroy(run->state);
	run->state = NULL;
}

const char *request_header(const struct run *run, const char *name)
{
	const struct cfs_http_request *request = &run->step.request;

	assert_int_equal(run->step.kind, CFS_STEP_HTTP);
	for (size_t i = 0; i < request->n_headers; i++) {
		const char *line = request->headers[i];

		if (strncmp(line, name, strlen(name)) == 0 &&
			strncmp(line + strlen(name), ": ", 2) == 0)
			return line + strlen(name) + 2;
	}
	return NULL;
}

void assert_run_keys(const struct run *run, const char *id, const char *secret, const char *token,
	int64_t expires, const char *why)
{
	const struct cfs_step *step = &run->step;

	assert_string_equal(step->why, why);
	assert_int_equal(step->kind, CFS_STEP_KEYS);
	assert_string_equal(step->keys.id.data, id);
	assert_string_equal(step->keys.secret.data, secret);
	if (token)
		assert_string_equal(step->keys.token.data, token);
	else
		assert_int_equal(step->keys.token.len, 0);
	assert_true(step->keys.expires == expires);
}

void assert_run_absent(const struct run *run, const char *why)
{
	assert_string_equal(run->step.why, why);
	assert_int_equal(run->step.kind, CFS_STEP_ABSENT);
}

void assert_run_failed(const struct run *run, enum cfs_fault fault, const char *why)
{
	assert_string_equal(run->step.why, why);
	assert_int_equal(run->step.kind, CFS_STEP_FAILED);
	assert_int_equal(run->step.fault, fault);
}
