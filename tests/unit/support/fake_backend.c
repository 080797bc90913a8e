/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/fake_backend.h"

struct cfs_account {
	struct world *world;
};

struct cfs_reader {
	struct world *world;
	struct cfs_sink *sink;
	enum cfs_verb verb;
	unsigned instances;
	struct cfs_buf line;
	struct cfs_error error;
};

struct cfs_provider_state {
	struct world *world;
	const struct cfs_env *env;
	size_t index;
};

/* Of tests/torture, and not there elsewhere. */
extern bool torture_in_vain __attribute__((weak));

/* By a variable, as providers are handed an env that wraps the one of the world. */
static struct world *world_of(const struct cfs_env *env)
{
	const char *text = cfs_env_get(env, "WORLD");
	void *world = NULL;

	assert_non_null(text);
	assert_int_equal(sscanf(text, "%p", &world), 1);
	return world;
}

static int provider_create(
	const struct cfs_env *env, size_t index, struct cfs_provider_state **ret_state)
{
	struct cfs_provider_state *made;

	if (world_of(env)->create_fails)
		return world_of(env)->create_fails;
	made = malloc(sizeof(*made));
	if (!made)
		return -ENOMEM;
	*made = (struct cfs_provider_state){.world = world_of(env), .env = env, .index = index};
	made->world->provider[index].created++;
	made->world->provider_states++;
	*ret_state = made;
	return 0;
}

static int first_create(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	(void)settings;
	return provider_create(env, 0, ret_state);
}

static int second_create(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	(void)settings;
	return provider_create(env, 1, ret_state);
}

static void set_url(struct cfs_http_request *request, const struct world *world)
{
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", world->server.port);
	assert_int_equal(cfs_http_request_set_url(request, url), 0);
}

/* An argv in one block, of the words of a text. */
static char **make_argv(const char *text)
{
	enum { WORDS_MAX = 16 };
	char **argv = calloc(1, WORDS_MAX * sizeof(char *) + strlen(text) + 1), *rest;
	size_t n = 0;

	assert_non_null(argv);
	rest = strcpy((char *)(argv + WORDS_MAX), text);
	while ((argv[n] = strsep(&rest, " ")))
		assert_true(++n < WORDS_MAX);
	return argv;
}

static void provider_step(struct cfs_provider_state *state, const struct cfs_step_answer *answer,
	int64_t now, struct cfs_step *ret_step)
{
	struct cfs_buf file = CFS_BUF_INIT(CFS_ENV_FILE_MAX);
	struct world *world = state->world;
	const struct fake_step *said;

	if (world->reads && state->index == 0)
		(void)state->env->read_file(state->env->arg, world->reads, &file);
	cfs_buf_finish(&file);
	if (answer) {
		world->provider[state->index].answers++;
		world->provider[state->index].fault = answer->fault;
		world->provider[state->index].status = answer->status;
		assert_int_equal(answer->content[answer->len], '\0');
		snprintf(world->provider[state->index].content, 256, "%s", answer->content);
	}
	said = &world->provider[state->index].steps[world->provider[state->index].next];
	if (world->provider[state->index].next + 1 < world->provider[state->index].n_steps)
		world->provider[state->index].next++;
	*ret_step = (struct cfs_step){
		.kind = said->kind,
		.fault = said->fault,
		.keys = CFS_KEYS_INIT,
		.timeout_ms = 5000,
	};
	snprintf(ret_step->why, sizeof(ret_step->why), "%s", said->text);
	if (said->kind == CFS_STEP_KEYS) {
		assert_int_equal(
			cfs_secret_set(&ret_step->keys.id, said->text, strlen(said->text)), 0);
		assert_int_equal(cfs_secret_set(&ret_step->keys.secret, "hush", 4), 0);
		if (said->lasts_s)
			ret_step->keys.expires = now + said->lasts_s;
	}
	if (said->kind == CFS_STEP_PROCESS)
		ret_step->argv = make_argv(said->text);
	if (said->kind == CFS_STEP_WRITE) {
		ret_step->path = strdup(world->reads ? world->reads : "");
		assert_non_null(ret_step->path);
		cfs_buf_init(&ret_step->bytes, 4096);
		assert_int_equal(cfs_buf_adds(&ret_step->bytes, said->text), 0);
	}
	if (said->kind == CFS_STEP_HTTP) {
		cfs_http_request_init(&ret_step->request, "POST");
		set_url(&ret_step->request, world);
		assert_int_equal(cfs_buf_adds(&ret_step->request.body, said->text), 0);
	}
}

static void provider_destroy(struct cfs_provider_state *state)
{
	state->world->provider_states--;
	free(state);
}

static const struct cfs_provider first_provider = {
	.name = "first",
	.create = first_create,
	.step = provider_step,
	.destroy = provider_destroy,
};

