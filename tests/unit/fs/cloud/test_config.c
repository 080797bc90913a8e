/* SPDX-License-Identifier: MIT */
/* fs/cloud/config.h: which clouds are mounted, and how. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/ini.h"
#include "backends/registry.h"
#include "fs/cloud/config.h"

#define PATH "/etc/test.conf"

struct fixture {
	struct cfs_config config;
	struct cfs_buf why;
	struct cfs_env env;
	const char *text; /* of PATH; NULL: there is none */
	const char *variables[8];
};

static const char *get(void *arg, const char *name)
{
	struct fixture *f = arg;
	size_t len = strlen(name);

	for (size_t i = 0; f->variables[i]; i++)
		if (strncmp(f->variables[i], name, len) == 0 && f->variables[i][len] == '=')
			return f->variables[i] + len + 1;
	return NULL;
}

static int read_file(void *arg, const char *path, struct cfs_buf *content)
{
	struct fixture *f = arg;

	assert_string_equal(path, PATH);
	return f->text ? cfs_buf_adds(content, f->text) : -ENOENT;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	cfs_config_init(&f->config);
	cfs_buf_init(&f->why, 8192);
	f->env = (struct cfs_env){.get = get, .read_file = read_file, .arg = f};
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	cfs_config_finish(&f->config);
	cfs_buf_finish(&f->why);
	free(f);
	return 0;
}

static void begin_anew(struct fixture *f)
{
	cfs_config_finish(&f->config);
	cfs_buf_clear(&f->why);
}

static int read_text(struct fixture *f, const char *text)
{
	f->text = text;
	return cfs_config_items_read(&f->config.items, PATH, &f->env, &f->why);
}

static int option(struct fixture *f, const char *text)
{
	return cfs_config_items_option(&f->config.items, text, &f->why);
}

static void resolve(struct fixture *f)
{
	if (cfs_config_resolve(&f->config, &f->why) < 0)
		fail_msg("%s", cfs_buf_text(&f->why));
	assert_int_equal(f->why.len, 0);
}

static const struct cfs_cloud_config *cloud(struct fixture *f, const char *name)
{
	for (const struct cfs_cloud_config *found = f->config.clouds; found; found = found->next)
		if (strcmp(found->name, name) == 0)
			return found;
	fail_msg("no cloud %s", name);
	abort();
}

/* The file cannot be used, for a reason that begins and goes on so. */
static void assert_refused(
	struct fixture *f, const char *text, const char *where, const char *reason)
{
	int r;

	begin_anew(f);
	r = read_text(f, text);
	if (r == 0)
		r = cfs_config_resolve(&f->config, &f->why);
	if (r == 0)
		fail_msg("this is accepted: %s", text);
	if (strncmp(cfs_buf_text(&f->why), where, strlen(where)) != 0 ||
		!strstr(cfs_buf_text(&f->why), reason))
		fail_msg("\"%s\" is not \"%s ... %s\"", cfs_buf_text(&f->why), where, reason);
	assert_null(strchr(cfs_buf_text(&f->why), '\n'));
}

static void without_a_file_every_backend_is_a_cloud(void **state)
{
	struct fixture *f = *state;

	resolve(f);
	assert_ptr_equal(cloud(f, "aws")->backend, cfs_backend_find("aws"));
	assert_ptr_equal(cloud(f, "tencent")->backend, cfs_backend_find("tencent"));
	assert_int_equal(cloud(f, "aws")->list_ttl_ms, 60000);
	assert_int_equal(cloud(f, "aws")->timeout_ms, 30000);
	assert_true(cloud(f, "aws")->rate <= 0);
	assert_int_equal(cloud(f, "aws")->n_regions, 0);
	assert_false(f->config.from_file);
}

static void a_section_is_a_cloud_named_after_it(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f,
				 "# clouds\n[tencent]\n\n[prod]\nbackend = aws\nprofile = prod\n"
				 "[test-2.eu_1]\nprofile=x\nbackend=aws\n"),
		0);
	resolve(f);
	assert_string_equal(f->config.clouds->name, "tencent");
	assert_string_equal(f->config.clouds->next->name, "prod");
	assert_string_equal(f->config.clouds->next->next->name, "test-2.eu_1");
	assert_null(f->config.clouds->next->next->next);
	assert_ptr_equal(cloud(f, "prod")->backend, cfs_backend_find("aws"));
	assert_string_equal(cloud(f, "prod")->profile, "prod");
	assert_null(cloud(f, "tencent")->profile);
}

