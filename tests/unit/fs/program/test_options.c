/* SPDX-License-Identifier: MIT */
/* fs/program/options.h: the command line. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/cloud/config.h"
#include "fs/program/options.h"

#define ARGS_MAX 16

struct fixture {
	struct cfs_config config;
	struct cfs_options options;
	struct cfs_buf why;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	cfs_config_init(&f->config);
	cfs_buf_init(&f->why, 4096);
	*state = f;
	return 0;
}

static void begin_anew(struct fixture *f)
{
	cfs_options_finish(&f->options);
	cfs_config_finish(&f->config);
	cfs_buf_clear(&f->why);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	begin_anew(f);
	cfs_buf_finish(&f->why);
	free(f);
	return 0;
}

/* Parses the words of a line, in memory that is gone afterwards. */
static int parse(struct fixture *f, const char *line)
{
	char *copy = strdup(line), *rest = copy, *argv[ARGS_MAX];
	char program[] = "consolefs";
	int argc = 0, r;

	begin_anew(f);
	assert_non_null(copy);
	argv[argc++] = program;
	while (rest && *rest)
		argv[argc++] = strsep(&rest, " ");
	argv[argc] = NULL;
	r = cfs_options_parse(argc, argv, &f->config.items, &f->options, &f->why);
	if (r == 0)
		assert_int_equal(f->why.len, 0);
	else
		assert_null(f->options.mountpoint);
	free(copy);
	return r;
}

static void accept(struct fixture *f, const char *line)
{
	if (parse(f, line) < 0)
		fail_msg("%s: %s", line, cfs_buf_text(&f->why));
}

static void refuse(struct fixture *f, const char *line, const char *why)
{
	assert_int_equal(parse(f, line), -EINVAL);
	if (!strstr(cfs_buf_text(&f->why), why))
		fail_msg("%s: \"%s\" is not \"%s\"", line, cfs_buf_text(&f->why), why);
}

/* Whether libfuse is given the mount option. */
static bool is_passed_on(struct fixture *f, const char *option)
{
	const char *arg;

	for (int i = 1; i < f->options.args.argc; i++) {
		arg = f->options.args.argv[i];
		for (const char *at = arg; (at = strstr(at, option)); at++)
			if ((at == arg || at[-1] == ',' || at[-1] == 'o') &&
				(at[strlen(option)] == ',' || at[strlen(option)] == '\0'))
				return true;
	}
	return false;
}

static void a_mount_point_is_enough(void **state)
{
	struct fixture *f = *state;

	accept(f, "/mnt/cloud");
	assert_string_equal(f->options.mountpoint, "/mnt/cloud");
	assert_null(f->options.config_file);
	assert_null(f->options.source);
	assert_int_equal(f->options.foreground, 0);
	assert_int_equal(f->options.demo, 0);
	assert_int_equal(f->options.ownership.uid, getuid());
	assert_int_equal(f->options.ownership.gid, getgid());
	assert_int_equal(f->options.ownership.umask, 077);
	assert_int_equal(f->config.items.n, 0);
	assert_true(is_passed_on(f, "default_permissions"));
	assert_true(is_passed_on(f, "subtype=consolefs"));
	/* The mount point is ours: libfuse is told it when it mounts. */
	assert_false(is_passed_on(f, "/mnt/cloud"));
}

static void options_stand_in_any_order(void **state)
{
	static const char *const lines[] = {
		"-f -c /c -o ro,aws.rate=5 /m",
		"/m -f -o ro -o aws.rate=5 --config /c",
		"-o ro /m --foreground --config=/c -oaws.rate=5",
		"-f /m -o aws.rate=5,ro -o config=/c",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		accept(f, lines[i]);
		assert_string_equal(f->options.mountpoint, "/m");
		assert_string_equal(f->options.config_file, "/c");
		assert_int_equal(f->options.foreground, 1);
		assert_int_equal(f->config.items.n, 1);
		assert_true(is_passed_on(f, "ro"));
		assert_false(is_passed_on(f, "aws.rate=5"));
	}
}

