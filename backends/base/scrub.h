/* SPDX-License-Identifier: MIT */
/*
 * Replaces, in an answer of a cloud, the text for which a parser would refuse all of it. Names and
 * tags are written by strangers, and not every service keeps out what its own format forbids: one
 * tag must not hide a fleet. What has no character becomes U+FFFD, the replacement character.
 */
#ifndef CFS_BACKENDS_BASE_SCRUB_H
#define CFS_BACKENDS_BASE_SCRUB_H

#include <stdbool.h>
#include <stddef.h>

#include "backends/base/buf.h"

/*
 * XML, as it arrives. Replaced are bytes that are not UTF-8, characters that XML 1.0 does not have
 * (section 2.2, "Char": most control characters, surrogates, U+FFFE, U+FFFF), and references to
 * such characters ("&#8;"). And where a service forgot to escape text: a '&' that begins no
 * reference becomes "&amp;", and a "]]>" that ends no CDATA section "]]&gt;".
 */
#define CFS_SCRUB_HELD_MAX 64 /* the longest reference that is taken for one */

/* All 0 at the beginning of a document. */
struct cfs_scrub_xml {
	/* A beginning of a character, a reference or a mark. The rest has not arrived. */
	char held[CFS_SCRUB_HELD_MAX];
	size_t n_held;
	char before; /* the byte before all that is to come, if nothing is held */
	bool in_cdata;
};

/* If nothing is to be replaced in bytes[0..len), and nothing was or is held, sets *ret_clean: they
 * can be used as they are. Otherwise appends them, scrubbed, except for what is held from now on: at
 * most five bytes for each, and for each that was held. Errors are those of cfs_buf_add. */
int cfs_scrub_xml(struct cfs_scrub_xml *scrub, const char *bytes, size_t len,
	struct cfs_buf *ret_text, bool *ret_clean);
/* The document ends here: appends what is held. */
int cfs_scrub_xml_end(struct cfs_scrub_xml *scrub, struct cfs_buf *ret_text);

/*
 * JSON, the whole text. In its strings control bytes are replaced, which RFC 8259 wants escaped, and
 * a backslash that begins no escape is doubled. What is within `depth` lists and objects is left
 * out. (Escapes of no character are for cfs_json_parse.) If anything is changed the old text is
 * wiped, and the new one has a limit of its own. -ENOMEM changes nothing.
 */
int cfs_scrub_json(struct cfs_buf *text, size_t depth);

#endif
