/* SPDX-License-Identifier: MIT */
#include "backends/base/ini.h"

#include <errno.h>
#include <string.h>

#include "backends/base/buf.h"
#include "backends/base/span.h"

/*
 * With `nested`, lines mean the same as to Python's configparser, with which the AWS tools read
 * their files. A line that is indented deeper than the first line of a pair continues its value; an
 * empty line within a value is kept, a comment line is not; blanks at the end of a value are
 * dropped. So a pair is only complete when a line begins something else. Until then it waits in
 * `key`, `value` and `whole`.
 *
 * The file belongs to all profiles, and the tools refuse the whole of it for one line that they
 * cannot read. So no line may be refused here that they take: a line that begins with a bracket and
 * never closes it is a pair if it can be, a blank is the name of a section, and a NUL is a byte.
 */
struct parser {
	bool nested;
	cfs_ini_fn *fn;
	void *arg;
	struct cfs_buf section;
	struct cfs_buf key;
	struct cfs_buf value; /* without comments */
	struct cfs_buf whole; /* with them */
	bool waiting;         /* key, value and whole hold a pair that fn has not seen */
	size_t indent;        /* of the pair that waits */
	unsigned pair_line;   /* the line on which it begins */
	unsigned line;        /* the line being read */
	unsigned stopped;     /* where an error is to be reported */
};

/*
 * The bytes of the white space that a text begins with, 0 if it begins with none: all that Python's
 * str.strip strips. What was copied from a web page has blanks that do not look like others.
 */
static size_t blank_at(const char *at, size_t len)
{
	static const char *const wide[] = {"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80",
		"\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85",
		"\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a",
		"\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

	if (len == 0)
		return 0;
	if ((unsigned char)*at < 0x80)
		return *at == ' ' || (*at >= '\t' && *at <= '\r') ||
			(*at >= '\x1c' && *at <= '\x1f');
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		size_t n = strlen(wide[i]);

		if (len >= n && memcmp(at, wide[i], n) == 0)
			return n;
	}
	return 0;
}

static bool is_blank(char c)
{
	return blank_at(&c, 1) > 0;
}

/* The bytes of the white space that a text ends with. */
static size_t blank_before(const char *end, size_t len)
{
	for (size_t n = 1; n <= 3 && n <= len; n++) {
		if (blank_at(end - n, n) == n)
			return n;
	}
	return 0;
}

/* Cuts white space off at both ends. *ret_indent, if it is wanted: the characters cut off in front.
 */
static struct cfs_span trim_line(struct cfs_span text, size_t *ret_indent)
{
	size_t n, indent = 0;

	for (; (n = blank_at(text.at, text.len)) > 0; indent++) {
		text.at += n;
		text.len -= n;
	}
	while ((n = blank_before(text.at + text.len, text.len)) > 0)
		text.len -= n;
	if (ret_indent)
		*ret_indent = indent;
	return text;
}

static struct cfs_span trim(struct cfs_span text)
{
	return trim_line(text, NULL);
}

static bool begins_comment(char c)
{
	return c == '#' || c == ';';
}

/* Where the comment of a text begins, or the text's length when it has none. */
static size_t comment_of(struct cfs_span text, bool after_blank)
{
	for (size_t i = 0; i < text.len; i++) {
		if (after_blank && begins_comment(text.at[i]))
			return i;
		after_blank = is_blank(text.at[i]);
	}
	return text.len;
}

/* Texts end with a NUL, so that one within them becomes a byte that is as invalid everywhere. */
static int append(struct cfs_buf *buf, struct cfs_span span)
{
	size_t at = buf->len;
	int r = cfs_buf_add(buf, span.at, span.len);

	for (; r == 0 && at < buf->len; at++) {
		if (buf->data[at] == '\0')
			buf->data[at] = '\x01';
	}
	return r;
}

static int store(struct cfs_buf *buf, struct cfs_span span)
{
	cfs_buf_clear(buf);
	return append(buf, span);
}

static const char *end_value(struct cfs_buf *value)
{
	size_t n;

	while (value->len > 0 && (n = blank_before(value->data + value->len, value->len)) > 0)
		cfs_buf_cut(value, value->len - n);
	return cfs_buf_text(value);
}

static int deliver(struct parser *parser)
{
	struct cfs_ini_item item;

	if (!parser->waiting)
		return 0;
	parser->waiting = false;
	item = (struct cfs_ini_item){
		.section = cfs_buf_text(&parser->section),
		.key = cfs_buf_text(&parser->key),
		.value = end_value(&parser->value),
		.whole = end_value(&parser->whole),
		.line = parser->pair_line,
	};
	parser->stopped = parser->pair_line;
	return parser->fn(parser->arg, &item);
}

/*
 * The bracket that closes a header: the first that nothing or a comment follows, so that one within
 * the name or the comment does not count. With `nested` any text may follow the last bracket, as
 * configparser has it; in our own file that is a mistake. NULL: there is none.
 */