static void the_usual_mount_options_work(void **state)
{
	struct fixture *f = *state;

	accept(f, "-o uid=1000,gid=100,umask=022,allow_other,auto_unmount,fsname=x.y,ro /m");
	assert_int_equal(f->options.ownership.uid, 1000);
	assert_int_equal(f->options.ownership.gid, 100);
	assert_int_equal(f->options.ownership.umask, 022);
	assert_true(is_passed_on(f, "allow_other"));
	assert_true(is_passed_on(f, "auto_unmount"));
	assert_true(is_passed_on(f, "fsname=x.y"));
	assert_true(is_passed_on(f, "ro"));
	assert_false(is_passed_on(f, "uid=1000"));
	assert_int_equal(f->config.items.n, 0);
	accept(f, "-o umask=7777 /m");
	assert_int_equal(f->options.ownership.umask, 0777);
}

/* As in the unit of the system, whose mount point could begin with a hyphen. */
static void options_of_libfuse_go_with_a_separator(void **state)
{
	struct fixture *f = *state;

	accept(f, "-o allow_other,uid=7 -- -mnt");
	assert_string_equal(f->options.mountpoint, "-mnt");
	assert_int_equal(f->options.ownership.uid, 7);
	for (int i = 1; i < f->options.args.argc; i++)
		assert_string_not_equal(f->options.args.argv[i], "--");
	assert_null(f->options.args.argv[f->options.args.argc]);
}

static void what_is_said_twice_counts_as_said_last(void **state)
{
	struct fixture *f = *state;

	accept(f,
		"-c /a -c /b --config=/c --log-level info --log-level=debug -o umask=0,umask=7 /m");
	assert_string_equal(f->options.config_file, "/c");
	assert_string_equal(f->options.log_level, "debug");
	assert_int_equal(f->options.ownership.umask, 7);
}

static void settings_of_clouds_are_collected(void **state)
{
	struct fixture *f = *state;

	accept(f,
		"-o aws.regions=us-east-1:eu-west-1,ro,tencent.regions=ap-guangzhou "
		"-o aws.endpoint=https://localhost:8443/a.b /m");
	assert_int_equal(f->config.items.n, 3);
	assert_int_equal(cfs_config_resolve(&f->config, &f->why), 0);
	assert_string_equal(f->config.clouds->name, "aws");
	assert_int_equal(f->config.clouds->n_regions, 2);
	assert_string_equal(f->config.clouds->endpoint, "https://localhost:8443/a.b");
	assert_true(is_passed_on(f, "ro"));
}

static void a_line_of_fstab_is_understood(void **state)
{
	struct fixture *f = *state;

	accept(f,
		"none /m -o rw,nofail,noauto,x-systemd.automount,x-systemd.idle-timeout=1min,"
		"_netdev,aws.rate=1,comment=a.b");
	assert_string_equal(f->options.source, "none");
	assert_string_equal(f->options.mountpoint, "/m");
	assert_null(f->options.config_file);
	assert_int_equal(f->config.items.n, 1);
	assert_false(is_passed_on(f, "nofail"));
	assert_true(is_passed_on(f, "fsname=none"));
	accept(f, "/etc/a,b.conf /m -o ro");
	assert_string_equal(f->options.config_file, "/etc/a,b.conf");
	assert_true(is_passed_on(f, "fsname=/etc/a\\,b.conf"));
	refuse(f, "somewhere /m",
		"somewhere: neither the path of a configuration nor `none`; with one argument, it "
		"is the mount point");
	refuse(f, "/etc/a.conf /m -o config=/etc/b.conf", "names another");
}

