#include "backends/tencent/vnc.h"

#include <errno.h>
#include <string.h>

#include "backends/tencent/tencent.h"
#include "backends/tencent/url.h"

/* Every byte of a value may take three in the link. */
#define LINK_MAX (CFS_TENCENT_URL_MAX + 3 * CFS_TENCENT_VNC_VALUE_MAX)

/* Graphic ASCII but for what ends a URL wherever one is written: a mail, a shell, a page. */
static bool is_address(const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len > CFS_TENCENT_VNC_VALUE_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (value[i] <= ' ' || value[i] > '~' || strchr("\"'<>\\`", value[i]))
			return false;
	}
	return true;
}

/* RFC 3986, section 2.3 */
static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		strchr("-._~", c);
}

static int add_encoded(struct cfs_buf *buf, const char *value)
{
	int r = 0;

	for (; r == 0 && *value; value++) {
		if (is_unreserved(*value))
			r = cfs_buf_addc(buf, *value);
		else
			r = cfs_buf_addf(buf, "%%%02X", (unsigned char)*value);
	}
	return r;
}

int cfs_tencent_vnc_link(const char *page, const char *value, struct cfs_buf *ret_link)
{
	int r;

	if (!is_address(value))
		return -EBADMSG;
	r = cfs_buf_adds(ret_link, page);
	if (r == 0)
		r = strstr(value, "://") ? add_encoded(ret_link, value)
					 : cfs_buf_adds(ret_link, value);
	return r;
}

/* vnc_url: the link, one line. */
static int render_url(struct cfs_buf *content, const char *link)
{
	/* One append: what does not fit leaves nothing of the link behind. */
	return cfs_buf_addf(content, "%s\n", link);
}

static int (*const renderings[CFS_TENCENT_N_LIVE])(struct cfs_buf *content, const char *link) = {
	[CFS_TENCENT_LIVE_VNC_URL] = render_url,
};

int cfs_tencent_vnc_content(
	const struct cfs_live *live, const char *page, const char *value, struct cfs_buf *content)
{
	struct cfs_buf link = CFS_BUF_INIT(LINK_MAX);
	int r;

	r = cfs_tencent_vnc_link(page, value, &link);
	if (r == 0)
		r = renderings[live - cfs_tencent_backend.live](content, cfs_buf_text(&link));
	cfs_buf_wipe(&link);
	return r;
}