static void every_setting_is_taken(void **state)
{
	struct fixture *f = *state;
	char ca[] = "/tmp/consolefs.test_config.XXXXXX", text[512];
	int fd = mkstemp(ca);

	assert_true(fd >= 0);
	snprintf(text, sizeof(text),
		"[aws]\nregions = us-east-1, eu-west-1\nendpoint = https://localhost:1/\n"
		"ca_file = %s\nlist_ttl = 1.5\ntimeout = 0.1\nrate = 2.5\n"
		"filter = tag:env=prod\nfilter = tag:a=b\n",
		ca);
	assert_int_equal(read_text(f, text), 0);
	resolve(f);
	assert_int_equal(cloud(f, "aws")->n_regions, 2);
	assert_string_equal(cloud(f, "aws")->regions[0], "us-east-1");
	assert_string_equal(cloud(f, "aws")->regions[1], "eu-west-1");
	assert_false(cloud(f, "aws")->all_regions);
	assert_string_equal(cloud(f, "aws")->endpoint, "https://localhost:1/");
	assert_string_equal(cloud(f, "aws")->ca_file, ca);
	assert_int_equal(cloud(f, "aws")->list_ttl_ms, 1500);
	assert_int_equal(cloud(f, "aws")->timeout_ms, 100);
	assert_true(cloud(f, "aws")->rate > 2.49 && cloud(f, "aws")->rate < 2.51);
	assert_int_equal(cloud(f, "aws")->n_own, 2);
	assert_string_equal(cloud(f, "aws")->own[0].key, "filter");
	assert_string_equal(cloud(f, "aws")->own[0].value, "tag:env=prod");
	assert_string_equal(cloud(f, "aws")->own[1].value, "tag:a=b");
	close(fd);
	unlink(ca);
}

static void regions_may_be_all(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, "[aws]\nregions = all\n"), 0);
	resolve(f);
	assert_true(cloud(f, "aws")->all_regions);
	assert_int_equal(cloud(f, "aws")->n_regions, 0);
	begin_anew(f);
	assert_int_equal(read_text(f, "[aws]\nregions = all\n"), 0);
	assert_int_equal(option(f, "aws.regions=eu-west-1"), 0);
	resolve(f);
	assert_false(cloud(f, "aws")->all_regions);
	assert_int_equal(cloud(f, "aws")->n_regions, 1);
}

/* Options, with which /etc/fstab and mount(8) work. */

static void every_setting_is_an_option_too(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(option(f, "aws.regions=us-east-1:eu-west-1"), 0);
	assert_int_equal(option(f, "aws.endpoint=https://localhost:8443/x"), 0);
	assert_int_equal(option(f, "aws.filter=tag:env=prod"), 0);
	assert_int_equal(option(f, "other.backend=tencent"), 0);
	resolve(f);
	assert_int_equal(cloud(f, "aws")->n_regions, 2);
	assert_string_equal(cloud(f, "aws")->regions[1], "eu-west-1");
	assert_string_equal(cloud(f, "aws")->endpoint, "https://localhost:8443/x");
	assert_string_equal(cloud(f, "aws")->own[0].value, "tag:env=prod");
	assert_ptr_equal(cloud(f, "other")->backend, cfs_backend_find("tencent"));
	assert_ptr_equal(cloud(f, "tencent")->backend, cfs_backend_find("tencent"));
}

/* Whatever the order of file and options. */
static void an_option_replaces_what_the_file_says(void **state)
{
	static const char text[] =
		"[aws]\nregions = us-east-1\nprofile = a\nlist_ttl = 5\n[z]\nbackend = aws\n";
	struct fixture *f = *state;

	for (int first = 0; first < 2; first++) {
		begin_anew(f);
		if (first == 0)
			assert_int_equal(read_text(f, text), 0);
		assert_int_equal(option(f, "aws.regions=eu-west-1:eu-west-2"), 0);
		assert_int_equal(option(f, "aws.profile=b"), 0);
		assert_int_equal(option(f, "z.backend=tencent"), 0);
		if (first == 1)
			assert_int_equal(read_text(f, text), 0);
		resolve(f);
		assert_int_equal(cloud(f, "aws")->n_regions, 2);
		assert_string_equal(cloud(f, "aws")->regions[0], "eu-west-1");
		assert_string_equal(cloud(f, "aws")->profile, "b");
		assert_int_equal(cloud(f, "aws")->list_ttl_ms, 5000);
		assert_ptr_equal(cloud(f, "z")->backend, cfs_backend_find("tencent"));
	}
}

