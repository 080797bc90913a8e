/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/tencent_reading.h"

static int take(void *arg, struct cfs_instance *instance)
{
	struct outcome *outcome = arg;

	assert_true(outcome->n < TAKEN_MAX);
	/* Never a wrong file: whatever was sent, this becomes a directory's name. */
	assert_true(cfs_tencent_instances_valid_id(cfs_instance_id(instance)));
	outcome->instances[outcome->n++] = instance;
	return outcome->refuses;
}

static void note_left_out(void *arg, const char *why)
{
	struct outcome *outcome = arg;

	assert_true(strlen(why) > 0);
	outcome->n_left_out++;
}

static int take_region(void *arg, const char *region)
{
	struct outcome *outcome = arg;

	assert_true(outcome->n_regions < TAKEN_MAX);
	assert_true(cfs_tencent_endpoint_valid_region(region));
	snprintf(outcome->regions[outcome->n_regions++], CFS_REGION_MAX + 1, "%s", region);
	return outcome->refuses;
}

void outcome_finish(struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->n; i++)
		cfs_instance_destroy(outcome->instances[i]);
	cfs_buf_wipe(&outcome->content);
	*outcome = (struct outcome){0};
}

static const char *get_nothing(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

struct cfs_account *account;

int make_account(void **state)
{
	struct cfs_settings settings = {.name = "tencent"};
	struct cfs_env env = {.get = get_nothing};
	struct cfs_buf why = CFS_BUF_INIT(256);

	(void)state;
	return cfs_tencent_account_create(&settings, &env, &account, &why);
}

int destroy_account(void **state)
{
	(void)state;
	cfs_tencent_account_destroy(account);
	return 0;
}

const struct cfs_question question_list = {.verb = CFS_LIST, .region = "ap-guangzhou", .token = ""};

const struct cfs_question question_find = {
	.verb = CFS_FIND, .region = "ap-guangzhou", .id = "ins-r9hr2upy"};

struct cfs_question fetch_vnc_url(void)
{
	return (struct cfs_question){.verb = CFS_FETCH,
		.region = "ap-guangzhou",
		.id = "ins-r9hr2upy",
		.live = cfs_tencent_backend.live};
}

const struct cfs_question question_regions = {.verb = CFS_REGIONS, .region = ""};

const struct cfs_question question_whoami = {.verb = CFS_WHOAMI, .region = ""};

struct cfs_question probe_vnc_url(const char *id)
{
	return (struct cfs_question){.verb = CFS_PROBE,
		.region = "ap-guangzhou",
		.id = id,
		.live = cfs_tencent_backend.live};
}

void read_split(struct outcome *outcome, const struct cfs_question *question, int status,
	const char *body, size_t len, size_t split)
{
	struct cfs_reader *reader = NULL;
	int refuses = outcome->refuses;

	*outcome = (struct outcome){.refuses = refuses};
	cfs_buf_init(&outcome->content, cfs_tencent_backend.live->nominal);
	outcome->sink = (struct cfs_sink){.instance = take,
		.left_out = note_left_out,
		.region = take_region,
		.arg = outcome,
		.content = &outcome->content};
	snprintf(outcome->sink.token, sizeof(outcome->sink.token), "stale");
	memset(&outcome->error, 0xa5, sizeof(outcome->error));
	assert_int_equal(cfs_tencent_answer_create(account, question, &outcome->sink, &reader), 0);
	outcome->fed = cfs_tencent_answer_feed(reader, body, split);
	if (outcome->fed == 0)
		outcome->fed = cfs_tencent_answer_feed(reader, body + split, len - split);
	if (outcome->fed == 0)
		cfs_tencent_answer_finish(reader, status, &outcome->error);
	cfs_tencent_answer_destroy(reader);
}

void read_bytes(
	struct outcome *outcome, const struct cfs_question *question, const char *body, size_t len)
{
	read_split(outcome, question, 200, body, len, len);
}

void read_text(struct outcome *outcome, const struct cfs_question *question, const char *body)
{
	read_bytes(outcome, question, body, strlen(body));
}

size_t load(const char *name, char *text)
{
	char path[512];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), TEST_DATA "/tencent/%s", name);
	file = fopen(path, "r");
	assert_non_null(file);
	len = fread(text, 1, FIXTURE_MAX - 1, file);
	assert_int_equal(fclose(file), 0);
	assert_true(len > 0 && len < FIXTURE_MAX - 1);
	/* Without the last line feed: then every byte of it counts. */
	while (text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	return len;
}
