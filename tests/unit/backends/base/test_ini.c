/* SPDX-License-Identifier: MIT */
/* backends/base/ini.h: INI text, ours and that of the clouds' tools. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/buf.h"
#include "backends/base/ini.h"

#define PYTHON "/usr/bin/python3"
#define SHOWN_MAX (256 * 1024)

/* Shows an item as one line: "line [section]" or "line [section] key=value", breaks as "\n". */
static int show(void *arg, const struct cfs_ini_item *item)
{
	struct cfs_buf *shown = arg;

	assert_int_equal(cfs_buf_addf(shown, "%u [%s]", item->line, item->section), 0);
	if (item->key) {
		assert_int_equal(cfs_buf_addf(shown, " %s=", item->key), 0);
		for (const char *c = item->value; *c; c++)
			assert_int_equal(
				*c == '\n' ? cfs_buf_adds(shown, "\\n") : cfs_buf_addc(shown, *c),
				0);
	} else {
		assert_null(item->value);
	}
	return cfs_buf_addc(shown, '\n');
}

static void assert_shows(const char *text, size_t len, bool nested, const char *expected)
{
	struct cfs_buf shown = CFS_BUF_INIT(SHOWN_MAX);
	unsigned line = 77;

	assert_int_equal(cfs_ini_parse(text, len, nested, show, &shown, &line), 0);
	assert_int_equal(line, 77);
	assert_string_equal(cfs_buf_text(&shown), expected);
	cfs_buf_finish(&shown);
}

static void assert_reads(const char *text, const char *expected)
{
	assert_shows(text, strlen(text), false, expected);
}

static void assert_nests(const char *text, const char *expected)
{
	assert_shows(text, strlen(text), true, expected);
}

static void assert_stops(const char *text, size_t len, bool nested, int error, unsigned at)
{
	struct cfs_buf shown = CFS_BUF_INIT(SHOWN_MAX);
	unsigned line = 0;

	assert_int_equal(cfs_ini_parse(text, len, nested, show, &shown, &line), error);
	assert_int_equal(line, at);
	cfs_buf_finish(&shown);
}

static void sections_and_pairs_come_in_order(void **state)
{
	(void)state;
	assert_shows(NULL, 0, false, "");
	assert_reads("\n \t\r\n", "");
	assert_reads("k=v", "1 [] k=v\n");
	assert_reads("[a]\nk = v\nx: y\n[b]\n[a]\nk=w\n",
		"1 [a]\n2 [a] k=v\n3 [a] x=y\n4 [b]\n5 [a]\n6 [a] k=w\n");
}

static void texts_are_trimmed(void **state)
{
	(void)state;
	assert_reads(" [\t a b ] \r\n\tsome key\t =  some value \r\n",
		"1 [a b]\n2 [a b] some key=some value\n");
	assert_reads("k=\nl =  \n", "1 [] k=\n2 [] l=\n");
}

static void the_first_separator_separates(void **state)
{
	(void)state;
	assert_reads("filter = tag:env=prod\n", "1 [] filter=tag:env=prod\n");
	assert_reads("a:b = c\n", "1 [] a=b = c\n");
	assert_reads("k == v\n", "1 [] k== v\n");
}

static void comments_begin_a_line_or_follow_a_blank(void **state)
{
	(void)state;
	assert_reads("# c\n ; c\n\t#[x]\n", "");
	assert_reads("[a] # see [b]\nk = v # c\nl = v ; c\nm = v#1;2\n",
		"1 [a]\n2 [a] k=v\n3 [a] l=v\n4 [a] m=v#1;2\n");
	assert_reads("k = # nothing\nl =#v\n", "1 [] k=\n2 [] l=#v\n");
}

static void a_byte_order_mark_is_skipped_at_the_beginning_only(void **state)
{
	(void)state;
	assert_reads("\xef\xbb\xbf[a]\n", "1 [a]\n");
	assert_reads("\xef\xbb\xbf", "");
	assert_stops("[a]\n\xef\xbb\xbf[b]\n", 11, false, -EINVAL, 2);
}

static void indentation_means_nothing_unless_nested(void **state)
{
	(void)state;
	assert_reads("[a]\nk = v\n  l = w\n    [b]\n", "1 [a]\n2 [a] k=v\n3 [a] l=w\n4 [b]\n");
	assert_stops("[a]\nk = v\n  w\n", 14, false, -EINVAL, 3);
}

