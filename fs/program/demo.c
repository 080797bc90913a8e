/* SPDX-License-Identifier: MIT */
#include "fs/program/demo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/registry.h"
#include "fs/program/simulator.h"

#define TEXT_MAX (64 * 1024) /* bytes of what is printed, of a setting, of a variable */

struct variable {
	const char *name;
	char *value;
};

struct cfs_demo {
	struct cfs_simulator simulator;
	struct variable *variables; /* those of all backends */
	size_t n_variables;
	struct cfs_env env;
};

static const char *demo_get(void *arg, const char *name)
{
	const struct cfs_demo *demo = arg;

	for (size_t i = 0; i < demo->n_variables; i++) {
		if (strcmp(demo->variables[i].name, name) == 0)
			return demo->variables[i].value;
	}
	return NULL;
}

static int demo_read_file(void *arg, const char *path, struct cfs_buf *content)
{
	(void)arg, (void)path, (void)content;
	return -ENOENT;
}

const struct cfs_env *cfs_demo_env(const struct cfs_demo *demo)
{
	return &demo->env;
}

/* Appends a text of a backend's cfs_demo_facts with its {words} replaced. */
static int expand(
	const struct cfs_demo *demo, const char *text, const char *dir, struct cfs_buf *buf)
{
	const struct {
		const char *word, *value;
	} table[] = {
		{"{url}", demo->simulator.url},
		{"{ca_file}", demo->simulator.ca_file},
		{"{dir}", dir},
	};

	while (*text) {
		size_t len = strcspn(text, "{"), i = 0;

		cfs_buf_add(buf, text, len);
		text += len;
		while (i < sizeof(table) / sizeof(table[0]) &&
			strncmp(text, table[i].word, strlen(table[i].word)) != 0)
			i++;
		if (i < sizeof(table) / sizeof(table[0])) {
			cfs_buf_adds(buf, table[i].value);
			text += strlen(table[i].word);
		} else if (*text) {
			cfs_buf_addc(buf, *text++);
		}
	}
	return cfs_buf_error(buf);
}

/* The i-th backend that is simulated, or NULL past the last. */
static const struct cfs_backend *simulated_at(size_t i)
{
	const struct cfs_backend *backend;

	for (size_t j = 0; (backend = cfs_backend_at(j)); j++) {
		if (backend->demo && i-- == 0)
			return backend;
	}
	return NULL;
}

static void free_options(char **options)
{
	for (size_t i = 0; options && options[i]; i++)
		free(options[i]);
	free(options);
}

/* What the simulator is told of each cloud: "--NAME-regions=a,b", NULL-terminated. NULL: no memory.
 */
static char **make_options(void)
{
	const struct cfs_backend *backend;
	char **options;
	size_t n = 0;

	while (simulated_at(n))
		n++;
	options = calloc(n + 1, sizeof(*options));
	for (size_t i = 0; options && (backend = simulated_at(i)); i++) {
		if (asprintf(&options[i], "--%s-regions=%s", backend->name,
			    backend->demo->regions) < 0) {
			options[i] = NULL;
			free_options(options);
			return NULL;
		}
	}
	return options;
}

static int add_variable(struct cfs_demo *demo, const struct cfs_pair *pair)
{
	struct cfs_buf value = CFS_BUF_INIT(TEXT_MAX);
	struct variable *more;
	int r;

	r = expand(demo, pair->value, "", &value);
	if (r < 0)
		goto out;
	r = -ENOMEM;
	more = realloc(demo->variables, (demo->n_variables + 1) * sizeof(*more));
	if (!more)
		goto out;
	demo->variables = more;
	more[demo->n_variables].name = pair->key;
	more[demo->n_variables].value = strdup(cfs_buf_text(&value));
	if (!more[demo->n_variables].value)
		goto out;
	demo->n_variables++;
	r = 0;
out:
	cfs_buf_finish(&value);
	return r;
}

static int make_variables(struct cfs_demo *demo)
{
	const struct cfs_backend *backend;
	int r = 0;

	for (size_t i = 0; r == 0 && (backend = simulated_at(i)); i++) {
		for (size_t j = 0; r == 0 && backend->demo->variables[j].key; j++)
			r = add_variable(demo, &backend->demo->variables[j]);
	}
	return r;
}

int cfs_demo_start(struct cfs_demo **ret_demo, struct cfs_buf *why)
{
	char **options = make_options();
	struct cfs_demo *demo = calloc(1, sizeof(*demo));
	int r = -ENOMEM;

	if (!options || !demo)
		goto out;
	demo->env = (struct cfs_env){.get = demo_get, .read_file = demo_read_file, .arg = demo};
	r = cfs_simulator_start(&demo->simulator, options, why);
	if (r == 0)
		r = make_variables(demo);
	if (r < 0)
		goto out;
	*ret_demo = demo;
	demo = NULL;
out:
	free_options(options);
	cfs_demo_stop(demo);
	return r;
}