static const struct cfs_provider second_provider = {
	.name = "second",
	.create = second_create,
	.step = provider_step,
	.destroy = provider_destroy,
};

static const struct cfs_provider *const fake_providers[] = {
	&first_provider, &second_provider, NULL};

const struct cfs_live fake_live[] = {
	{.name = "screen", .action = "GetScreen", .nominal = SCREEN_MAX, .wakes = true},
	{.name = "text", .action = "GetText", .nominal = TEXT_MAX},
};

static int account_create(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_account **ret_account, struct cfs_buf *why)
{
	struct cfs_account *account = calloc(1, sizeof(*account));

	(void)settings;
	(void)why;
	if (!account)
		return -ENOMEM;
	account->world = world_of(env);
	account->world->accounts++;
	*ret_account = account;
	return 0;
}

static void account_destroy(struct cfs_account *account)
{
	if (!account)
		return;
	account->world->accounts--;
	free(account);
}

static const char *account_ca_file(const struct cfs_account *account)
{
	(void)account;
	return NULL;
}

static int account_region(const struct cfs_account *account, const char **ret_region)
{
	(void)account;
	*ret_region = "";
	return 0;
}

static bool valid_id(const char *id)
{
	return strncmp(id, "x-", 2) == 0 && cfs_text_is_token(id, strlen(id), CFS_ID_MAX, "-");
}

static bool valid_region(const char *region)
{
	return cfs_text_is_token(region, strlen(region), CFS_REGION_MAX, "-");
}

static const char *action(const struct cfs_question *question)
{
	switch ((int)question->verb) {
	case CFS_LIST:
		return "ListAll";
	case CFS_FIND:
		return "ListOne";
	case CFS_FETCH:
	case CFS_PROBE:
		return question->live->action;
	default:
		return "ListRegions";
	}
}

static const char *permission(const struct cfs_question *question)
{
	return question->verb == CFS_FETCH ? "fake:Look" : "fake:List";
}

static struct cfs_rate rate(const struct cfs_question *question)
{
	(void)question;
	return (struct cfs_rate){100000, 100000};
}

static int fake_request(const struct cfs_account *account, const struct cfs_question *question,
	const struct cfs_keys *keys, int64_t now, struct cfs_http_request *ret_request)
{
	struct cfs_http_request request;
	int r;

	if (account->world->request_fails)
		return account->world->request_fails;
	cfs_http_request_init(&request, "POST");
	set_url(&request, account->world);
	switch ((int)question->verb) {
	case CFS_REGIONS:
		r = cfs_buf_adds(&request.body, "REGIONS");
		break;
	case CFS_LIST:
		r = cfs_buf_addf(&request.body, "LIST %s %s", question->region, question->token);
		break;
	case CFS_FIND:
		r = cfs_buf_addf(&request.body, "FIND %s %s", question->region,
			question->id ? question->id : "x-made-up");
		break;
	case CFS_PROBE:
		r = cfs_buf_addf(
			&request.body, "PROBE %s %s", question->region, question->live->name);
		break;
	default:
		r = cfs_buf_addf(&request.body, "FETCH %s %s %s wake=%d", question->region,
			question->id, question->live->name, question->wake);
		break;
	}
	assert_int_equal(r, 0);
	assert_int_equal(
		cfs_buf_addf(&request.body, " key=%s now=%lld", keys->id.data, (long long)now), 0);
	*ret_request = request;
	return 0;
}

static int reader_create(const struct cfs_account *account, const struct cfs_question *question,
	struct cfs_sink *sink, struct cfs_reader **ret_reader)
{
	struct cfs_reader *reader;

	if (account->world->reader_fails)
		return account->world->reader_fails;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	reader->world = account->world;
	reader->world->readers++;
	reader->sink = sink;
	reader->verb = question->verb;
	cfs_buf_init(&reader->line, 8192);
	/* What the caller promises. */
	if (question->verb == CFS_FETCH)
		assert_int_equal(sink->content->len, 0);
	assert_string_equal(sink->token, "");
	*ret_reader = reader;
	return 0;
}

static int read_instance(struct cfs_reader *reader, const char *text)
{
	struct cfs_instance_builder builder;
	struct cfs_instance *instance = NULL;
	char id[CFS_ID_MAX + 1], state[8];
	unsigned offers;
	int r;

	if (sscanf(text, "%64s %7s %u", id, state, &offers) != 3)
		return -EBADMSG;
	cfs_instance_builder_init(&builder);
	r = cfs_instance_builder_set(&builder, CFS_FIELD_ID, id, strlen(id));
	if (r == 0)
		r = cfs_instance_builder_set(&builder, CFS_FIELD_STATE, state, strlen(state));
	if (r == 0)
		r = cfs_instance_builder_build(&builder,
			strcmp(state, "on") == 0            ? CFS_POWER_ON
				: strcmp(state, "off") == 0 ? CFS_POWER_OFF
							    : CFS_POWER_GONE,
			offers, &instance);
	cfs_instance_builder_finish(&builder);
	if (r < 0)
		return r;
	reader->instances++;
	return reader->sink->instance(reader->sink->arg, instance);
}