static void a_section_with_a_dot_has_options_too(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, "[aws.eu]\nbackend = aws\n"), 0);
	assert_int_equal(option(f, "aws.eu.regions=eu-west-1"), 0);
	resolve(f);
	assert_string_equal(cloud(f, "aws.eu")->regions[0], "eu-west-1");
}

static void what_a_section_means_may_be_said_after_it(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f,
				 "[x]\nvnc_page = https://example.org/?u=\n[y]\nbackend = aws\n"
				 "[x]\nbackend = tencent\n[y]\nprofile = p\n"),
		0);
	resolve(f);
	assert_string_equal(cloud(f, "x")->own[0].key, "vnc_page");
	assert_string_equal(cloud(f, "y")->profile, "p");
	assert_null(f->config.clouds->next->next);
}

/* A misspelt section, key or value is an error that names file and line. */

static void what_is_no_configuration_names_its_line(void **state)
{
	struct fixture *f = *state;
	char *text = malloc(CFS_INI_LINE_MAX + 64);

	assert_refused(f, "[aws]\nwhat is this\n", PATH ":2: ", "neither");
	assert_refused(f, "[aws\n", PATH ":1: ", "neither");
	assert_refused(f, "[aws]\n\n= x\n", PATH ":3: ", "neither");
	assert_refused(f, "[]\n", PATH ":1: ", "neither");
	assert_refused(f, "profile = x\n[aws]\n", PATH ":1: profile ", "before any [section]");
	assert_non_null(text);
	strcpy(text, "[aws]\nprofile = ");
	memset(text + strlen(text), 'x', CFS_INI_LINE_MAX);
	text[strlen("[aws]\nprofile = ") + CFS_INI_LINE_MAX] = '\0';
	assert_refused(f, text, PATH ":2: ", "too long");
	free(text);
}

static void a_section_that_is_none_names_its_line(void **state)
{
	static const char *const names[] = {"stats", "index.html", ".", "..", ".hidden", "a/b",
		"a b", "\xc3\xa9", "x\x7f",
		"0123456789012345678901234567890123456789012345678901234567890123456789"};
	struct fixture *f = *state;
	char text[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "\n[%s]\nbackend = aws\n", names[i]);
		assert_refused(f, text, PATH ":2: [", "cannot be a directory's name");
	}
	assert_refused(f, "[aws]\n[azure]\nprofile = x\n", PATH ":2: [azure] ",
		"needs a setting `backend` (aws, tencent), as it is not named after one");
	assert_refused(f, "[x]\nprofile = p\nbackend = azure\n",
		PATH ":3: [x] backend: ", "'azure' is not a backend (aws, tencent)");
}

