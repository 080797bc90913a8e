/* SPDX-License-Identifier: MIT */
/*
 * INI text. The first byte says whether it is read as AWS's files are.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/ini.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX (1024 * 1024)

struct reading {
	bool nested;
	struct cfs_buf items; /* as they were delivered, one after the other */
	struct cfs_buf plain; /* as INI text again */
	unsigned line, n;
	unsigned stop; /* the item at which fn returns other than 0 */
};

static bool is_trimmed(const char *text)
{
	size_t len = strlen(text);

	return len == 0 || (!strchr(" \t\r\v\f", text[0]) && !strchr(" \t\r\v\f", text[len - 1]));
}

static int take(void *arg, const struct cfs_ini_item *item)
{
	struct reading *reading = arg;

	MUST(item->section && !strchr(item->section, '\n'));
	MUST_OF(is_trimmed(item->section), item->section);
	MUST(strlen(item->section) <= CFS_INI_LINE_MAX);
	MUST(item->line > 0 && item->line >= reading->line);
	MUST(!item->key == !item->value && !item->key == !item->whole);
	reading->line = item->line;
	if (item->key) {
		MUST(item->key[0] && !strpbrk(item->key, "\n=:"));
		MUST_OF(is_trimmed(item->key), item->key);
		MUST(strlen(item->key) <= CFS_INI_LINE_MAX);
		MUST_OF(is_trimmed(item->value), item->value);
		MUST_OF(is_trimmed(item->whole), item->whole);
		MUST_OF(strlen(item->value) <= strlen(item->whole), item->whole);
		MUST(reading->nested || !strchr(item->value, '\n'));
		MUST(cfs_buf_addf(&reading->items, "%s|%s|%s\n", item->section, item->key,
			     item->value) == 0);
		MUST(cfs_buf_addf(&reading->plain, "%s=%s\n", item->key, item->value) == 0);
	} else {
		MUST(reading->nested || item->section[0]);
		MUST(cfs_buf_addf(&reading->items, "[%s]\n", item->section) == 0);
		MUST(cfs_buf_addf(&reading->plain, "[%s]\n", item->section) == 0);
	}
	return ++reading->n == reading->stop ? 7 : 0;
}

static int parse(struct reading *reading, const char *text, size_t len)
{
	unsigned line = 0;
	int r;

	cfs_buf_init(&reading->items, TEXT_MAX);
	cfs_buf_init(&reading->plain, TEXT_MAX);
	/* A line of its own: a byte order mark is one at the very beginning only. */
	MUST(cfs_buf_addc(&reading->plain, '\n') == 0);
	r = cfs_ini_parse(text, len, reading->nested, take, reading, &line);
	MUST(r == 0 || r == 7 || r == -EINVAL || r == -EFBIG);
	MUST((r == 7) == (reading->stop && reading->n == reading->stop));
	if (r != 0)
		MUST(line > 0 && line >= reading->line);
	return r;
}

static void forget(struct reading *reading)
{
	cfs_buf_finish(&reading->items);
	cfs_buf_finish(&reading->plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	unsigned how = fuzz_byte(&input);
	struct reading reading = {.nested = how & 1}, again = {.nested = how & 1};
	char *text = fuzz_bytes(&input);
	int r;

	r = parse(&reading, text, input.left);
	/* One who has seen enough ends it. */
	if (reading.n > 0) {
		again.stop = 1 + how % reading.n;
		MUST(parse(&again, text, input.left) == 7);
		forget(&again);
	}
	/* What was read, written plainly, is the same when it is read again. */
	if (r == 0 && !reading.nested) {
		again = (struct reading){0};
		MUST(parse(&again, reading.plain.data, reading.plain.len) == 0);
		MUST_OF(strcmp(cfs_buf_text(&again.items), cfs_buf_text(&reading.items)) == 0,
			cfs_buf_text(&again.items));
		forget(&again);
	}
	forget(&reading);
	free(text);
	return 0;
}
