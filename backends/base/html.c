/* SPDX-License-Identifier: MIT */
#include "backends/base/html.h"

#include <string.h>

#include "backends/base/text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* What a character is replaced by; NULL if it stays. */
static const char *replacement(const unsigned char *c, size_t n)
{
	switch (c[0]) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\t':
	case '\n':
	case '\r':
		return " ";
	default:
		return n == 0 || cfs_text_is_control(c, n) ? REPLACEMENT : NULL;
	}
}

int cfs_html_add(struct cfs_buf *buf, const char *text)
{
	const unsigned char *in = (const unsigned char *)text;
	size_t len = strlen(text), plain = 0, n;
	const char *other;

	/* Runs of plain text are appended whole. */
	for (size_t i = 0; i < len; i += n) {
		n = cfs_text_utf8_length(in + i, len - i);
		other = replacement(in + i, n);
		if (n == 0)
			n = 1;
		if (!other)
			continue;
		cfs_buf_add(buf, text + plain, i - plain);
		cfs_buf_adds(buf, other);
		plain = i + n;
	}
	cfs_buf_add(buf, text + plain, len - plain);
	return cfs_buf_error(buf);
}

int cfs_html_add_in(struct cfs_buf *buf, const char *before, const char *text, const char *after)
{
	cfs_buf_adds(buf, before);
	cfs_html_add(buf, text);
	cfs_buf_adds(buf, after);
	return cfs_buf_error(buf);
}

int cfs_html_add_step(struct cfs_buf *buf, const char *name)
{
	return cfs_text_encode(buf, name, strlen(name), "");
}

/* The countdown is a number that an animation lowers. Browsers that cannot animate numbers still
 * show the bar beside it. */
static const char style[] =
	":root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--fg:#1b1f24;--dim:#59636e;"
	"--line:#d1d9e0;--accent:#0a5ccf;--on:#fff;--bad:#b3261e}"
	"@media(prefers-color-scheme:dark){:root{--bg:#0f1318;--card:#181d24;--fg:#e6eaef;"
	"--dim:#9aa5b1;--line:#303843;--accent:#6cb0ff;--on:#0b1220;--bad:#ff8f85}}"
	"*{box-sizing:border-box}"
	"body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;"
	"background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}"
	"main{width:100%;max-width:40rem;background:var(--card);border:1px solid var(--line);"
	"border-radius:12px;padding:2rem;overflow-wrap:break-word}"
	"h1{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem}p{margin:0 0 1rem}"
	"p:last-child{margin:0}.dim,dt{color:var(--dim)}.bad{color:var(--bad)}"
	"code,.url{font:13px/1.5 ui-monospace,monospace}"
	"dd,.url{overflow-wrap:anywhere}.url{display:block;padding:.75rem;background:var(--bg);"
	"border-radius:8px;margin:0 0 1rem}"
	"@media(max-width:30rem){body{padding:.75rem}main{padding:1.25rem}}"
	"a{color:var(--accent)}a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}"
	"a.go{display:inline-block;background:var(--accent);color:var(--on);font-weight:600;"
	"text-decoration:none;padding:.6rem 1.1rem;border-radius:8px}"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1rem;margin:0 0 1.25rem}"
	"dd{margin:0}nav{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center}"
	"@property --left{syntax:'<integer>';inherits:true;initial-value:0}"
	"@keyframes left{from{--left:15}to{--left:0}}@keyframes bar{from{width:100%}to{width:0}}"
	"@keyframes show{to{visibility:visible}}@keyframes hide{to{visibility:hidden}}"
	".live{animation:left 15s linear both,hide 0s 15s both}"
	".live b::after{counter-reset:left var(--left);content:counter(left)}"
	".bar{height:4px;border-radius:2px;background:var(--line);margin:0 0 1rem}"
	".bar i{display:block;height:100%;border-radius:2px;background:var(--accent);"
	"animation:bar 15s linear both}"
	".clock{display:grid}.clock>p{grid-area:1/1}"
	".over{visibility:hidden;animation:show 0s 15s both}";

int cfs_html_begin(struct cfs_buf *buf, const char *title, const char *head)
{
	cfs_buf_adds(buf,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n"
		"<title>");
	cfs_html_add(buf, title);
	cfs_buf_addf(
		buf, "</title>\n<style>%s</style>\n%s</head>\n<body>\n<main>\n<h1>", style, head);
	cfs_html_add(buf, title);
	cfs_buf_adds(buf, "</h1>\n");
	return cfs_buf_error(buf);
}

int cfs_html_end(struct cfs_buf *buf)
{
	return cfs_buf_adds(buf, "</main>\n</body>\n</html>\n");
}