void cfs_demo_stop(struct cfs_demo *demo)
{
	if (!demo)
		return;
	cfs_simulator_stop(&demo->simulator);
	for (size_t i = 0; i < demo->n_variables; i++)
		free(demo->variables[i].value);
	free(demo->variables);
	free(demo);
}

/* Sets NAME.KEY to a value in which {words} are replaced. */
static int configure(const struct cfs_demo *demo, const char *name, const char *key,
	const char *value, struct cfs_config_items *items, struct cfs_buf *why)
{
	struct cfs_buf option = CFS_BUF_INIT(TEXT_MAX);
	int r;

	cfs_buf_addf(&option, "%s.%s=", name, key);
	r = expand(demo, value, "", &option);
	if (r == 0)
		r = cfs_config_items_option(items, cfs_buf_text(&option), why);
	cfs_buf_finish(&option);
	return r;
}

int cfs_demo_configure(
	const struct cfs_demo *demo, struct cfs_config_items *items, struct cfs_buf *why)
{
	const struct cfs_backend *backend;
	int r = 0;

	for (size_t i = 0; r == 0 && (backend = simulated_at(i)); i++) {
		r = configure(demo, backend->name, "endpoint", "{url}", items, why);
		if (r == 0)
			r = configure(demo, backend->name, "ca_file", "{ca_file}", items, why);
		if (r == 0)
			r = configure(
				demo, backend->name, "regions", backend->demo->regions, items, why);
		for (const struct cfs_setting *setting = backend->settings;
			r == 0 && setting && setting->key; setting++)
			if (setting->demo)
				r = configure(demo, backend->name, setting->key, setting->demo,
					items, why);
	}
	return r;
}

/* Appends a command, each of its lines indented. */
static int add_command(
	const struct cfs_demo *demo, const char *command, const char *dir, struct cfs_buf *text)
{
	struct cfs_buf lines = CFS_BUF_INIT(TEXT_MAX);
	int r = expand(demo, command, dir, &lines);

	for (const char *line = cfs_buf_text(&lines), *end; r == 0 && *line; line = end) {
		end = strchrnul(line, '\n');
		end += *end == '\n';
		r = cfs_buf_addf(text, "    %.*s", (int)(end - line), line);
	}
	cfs_buf_finish(&lines);
	return r < 0 ? r : cfs_buf_addc(text, '\n');
}

static int add_commands(const struct cfs_demo *demo, const struct cfs_backend *backend,
	const char *mountpoint, struct cfs_buf *text)
{
	struct cfs_buf dir = CFS_BUF_INIT(TEXT_MAX);
	int r = cfs_buf_addf(&dir, "%s/%s", mountpoint, backend->name);

	for (size_t i = 0; r == 0 && backend->demo->commands[i]; i++)
		r = add_command(demo, backend->demo->commands[i], cfs_buf_text(&dir), text);
	cfs_buf_finish(&dir);
	return r;
}

static int add_clients(const struct cfs_demo *demo, struct cfs_buf *text)
{
	const struct cfs_backend *backend;
	int r = 0;

	for (size_t i = 0; r == 0 && (backend = simulated_at(i)); i++) {
		if (!backend->demo->client)
			continue;
		cfs_buf_addf(text, "\nThe same cloud %s by %s:\n\n", backend->name,
			backend->demo->client);
		r = add_command(demo, backend->demo->client_command, "", text);
	}
	return r;
}

int cfs_demo_explain(const struct cfs_demo *demo, const char *mountpoint)
{
	const struct cfs_backend *backend;
	struct cfs_buf text = CFS_BUF_INIT(TEXT_MAX);
	int r = 0;

	cfs_buf_addf(&text, "Simulated clouds are mounted at %s. Try:\n\n    ls", mountpoint);
	for (size_t i = 0; (backend = simulated_at(i)); i++)
		cfs_buf_addf(&text, " %s/%s", mountpoint, backend->name);
	cfs_buf_addc(&text, '\n');
	for (size_t i = 0; r == 0 && (backend = simulated_at(i)); i++)
		r = add_commands(demo, backend, mountpoint, &text);
	if (r == 0)
		r = add_clients(demo, &text);
	cfs_buf_addf(&text,
		"\nEvery request they get: tail -f %s\nUnmount with: fusermount3 -u %s\n",
		demo->simulator.log, mountpoint);
	if (r == 0)
		r = cfs_buf_error(&text);
	if (r == 0 && (fputs(cfs_buf_text(&text), stdout) < 0 || fflush(stdout) < 0))
		r = -errno;
	cfs_buf_finish(&text);
	return r;
}