static void a_nested_line_continues_the_pair_before_it(void **state)
{
	(void)state;
	assert_nests("[a]\ns3 =\n  x = 1\n  y = 2\nk = v\n",
		"1 [a]\n2 [a] s3=\\nx = 1\\ny = 2\n5 [a] k=v\n");
	assert_nests("[a]\nk = v\n w\n", "1 [a]\n2 [a] k=v\\nw\n");
	/* Deeper than the pair, not than the margin. */
	assert_nests("[a]\n  k = v\n  l = w\n   more\n m = x\n",
		"1 [a]\n2 [a] k=v\n3 [a] l=w\\nmore\n5 [a] m=x\n");
	/* What looks like a header or a pair is a value all the same. */
	assert_nests("[a]\nk = v\n [b]\n l = w\n", "1 [a]\n2 [a] k=v\\n[b]\\nl = w\n");
	/* A section begins anew. */
	assert_nests("[a]\nk = v\n[b]\n  l = w\n", "1 [a]\n2 [a] k=v\n3 [b]\n4 [b] l=w\n");
	assert_nests("[a]\nk = v\n\n w\n # c\n x\n\n\n", "1 [a]\n2 [a] k=v\\n\\nw\\nx\n");
}

static void a_line_that_is_nothing_is_refused(void **state)
{
	(void)state;
	assert_stops("[a]\nfoo\n", 8, false, -EINVAL, 2);
	assert_stops("[a]\nfoo\n", 8, true, -EINVAL, 2);
	assert_stops("\n\n[a\nk = v\n", 11, false, -EINVAL, 3);
	assert_stops("[a = b\n", 7, false, -EINVAL, 1);
	assert_stops("[a # ]b\n", 8, false, -EINVAL, 1);
	assert_stops("[]\n", 3, false, -EINVAL, 1);
	assert_stops("[]\n", 3, true, -EINVAL, 1);
	assert_stops("[ ]\n", 4, false, -EINVAL, 1);
	assert_stops("= v\n", 4, false, -EINVAL, 1);
	assert_stops("[a] x\n", 6, false, -EINVAL, 1);
	assert_stops("foo # bar = 1\n", 14, false, -EINVAL, 1);
	assert_stops("k = a\0b\n", 8, false, -EINVAL, 1);
}

static void no_comment_begins_within_a_header(void **state)
{
	(void)state;
	assert_reads("[a # b]\n[a ; b] ; c\n[#]\n", "1 [a # b]\n2 [a ; b]\n3 [#]\n");
	assert_nests("[a # b]\n[\"a # ]b\"]\n[a] # see [b]\n[a]x\n",
		"1 [a # b]\n2 [\"a # ]b\"]\n3 [a]\n4 [a]\n");
	assert_nests("[a]#b]\n[a] b]\n[a]\t;]\n", "1 [a]#b]\n2 [a] b]\n3 [a]\n");
}

static void nested_text_takes_every_line_that_the_aws_tools_take(void **state)
{
	static const char nul[] = "[a]\n# \0\nk = x\0y\n\0=z\n";

	(void)state;
	assert_nests("[ ]\n[a = b\nk = [\nfoo # bar = 1\n",
		"1 []\n2 [] [a=b\n3 [] k=[\n4 [] foo # bar=1\n");
	assert_shows(nul, sizeof(nul) - 1, true, "1 [a]\n3 [a] k=x\x01y\n4 [a] \x01=z\n");
}

static int show_whole(void *arg, const struct cfs_ini_item *item)
{
	struct cfs_ini_item whole = *item;

	whole.value = item->whole;
	return show(arg, &whole);
}

static void a_value_also_comes_with_what_would_be_a_comment(void **state)
{
	static const char text[] = "[a]\nk = v # c\nl = # c\nm = x ; 1\n # c\n y ; 2 # 3\n\n";
	struct cfs_buf shown = CFS_BUF_INIT(SHOWN_MAX);
	unsigned line;

	(void)state;
	assert_int_equal(cfs_ini_parse(text, strlen(text), true, show_whole, &shown, &line), 0);
	assert_string_equal(cfs_buf_text(&shown),
		"1 [a]\n2 [a] k=v # c\n3 [a] l=# c\n4 [a] m=x ; 1\\ny ; 2 # 3\n");
	assert_nests(text, "1 [a]\n2 [a] k=v\n3 [a] l=\n4 [a] m=x\\ny\n");
	cfs_buf_finish(&shown);
}