static void a_setting_that_is_none_names_its_line(void **state)
{
	static const struct {
		const char *line, *reason;
	} table[] = {
		{"region = us-east-1", "region is not a setting of aws (did you mean regions?)"},
		{"Profile = x", "Profile is not a setting of aws (did you mean profile?)"},
		{"profile =", "profile is empty"},
		{"endpoint =", "endpoint is empty"},
		{"regions =", "regions is empty: name regions, or say `all`"},
		{"regions = ,", "regions is empty: name regions, or say `all`"},
		{"regions = us-east-1, all", "has `all` beside names of regions"},
		{"regions = all, us-east-1", "has `all` beside names of regions"},
		{"regions = ../x", "regions: '../x' is not a region name"},
		{"regions = US-EAST-1",
			"'US-EAST-1' is not a region name (did you mean us-east-1?)"},
		{"regions = us_east_1",
			"'us_east_1' is not a region name (did you mean us-east-1?)"},
		{"regions = us-east-1, 012345678901234567890123456789012", "'... is too long"},
		{"ca_file = /nonexistent",
			"'/nonexistent' is not a file that can be read: No such file"},
		{"list_ttl = 0", "not a number of seconds from "},
		{"list_ttl = -1", "not a number of seconds from "},
		{"list_ttl = 86401",
			"list_ttl: '86401' is not a number of seconds from 1 to 86400"},
		{"list_ttl = 1m", "not a number of seconds from "},
		{"list_ttl = .", "not a number of seconds from "},
		{"list_ttl = 1.2.3", "not a number of seconds from "},
		{"list_ttl = 0x10", "not a number of seconds from "},
		{"list_ttl = nan", "not a number of seconds from "},
		{"list_ttl =", "not a number of seconds from "},
		{"timeout = 0.05", "not a number of seconds from "},
		{"timeout = 3601", "timeout: '3601' is not a number of seconds from 0.1 to 3600"},
		{"timeout = inf", "not a number of seconds from "},
		{"rate = 0", "rate: '0' is not a number of calls a second from 0.01 to 100000"},
		{"rate = 1e3", "rate: '1e3' is not a number of calls a second from 0.01 to 100000"},
		{"filter = ", "filter: '' is not NAME=VALUE"},
		{"filter = nonsense", "filter: 'nonsense' is not NAME=VALUE"},
		{"vnc_page = https://example.org/", "vnc_page is not a setting of aws"},
		{"secret = x", "secret is not a setting of aws"},
		{"filtre = x", "filtre is not a setting of aws (did you mean filter?)"},
		{"endpoint = ftp://x", "endpoint: 'ftp://x' does not begin with https://"},
		{"endpoint = https://u:password@x", "endpoint holds a user name"},
	};
	struct fixture *f = *state;
	char text[256];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(text, sizeof(text), "# one\n[aws]\n\n%s\n", table[i].line);
		assert_refused(f, text, PATH ":4: [aws] ", table[i].reason);
	}
	assert_refused(f, "[tencent]\nvnc_page = ftp://x\n",
		PATH ":2: [tencent] vnc_page: 'ftp://x' ", "");
}

/* Messages end up in logs. */
static void no_secret_in_the_wrong_place_is_shown(void **state)
{
	static const char secret[] = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
	static const char *const keys[] = {"secret_access_key", "region", "regions", "rate",
		"ca_file", "filter", "endpoint", "backend"};
	struct fixture *f = *state;
	char text[256];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(text, sizeof(text), "[aws]\n%s = %s\n", keys[i], secret);
		assert_refused(f, text, PATH ":2: [aws] ", keys[i]);
		assert_null(strstr(cfs_buf_text(&f->why), secret));
	}
	/* Of a key that is not one, only the key is shown. */
	assert_refused(f, "[aws]\nkey = AKIA\n", PATH ":2: [aws] key ", "");
	assert_null(strstr(cfs_buf_text(&f->why), "AKIA"));
}

/* As `consolefs --backends` prints them. */
static void every_setting_can_be_listed(void **state)
{
	struct cfs_buf text = CFS_BUF_INIT(65536);

	(void)state;
	assert_int_equal(cfs_cloud_config_list(&text), 0);
	assert_int_equal(strncmp(cfs_buf_text(&text), "aws\naws.backend\tkind of cloud\n", 30), 0);
	assert_non_null(strstr(cfs_buf_text(&text), "\naws.filter\t"));
	assert_non_null(strstr(cfs_buf_text(&text), "\ntencent\ntencent.backend\t"));
	assert_non_null(strstr(cfs_buf_text(&text), "\ntencent.vnc_page\t"));
	assert_null(strstr(cfs_buf_text(&text), "aws.vnc_page"));
	cfs_buf_finish(&text);
	text = CFS_BUF_INIT(100);
	assert_int_equal(cfs_cloud_config_list(&text), -EFBIG);
	cfs_buf_finish(&text);
}

static void too_many_regions_are_refused(void **state)
{
	struct fixture *f = *state;
	char text[4096] = "[aws]\nregions = ";

	for (size_t i = 0; i <= CFS_REGIONS_MAX; i++)
		sprintf(text + strlen(text), "us-east-%zu,", i + 1);
	assert_refused(f, text, PATH ":2: [aws] regions ", "too many");
}

