/* SPDX-License-Identifier: MIT */
/* backends/base/html.h: web pages made of text from strangers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/html.h"

#define LIMIT 4096

static void assert_made(
	int (*fn)(struct cfs_buf *, const char *), const char *text, const char *expected)
{
	struct cfs_buf buf = CFS_BUF_INIT(LIMIT);

	assert_int_equal(fn(&buf, text), 0);
	assert_string_equal(cfs_buf_text(&buf), expected);
	cfs_buf_finish(&buf);
}

static void what_means_something_to_a_browser_is_escaped(void **state)
{
	(void)state;
	assert_made(cfs_html_add, "", "");
	assert_made(cfs_html_add, "plain \xc3\xa9 \xe6\x9c\xaa \xf0\x9f\x98\x80",
		"plain \xc3\xa9 \xe6\x9c\xaa \xf0\x9f\x98\x80");
	assert_made(
		cfs_html_add, "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;");
	assert_made(
		cfs_html_add, "\" onerror='x' a=&quot;", "&quot; onerror=&#39;x&#39; a=&amp;quot;");
	assert_made(cfs_html_add, "]]>--><!--", "]]&gt;--&gt;&lt;!--");
}

/* Control characters, and marks that make "exe.jpg" of "gpj.exe". */
static void what_changes_how_text_is_shown_is_replaced(void **state)
{
	(void)state;
	assert_made(cfs_html_add, "a\nb\tc\rd", "a b c d");
	assert_made(cfs_html_add, "\x01\x7f\x1b[31m", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd[31m");
	assert_made(cfs_html_add, "\xc2\x85", "\xef\xbf\xbd");
	assert_made(cfs_html_add, "box \xe2\x80\xaegpj.exe", "box \xef\xbf\xbdgpj.exe");
	assert_made(cfs_html_add, "\xe2\x81\xa6x\xe2\x81\xa9", "\xef\xbf\xbdx\xef\xbf\xbd");
	assert_made(cfs_html_add, "\xff<\xe2\x80", "\xef\xbf\xbd&lt;\xef\xbf\xbd\xef\xbf\xbd");
}

static int add_in_element(struct cfs_buf *buf, const char *text)
{
	return cfs_html_add_in(buf, "<b class=\"x\">", text, "</b>");
}

static void markup_around_a_text_stays_as_it_is(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(4);

	(void)state;
	assert_made(add_in_element, "<a&b>", "<b class=\"x\">&lt;a&amp;b&gt;</b>");
	assert_made(add_in_element, "", "<b class=\"x\"></b>");
	/* Whichever part does not fit. */
	assert_int_equal(cfs_html_add_in(&buf, "<b>", "x", "<"), -EFBIG);
	cfs_buf_clear(&buf);
	assert_int_equal(cfs_html_add_in(&buf, "<bbb>", "x", ">"), -EFBIG);
	cfs_buf_finish(&buf);
}

static void a_step_of_a_path_is_encoded(void **state)
{
	(void)state;
	assert_made(cfs_html_add_step, "i-0a.b_c~d", "i-0a.b_c~d");
	assert_made(cfs_html_add_step, "a/b?c#d\"e<f&g%\xc3\xa9 ",
		"a%2Fb%3Fc%23d%22e%3Cf%26g%25%C3%A9%20");
	assert_made(cfs_html_add_step, "javascript:x", "javascript%3Ax");
}

static void a_page_allows_no_script_and_loads_nothing(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(3 * LIMIT);

	(void)state;
	assert_int_equal(cfs_html_begin(&buf, "a <b> & c", "<meta name=\"x\">\n"), 0);
	assert_int_equal(cfs_html_end(&buf), 0);
	assert_non_null(strstr(cfs_buf_text(&buf), "<title>a &lt;b&gt; &amp; c</title>"));
	assert_non_null(strstr(cfs_buf_text(&buf), "<h1>a &lt;b&gt; &amp; c</h1>"));
	assert_non_null(strstr(cfs_buf_text(&buf), "<meta name=\"x\">\n</head>"));
	assert_non_null(strstr(cfs_buf_text(&buf), "default-src 'none'"));
	assert_null(strstr(cfs_buf_text(&buf), "script-src"));
	assert_null(strstr(cfs_buf_text(&buf), "://"));
	cfs_buf_finish(&buf);
}

static void what_does_not_fit_is_an_error(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(8);

	(void)state;
	assert_int_equal(cfs_html_add(&buf, "<<<"), -EFBIG);
	cfs_buf_clear(&buf);
	assert_int_equal(cfs_html_add_step(&buf, "////"), -EFBIG);
	cfs_buf_clear(&buf);
	assert_int_equal(cfs_html_begin(&buf, "t", ""), -EFBIG);
	cfs_buf_finish(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_means_something_to_a_browser_is_escaped),
		cmocka_unit_test(what_changes_how_text_is_shown_is_replaced),
		cmocka_unit_test(markup_around_a_text_stays_as_it_is),
		cmocka_unit_test(a_step_of_a_path_is_encoded),
		cmocka_unit_test(a_page_allows_no_script_and_loads_nothing),
		cmocka_unit_test(what_does_not_fit_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