static void a_line_over_its_limit_is_refused(void **state)
{
	char *text = malloc(CFS_INI_LINE_MAX + 3);
	struct cfs_buf expected = CFS_BUF_INIT(SHOWN_MAX);

	(void)state;
	assert_non_null(text);
	memset(text, 'v', CFS_INI_LINE_MAX + 3);
	memcpy(text, "\nk=", 3);
	/* Far longer than the 200 bytes of some readers: session tokens are. */
	assert_int_equal(cfs_buf_adds(&expected, "2 [] k="), 0);
	assert_int_equal(cfs_buf_add(&expected, text + 3, CFS_INI_LINE_MAX - 2), 0);
	assert_int_equal(cfs_buf_adds(&expected, "\n"), 0);
	assert_shows(text, CFS_INI_LINE_MAX + 1, false, cfs_buf_text(&expected));
	assert_shows(text, CFS_INI_LINE_MAX + 1, true, cfs_buf_text(&expected));
	assert_stops(text, CFS_INI_LINE_MAX + 2, false, -EFBIG, 2);
	text[CFS_INI_LINE_MAX + 1] = '\n';
	assert_shows(text, CFS_INI_LINE_MAX + 2, false, cfs_buf_text(&expected));
	memset(text + 1, '#', CFS_INI_LINE_MAX + 2);
	assert_stops(text, CFS_INI_LINE_MAX + 3, false, -EFBIG, 2);
	cfs_buf_finish(&expected);
	free(text);
}

static int stop_at_x(void *arg, const struct cfs_ini_item *item)
{
	(void)arg;
	return strcmp(item->key ? item->key : item->section, "x") == 0 ? 42 : 0;
}

static void the_callee_ends_the_parse_at_the_line_it_dislikes(void **state)
{
	const char *pair = "[a]\nk = v\nx = 1\n 2\n\ny = 1\nbad\n";
	const char *header = "[a]\nk = v\n[x]\nbad\n";
	const char *last = "[a]\nx = 1\n 2";
	unsigned line = 0;

	(void)state;
	assert_int_equal(cfs_ini_parse(pair, strlen(pair), true, stop_at_x, NULL, &line), 42);
	assert_int_equal(line, 3);
	assert_int_equal(cfs_ini_parse(header, strlen(header), true, stop_at_x, NULL, &line), 42);
	assert_int_equal(line, 3);
	assert_int_equal(cfs_ini_parse(header, strlen(header), false, stop_at_x, NULL, &line), 42);
	assert_int_equal(line, 3);
	assert_int_equal(cfs_ini_parse(last, strlen(last), true, stop_at_x, NULL, &line), 42);
	assert_int_equal(line, 2);
}

/* Reads the file named, and shows each pair as show() does but for the line, "-" if it cannot. With
 * a second argument what could be a comment is kept, as botocore keeps it. */
static const char oracle[] =
	"import configparser, io, sys\n"
	"for text in open(sys.argv[1], newline='', encoding='utf-8').read().split('\\x01'):\n"
	"    parser = configparser.RawConfigParser(\n"
	"        inline_comment_prefixes=('#', ';') if len(sys.argv) == 2 else None)\n"
	"    parser.optionxform = str\n"
	"    try:\n"
	"        parser.read_file(io.StringIO(text, newline=None))\n"
	"        for s in parser.sections():\n"
	"            print(f'[{s.strip()}]')\n"
	"            for k, v in parser.items(s):\n"
	"                print(f'[{s.strip()}] {k}={v}'.replace('\\n', '\\\\n'))\n"
	"    except configparser.Error:\n"
	"        print('-')\n";

/* Different sections and different keys within one: configparser refuses to see one twice. */
static const char *const snippets[] = {
	"[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key=a/b+c=\n",
	"[default]\r\nregion = us-east-1\r\n\r\n[profile x]\r\noutput = json\r\n",
	"[a]\ns3 =\n    addressing_style = path\n    x = y\nregion = r\n",
	"[a]\ns3 =\n\taddressing_style = path\n\n\n[b]\nk = v\n",
	"[a]\nk = v\n  two\n   three\n  four\nl = w\n",
	"[a]\n  k = v\n  l = w\n    m\n n = o\n",
	"[a]\nk = v\n\n\n  after a gap\n\n",
	"[a]\nk = v\n# c\n  w\n  # c\n  ; c\n  x # c\n",
	"[a]\nk =\n\n  w\n",
	"[a]\nk = v\n\n# c\n\nl = w\n",
	"[a]\nk = v ; c # d\nl = v;c#d\nm = ;v\nn =;v\n",
	"[a]\ncredential_process = /bin/x \"a b\" --key=value:1\n",
	"[a] # c\nk: v\nl : w=x\nm=n:o\n",
	"[a]junk\nk = v\n",
	"[a]b]\nk = v\n",
	"[sso-session my session]\nsso_start_url = https://example.com/start#/\n",
	"  [a]\n    k = v\n  [b]\n  k = w\n",
	"[a]\nk = v\n [b]\n",
	"[a]\nno separator\n",
	"[]\n",
	"[a]\n= v\n",
	"k = v\n[a]\n",
	"\n# only\n; comments\n",
};

