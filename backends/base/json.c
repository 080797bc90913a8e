/* SPDX-License-Identifier: MIT */
#include "backends/base/json.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "backends/base/hex.h"
#include "backends/base/span.h"
#include "backends/base/text.h"

#define ESCAPE_LEN 6 /* \uXXXX */
#define PRINT_ROOM 1024

/* The code unit of the \uXXXX at text[0..len), or -1 if there is no such escape. */
static int code_unit(const char *text, size_t len)
{
	int unit = 0;

	if (len < ESCAPE_LEN || text[0] != '\\' || text[1] != 'u')
		return -1;
	for (size_t i = 2; i < ESCAPE_LEN; i++) {
		int digit = cfs_hex_value(text[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static bool is_high(int unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(int unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/*
 * The length of the escape sequence at text[0..len), which is replaced where it stands for no
 * character; or 0 if it is not valid. Those of one letter are left to cJSON, but it takes a \u
 * without a number for \u0000.
 */
static size_t mend_escape(char *text, size_t len)
{
	int unit = code_unit(text, len);

	if (len < 2)
		return 0;
	if (text[1] != 'u')
		return 2;
	if (unit < 0)
		return 0;
	if (is_high(unit) && is_low(code_unit(text + ESCAPE_LEN, len - ESCAPE_LEN)))
		return (size_t)2 * ESCAPE_LEN;
	if (unit == 0 || is_high(unit) || is_low(unit))
		memcpy(text + 2, "fffd", 4);
	return ESCAPE_LEN;
}

/* The length of the string that begins at text[0], a quotation mark; or 0 if it is not valid. */
static size_t scan_literal(char *text, size_t len)
{
	size_t i = 1, step;

	while (i < len) {
		if (text[i] == '"')
			return i + 1;
		if ((unsigned char)text[i] < 0x20)
			return 0;
		step = text[i] == '\\' ? mend_escape(text + i, len - i) : 1;
		if (step == 0)
			return 0;
		i += step;
	}
	return 0;
}

static int scan(char *text, size_t len)
{
	size_t depth = 0, values = 1, i = 0;

	while (i < len) {
		char c = text[i];

		if (c == '"') {
			size_t literal = scan_literal(text + i, len - i);

			if (literal == 0)
				return -EBADMSG;
			i += literal;
			continue;
		}
		if ((unsigned char)c < 0x20 && !cfs_span_is_blank(c))
			return -EBADMSG;
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && depth > 0)
			depth--;
		if (c == '[' || c == '{' || c == ',')
			values++;
		if (depth > CFS_JSON_DEPTH_MAX || values > CFS_JSON_VALUES_MAX)
			return -EBADMSG;
		i++;
	}
	return 0;
}

int cfs_json_parse(struct cfs_buf *text, cJSON **ret_tree)
{
	const char *end = NULL;
	cJSON *tree;

	if (text->len == 0 || scan(text->data, text->len) < 0)
		return -EBADMSG;
	tree = cJSON_ParseWithLengthOpts(text->data, text->len, &end, 0);
	if (!tree)
		return -EBADMSG;
	while (end < text->data + text->len && cfs_span_is_blank(*end))
		end++;
	if (end != text->data + text->len) {
		cfs_json_wipe(tree);
		return -EBADMSG;
	}
	*ret_tree = tree;
	return 0;
}

int cfs_json_parse_object(const char *text, size_t len, cJSON **ret_object)
{
	struct cfs_buf copy = CFS_BUF_INIT(len);
	cJSON *tree = NULL;
	int r;

	r = cfs_buf_add(&copy, text, len);
	if (r == 0)
		r = cfs_json_parse(&copy, &tree);
	cfs_buf_wipe(&copy);
	if (r < 0)
		return r;
	if (!cJSON_IsObject(tree)) {
		cfs_json_wipe(tree);
		return -EBADMSG;
	}
	*ret_object = tree;
	return 0;
}

int cfs_json_print(const cJSON *tree, struct cfs_buf *ret_text)
{
	size_t room = PRINT_ROOM, left;
	int r;

	/* cJSON does not tell the length beforehand, and does not wipe buffers of its own. */
	for (;;) {
		left = ret_text->max - ret_text->len;
		if (room > left)
			room = left;
		r = cfs_buf_reserve(ret_text, room);
		if (r < 0)
			return r;
		if (cJSON_PrintPreallocated(
			    (cJSON *)(uintptr_t)tree, ret_text->data + ret_text->len, (int)room, 0))
			break;
		ret_text->data[ret_text->len] = '\0';
		if (room == left)
			return -EFBIG;
		room *= 2;
	}
	ret_text->len += strlen(ret_text->data + ret_text->len);
	return 0;
}

int cfs_json_add_printable(struct cfs_buf *ret_text, const char *json)
{
	const unsigned char *at = (const unsigned char *)json;
	size_t left = strlen(json), n;

	for (; left > 0; at += n, left -= n) {
		uint32_t point;

		n = cfs_text_utf8_length(at, left);
		if (n == 0)
			n = 1;
		/* Those below are escaped, or lay the text out. */
		if (*at < 0x20 || !cfs_text_is_unprintable(at, n)) {
			cfs_buf_add(ret_text, (const char *)at, n);
			continue;
		}
		point = cfs_text_code_point(at, n);
		if (point > 0xffff)
			cfs_buf_addf(ret_text, "\\u%04x\\u%04x", 0xd7c0 + (point >> 10),
				0xdc00 + (point & 0x3ff));
		else
			cfs_buf_addf(ret_text, "\\u%04x", point);
	}
	return cfs_buf_error(ret_text);
}

/* Recursion is bounded by the depth that scan allows. */
static void wipe_texts(cJSON *item)
{
	for (; item; item = item->next) {
		if (item->valuestring)
			OPENSSL_cleanse(item->valuestring, strlen(item->valuestring));
		wipe_texts(item->child);
	}
}

void cfs_json_wipe(cJSON *tree)
{
	wipe_texts(tree);
	cJSON_Delete(tree);
}

const cJSON *cfs_json_object(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsObject(item) ? item : NULL;
}

const cJSON *cfs_json_array(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsArray(item) ? item : NULL;
}

const char *cfs_json_text(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

const char *cfs_json_filled(const cJSON *object, const char *name)
{
	const char *text = cfs_json_text(object, name);

	return text && *text ? text : NULL;
}

bool cfs_json_count(const cJSON *object, const char *name, int64_t max, int64_t *ret_count)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	double value;

	if (!cJSON_IsNumber(item))
		return false;
	value = item->valuedouble;
	/* Written so that a NaN fails too. */
	if (!(value >= 0 && value <= (double)max) || value != (double)(int64_t)value)
		return false;
	*ret_count = (int64_t)value;
	return true;
}
