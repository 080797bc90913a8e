/* fs/options.h: the command line, as a user types it and as mount(8) and its helpers do. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/options.h"

#define CONSTANT "default_permissions,nosuid,nodev,noexec,subtype=consolefs"

/* One parse of a command line. */
struct line {
	struct cfs_config config;
	struct cfs_options options;
	struct cfs_buf why;
	int result;
};

static void parse(struct line *line, const char *const *words)
{
	char *argv[16] = {(char *)(uintptr_t) "consolefs"};
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	*line = (struct line){.why = CFS_BUF_INIT(4096)};
	cfs_config_init(&line->config);
	line->result = cfs_options_parse(argc, argv, &line->config, &line->options, &line->why);
}

#define PARSE(line, ...) parse(line, (const char *const[]){__VA_ARGS__, NULL})

static void done(struct line *line)
{
	if (line->result == 0)
		cfs_options_finish(&line->options);
	cfs_config_finish(&line->config);
	cfs_buf_finish(&line->why);
}

static void assert_refused(struct line *line, const char *why)
{
	assert_int_equal(line->result, -EINVAL);
	assert_non_null(strstr(cfs_buf_text(&line->why), why));
	done(line);
}

/* The mount options for libfuse, the constant ones at their end. */
static const char *passed(const struct line *line)
{
	static char text[1024];
	int i;

	text[0] = '\0';
	for (i = 1; i < line->options.args.argc; i++) {
		const char *arg = line->options.args.argv[i];

		assert_true(strlen(text) + strlen(arg) + 2 < sizeof(text));
		if (strcmp(arg, "-o") == 0)
			continue;
		if (text[0])
			strcat(text, ",");
		strcat(text, strncmp(arg, "-o", 2) == 0 ? arg + 2 : arg);
	}
	return text;
}

static void a_mount_point_alone_is_enough(void **state)
{
	struct line line;

	(void)state;
	PARSE(&line, "/mnt");
	assert_int_equal(line.result, 0);
	assert_string_equal(line.options.mountpoint, "/mnt");
	assert_null(line.options.source);
	assert_null(line.options.config_file);
	assert_string_equal(passed(&line), CONSTANT);
	done(&line);
}

static void a_source_is_a_configuration_or_none(void **state)
{
	static const char *const none[] = {"none", "consolefs"};
	struct line line;
	size_t i;

	(void)state;
	PARSE(&line, "/etc/consolefs.conf", "/mnt", "-o", "rw,dev,suid");
	assert_int_equal(line.result, 0);
	assert_string_equal(line.options.mountpoint, "/mnt");
	assert_string_equal(line.options.config_file, "/etc/consolefs.conf");
	/* What is said last counts: no helper turns set-user-id programs on. */
	assert_string_equal(passed(&line), "fsname=/etc/consolefs.conf,rw,dev,suid," CONSTANT);
	done(&line);
	for (i = 0; i < 2; i++) {
		PARSE(&line, none[i], "/mnt", "-o", "config=/c,fsname=mine");
		assert_int_equal(line.result, 0);
		assert_string_equal(line.options.config_file, "/c");
		assert_non_null(strstr(passed(&line), "fsname=mine"));
		done(&line);
	}
	PARSE(&line, "./a,b", "/mnt");
	assert_int_equal(line.result, 0);
	assert_string_equal(passed(&line), "fsname=./a\\,b," CONSTANT);
	done(&line);
}

static void a_source_of_another_kind_is_refused(void **state)
{
	struct line line;

	(void)state;
	PARSE(&line, "aws", "/mnt");
	assert_refused(&line, "aws: neither the path of a configuration nor `none`");
	PARSE(&line, "/a", "/mnt", "-c", "/b");
	assert_refused(&line, "an option names another");
	PARSE(&line, "/a", "/b", "/c");
	assert_refused(&line, "/c: only a source and a mount point");
}

static void what_is_for_mount_and_systemd_is_passed_over(void **state)
{
	struct line line;

	(void)state;
	PARSE(&line, "none", "/mnt", "-o",
		"rw,defaults,noauto,auto,nofail,_netdev,user,user=ann,users,nouser,owner,group",
		"-o",
		"x-systemd.automount,x-systemd.idle-timeout=1min,X-mount.mkdir=0700,comment=x.y");
	assert_int_equal(line.result, 0);
	assert_string_equal(passed(&line), "fsname=none,rw," CONSTANT);
	assert_int_equal(line.config.n_items, 0);
	done(&line);
	/* Not what only begins like it. */
	PARSE(&line, "/mnt", "-o", "userx,nofai");
	assert_string_equal(passed(&line), "userx,nofai," CONSTANT);
	done(&line);
}

static void settings_of_clouds_are_options_too(void **state)
{
	struct line line;

	(void)state;
	PARSE(&line, "none", "/mnt", "-o", "ro,aws.regions=us-east-1:eu-west-1,tencent.rate=1");
	assert_int_equal(line.result, 0);
	assert_int_equal(line.config.n_items, 2);
	assert_string_equal(passed(&line), "fsname=none,ro," CONSTANT);
	done(&line);
}

static void owner_and_modes_are_the_users_unless_he_says_otherwise(void **state)
{
	struct line line;

	(void)state;
	PARSE(&line, "/mnt");
	assert_int_equal(line.options.ownership.uid, getuid());
	assert_int_equal(line.options.ownership.gid, getgid());
	assert_int_equal(line.options.ownership.umask, 077);
	done(&line);
	PARSE(&line, "/mnt", "-o", "uid=12,gid=34,umask=17027");
	assert_int_equal(line.options.ownership.uid, 12);
	assert_int_equal(line.options.ownership.gid, 34);
	assert_int_equal(line.options.ownership.umask, 027);
	done(&line);
}

static void an_unknown_option_is_refused(void **state)
{
	struct line line;

	(void)state;
	PARSE(&line, "--bogus", "/mnt");
	assert_refused(&line, "--bogus: unknown option");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mount_point_alone_is_enough),
		cmocka_unit_test(a_source_is_a_configuration_or_none),
		cmocka_unit_test(a_source_of_another_kind_is_refused),
		cmocka_unit_test(what_is_for_mount_and_systemd_is_passed_over),
		cmocka_unit_test(settings_of_clouds_are_options_too),
		cmocka_unit_test(owner_and_modes_are_the_users_unless_he_says_otherwise),
		cmocka_unit_test(an_unknown_option_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
