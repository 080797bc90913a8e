/* SPDX-License-Identifier: MIT */
#include "backends/tencent/cvm/vnc.h"

#include <errno.h>
#include <string.h>

#include "backends/base/html.h"
#include "backends/base/text.h"
#include "backends/tencent/api/url.h"
#include "backends/tencent/cvm/live.h"

/* Encoded, each byte of a value may take three. */
#define LINK_MAX (CFS_TENCENT_URL_MAX + 3 * CFS_TENCENT_VNC_VALUE_MAX)

/* Graphic ASCII, except for what ends a URL in a mail, a shell or a web page. */
static bool is_address(const char *value)
{
	size_t len = strlen(value);

	return len > 0 && len <= CFS_TENCENT_VNC_VALUE_MAX &&
		cfs_text_is_graphic(value, len, CFS_TENCENT_URL_ENDS);
}

int cfs_tencent_vnc_link(const char *page, const char *value, struct cfs_buf *ret_link)
{
	if (!is_address(value))
		return -EBADMSG;
	cfs_buf_adds(ret_link, page);
	if (strstr(value, "://"))
		cfs_text_encode(ret_link, value, strlen(value), "");
	else
		cfs_buf_adds(ret_link, value);
	return cfs_buf_error(ret_link);
}

/* vnc_url: the link, one line. */
static int render_url(struct cfs_buf *content, const char *id, const char *link)
{
	(void)id;
	return cfs_buf_addf(content, "%s\n", link);
}

static void add_all(struct cfs_buf *buf, const char *before, const char *link, const char *after)
{
	cfs_buf_adds(buf, before);
	cfs_html_add(buf, link);
	cfs_buf_adds(buf, after);
}

/* vnc.html: a page that goes there at once, without a script. If it does not, it says what to do.
 */
static int render_page(struct cfs_buf *content, const char *id, const char *link)
{
	struct cfs_buf refresh = CFS_BUF_INIT(content->max), title = CFS_BUF_INIT(content->max);
	int r;

	/* The link holds no quotes, so none are needed around it. */
	add_all(&refresh, "<meta http-equiv=\"refresh\" content=\"0;url=", link, "\">\n");
	cfs_buf_addf(&title, "Console of %s", id);
	r = cfs_buf_error(&refresh) < 0 ? cfs_buf_error(&refresh) : cfs_buf_error(&title);
	if (r < 0)
		goto out;
	cfs_html_begin(content, cfs_buf_text(&title), cfs_buf_text(&refresh));
	cfs_buf_adds(content,
		"<div class=\"clock\">\n<p class=\"live\">Your browser is on its way. The link is "
		"good for one visit within 15 seconds; <b></b> are left.</p>\n"
		"<p class=\"over\"><strong>The link has expired.</strong> <a href=\"vnc.html\">Get "
		"a "
		"new one</a>: every time this page is opened, it makes one.</p>\n</div>\n"
		"<div class=\"bar\"><i></i></div>\n");
	add_all(content, "<p><a class=\"go\" href=\"", link, "\">Open the console</a></p>\n");
	add_all(content, "<code class=\"url\">", link, "</code>\n");
	cfs_buf_adds(content,
		"<p class=\"dim\">Anyone who has this link can type on the machine. Do not pass it "
		"on.</p>\n");
	cfs_html_end(content);
	r = cfs_buf_error(content);
out:
	cfs_buf_wipe(&refresh);
	cfs_buf_finish(&title);
	return r;
}

static int (*const renderings[CFS_TENCENT_N_LIVE])(
	struct cfs_buf *content, const char *id, const char *link) = {
	[CFS_TENCENT_LIVE_VNC_URL] = render_url,
	[CFS_TENCENT_LIVE_VNC_PAGE] = render_page,
};

int cfs_tencent_vnc_content(const struct cfs_live *live, const char *id, const char *page,
	const char *value, struct cfs_buf *content)
{
	struct cfs_buf link = CFS_BUF_INIT(LINK_MAX);
	/* Appended to content at once, so that no part of a link that does not fit is left there.
	 */
	struct cfs_buf rendered = CFS_BUF_INIT(content->max - content->len);
	int r;

	r = cfs_tencent_vnc_link(page, value, &link);
	if (r == 0)
		r = renderings[live - cfs_tencent_live](&rendered, id, cfs_buf_text(&link));
	if (r == 0)
		r = cfs_buf_add(content, rendered.data, rendered.len);
	cfs_buf_wipe(&rendered);
	cfs_buf_wipe(&link);
	return r;
}