/* One of the two must be a mistake. */
static void a_setting_given_twice_names_the_second(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, "[aws]\nprofile = a\n[aws]\nprofile = b\n", PATH ":4: [aws] profile ",
		"given twice");
	assert_refused(
		f, "[x]\nbackend = aws\nbackend = aws\n", PATH ":3: [x] backend ", "given twice");
	begin_anew(f);
	assert_int_equal(option(f, "aws.profile=a"), 0);
	assert_int_equal(option(f, "aws.profile=b"), 0);
	assert_int_equal(cfs_config_resolve(&f->config, &f->why), -EINVAL);
	assert_string_equal(cfs_buf_text(&f->why), "-o aws.profile: [aws] profile is given twice");
}

static void an_option_that_is_none_names_itself(void **state)
{
	static const struct {
		const char *text, *why;
	} table[] = {
		{"aws.region=x",
			"-o aws.region: [aws] region is not a setting of aws (did you mean "
			"regions?)"},
		{"aws.rate=fast",
			"-o aws.rate: [aws] rate: 'fast' is not a number of calls a second"},
		{"azure.profile=x",
			"-o azure.profile: [azure] needs a setting `backend` (aws, tencent)"},
		{"asw.profile=x",
			"-o asw.profile: [asw] needs a setting `backend` (aws, tencent), as it is "
			"not named after one (did you mean aws?)"},
		{"x.backend=asw",
			"-o x.backend: [x] backend: 'asw' is not a backend (aws, tencent) (did you "
			"mean aws?)"},
		{"stats.backend=aws", "-o stats.backend: [stats] cannot be a directory's name"},
		{".profile=x", "-o .profile: "},
		{"aws.=x", "-o aws.: [aws]  is not a setting"},
		{"aws=x", "-o aws: not of the form section.key=value"},
		{"aws.profile", "-o aws.profile: not of the form section.key=value"},
		{"", "-o : not of the form section.key=value"},
		/* One line, whatever is in it. */
		{"a\x1b\n\xffz=x", "-o a???z: not of the form section.key=value"},
	};
	struct fixture *f = *state;
	int r;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		begin_anew(f);
		r = option(f, table[i].text);
		if (r == 0)
			r = cfs_config_resolve(&f->config, &f->why);
		assert_int_equal(r, -EINVAL);
		if (strncmp(cfs_buf_text(&f->why), table[i].why, strlen(table[i].why)) != 0)
			fail_msg("\"%s\" is not \"%s\"", cfs_buf_text(&f->why), table[i].why);
	}
}

static void a_file_without_a_section_means_what_no_file_does(void **state)
{
	static const char *const texts[] = {"", "# nothing\n"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		begin_anew(f);
		assert_int_equal(read_text(f, texts[i]), 0);
		resolve(f);
		assert_false(f->config.from_file);
		assert_non_null(f->config.clouds);
	}
}

static void there_are_limits_to_what_is_read(void **state)
{
	struct fixture *f = *state;
	struct cfs_buf text = CFS_BUF_INIT(1024 * 1024);

	for (size_t i = 0; i <= CFS_CLOUDS_MAX; i++)
		assert_int_equal(cfs_buf_addf(&text, "[a%zu]\nbackend = aws\n", i), 0);
	assert_refused(f, cfs_buf_text(&text), "the configuration has too many clouds", "");
	cfs_buf_clear(&text);
	for (size_t i = 0; i <= CFS_CONFIG_ITEMS_MAX; i++)
		assert_int_equal(cfs_buf_adds(&text, "[aws]\n"), 0);
	assert_refused(f, cfs_buf_text(&text), PATH ":4097: ", "too many lines: at most 4096");
	cfs_buf_clear(&text);
	assert_int_equal(cfs_buf_adds(&text, "[aws]\n"), 0);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(cfs_buf_addf(&text, "filter = tag:a=%zu\n", i), 0);
	assert_refused(
		f, cfs_buf_text(&text), PATH ":66: [aws] filter ", "one too many: at most 64");
	cfs_buf_finish(&text);
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, NULL), -ENOENT);
	assert_string_equal(cfs_buf_text(&f->why), PATH ": No such file or directory");
}

static void a_hostile_file_is_quoted_as_text(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, "[aws]\n\x1b[2J\x07 = 1\n", PATH ":2: [aws] ", "is not a setting");
	for (const char *why = cfs_buf_text(&f->why); *why; why++)
		assert_true((unsigned char)*why >= ' ' && *why != 0x7f);
}

