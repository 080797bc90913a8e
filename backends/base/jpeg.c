/* SPDX-License-Identifier: MIT */
#include "backends/base/jpeg.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The second byte of a marker. The first is 0xff, of which there may be more. Table B.1. */
enum marker {
	STUFFED = 0x00, /* not a marker, but a byte 0xff of the data */
	TEM = 0x01,
	SOF0 = 0xc0,
	DHT = 0xc4,
	JPG = 0xc8,
	DAC = 0xcc,
	SOF15 = 0xcf,
	RST0 = 0xd0,
	RST7 = 0xd7,
	SOI = 0xd8,
	EOI = 0xd9,
	SOS = 0xda,
};

#define FRAME_HEADER 8    /* bytes of a frame header with its length, without its components */
#define FRAME_COMPONENT 3 /* bytes for each of them */
#define SCAN_HEADER 6     /* the same of a scan header */
#define SCAN_COMPONENT 2

#define BREAKS_OFF "breaks off before its end"
#define NO_MARKER "has something else where a marker must be"

struct walk {
	const unsigned char *at, *end;
	unsigned components; /* of the frame; 0: there was none yet */
	bool scanned;        /* there was data */
};

static size_t left(const struct walk *walk)
{
	return (size_t)(walk->end - walk->at);
}

static unsigned two_bytes(const unsigned char *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* The next marker, with what fills the room before it. */
static const char *take_marker(struct walk *walk, uint8_t *ret_marker)
{
	if (left(walk) == 0)
		return BREAKS_OFF;
	if (*walk->at != 0xff)
		return NO_MARKER;
	while (left(walk) > 0 && *walk->at == 0xff)
		walk->at++;
	if (left(walk) == 0)
		return BREAKS_OFF;
	*ret_marker = *walk->at++;
	return *ret_marker == STUFFED ? NO_MARKER : NULL;
}

/* SOF0 to SOF15, which have three other markers among them. */
static bool is_frame(uint8_t marker)
{
	return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
}

static bool stands_alone(uint8_t marker)
{
	return marker == TEM || (marker >= RST0 && marker <= RST7);
}

/* B.2.2: length, precision, height, width, components. A height of 0 would be said after the first
 * scan, which no decoder in use takes. */
static const char *check_frame(struct walk *walk, size_t len)
{
	if (walk->components > 0)
		return "has two frames";
	if (len < FRAME_HEADER)
		return "has a broken frame header";
	if (two_bytes(walk->at + 3) == 0 || two_bytes(walk->at + 5) == 0)
		return "has no size";
	walk->components = walk->at[7];
	if (walk->components == 0 || walk->components > CFS_JPEG_COMPONENTS_MAX ||
		len != FRAME_HEADER + FRAME_COMPONENT * (size_t)walk->components)
		return "has a broken frame header";
	return NULL;
}

/* B.2.3: length, components, and three bytes behind them. */
static const char *check_scan(const struct walk *walk, size_t len)
{
	unsigned n = len > 2 ? walk->at[2] : 0;

	if (walk->components == 0)
		return "has data without a frame";
	if (n == 0 || n > walk->components || len != SCAN_HEADER + SCAN_COMPONENT * (size_t)n)
		return "has a broken scan header";
	return NULL;
}

/* To the next marker that is not one of the data. */
static const char *skip_data(struct walk *walk)
{
	const unsigned char *begin = walk->at;

	for (;;) {
		walk->at = memchr(walk->at, 0xff, left(walk));
		if (!walk->at || left(walk) < 2) {
			walk->at = walk->end;
			return BREAKS_OFF;
		}
		if (walk->at[1] != STUFFED && (walk->at[1] < RST0 || walk->at[1] > RST7))
			break;
		walk->at += 2;
	}
	if (walk->at == begin)
		return "has a scan without data";
	walk->scanned = true;
	return NULL;
}

/* What belongs to a marker that does not stand alone. */
static const char *take_segment(struct walk *walk, uint8_t marker)
{
	size_t len = left(walk) < 2 ? 0 : two_bytes(walk->at);
	const char *problem = NULL;

	if (left(walk) < 2 || len > left(walk))
		return BREAKS_OFF;
	if (len < 2)
		return "has a broken segment";
	if (is_frame(marker))
		problem = check_frame(walk, len);
	else if (marker == SOS)
		problem = check_scan(walk, len);
	walk->at += len;
	return !problem && marker == SOS ? skip_data(walk) : problem;
}

const char *cfs_jpeg_check(const char *bytes, size_t len)
{
	const unsigned char *begin = (const unsigned char *)bytes;
	struct walk walk = {.at = begin, .end = begin + len};
	const char *problem;
	uint8_t marker;

	if (len < 2 || begin[0] != 0xff || begin[1] != SOI)
		return "does not begin like one";
	walk.at += 2;
	for (;;) {
		problem = take_marker(&walk, &marker);
		if (problem)
			return problem;
		if (marker == EOI)
			return walk.scanned ? NULL : "has no data";
		if (marker == SOI)
			return "begins twice";
		if (stands_alone(marker))
			continue;
		problem = take_segment(&walk, marker);
		if (problem)
			return problem;
	}
}
