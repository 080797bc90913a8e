/* SPDX-License-Identifier: MIT */
/*
 * The console's text is written to a small terminal: it knows CR, LF, wrapping, scrolling, clearing
 * and the colours of SGR, which is all that a boot needs. What is left in its cells is painted.
 */
#include "screen.h"

#include "clock.h"
#include "console.h"

#include <errno.h>
#include <gd.h>
#include <gdfontl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 800
#define HEIGHT 600
#define CELL_WIDTH 8
#define CELL_HEIGHT 16
#define COLUMNS 100
#define ROWS 36
#define BAR_TOP (ROWS * CELL_HEIGHT)
#define QUALITY 20
#define QUALITY_MAX 95
#define QUALITY_STEP 5
#define PAD_MAX 8

/* A JPEG's comment segment: where an image is made longer without being changed. */
#define JPEG_COMMENT "\xff\xfe"
#define COMMENT_HEAD 4
#define COMMENT_MAX (0xffff + 2)

struct terminal {
	unsigned char text[ROWS][COLUMNS];
	unsigned char colour[ROWS][COLUMNS]; /* 0..15 */
	unsigned row, column;
	unsigned char pen;
};

static const int palette[16] = {0x000000, 0xcc3333, 0x4ec94e, 0xd7a13b, 0x4c7fe0, 0xb45ec4,
	0x39b8c4, 0xb8b8b8, 0x606060, 0xff5f5f, 0x7af07a, 0xffd75f, 0x7aa8ff, 0xe58cf2, 0x6fe6f2,
	0xffffff};

static void new_line(struct terminal *terminal)
{
	terminal->column = 0;
	if (terminal->row + 1 < ROWS) {
		terminal->row++;
		return;
	}
	memmove(terminal->text[0], terminal->text[1], sizeof(terminal->text[0]) * (ROWS - 1));
	memmove(terminal->colour[0], terminal->colour[1], sizeof(terminal->colour[0]) * (ROWS - 1));
	memset(terminal->text[ROWS - 1], ' ', COLUMNS);
}

static void clear(struct terminal *terminal)
{
	memset(terminal->text, ' ', sizeof(terminal->text));
	terminal->row = terminal->column = 0;
}

/* What follows ESC and [: numbers and a letter. Returns the first character after them. */
static const char *control(struct terminal *terminal, const char *p)
{
	unsigned bold = 0, colour = 7;
	for (;;) {
		char *end;
		unsigned long code = strtoul(p, &end, 10);
		if (code == 1)
			bold = 8;
		else if (code >= 30 && code <= 37)
			colour = (unsigned)code - 30;
		p = end;
		if (*p != ';')
			break;
		p++;
	}
	if (*p == 'm')
		terminal->pen = (unsigned char)(colour + bold);
	else if (*p == 'J')
		clear(terminal);
	return *p ? p + 1 : p;
}

static void show_text(struct terminal *terminal, const char *text)
{
	clear(terminal);
	terminal->pen = 7;
	for (const char *p = text; *p;) {
		unsigned char byte = (unsigned char)*p++;
		if (byte == '\033' && *p == '[') {
			p = control(terminal, p + 1);
		} else if (byte == '\r') {
			terminal->column = 0;
		} else if (byte == '\n') {
			new_line(terminal);
		} else {
			if (terminal->column == COLUMNS)
				new_line(terminal);
			terminal->text[terminal->row][terminal->column] =
				byte >= 0x20 && byte < 0x7f ? byte : '?';
			terminal->colour[terminal->row][terminal->column++] = terminal->pen;
		}
	}
}

static void paint_cells(gdImagePtr image, const struct terminal *terminal)
{
	gdFontPtr font = gdFontGetLarge();
	for (unsigned row = 0; row < ROWS; row++) {
		for (unsigned column = 0; column < COLUMNS; column++) {
			int byte = terminal->text[row][column];
			if (byte != ' ')
				gdImageChar(image, font, (int)column * CELL_WIDTH,
					(int)row * CELL_HEIGHT, byte,
					palette[terminal->colour[row][column]]);
		}
	}
	int x = (int)terminal->column * CELL_WIDTH, y = (int)terminal->row * CELL_HEIGHT;
	gdImageFilledRectangle(image, x, y + 12, x + CELL_WIDTH - 1, y + 14, palette[15]);
}

static void paint_text(gdImagePtr image, int x, int y, const char *text, int colour)
{
	gdFontPtr font = gdFontGetLarge();
	for (; *text; text++, x += CELL_WIDTH)
		gdImageChar(image, font, x, y, (unsigned char)*text, colour);
}