/* Only to botocore: to configparser a comment can begin anywhere in a line, or nowhere. */
static const char *const whole_snippets[] = {
	"[a # b]\nk = v\n[profile \"x ; y\"]\nk = w\n[#]\nk = x\n",
	"[a]\nk = sh -c \"true ; cat x\" --team \"team #4\"\n",
	"[a]\nk = v # c\n  w ; d\n\n  # e\n  x\nl = # m\n",
	"[a]\n[b = c\n[d\n",
	"[a]\n[b = c\nk # l = m\n",
	"[a]\nk # l\n",
	"[a]\rk = v\r\rl = w\r\nm = x\n\ry = z",
	"\xc2\xa0[a]\xe2\x80\x89\n\xc2\xa0\nk\xe3\x80\x80=\xc2\xa0v \xc2\x85\nl = \xc3\xa0\n",
	"[a]\n\xc2\xa0k = v\n \tdeeper\n l = w\n\x1c\x1dm = x\n",
};

static int show_as_oracle(void *arg, const struct cfs_ini_item *item)
{
	struct cfs_buf *shown = arg, line = CFS_BUF_INIT(SHOWN_MAX);
	int r;

	if (item->key && !*item->section)
		return -EINVAL; /* the reader of a credentials file decides so, not this one */
	r = show(&line, item);
	assert_int_equal(r, 0);
	r = cfs_buf_adds(shown, strchr(line.data, ' ') + 1);
	cfs_buf_finish(&line);
	return r;
}

static int show_whole_as_oracle(void *arg, const struct cfs_ini_item *item)
{
	struct cfs_ini_item whole = *item;

	whole.value = item->whole;
	return show_as_oracle(arg, &whole);
}

static void ask_python(const char *const *texts, size_t n, cfs_ini_fn *fn, const char *option)
{
	char path[] = "/tmp/consolefs-test-ini-XXXXXX", command[2048], said[8192];
	struct cfs_buf expected = CFS_BUF_INIT(SHOWN_MAX), one = CFS_BUF_INIT(SHOWN_MAX);
	size_t len;
	FILE *file;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++) {
		unsigned line;

		assert_true(dprintf(fd, "%s%s", i ? "\x01" : "", texts[i]) >= 0);
		cfs_buf_clear(&one);
		if (cfs_ini_parse(texts[i], strlen(texts[i]), true, fn, &one, &line) == 0)
			assert_int_equal(cfs_buf_adds(&expected, cfs_buf_text(&one)), 0);
		else
			assert_int_equal(cfs_buf_adds(&expected, "-\n"), 0);
	}
	assert_int_equal(close(fd), 0);
	snprintf(command, sizeof(command), PYTHON " -c \"$(cat <<'EOF'\n%sEOF\n)\" %s %s", oracle,
		path, option);
	file = popen(command, "r");
	assert_non_null(file);
	len = fread(said, 1, sizeof(said) - 1, file);
	said[len] = '\0';
	assert_int_equal(pclose(file), 0);
	assert_int_equal(unlink(path), 0);
	assert_string_equal(cfs_buf_text(&expected), said);
	cfs_buf_finish(&expected);
	cfs_buf_finish(&one);
}

static void nested_text_means_what_it_means_to_python(void **state)
{
	(void)state;
	if (access(PYTHON, X_OK) != 0)
		skip();
	ask_python(snippets, sizeof(snippets) / sizeof(*snippets), show_as_oracle, "");
	ask_python(snippets, sizeof(snippets) / sizeof(*snippets), show_whole_as_oracle, "whole");
	ask_python(whole_snippets, sizeof(whole_snippets) / sizeof(*whole_snippets),
		show_whole_as_oracle, "whole");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_and_pairs_come_in_order),
		cmocka_unit_test(texts_are_trimmed),
		cmocka_unit_test(the_first_separator_separates),
		cmocka_unit_test(comments_begin_a_line_or_follow_a_blank),
		cmocka_unit_test(a_byte_order_mark_is_skipped_at_the_beginning_only),
		cmocka_unit_test(indentation_means_nothing_unless_nested),
		cmocka_unit_test(a_nested_line_continues_the_pair_before_it),
		cmocka_unit_test(a_line_that_is_nothing_is_refused),
		cmocka_unit_test(no_comment_begins_within_a_header),
		cmocka_unit_test(nested_text_takes_every_line_that_the_aws_tools_take),
		cmocka_unit_test(a_value_also_comes_with_what_would_be_a_comment),
		cmocka_unit_test(a_line_over_its_limit_is_refused),
		cmocka_unit_test(the_callee_ends_the_parse_at_the_line_it_dislikes),
		cmocka_unit_test(nested_text_means_what_it_means_to_python),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