static int read_line(struct cfs_reader *reader, const char *line)
{
	char code[CFS_CODE_MAX], message[CFS_MESSAGE_MAX];
	int fault;

	if (strncmp(line, "instance ", 9) == 0 && reader->sink->instance)
		return read_instance(reader, line + 9);
	if (strncmp(line, "region ", 7) == 0 && reader->sink->region)
		return reader->sink->region(reader->sink->arg, line + 7);
	if (strncmp(line, "content ", 8) == 0 && reader->sink->content)
		return cfs_buf_adds(reader->sink->content, line + 8);
	if (strcmp(line, "partial") == 0) {
		reader->sink->partial = true;
		return 0;
	}
	if (strncmp(line, "total ", 6) == 0) {
		reader->sink->total = strtoll(line + 6, NULL, 10);
		return 0;
	}
	if (strncmp(line, "page ", 5) == 0) {
		snprintf(reader->sink->token, sizeof(reader->sink->token), "%s", line + 5);
		return 0;
	}
	if (strncmp(line, "left out ", 9) == 0 && reader->sink->left_out) {
		reader->sink->left_out(reader->sink->arg, line + 9);
		return 0;
	}
	if (sscanf(line, "error %d %95s %511[^\n]", &fault, code, message) == 3) {
		cfs_error_set(&reader->error, (enum cfs_fault)fault, "%s", message);
		snprintf(reader->error.code, sizeof(reader->error.code), "%s", code);
		return 0;
	}
	return -EBADMSG;
}

static int reader_feed(struct cfs_reader *reader, const char *bytes, size_t len)
{
	int r = 0;

	for (size_t i = 0; i < len && r == 0; i++) {
		if (bytes[i] != '\n') {
			r = cfs_buf_addc(&reader->line, bytes[i]);
			continue;
		}
		r = read_line(reader, cfs_buf_text(&reader->line));
		cfs_buf_clear(&reader->line);
	}
	return r;
}

static enum cfs_fault status_fault(int status)
{
	switch (status) {
	case 200:
		return CFS_OK;
	case 401:
		return CFS_UNAUTHENTICATED;
	case 403:
		return CFS_DENIED;
	case 404:
		return CFS_NOT_FOUND;
	case 409:
		return CFS_STOPPED;
	case 419:
		return CFS_EXPIRED;
	case 429:
		return CFS_THROTTLED;
	default:
		return status >= 500 ? CFS_SERVER : CFS_REJECTED;
	}
}

static void reader_finish(struct cfs_reader *reader, int status, struct cfs_error *ret_error)
{
	if (status != 200)
		cfs_error_set(&reader->error, status_fault(status), "status %d", status);
	else if (reader->line.len > 0)
		cfs_error_set(&reader->error, CFS_BAD_ANSWER, "the last line does not end");
	else if (reader->error.fault == CFS_OK && reader->verb == CFS_FIND &&
		reader->instances == 0)
		cfs_error_set(&reader->error, CFS_NOT_FOUND, "no such instance");
	*ret_error = reader->error;
}

static void reader_destroy(struct cfs_reader *reader)
{
	reader->world->readers--;
	cfs_buf_finish(&reader->line);
	free(reader);
}

static const struct cfs_first_steps fake_first_steps = {
	.keys = "find the key", .region_variable = "REGION", .region = "r"};

const struct cfs_backend fake_backend = {
	.name = "fake",
	.live = fake_live,
	.n_live = sizeof(fake_live) / sizeof(fake_live[0]),
	.first_steps = &fake_first_steps,
	.providers = fake_providers,
	.account_create = account_create,
	.account_destroy = account_destroy,
	.account_ca_file = account_ca_file,
	.account_region = account_region,
	.valid_id = valid_id,
	.valid_region = valid_region,
	.action = action,
	.permission = permission,
	.rate = rate,
	.request = fake_request,
	.reader_create = reader_create,
	.reader_feed = reader_feed,
	.reader_finish = reader_finish,
	.reader_destroy = reader_destroy,
};

static const char *world_variable(void *arg, const char *name)
{
	struct world *world = arg;

	return strcmp(name, "WORLD") == 0 ? world->name : NULL;
}

static int no_file(void *arg, const char *path, struct cfs_buf *content)
{
	(void)arg;
	(void)path;
	(void)content;
	return -ENOENT;
}

static void world_http(void *arg)
{
	struct world *world = arg;

	cfs_http_dispatch(world->http);
	cfs_loop_stop(world->loop);
}

