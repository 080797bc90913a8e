/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/aws_chain.h"

#include "backends/contract/step.h"

void chain_step(struct chain *chain, const struct cfs_step_answer *answer)
{
	if (answer)
		cfs_step_finish(&chain->step);
	memset(&chain->step, 0xa5, sizeof(chain->step));
	chain->provider->step(chain->state, answer, NOW, &chain->step);
	/* Whatever it says is a line for everybody's eyes. */
	assert_null(strstr(chain->step.why, "hush"));
	for (const char *at = chain->step.why; *at; at++)
		assert_true((unsigned char)*at >= ' ' && *at != 0x7f);
	if (chain->step.kind == CFS_STEP_FAILED)
		assert_int_not_equal(chain->step.fault, CFS_OK);
	if (chain->step.kind == CFS_STEP_KEYS || chain->step.kind == CFS_STEP_ABSENT ||
		chain->step.kind == CFS_STEP_FAILED)
		assert_true(chain->step.why[0] != '\0');
	if (chain->step.kind == CFS_STEP_HTTP || chain->step.kind == CFS_STEP_PROCESS)
		assert_true(chain->step.timeout_ms > 0);
	if (chain->step.kind == CFS_STEP_WRITE)
		assert_true(chain->step.path && chain->step.bytes.len > 0);
}

void chain_begin(struct chain *chain, const struct cfs_provider *provider, const char *profile,
	struct fake_env fake)
{
	*chain = (struct chain){.provider = provider, .fake = fake};
	chain->settings = (struct cfs_settings){.name = "aws", .profile = profile};
	assert_int_equal(
		provider->create(&chain->settings, fake_env_of(&chain->fake), &chain->state), 0);
	chain_step(chain, NULL);
}

void chain_end(struct chain *chain)
{
	cfs_step_finish(&chain->step);
	chain->provider->destroy(chain->state);
}

void chain_answer(struct chain *chain, int status, const char *content)
{
	struct cfs_step_answer answer = {
		.status = status, .content = content, .len = strlen(content), .date = NOW};

	assert_true(chain->step.kind == CFS_STEP_HTTP || chain->step.kind == CFS_STEP_PROCESS ||
		chain->step.kind == CFS_STEP_WRITE);
	chain_step(chain, &answer);
}

void chain_no_answer(struct chain *chain, enum cfs_fault fault)
{
	struct cfs_step_answer answer = {.fault = fault, .content = ""};

	chain_step(chain, &answer);
}

const char *chain_header(const struct chain *chain, const char *name)
{
	const struct cfs_http_request *request = &chain->step.request;
	size_t len = strlen(name);

	for (size_t i = 0; i < request->n_headers; i++) {
		if (strncmp(request->headers[i], name, len) == 0 &&
			strncmp(request->headers[i] + len, ": ", 2) == 0)
			return request->headers[i] + len + 2;
	}
	return NULL;
}

void assert_http(const struct chain *chain, const char *method, const char *url, const char *body)
{
	if (chain->step.kind != CFS_STEP_HTTP)
		fail_msg("%d: %s", chain->step.kind, chain->step.why);
	assert_string_equal(chain->step.request.method, method);
	assert_string_equal(chain->step.request.url, url);
	if (body)
		assert_string_equal(cfs_buf_text(&chain->step.request.body), body);
}

void assert_keys(const struct chain *chain, const char *id, const char *secret, const char *token,
	int64_t expires)
{
	const struct cfs_keys *keys = &chain->step.keys;

	if (chain->step.kind != CFS_STEP_KEYS)
		fail_msg("%d: %s", chain->step.kind, chain->step.why);
	assert_string_equal(keys->id.data, id);
	assert_string_equal(keys->secret.data, secret);
	if (token)
		assert_string_equal(keys->token.data, token);
	else
		assert_null(keys->token.data);
	assert_true(keys->expires == expires);
}

void assert_absent(const struct chain *chain, const char *why)
{
	assert_string_equal(chain->step.why, why);
	assert_int_equal(chain->step.kind, CFS_STEP_ABSENT);
	assert_null(chain->step.keys.secret.data);
}

void assert_failed(const struct chain *chain, enum cfs_fault fault, const char *why)
{
	assert_string_equal(chain->step.why, why);
	assert_int_equal(chain->step.kind, CFS_STEP_FAILED);
	assert_int_equal(chain->step.fault, fault);
	assert_null(chain->step.keys.secret.data);
}

void assert_refused(const struct cfs_provider *provider, const char *profile, struct fake_env fake,
	enum cfs_fault fault, const char *why)
{
	struct chain chain;

	chain_begin(&chain, provider, profile, fake);
	assert_failed(&chain, fault, why);
	chain_end(&chain);
}