/* When the file is read again, the options of the command line still apply. */
static void options_can_be_copied(void **state)
{
	struct fixture *f = *state;
	struct cfs_config again;

	assert_int_equal(option(f, "aws.profile=b"), 0);
	assert_int_equal(read_text(f, "[aws]\nprofile = a\n[tencent]\n"), 0);
	cfs_config_init(&again);
	assert_int_equal(cfs_config_items_copy_options(&again.items, &f->config.items), 0);
	f->text = "[aws]\nprofile = c\nrate = 5\n";
	assert_int_equal(cfs_config_items_read(&again.items, PATH, &f->env, &f->why), 0);
	assert_int_equal(cfs_config_resolve(&again, &f->why), 0);
	assert_string_equal(again.clouds->profile, "b");
	assert_true(again.clouds->rate > 4);
	assert_null(again.clouds->next);
	cfs_config_finish(&again);
}

static void the_default_file_is_the_first_there_is(void **state)
{
	struct fixture *f = *state;
	char dir[] = "/tmp/consolefs.test_config.XXXXXX", path[256], home[256], xdg[256], *found;
	bool has_etc = access("/etc/consolefs.conf", F_OK) == 0;
	FILE *file;

	assert_non_null(mkdtemp(dir));
	snprintf(home, sizeof(home), "HOME=%s", dir);
	snprintf(xdg, sizeof(xdg), "XDG_CONFIG_HOME=%s/xdg", dir);

	/* None of them. */
	assert_int_equal(cfs_config_default_path(&f->env, &found), 0);
	assert_true(!found == !has_etc);
	free(found);
	f->variables[0] = home;
	assert_int_equal(cfs_config_default_path(&f->env, &found), 0);
	assert_true(!found == !has_etc);
	free(found);

	snprintf(path, sizeof(path), "%s/.config", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	strcat(path, "/consolefs");
	assert_int_equal(mkdir(path, 0700), 0);
	strcat(path, "/consolefs.conf");
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(cfs_config_default_path(&f->env, &found), 0);
	assert_string_equal(found, path);
	free(found);

	/* XDG_CONFIG_HOME stands in place of ~/.config, not before it. */
	f->variables[1] = xdg;
	assert_int_equal(cfs_config_default_path(&f->env, &found), 0);
	assert_true(!found == !has_etc);
	free(found);

	/* A relative one is ignored. */
	f->variables[1] = "XDG_CONFIG_HOME=xdg";
	assert_int_equal(cfs_config_default_path(&f->env, &found), 0);
	assert_string_equal(found, path);
	free(found);

	/* A file named explicitly must exist. */
	f->variables[2] = "CONSOLEFS_CONFIG=/nonexistent/consolefs.conf";
	assert_int_equal(cfs_config_default_path(&f->env, &found), 0);
	assert_string_equal(found, "/nonexistent/consolefs.conf");
	free(found);
	f->variables[2] = "CONSOLEFS_CONFIG=a.conf";
	f->env.directory = "/began";
	assert_int_equal(cfs_config_default_path(&f->env, &found), 0);
	assert_string_equal(found, "/began/a.conf");
	free(found);

	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	rmdir(dir);
}

static void assert_guest(struct fixture *f, const char *comm, bool refused)
{
	struct cfs_caller caller = {.pid = 1};

	strcpy(caller.comm, comm);
	assert_int_equal(cfs_guests_match(&f->config.mount.guests, &caller), refused);
}

static void the_mount_has_a_section_too(void **state)
{
	struct fixture *f = *state;

	resolve(f);
	assert_guest(f, "tumblerd", true);
	begin_anew(f);
	assert_int_equal(read_text(f, "[aws]\n[consolefs]\nrefuse = cat, evil*\n"), 0);
	resolve(f);
	assert_guest(f, "cat", true);
	assert_guest(f, "evil-one", true);
	assert_guest(f, "tumblerd", false);
	assert_null(f->config.clouds->next);
	begin_anew(f);
	assert_int_equal(option(f, "consolefs.refuse=tail:head"), 0);
	assert_int_equal(read_text(f, "[aws]\n[consolefs]\nrefuse = cat\n"), 0);
	resolve(f);
	assert_guest(f, "tail", true);
	assert_guest(f, "head", true);
	assert_guest(f, "cat", false);
	begin_anew(f);
	assert_int_equal(read_text(f, "[consolefs]\nrefuse =\n[aws]\n"), 0);
	resolve(f);
	assert_guest(f, "tumblerd", false);
}

static void the_mount_says_for_how_long_and_how_much_still_holds(void **state)
{
	struct fixture *f = *state;

	resolve(f);
	assert_int_equal(f->config.mount.still_ttl_ms, 60000);
	assert_int_equal(f->config.mount.still_max, 256 << 20);
	begin_anew(f);
	assert_int_equal(option(f, "consolefs.still_max=2"), 0);
	assert_int_equal(read_text(f, "[aws]\n[consolefs]\nstill_ttl = 0.5\nstill_max = 9\n"), 0);
	resolve(f);
	assert_int_equal(f->config.mount.still_ttl_ms, 500);
	assert_int_equal(f->config.mount.still_max, 2 << 20);
}

static void a_file_about_the_mount_alone_leaves_the_clouds_as_they_are_without_one(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(option(f, "aws.rate=5"), 0);
	assert_int_equal(read_text(f, "[consolefs]\nrefuse = cat\n"), 0);
	resolve(f);
	assert_false(f->config.from_file);
	assert_true(cloud(f, "aws")->rate > 4);
	assert_non_null(cloud(f, "tencent"));
	assert_guest(f, "cat", true);
}

static void what_is_wrong_about_the_mount_names_its_line(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, "[aws]\n[consolefs]\nrefuse = *\n",
		PATH ":3: [consolefs] refuse: ", "'*' is not a command name");
	assert_refused(f, "[aws]\n[consolefs]\nrefuse = a\nrefuse = b\n", PATH ":4: ", "twice");
	assert_refused(f, "[aws]\n[consolefs]\nrefuses = a\n", PATH ":3: [consolefs] refuses ",
		"is not a setting of the mount (did you mean refuse?)");
	assert_refused(f, "[aws]\n[consolefs]\nbackend = aws\n", PATH ":3: ", "is not a setting");
	assert_refused(f, "[aws]\n[consolefs]\nstill_max = much\n",
		PATH ":3: [consolefs] still_max: ",
		"'much' is not a number of MiB from 1 to 65536");
	assert_refused(f, "[aws]\n[consolefs]\nstill_ttl = 0\n",
		PATH ":3: [consolefs] still_ttl: ", "from 0.1 to 86400");
	begin_anew(f);
	assert_int_equal(option(f, "consolefs.refuse=/bin/cat"), 0);
	assert_int_equal(cfs_config_resolve(&f->config, &f->why), -EINVAL);
	assert_string_equal(cfs_buf_text(&f->why),
		"-o consolefs.refuse: [consolefs] refuse: '/bin/cat' is not a command name: it has "
		"at most 64 letters, digits and '._+-@', and may end in '*'");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(without_a_file_every_backend_is_a_cloud),
		TEST(a_section_is_a_cloud_named_after_it),
		TEST(every_setting_is_taken),
		TEST(regions_may_be_all),
		TEST(every_setting_is_an_option_too),
		TEST(an_option_replaces_what_the_file_says),
		TEST(a_section_with_a_dot_has_options_too),
		TEST(what_a_section_means_may_be_said_after_it),
		TEST(what_is_no_configuration_names_its_line),
		TEST(a_section_that_is_none_names_its_line),
		TEST(a_setting_that_is_none_names_its_line),
		TEST(no_secret_in_the_wrong_place_is_shown),
		TEST(every_setting_can_be_listed),
		TEST(too_many_regions_are_refused),
		TEST(a_setting_given_twice_names_the_second),
		TEST(an_option_that_is_none_names_itself),
		TEST(a_file_without_a_section_means_what_no_file_does),
		TEST(there_are_limits_to_what_is_read),
		TEST(a_file_that_cannot_be_read_says_why),
		TEST(a_hostile_file_is_quoted_as_text),
		TEST(options_can_be_copied),
		TEST(the_default_file_is_the_first_there_is),
		TEST(the_mount_has_a_section_too),
		TEST(the_mount_says_for_how_long_and_how_much_still_holds),
		TEST(a_file_about_the_mount_alone_leaves_the_clouds_as_they_are_without_one),
		TEST(what_is_wrong_about_the_mount_names_its_line),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
