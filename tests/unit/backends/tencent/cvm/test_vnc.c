/* SPDX-License-Identifier: MIT */
/* backends/tencent/cvm/vnc.h: the link that opens a console. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/tencent/cvm/account.h"
#include "backends/tencent/cvm/live.h"
#include "backends/tencent/cvm/vnc.h"
#include "backends/tencent/tencent.h"

#define PAGE "https://vnc.example/?InstanceVncUrl="
#define ENCODED "wss%3A%2F%2Fbjvnc.qcloud.com%3A26789%2Fvnc%3Fs%3DaHpj/9"

static int content_of(const char *page, const char *value, struct cfs_buf *content)
{
	return cfs_tencent_vnc_content(
		cfs_tencent_backend.live, "ins-r9hr2upy", page, value, content);
}

static void assert_content(const char *page, const char *value, const char *expected)
{
	struct cfs_buf content = CFS_BUF_INIT(cfs_tencent_backend.live->nominal);

	assert_int_equal(content_of(page, value, &content), 0);
	assert_string_equal(cfs_buf_text(&content), expected);
	cfs_buf_wipe(&content);
}

static void vnc_url_is_the_complete_link_on_one_line(void **state)
{
	(void)state;
	assert_content(PAGE, ENCODED, PAGE ENCODED "\n");
	assert_content(CFS_TENCENT_VNC_PAGE, ENCODED,
		"https://img.qcloud.com/qcloud/app/active_vnc/index.html?InstanceVncUrl=" ENCODED
		"\n");
}

static void a_value_that_is_not_encoded_is_encoded(void **state)
{
	(void)state;
	assert_content(PAGE, "wss://bj-vnc.qcloud.com:26789/vnc?s=a_b~c/+%3D&t=",
		PAGE "wss%3A%2F%2Fbj-vnc.qcloud.com%3A26789%2Fvnc%3Fs%3Da_b~c%2F%2B%253D%26t%3D\n");
}

static void what_is_no_address_is_a_bad_answer(void **state)
{
	static const char *const bad[] = {"", " ", "wss a", "wss\n", "\nwss", "wss\"", "wss'",
		"<script>", "a>b", "a\\b", "a`b", "a\tb", "a\x7f", "a\xc3\xa9", "\xff", "a\x1b[0m"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cfs_buf content = CFS_BUF_INIT(cfs_tencent_backend.live->nominal);

		assert_int_equal(content_of(PAGE, bad[i], &content), -EBADMSG);
		assert_int_equal(content.len, 0);
		cfs_buf_wipe(&content);
	}
}

static void a_link_that_does_not_fit_leaves_nothing_behind(void **state)
{
	char value[CFS_TENCENT_VNC_VALUE_MAX + 2];
	struct cfs_buf content = CFS_BUF_INIT(cfs_tencent_backend.live->nominal);

	(void)state;
	memset(value, '/', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(content_of(PAGE, value, &content), -EBADMSG);
	value[CFS_TENCENT_VNC_VALUE_MAX] = '\0';
	/* Encoded, it would take three bytes for each. */
	memcpy(value, "wss://", strlen("wss://"));
	assert_int_equal(content_of(PAGE, value, &content), -EFBIG);
	assert_int_equal(content.len, 0);
	memcpy(value, "wss%3A", strlen("wss%3A"));
	assert_int_equal(content_of(PAGE, value, &content), 0);
	assert_int_equal(content.len, strlen(PAGE) + CFS_TENCENT_VNC_VALUE_MAX + 1);
	cfs_buf_wipe(&content);
}

/* vnc.html is the same link as a page that goes there at once, without a script. */
static void vnc_html_goes_to_the_link_at_once(void **state)
{
	const struct cfs_live *live = &cfs_tencent_backend.live[CFS_TENCENT_LIVE_VNC_PAGE];
	struct cfs_buf content = CFS_BUF_INIT(live->nominal);
	const char *text;

	(void)state;
	assert_int_equal(cfs_tencent_vnc_content(live, "ins-r9hr2upy",
				 "https://vnc.example/?a&amp=1&u=", ENCODED, &content),
		0);
	text = cfs_buf_text(&content);
	assert_non_null(strstr(text,
		"<meta http-equiv=\"refresh\" "
		"content=\"0;url=https://vnc.example/?a&amp;amp=1&amp;u=" ENCODED "\">"));
	assert_non_null(
		strstr(text, "href=\"https://vnc.example/?a&amp;amp=1&amp;u=" ENCODED "\""));
	assert_non_null(strstr(text, "<title>Console of ins-r9hr2upy</title>"));
	assert_non_null(strstr(text, "15 seconds"));
	assert_null(strstr(text, "<script"));
	assert_non_null(strstr(text, "content=\"default-src 'none';"));
	cfs_buf_wipe(&content);
}

static void a_page_that_does_not_fit_leaves_nothing_behind(void **state)
{
	const struct cfs_live *live = &cfs_tencent_backend.live[CFS_TENCENT_LIVE_VNC_PAGE];
	struct cfs_buf content = CFS_BUF_INIT(live->nominal);
	char value[CFS_TENCENT_VNC_VALUE_MAX + 1];

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(
		cfs_tencent_vnc_content(live, "ins-r9hr2upy", PAGE, value, &content), -EFBIG);
	assert_int_equal(content.len, 0);
	/* Four kilobytes fit, ten times what is given out today. */
	value[4096] = '\0';
	assert_int_equal(cfs_tencent_vnc_content(live, "ins-r9hr2upy", PAGE, value, &content), 0);
	cfs_buf_wipe(&content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vnc_url_is_the_complete_link_on_one_line),
		cmocka_unit_test(a_value_that_is_not_encoded_is_encoded),
		cmocka_unit_test(what_is_no_address_is_a_bad_answer),
		cmocka_unit_test(a_link_that_does_not_fit_leaves_nothing_behind),
		cmocka_unit_test(vnc_html_goes_to_the_link_at_once),
		cmocka_unit_test(a_page_that_does_not_fit_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
