/* SPDX-License-Identifier: MIT */
/*
 * A command line, one argument a record.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/cloud/config.h"
#include "fs/program/options.h"
#include "tests/fuzz/fuzz.h"

#include <fuse_log.h>

#define ARGUMENTS_MAX 24

/* libfuse says on stderr what it does not understand. */
static void say_nothing(enum fuse_log_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
}

static void check_options(struct cfs_options *options, const struct cfs_config *config)
{
	bool constant = false;

	MUST(options->ownership.umask <= 0777);
	MUST(options->args.argc > 0 && !options->args.argv[options->args.argc]);
	for (int i = 0; i < options->args.argc; i++) {
		MUST(options->args.argv[i]);
		constant = constant || strstr(options->args.argv[i], "default_permissions");
	}
	/* What no user may do without. */
	MUST(constant);
	MUST(!options->source || options->mountpoint);
	MUST(config->items.n <= CFS_CONFIG_ITEMS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size), record;
	static char name[] = "consolefs";
	struct cfs_buf why = CFS_BUF_INIT(256 * 1024);
	char *argv[ARGUMENTS_MAX + 2] = {name};
	struct cfs_options options;
	struct cfs_config config;
	int argc = 1, r;

	fuse_set_log_func(say_nothing);
	while (argc <= ARGUMENTS_MAX && fuzz_next(&input, FUZZ_SEPARATOR, &record))
		argv[argc++] = fuzz_text(&record);
	cfs_config_init(&config);
	r = cfs_options_parse(argc, argv, &config.items, &options, &why);
	MUST(r == 0 || r == -EINVAL);
	MUST((r == 0) == (why.len == 0));
	MUST_OF(fuzz_is_line(cfs_buf_text(&why)), cfs_buf_text(&why));
	if (r == 0) {
		check_options(&options, &config);
		cfs_options_finish(&options);
		/* Settings among them are judged when the file has been read. */
		r = cfs_config_resolve(&config, &why);
		MUST(r == 0 || r == -EINVAL);
		MUST_OF(fuzz_is_line(cfs_buf_text(&why)), cfs_buf_text(&why));
	}
	cfs_config_finish(&config);
	cfs_buf_finish(&why);
	while (argc > 1)
		free(argv[--argc]);
	return 0;
}