static void world_pump(void *arg)
{
	struct world *world = arg;

	if (world->pumped)
		cfs_loop_stop(world->loop);
	else
		cfs_timer_start(world->loop, &world->pump, 0);
	world->pumped = true;
}

void world_script(struct world *world, size_t i, const struct fake_step *steps, size_t n)
{
	assert_in_range(n, 1, STEPS_MAX);
	memcpy(world->provider[i].steps, steps, n * sizeof(*steps));
	world->provider[i].n_steps = n;
	world->provider[i].next = 0;
}

struct world *world_create(void)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	cfs_log_set_level(CFS_LOG_ERROR);
	fake_clock.chance = 0;
	assert_int_equal(cfs_loop_create(&world->loop), 0);
	assert_int_equal(cfs_http_create(&world->http), 0);
	assert_int_equal(cfs_watch_start(world->loop, &world->http_watch, cfs_http_fd(world->http),
				 world_http, world),
		0);
	server_init(&world->server, world->loop);
	cfs_timer_init(&world->pump, world_pump, world);
	snprintf(world->name, sizeof(world->name), "%p", (void *)world);
	world->env = (struct cfs_env){.get = world_variable, .read_file = no_file, .arg = world};
	world->runtime =
		(struct cfs_runtime){.loop = world->loop, .http = world->http, .env = &world->env};
	world->config = (struct cfs_cloud_config){
		.name = strdup("cloud"),
		.backend = &fake_backend,
		.regions = {strdup("r")},
		.n_regions = 1,
		.list_ttl_ms = 60000,
		.timeout_ms = 30000,
	};
	SCRIPT(world, 0, {.kind = CFS_STEP_KEYS, .text = "K"});
	SCRIPT(world, 1, {.kind = CFS_STEP_ABSENT, .text = "nothing there"});
	return world;
}

void world_add_region(struct world *world, const char *name)
{
	world->config.regions[world->config.n_regions++] = strdup(name);
}

struct cfs_cloud *world_cloud(struct world *world)
{
	struct cfs_buf why = CFS_BUF_INIT(1024);

	assert_int_equal(cfs_cloud_create(&world->runtime, &world->config, &world->cloud, &why), 0);
	cfs_buf_finish(&why);
	return world->cloud;
}

struct cfs_entry *world_put_named(
	struct world *world, size_t region, const char *id, const char *name, uint32_t offers)
{
	struct cfs_instance_builder builder;
	struct cfs_instance *instance;

	cfs_instance_builder_init(&builder);
	assert_int_equal(cfs_instance_builder_set(&builder, CFS_FIELD_ID, id, strlen(id)), 0);
	assert_int_equal(cfs_instance_builder_set(&builder, CFS_FIELD_NAME, name, strlen(name)), 0);
	assert_int_equal(cfs_instance_builder_build(&builder, CFS_POWER_ON, offers, &instance), 0);
	cfs_instance_builder_finish(&builder);
	assert_int_equal(cfs_store_put(&world->cloud->catalogue->store, region, instance), 0);
	return cfs_catalogue_find(world->cloud->catalogue, id);
}

struct cfs_entry *world_put(struct world *world, const char *id, uint32_t offers)
{
	return world_put_named(world, 0, id, "", offers);
}

void world_destroy(struct world *world)
{
	cfs_cloud_destroy(world->cloud);
	assert_int_equal(world->readers, 0);
	assert_int_equal(world->accounts, 0);
	assert_int_equal(world->provider_states, 0);
	cfs_timer_stop(&world->pump);
	server_finish(&world->server);
	cfs_watch_stop(&world->http_watch);
	cfs_http_destroy(world->http);
	cfs_loop_destroy(world->loop);
	for (size_t i = 0; i < world->config.n_regions; i++)
		free(world->config.regions[i]);
	free(world->config.name);
	free(world);
}

void may_wait_in_vain(bool may)
{
	bool *in_vain = &torture_in_vain;

	if (in_vain)
		*in_vain = may;
}

void run_until(struct world *world, const unsigned *value, unsigned n)
{
	may_wait_in_vain(value == &world->server.n_log || value == &world->server.closed);
	while (*value < n)
		assert_int_equal(cfs_loop_run(world->loop), 0);
	may_wait_in_vain(false);
}

void run_until_asked(struct world *world, unsigned n)
{
	run_until(world, &world->server.n_log, n);
}

void run_idle(struct world *world)
{
	for (int i = 0; i < 20; i++) {
		world->pumped = false;
		cfs_timer_start(world->loop, &world->pump, 0);
		assert_int_equal(cfs_loop_run(world->loop), 0);
	}
	cfs_timer_stop(&world->pump);
}

void world_settle(struct world *world)
{
	run_idle(world);
	while (world->readers)
		assert_int_equal(cfs_loop_run(world->loop), 0);
	run_idle(world);
}
