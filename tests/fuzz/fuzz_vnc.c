/* SPDX-License-Identifier: MIT */
/*
 * The link that opens a VNC console, and the page that goes there, of a page's URL and the cloud's
 * value: what comes before the first separator, and what comes after it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/tencent/cvm/account.h"
#include "backends/tencent/cvm/live.h"
#include "backends/tencent/cvm/vnc.h"
#include "backends/tencent/tencent.h"
#include "tests/fuzz/fuzz.h"

/* The text with its percent-encoding undone, for free(3). */
static char *decode(const char *text)
{
	char *out = malloc(strlen(text) + 1), *at = out;

	MUST(out);
	while (*text) {
		char hex[3] = "";

		if (*text != '%') {
			*at++ = *text++;
			continue;
		}
		MUST(strspn(text + 1, "0123456789ABCDEF") >= 2);
		memcpy(hex, text + 1, 2);
		*at++ = (char)strtol(hex, NULL, 16);
		text += 3;
	}
	*at = '\0';
	return out;
}

static void check_link(const char *page, const char *value, const char *link)
{
	const char *tail = link + strlen(page);
	char *decoded;

	MUST_OF(strncmp(link, page, strlen(page)) == 0, link);
	for (const char *at = tail; *at; at++)
		MUST_OF(*at > ' ' && *at <= '~' && !strchr("\"'<>\\`", *at), link);
	if (!strstr(value, "://")) {
		MUST_OF(strcmp(tail, value) == 0, link);
		return;
	}
	MUST_OF(!strpbrk(tail, ":/?&=#+"), link);
	decoded = decode(tail);
	MUST_OF(strcmp(decoded, value) == 0, link);
	free(decoded);
}

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; (text = strchr(text, c)); text++)
		n++;
	return n;
}

/* The markup of a page does not depend on the link in it. */
static void check_markup(const struct cfs_buf *page, const struct cfs_buf *plain)
{
	for (const char *at = "<>\""; *at; at++)
		MUST_OF(count(page->data, *at) == count(plain->data, *at), page->data);
	MUST(!memchr(page->data, '\0', page->len));
	MUST_OF(fuzz_is_utf8(page->data), page->data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size), record = {0};
	struct cfs_buf link = CFS_BUF_INIT(65536), plain = CFS_BUF_INIT(65536);
	const struct cfs_live *live;
	struct cfs_buf content;
	char *page, *value;
	int r;

	fuzz_next(&input, FUZZ_SEPARATOR, &record);
	page = fuzz_text(&record);
	if (cfs_tencent_url_page(page)) {
		free(page);
		page = strdup(CFS_TENCENT_VNC_PAGE);
		MUST(page);
	}
	value = fuzz_text(&input);
	r = cfs_tencent_vnc_link(page, value, &link);
	MUST(r == 0 || r == -EBADMSG);
	if (r == 0)
		check_link(page, value, link.data);
	else
		MUST(link.len == 0);
	for (size_t i = 0; i < cfs_tencent_backend.n_live; i++) {
		int again;

		live = &cfs_tencent_backend.live[i];
		cfs_buf_init(&content, live->nominal);
		again = cfs_tencent_vnc_content(live, "ins-r9hr2upy", page, value, &content);
		MUST(again == r || (r == 0 && again == -EFBIG));
		MUST(again == 0 ? content.len > 0 : content.len == 0);
		if (again == 0 && i == CFS_TENCENT_LIVE_VNC_URL) {
			MUST(content.len == link.len + 1 && content.data[link.len] == '\n');
			MUST(memcmp(content.data, link.data, link.len) == 0);
		} else if (again == 0) {
			MUST(cfs_tencent_vnc_content(
				     live, "ins-r9hr2upy", CFS_TENCENT_VNC_PAGE, "x", &plain) == 0);
			check_markup(&content, &plain);
		}
		cfs_buf_finish(&content);
	}
	cfs_buf_finish(&link);
	cfs_buf_finish(&plain);
	free(page);
	free(value);
	return 0;
}