static const char *find_close(struct cfs_span line, bool nested)
{
	for (size_t i = 1; i < line.len; i++) {
		const char *after = line.at + i + 1;
		struct cfs_span rest;

		if (line.at[i] != ']')
			continue;
		rest = trim((struct cfs_span){after, line.len - i - 1});
		if (rest.len == 0 || (rest.at > after && begins_comment(*rest.at)))
			return line.at + i;
	}
	return nested ? memrchr(line.at, ']', line.len) : NULL;
}

static int read_header(struct parser *parser, struct cfs_span name)
{
	struct cfs_ini_item item;
	int r = store(&parser->section, name);

	if (r < 0)
		return r;
	item = (struct cfs_ini_item){
		.section = cfs_buf_text(&parser->section), .line = parser->line};
	return parser->fn(parser->arg, &item);
}

static int read_pair(struct parser *parser, struct cfs_span line)
{
	struct cfs_span key = {.at = line.at}, whole;
	size_t comment;
	int r;

	while (key.len < line.len && line.at[key.len] != '=' && line.at[key.len] != ':')
		key.len++;
	/* In a comment there is no separator, but to configparser there is. */
	if (key.len == line.len || (!parser->nested && comment_of(key, true) < key.len))
		return -EINVAL;
	whole = (struct cfs_span){line.at + key.len + 1, line.len - key.len - 1};
	comment = comment_of(whole, false);
	key = trim(key);
	if (key.len == 0)
		return -EINVAL;
	r = store(&parser->key, key);
	if (r == 0)
		r = store(&parser->value, trim((struct cfs_span){whole.at, comment}));
	if (r == 0)
		r = store(&parser->whole, trim(whole));
	if (r < 0)
		return r;
	parser->waiting = true;
	parser->pair_line = parser->line;
	return parser->nested ? 0 : deliver(parser);
}

/* Adds a line to the pair that waits. */
static int continue_pair(struct parser *parser, struct cfs_span text)
{
	int r = cfs_buf_addc(&parser->value, '\n');

	if (r == 0)
		r = append(
			&parser->value, trim((struct cfs_span){text.at, comment_of(text, true)}));
	if (r == 0)
		r = cfs_buf_addc(&parser->whole, '\n');
	return r < 0 ? r : append(&parser->whole, text);
}

static int begin_line(struct parser *parser, struct cfs_span text)
{
	const char *close = text.at[0] == '[' ? find_close(text, parser->nested) : NULL;
	struct cfs_span name;

	if (text.at[0] == '[' && !close && !parser->nested)
		return -EINVAL;
	if (!close || close == text.at + 1)
		return read_pair(parser, text);
	name = trim((struct cfs_span){text.at + 1, (size_t)(close - text.at) - 1});
	if (name.len == 0 && !parser->nested)
		return -EINVAL;
	return read_header(parser, name);
}

static int read_line(struct parser *parser, struct cfs_span line)
{
	size_t indent;
	struct cfs_span text = trim_line(line, &indent);
	int r;

	parser->stopped = parser->line;
	if (line.len > CFS_INI_LINE_MAX)
		return -EFBIG;
	if (!parser->nested && memchr(line.at, '\0', line.len))
		return -EINVAL;
	if (text.len > 0 && begins_comment(text.at[0]))
		return 0;
	if (parser->waiting && (text.len == 0 || indent > parser->indent))
		return continue_pair(parser, text);
	if (text.len == 0)
		return 0;
	r = deliver(parser);
	if (r != 0)
		return r;
	parser->stopped = parser->line;
	parser->indent = indent;
	return begin_line(parser, text);
}

/* The bytes of the first line. Python also ends one at a CR alone. */
static size_t line_of(const char *text, size_t len, bool nested)
{
	const char *end = memchr(text, '\n', len), *cr;

	if (end)
		len = (size_t)(end - text);
	cr = nested ? memchr(text, '\r', len) : NULL;
	return cr ? (size_t)(cr - text) : len;
}

int cfs_ini_parse(
	const char *text, size_t len, bool nested, cfs_ini_fn *fn, void *arg, unsigned *ret_line)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct parser parser = {
		.nested = nested,
		.fn = fn,
		.arg = arg,
		.section = CFS_BUF_INIT(CFS_INI_LINE_MAX),
		.key = CFS_BUF_INIT(CFS_INI_LINE_MAX),
		/* With their breaks no longer than their lines. */
		.value = CFS_BUF_INIT(len),
		.whole = CFS_BUF_INIT(len),
	};
	int r = 0;

	if (len >= strlen(bom) && memcmp(text, bom, strlen(bom)) == 0) {
		text += strlen(bom);
		len -= strlen(bom);
	}
	while (r == 0 && len > 0) {
		struct cfs_span line = {text, line_of(text, len, nested)};
		size_t past = line.len + (line.len < len ? 1 : 0);

		parser.line++;
		r = read_line(&parser, line);
		/* CRLF is one end. */
		if (past < len && text[past - 1] == '\r' && text[past] == '\n')
			past++;
		text += past;
		len -= past;
	}
	if (r == 0)
		r = deliver(&parser);
	/* What was read may be a secret. */
	cfs_buf_wipe(&parser.section);
	cfs_buf_wipe(&parser.key);
	cfs_buf_wipe(&parser.value);
	cfs_buf_wipe(&parser.whole);
	if (r != 0)
		*ret_line = parser.stopped;
	return r;
}
