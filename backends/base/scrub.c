/* SPDX-License-Identifier: MIT */
#include "backends/base/scrub.h"

#include <stdint.h>
#include <string.h>

#include "backends/base/hex.h"
#include "backends/base/text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define AMPERSAND "&amp;"
#define CDATA_BEGIN "![CDATA[" /* after '<' */
#define CDATA_END "]]>"
#define CDATA_NO_END "]]&gt;"
#define BLOCK 64 /* bytes checked together: compilers vectorize the loop over them */
#define UNICODE_MAX 0x10ffff
#define ESCAPE_LEN 6 /* \uXXXX */

/* Whether a byte is a character by itself, and begins nothing of what matters here. */
static bool is_plain(unsigned char c)
{
	if (c < ' ')
		return c == '\n' || c == '\t' || c == '\r';
	return c < 0x80 && c != '&' && c != '!' && c != ']';
}

/* The number of bytes at the beginning, in whole blocks, that are plain, '!' or ']'. */
static size_t plain_run(const char *bytes, size_t len)
{
	const signed char *at = (const signed char *)bytes;
	size_t run = 0;

	for (; len - run >= BLOCK; run += BLOCK) {
		uint8_t other = 0;

		/* One comparison finds control bytes and those that are not ASCII. Tabs and
		 * carriage returns are rare, and not worth the time. */
		for (size_t i = 0; i < BLOCK; i++) {
			signed char c = at[run + i];

			other |= (uint8_t)((c < ' ') & (c != '\n'));
			other |= (uint8_t)(c == '&');
		}
		if (other)
			break;
	}
	return run;
}

/* "Char" of XML 1.0, section 2.2. */
static bool is_xml_char(uint32_t c)
{
	if (c < ' ')
		return c == '\t' || c == '\n' || c == '\r';
	return c < 0xd800 || (c > 0xdfff && c < 0xfffe) || (c > 0xffff && c <= UNICODE_MAX);
}

/* Whether text[0..len), what stands between '&' and ';', is a number; and if so, of which
 * character. One of no character at all is past UNICODE_MAX. */
static bool parse_number(const char *text, size_t len, uint32_t *ret_c)
{
	bool hex = len > 1 && text[1] == 'x';
	size_t begin = hex ? 2 : 1;
	uint32_t c = 0;

	if (len <= begin || text[0] != '#')
		return false;
	for (size_t i = begin; i < len; i++) {
		int digit = cfs_hex_value(text[i]);

		if (digit < 0 || (!hex && digit > 9))
			return false;
		if (c <= UNICODE_MAX)
			c = c * (hex ? 16 : 10) + (uint32_t)digit;
	}
	*ret_c = c;
	return true;
}

/* The entities that every document has. Others would be in a DOCTYPE, and those are refused. */
static bool is_entity(const char *name, size_t len)
{
	static const char *const names[] = {"amp", "lt", "gt", "quot", "apos"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return true;
	}
	return false;
}

/* The next four return how many bytes at text[0..len) belong together, and set what stands in their
 * place, if anything else does. 0 if more bytes are needed to tell; `last`: there are no more. */

static size_t reference(const char *text, size_t len, bool last, const char **ret_instead)
{
	size_t n = 1;
	uint32_t c;

	while (n < len && n < CFS_SCRUB_HELD_MAX - 1 && cfs_text_is_token(text + n, 1, 1, "#"))
		n++;
	if (n == len && !last)
		return 0;
	if (n < len && text[n] == ';') {
		if (is_entity(text + 1, n - 1))
			return n + 1;
		if (parse_number(text + 1, n - 1, &c)) {
			if (!is_xml_char(c))
				*ret_instead = REPLACEMENT;
			return n + 1;
		}
	}
	*ret_instead = AMPERSAND;
	return 1;
}

static size_t character(const char *text, size_t len, bool last, const char **ret_instead)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t n = cfs_text_utf8_length(at, len), tails = 1;
	size_t wanted = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

	if (n == 3 && at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe)
		*ret_instead = REPLACEMENT; /* U+FFFE, U+FFFF */
	if (n > 0 && at[0] >= 0x80)
		return n;
	while (tails < len && (at[tails] & 0xc0) == 0x80)
		tails++;
	if (at[0] >= 0xc0 && tails == len && len < wanted && !last)
		return 0;
	*ret_instead = REPLACEMENT;
	return 1;
}

/* Whether the mark is at text[0..len): its bytes are returned, otherwise one. */
static size_t mark(const char *wanted, const char *text, size_t len, bool last, bool *ret_found)
{
	size_t n = strlen(wanted);

	*ret_found = len >= n && memcmp(text, wanted, n) == 0;
	if (*ret_found)
		return n;
	return len < n && !last && memcmp(text, wanted, len) == 0 ? 0 : 1;
}

/* What begins with a byte that is not plain, and has `before` before it. */
static size_t token(struct cfs_scrub_xml *scrub, char before, const char *text, size_t len,
	bool last, const char **ret_instead)
{
	bool found = false;
	size_t n = 1;

	*ret_instead = NULL;
	if (text[0] == '&') {
		if (!scrub->in_cdata)
			n = reference(text, len, last, ret_instead);
	} else if (text[0] == '!') {
		if (before == '<' && !scrub->in_cdata)
			n = mark(CDATA_BEGIN, text, len, last, &found);
		if (found)
			scrub->in_cdata = true;
	} else if (text[0] == ']') {
		n = mark(CDATA_END, text, len, last, &found);
		if (found && !scrub->in_cdata)
			*ret_instead = CDATA_NO_END;
		if (found)
			scrub->in_cdata = false;
	} else {
		n = character(text, len, last, ret_instead);
	}
	return n;
}