static void flags_are_set(void **state)
{
	struct fixture *f = *state;

	accept(f, "--demo /m");
	assert_int_equal(f->options.demo, 1);
	accept(f, "--backends");
	assert_int_equal(f->options.backends, 1);
	accept(f, "-V");
	assert_int_equal(f->options.version, 1);
	accept(f, "--version");
	assert_int_equal(f->options.version, 1);
	accept(f, "-h");
	assert_int_equal(f->options.help, 1);
	accept(f, "--help");
	assert_int_equal(f->options.help, 1);
	assert_null(f->options.mountpoint);
	accept(f, "--check");
	assert_int_equal(f->options.check, 1);
	assert_null(f->options.check_format);
	accept(f, "--check=json");
	assert_string_equal(f->options.check_format, "json");
	accept(f, "");
	assert_null(f->options.mountpoint);
}

static void what_is_got_without_a_mount_is_any_number_of_paths(void **state)
{
	struct fixture *f = *state;

	accept(f, "a/b --get c/d e --into /d --wake -o aws.rate=5");
	assert_true(f->options.get && f->options.wake && !f->options.list);
	assert_string_equal(f->options.into, "/d");
	assert_int_equal(f->options.n_arguments, 3);
	assert_string_equal(f->options.arguments[0], "a/b");
	assert_string_equal(f->options.arguments[2], "e");
	assert_null(f->options.mountpoint);
	assert_null(f->options.source);
	accept(f, "--list");
	assert_true(f->options.list && f->options.n_arguments == 0);
	accept(f, "--get x --into=d");
	assert_string_equal(f->options.into, "d");
	refuse(f, "--get", "--get needs a path, for example");
	refuse(f, "--get --list x", "--get and --list cannot go together");
	refuse(f, "--check --list x", "--check cannot go with --get or --list");
	refuse(f, "--check=json --get x", "--check cannot go with");
	refuse(f, "--list x --into d", "--into and --wake need --get");
	refuse(f, "--wake /m", "--into and --wake need --get");
}

static void what_is_not_understood_is_named(void **state)
{
	struct fixture *f = *state;

	refuse(f, "--what /m", "--what: unknown option; see consolefs --help");
	refuse(f, "--chekc=json", "--chekc=json: unknown option (did you mean --check?); see");
	refuse(f, "--backend", "--backend: unknown option (did you mean --backends?); see");
	refuse(f, "-x /m", "-x: unknown option");
	refuse(f, "-d /m", "-d: unknown option");
	refuse(f, "/a /b /c", "/c: only");
	refuse(f, "--\x1b\n /m", "--??: unknown option");
}

static void a_value_that_is_not_a_number_is_shown(void **state)
{
	struct fixture *f = *state;

	refuse(f, "-o uid=me /m", "-o uid: 'me' is not a number from 0 to 4294967294");
	refuse(f, "-o uid= /m", "-o uid: '' is not a number");
	refuse(f, "-o gid=-1 /m", "-o gid: '-1' is not a number from 0 to 4294967294");
	refuse(f, "-o gid=4294967295 /m", "-o gid: '4294967295' is not a number");
	refuse(f, "-o gid=99999999999999999999999 /m", "is not a number");
	refuse(f, "-o uid=1,uid=1x /m", "-o uid: '1x' is not a number");
	refuse(f, "-o umask=9 /m", "-o umask: '9' is not an octal number from 0 to 7777");
	refuse(f, "-o umask=10000 /m", "-o umask: '10000' is not an octal number");
	refuse(f, "-o uid=99999999999 /m", "-o uid: '99999999999' is not a number");
	refuse(f, "-o max_read=99999999999 /m", "-o max_read: '99999999999' is not a number");
	refuse(f, "-o max_read=-1 /m", "-o max_read: '-1' is not a number from 0 to 4294967295");
	accept(f, "-o uid=0,gid=4294967294,umask=0 /m");
	assert_int_equal(f->options.ownership.uid, 0);
	assert_true(f->options.ownership.gid == 4294967294);
	assert_int_equal(f->options.ownership.umask, 0);
}

static const char *value_of(struct fixture *f, const char *key)
{
	const char *value = NULL;

	for (const struct cfs_config_item *item = f->config.items.first; item; item = item->next) {
		if (item->key && strcmp(item->key, key) == 0)
			value = item->value;
	}
	return value;
}

