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
 * `key` and `value`.
 */
struct parser {
	bool nested;
	cfs_ini_fn *fn;
	void *arg;
	struct cfs_buf section;
	struct cfs_buf key;
	struct cfs_buf value;
	bool waiting;       /* key and value hold a pair that fn has not seen */
	size_t indent;      /* of the pair that waits */
	unsigned pair_line; /* the line on which it begins */
	unsigned line;      /* the line being read */
	unsigned stopped;   /* where an error is to be reported */
};

/* Python strips these two as well. */
static bool is_blank(char c)
{
	return cfs_span_is_blank(c) || c == '\v' || c == '\f';
}

static struct cfs_span trim(struct cfs_span span)
{
	return cfs_span_trim(span, " \t\r\n\v\f");
}

/* Where the comment of a line begins, or the line's length when it has none. */
static size_t comment_of(struct cfs_span line)
{
	bool after_blank = true;

	for (size_t i = 0; i < line.len; i++) {
		if (after_blank && (line.at[i] == '#' || line.at[i] == ';'))
			return i;
		after_blank = is_blank(line.at[i]);
	}
	return line.len;
}

static int store(struct cfs_buf *buf, struct cfs_span span)
{
	cfs_buf_clear(buf);
	return cfs_buf_add(buf, span.at, span.len);
}

static int deliver(struct parser *parser)
{
	struct cfs_buf *value = &parser->value;
	struct cfs_ini_item item;

	if (!parser->waiting)
		return 0;
	parser->waiting = false;
	while (value->len && is_blank(value->data[value->len - 1]))
		cfs_buf_cut(value, value->len - 1);
	item = (struct cfs_ini_item){
		.section = cfs_buf_text(&parser->section),
		.key = cfs_buf_text(&parser->key),
		.value = cfs_buf_text(value),
		.line = parser->pair_line,
	};
	parser->stopped = parser->pair_line;
	return parser->fn(parser->arg, &item);
}

static int read_header(struct parser *parser, struct cfs_span line)
{
	const char *close = memrchr(line.at, ']', line.len);
	struct cfs_ini_item item;
	struct cfs_span name;
	size_t past;
	int r;

	if (!close)
		return -EINVAL;
	past = (size_t)(close - line.at) + 1;
	/* configparser ignores what follows the header; in our own file it is a mistake. */
	if (past < line.len && !parser->nested)
		return -EINVAL;
	name = trim((struct cfs_span){line.at + 1, past - 2});
	if (name.len == 0)
		return -EINVAL;
	r = store(&parser->section, name);
	if (r < 0)
		return r;
	item = (struct cfs_ini_item){
		.section = cfs_buf_text(&parser->section), .line = parser->line};
	return parser->fn(parser->arg, &item);
}

static int read_pair(struct parser *parser, struct cfs_span line)
{
	struct cfs_span key = {.at = line.at}, value;
	int r;

	while (key.len < line.len && line.at[key.len] != '=' && line.at[key.len] != ':')
		key.len++;
	if (key.len == line.len)
		return -EINVAL;
	value = trim((struct cfs_span){line.at + key.len + 1, line.len - key.len - 1});
	key = trim(key);
	if (key.len == 0)
		return -EINVAL;
	r = store(&parser->key, key);
	if (r == 0)
		r = store(&parser->value, value);
	if (r < 0)
		return r;
	parser->waiting = true;
	parser->pair_line = parser->line;
	return parser->nested ? 0 : deliver(parser);
}

static int read_line(struct parser *parser, struct cfs_span line)
{
	struct cfs_span text;
	size_t comment, indent;
	int r;

	parser->stopped = parser->line;
	if (line.len > CFS_INI_LINE_MAX)
		return -EFBIG;
	if (memchr(line.at, '\0', line.len))
		return -EINVAL;
	comment = comment_of(line);
	text = trim((struct cfs_span){line.at, comment});
	if (text.len == 0) {
		if (parser->waiting && comment == line.len)
			return cfs_buf_addc(&parser->value, '\n');
		return 0;
	}
	indent = (size_t)(text.at - line.at);
	if (parser->waiting && indent > parser->indent) {
		r = cfs_buf_addc(&parser->value, '\n');
		return r < 0 ? r : cfs_buf_add(&parser->value, text.at, text.len);
	}
	r = deliver(parser);
	if (r != 0)
		return r;
	parser->stopped = parser->line;
	parser->indent = indent;
	return text.at[0] == '[' ? read_header(parser, text) : read_pair(parser, text);
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
		.value = CFS_BUF_INIT(len), /* with its breaks no longer than its lines */
	};
	int r = 0;

	if (len >= strlen(bom) && memcmp(text, bom, strlen(bom)) == 0) {
		text += strlen(bom);
		len -= strlen(bom);
	}
	while (r == 0 && len > 0) {
		const char *end = memchr(text, '\n', len);
		struct cfs_span line = {text, end ? (size_t)(end - text) : len};
		size_t past = line.len + (end ? 1 : 0);

		parser.line++;
		r = read_line(&parser, line);
		text += past;
		len -= past;
	}
	if (r == 0)
		r = deliver(&parser);
	/* What was read may be a secret. */
	cfs_buf_wipe(&parser.section);
	cfs_buf_wipe(&parser.key);
	cfs_buf_wipe(&parser.value);
	if (r != 0)
		*ret_line = parser.stopped;
	return r;
}