/* Appends as much as can be told of bytes[0..len), and returns how much that is. If that is all, and
 * nothing is replaced, it appends nothing and sets *ret_clean. */
static size_t add_known(struct cfs_scrub_xml *scrub, const char *bytes, size_t len, bool last,
	struct cfs_buf *ret_text, bool *ret_clean)
{
	/* These two are rare, and memchr is the fastest way to look for them. */
	bool slow = scrub->in_cdata || memchr(bytes, ']', len) || memchr(bytes, '!', len);
	size_t at = 0, kept = 0, look = slow ? len : 0, n;

	while (at < len) {
		const char *instead;

		if (at >= look) {
			at += plain_run(bytes + at, len - at);
			look = at + BLOCK;
		}
		while (at < len && at < look && is_plain((unsigned char)bytes[at]))
			at++;
		if (at == len || at == look)
			continue;
		n = token(scrub, at > 0 ? bytes[at - 1] : scrub->before, bytes + at, len - at, last,
			&instead);
		if (n == 0)
			break;
		if (instead) {
			cfs_buf_add(ret_text, bytes + kept, at - kept);
			cfs_buf_adds(ret_text, instead);
			kept = at + n;
		}
		at += n;
	}
	if (at > 0)
		scrub->before = bytes[at - 1];
	*ret_clean = kept == 0 && at == len;
	if (!*ret_clean)
		cfs_buf_add(ret_text, bytes + kept, at - kept);
	return at;
}

static void add_held(struct cfs_scrub_xml *scrub, bool last, struct cfs_buf *ret_text)
{
	bool clean;
	size_t known = add_known(scrub, scrub->held, scrub->n_held, last, ret_text, &clean);

	if (clean)
		cfs_buf_add(ret_text, scrub->held, known);
	scrub->n_held -= known;
	memmove(scrub->held, scrub->held + known, scrub->n_held);
}

int cfs_scrub_xml(struct cfs_scrub_xml *scrub, const char *bytes, size_t len,
	struct cfs_buf *ret_text, bool *ret_clean)
{
	size_t at = 0, known;
	bool clean;

	while (scrub->n_held > 0 && at < len) {
		scrub->held[scrub->n_held++] = bytes[at++];
		add_held(scrub, false, ret_text);
	}
	known = add_known(scrub, bytes + at, len - at, false, ret_text, &clean);
	*ret_clean = clean && at == 0;
	if (clean && at > 0)
		cfs_buf_add(ret_text, bytes + at, known);
	at += known;
	if (at < len) {
		scrub->n_held = len - at;
		memcpy(scrub->held, bytes + at, scrub->n_held);
	}
	return cfs_buf_error(ret_text);
}

int cfs_scrub_xml_end(struct cfs_scrub_xml *scrub, struct cfs_buf *ret_text)
{
	add_held(scrub, true, ret_text);
	return cfs_buf_error(ret_text);
}

/* Whether the backslash at text[0..len) begins an escape. */
static bool is_escape(const char *text, size_t len)
{
	if (len < 2 || text[1] == '\0' || !strchr("\"\\/bfnrtu", text[1]))
		return false;
	if (text[1] != 'u')
		return true;
	for (size_t i = 2; i < ESCAPE_LEN; i++) {
		if (i >= len || cfs_hex_value(text[i]) < 0)
			return false;
	}
	return true;
}

/* Where in a document a byte is. */
struct place {
	size_t depth; /* lists and objects that it is within */
	bool in_string;
};

/* Both return how many bytes at text[0..len) belong together, and set what stands in their place,
 * if anything else does. */

static size_t in_string(struct place *place, const char *text, size_t len, const char **ret_instead)
{
	if (text[0] == '"')
		place->in_string = false;
	else if ((unsigned char)text[0] < ' ')
		*ret_instead = REPLACEMENT;
	else if (text[0] == '\\' && is_escape(text, len))
		return 2;
	else if (text[0] == '\\')
		*ret_instead = "\\\\";
	return 1;
}

static size_t outside_strings(struct place *place, char c)
{
	if (c == '"')
		place->in_string = true;
	else if (c == '[' || c == '{')
		place->depth++;
	else if ((c == ']' || c == '}') && place->depth > 0)
		place->depth--;
	return 1;
}

int cfs_scrub_json(struct cfs_buf *text, size_t depth)
{
	struct cfs_buf scrubbed = CFS_BUF_INIT(strlen(REPLACEMENT) * text->len);
	struct place place = {0};
	size_t kept = 0;
	bool deep;
	int r;

	for (size_t at = 0, n; at < text->len; at += n) {
		const char *instead = NULL;

		deep = place.depth >= depth;
		n = place.in_string ? in_string(&place, text->data + at, text->len - at, &instead)
				    : outside_strings(&place, text->data[at]);
		if (deep && place.depth >= depth)
			instead = "";
		if (!instead)
			continue;
		cfs_buf_add(&scrubbed, text->data + kept, at - kept);
		cfs_buf_adds(&scrubbed, instead);
		kept = at + n;
	}
	if (kept > 0)
		cfs_buf_add(&scrubbed, text->data + kept, text->len - kept);
	r = cfs_buf_error(&scrubbed);
	if (r < 0 || kept == 0) {
		cfs_buf_wipe(&scrubbed);
		return r;
	}
	cfs_buf_wipe(text);
	*text = scrubbed;
	return 0;
}