/* Whatever follows a list that is neither a mount option nor a setting is its next value. */
static void a_comma_in_a_list_is_understood(void **state)
{
	struct fixture *f = *state;

	accept(f, "-o aws.regions=us-east-1,us-west-2,ro,aws.rate=5 /m");
	assert_string_equal(value_of(f, "regions"), "us-east-1,us-west-2");
	assert_string_equal(value_of(f, "rate"), "5");
	assert_true(is_passed_on(f, "ro"));
	assert_false(is_passed_on(f, "us-west-2"));
	accept(f, "-oaws.filter=tag:env=prod,devel,web.example.net,uid=5 /m");
	assert_string_equal(value_of(f, "filter"), "tag:env=prod,devel,web.example.net");
	assert_int_equal(f->options.ownership.uid, 5);
	accept(f, "-o consolefs.refuse=find,du,allow_other /m");
	assert_string_equal(value_of(f, "refuse"), "find,du");
	/* As mount(8) hands them on. */
	accept(f, "none /m -o rw,nosuid,my.cloud.filter=tag:env=prod,devel,nofail,user,x-a=b");
	assert_string_equal(value_of(f, "filter"), "tag:env=prod,devel");
	/* As mount.fuse3(8) does. */
	accept(f, "none /m -o rw,aws.filter=tag:env=prod,devel,dev,suid");
	assert_string_equal(value_of(f, "filter"), "tag:env=prod,devel");
	/* No region is named so. */
	accept(f, "-o aws.regions=us-east-1,dev,exec /m");
	assert_string_equal(value_of(f, "regions"), "us-east-1");
	accept(f, "-c -oaws.regions -o aws.filter=a=b,c -- /m");
	assert_string_equal(f->options.config_file, "-oaws.regions");
	assert_string_equal(value_of(f, "filter"), "a=b,c");
	/* An option list of its own begins anew. */
	accept(f, "-o aws.filter=a=b -o nonsense /m");
	assert_string_equal(value_of(f, "filter"), "a=b");
	assert_string_equal(f->options.unfamiliar, "nonsense");
}

static void a_comma_can_be_written_in_any_setting(void **state)
{
	struct fixture *f = *state;

	accept(f, "-o aws.filter=tag:env=prod\\,dev,ro /m");
	assert_string_equal(value_of(f, "filter"), "tag:env=prod,dev");
	assert_true(is_passed_on(f, "ro"));
	accept(f, "-o aws.filter=\"tag:env=prod,dev,a=b\",ro /m");
	assert_string_equal(value_of(f, "filter"), "tag:env=prod,dev,a=b");
	accept(f, "-o aws.filter=tag:env=\"prod,ro\",aws.profile=\"a,b\" /m");
	assert_string_equal(value_of(f, "filter"), "tag:env=prod,ro");
	assert_string_equal(value_of(f, "profile"), "a,b");
	accept(f, "-o aws.filter=a=\\\"b\\\\,c /m");
	assert_string_equal(value_of(f, "filter"), "a=\"b\\,c");
	/* Of other options they are what they were. */
	accept(f, "-o fsname=\"a /m");
	assert_true(is_passed_on(f, "fsname=\"a"));
}