/* The line at the bottom says which machine, when, and which drawing this is. */
static void paint_bar(gdImagePtr image, const struct sim_screen *screen)
{
	char time[SIM_TIME_TEXT], text[COLUMNS + 1];
	sim_clock_format(screen->shown_ms, 1, time);
	gdImageFilledRectangle(image, 0, BAR_TOP, WIDTH - 1, HEIGHT - 1, 0x1d3b5c);
	snprintf(text, sizeof(text), " %-20s %-16s %-18s", screen->instance->id,
		screen->instance->zone, screen->instance->type->name);
	paint_text(image, 0, BAR_TOP + 4, text, 0xffd75f);
	snprintf(text, sizeof(text), "%s  #%u", time, screen->count);
	paint_text(
		image, WIDTH - ((int)strlen(text) + 1) * CELL_WIDTH, BAR_TOP + 4, text, 0xe8eef5);
}

static int paint(gdImagePtr image, const struct sim_screen *screen)
{
	struct sim_buf text = {0};
	struct terminal terminal = {0};
	sim_console_write(&text, screen->instance, false, 0, 0);
	if (text.failed) {
		sim_buf_finish(&text);
		return -ENOMEM;
	}
	show_text(&terminal, text.data);
	sim_buf_finish(&text);
	paint_cells(image, &terminal);
	paint_bar(image, screen);
	return 0;
}

/* A comment of so many bytes, its head among them. */
static void add_comment(struct sim_buf *out, size_t len, char text)
{
	unsigned char size[2] = {(unsigned char)((len - 2) >> 8), (unsigned char)(len - 2)};
	sim_buf_add(out, JPEG_COMMENT, 2);
	sim_buf_add(out, size, sizeof(size));
	sim_buf_fill(out, text, len - COMMENT_HEAD);
}

/* Bytes of comments that make the image's length a new one, or the one that it must have. */
static size_t padding(const struct sim_screen *screen, size_t len)
{
	size_t pad = COMMENT_HEAD + 1;
	if (screen->bytes)
		return screen->bytes - len;
	while (pad < COMMENT_HEAD + PAD_MAX &&
		(len + pad == screen->not_bytes[0] || len + pad == screen->not_bytes[1]))
		pad++;
	return pad;
}

/* Copies the image, with comments after its first segment. */
static int add_image(
	const struct sim_screen *screen, const unsigned char *jpeg, size_t len, struct sim_buf *out)
{
	/* FF D8, then the APP0 segment: FF E0 and its length, which counts itself. */
	if (len < 6 || jpeg[0] != 0xff || jpeg[1] != 0xd8 || jpeg[2] != 0xff)
		return -EIO;
	size_t head = 4 + ((size_t)jpeg[4] << 8 | jpeg[5]);
	if (head > len)
		return -EIO;
	sim_buf_reset(out);
	sim_buf_add(out, jpeg, head);
	for (size_t pad = padding(screen, len); pad;) {
		size_t most = pad > COMMENT_MAX ? COMMENT_MAX - COMMENT_HEAD : pad;
		add_comment(out, most, (char)('0' + (int)(screen->count % 10)));
		pad -= most;
	}
	sim_buf_add(out, jpeg + head, len - head);
	return out->failed ? -ENOMEM : 0;
}

/* Where the length is given, in the best quality that it has room for. */
static unsigned char *encode(const struct sim_screen *screen, gdImagePtr image, int *ret_size)
{
	if (!screen->bytes)
		return gdImageJpegPtr(image, ret_size, QUALITY);
	for (int quality = QUALITY_MAX; quality > 0; quality -= QUALITY_STEP) {
		unsigned char *jpeg = gdImageJpegPtr(image, ret_size, quality);
		if (!jpeg || (uint32_t)*ret_size + COMMENT_HEAD <= screen->bytes)
			return jpeg;
		gdFree(jpeg);
	}
	return NULL;
}

int sim_screen_draw(const struct sim_screen *screen, struct sim_buf *ret_jpeg)
{
	int size = 0;
	unsigned char *jpeg = NULL;
	int r = -ENOMEM;
	gdImagePtr image = gdImageCreateTrueColor(WIDTH, HEIGHT);
	if (!image)
		goto out;
	r = screen->awake ? paint(image, screen) : 0;
	if (r < 0)
		goto out;
	jpeg = encode(screen, image, &size);
	r = jpeg && size > 0 ? add_image(screen, jpeg, (size_t)size, ret_jpeg) : -EIO;
out:
	if (jpeg)
		gdFree(jpeg);
	if (image)
		gdImageDestroy(image);
	return r;
}