static void a_comma_that_may_mean_either_is_refused(void **state)
{
	struct fixture *f = *state;

	refuse(f, "-o aws.filter=tag:env=prod,dev /m",
		"-o aws.filter: 'dev' may be a value, or a mount option, which would do nothing: "
		"leave it out; a value is written -o 'aws.filter=\"...,dev\"'");
	refuse(f, "-o aws.filter=tag:env=prod,users /m", "'users' may be a value, or a mount");
	refuse(f, "-o aws.filter=tag:env=prod,allow_othr,ro /m",
		"-o aws.filter: 'allow_othr' is not a mount option (did you mean allow_other?); a "
		"value is written -o 'aws.filter=\"...,allow_othr\"'");
	refuse(f, "-o aws.regions=us-east-1,noatme /m", "(did you mean noatime?)");
	refuse(f, "-o aws.regions=us-east-1,nonsense /m",
		"-o aws.regions: 'nonsense' is not a mount option; a value is written -o "
		"'aws.regions=\"...,nonsense\"'");
	refuse(f, "-o aws.filter=a=b,c=d /m",
		"'c=d' is not a mount option: give each setting an option of its own; a value");
	refuse(f, "-o aws.regions /m", "-o aws.regions needs a value: -o aws.regions=VALUE");
	refuse(f, "-o ro,aws.filter=a=b,aws.rate /m", "-o aws.rate needs a value: -o aws.rate=");
	refuse(f, "-o consolefs.refuse /m", "-o consolefs.refuse needs a value");
	refuse(f, "-o aws.filter=\"a=b,c /m", "-o aws.filter has an unclosed quote");
	refuse(f, "-o aws.filter=a=b\\ /m",
		"-o aws.filter ends in a backslash. mount(8) ends an option at a comma all the "
		"same: write the value in double quotes");
}

static void an_argument_that_is_missing_is_refused(void **state)
{
	struct fixture *f = *state;
	int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	/* libfuse says on stderr which it is. */
	assert_true(saved >= 0 && null >= 0);
	fflush(stderr);
	dup2(null, STDERR_FILENO);
	refuse(f, "/m -c", "not understood");
	refuse(f, "/m -o", "not understood");
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(null);
}

static void assert_explained(struct fixture *f, const char *line, const char *text)
{
	accept(f, line);
	cfs_options_explain(&f->options, &f->why);
	assert_string_equal(cfs_buf_text(&f->why), text);
}

/* Whether it is one is for libfuse and the kernel to decide. */
static void a_mount_option_that_is_unfamiliar_is_remembered(void **state)
{
	struct fixture *f = *state;

	assert_explained(f, "-o ro,allow_other,fsname=x,noatime,nofail,aws.rate=1 /m", "");
	assert_explained(f, "-o ro,alow_other,nonsense=1 /m",
		": 'alow_other' may not be a mount option (did you mean allow_other?)");
	assert_true(is_passed_on(f, "alow_other"));
	assert_true(is_passed_on(f, "nonsense=1"));
	assert_explained(f, "-o nonsense=secret /m", ": 'nonsense' may not be a mount option");
	assert_explained(f, "-o loglevel=debug /m",
		": 'loglevel' may not be a mount option (did you mean log_level?)");
}

static void the_usage_names_every_option(void **state)
{
	static const char *const names[] = {"--config", "-c", "-f", "-o", "--demo", "--check",
		"--get", "--into", "--list", "--wake", "--backends", "-V", "--version", "-h",
		"--help", "umask", "allow_other", "fsname", "auto_unmount"};
	const char *end;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strstr(cfs_options_usage, names[i]))
			fail_msg("%s is not in the usage", names[i]);
	for (const char *line = cfs_options_usage; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		assert_true(end - line < 80);
	}
}

static void nothing_is_finished_as_well(void **state)
{
	struct cfs_options none = {0};

	(void)state;
	cfs_options_finish(NULL);
	cfs_options_finish(&none);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_mount_point_is_enough),
		TEST(options_stand_in_any_order),
		TEST(the_usual_mount_options_work),
		TEST(what_is_said_twice_counts_as_said_last),
		TEST(options_of_libfuse_go_with_a_separator),
		TEST(settings_of_clouds_are_collected),
		TEST(a_line_of_fstab_is_understood),
		TEST(flags_are_set),
		TEST(what_is_got_without_a_mount_is_any_number_of_paths),
		TEST(what_is_not_understood_is_named),
		TEST(a_value_that_is_not_a_number_is_shown),
		TEST(a_comma_in_a_list_is_understood),
		TEST(a_comma_can_be_written_in_any_setting),
		TEST(a_comma_that_may_mean_either_is_refused),
		TEST(an_argument_that_is_missing_is_refused),
		TEST(a_mount_option_that_is_unfamiliar_is_remembered),
		TEST(the_usage_names_every_option),
		TEST(nothing_is_finished_as_well),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
