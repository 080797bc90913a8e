#include "backends/base/xml.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlmemory.h>
#include <openssl/crypto.h>

/* Bytes given to libxml2 at a time, so that CFS_XML_PENDING_MAX is looked at often enough. */
#define SLICE 4096
#define BLOCK 64 /* bytes looked at together, which compilers make vectors of */

struct cfs_xml {
	xmlParserCtxtPtr parser;
	const struct cfs_xml_handler *handler;
	void *arg;
	size_t left;    /* bytes that may still come */
	size_t pending; /* bytes since libxml2 last reported something */
	unsigned depth;
	bool begun; /* the first byte has been looked at */
	int failed;
};

/* Ends the parse from inside a callback. */
static void fail(struct cfs_xml *xml, int r)
{
	if (!xml->failed)
		xml->failed = r;
	xmlStopParser(xml->parser);
}

static void on_begin(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
	int n_namespaces, const xmlChar **namespaces, int n_attributes, int n_defaulted,
	const xmlChar **attributes)
{
	struct cfs_xml *xml = arg;
	int r;

	(void)prefix;
	(void)uri;
	(void)n_namespaces;
	(void)namespaces;
	(void)n_attributes;
	(void)n_defaulted;
	(void)attributes;
	xml->pending = 0;
	if (xml->failed)
		return;
	if (xml->depth == CFS_XML_DEPTH_MAX ||
		strnlen((const char *)name, CFS_XML_NAME_MAX + 1) > CFS_XML_NAME_MAX) {
		fail(xml, -EBADMSG);
		return;
	}
	xml->depth++;
	r = xml->handler->begin(xml->arg, (const char *)name);
	if (r < 0)
		fail(xml, r);
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct cfs_xml *xml = arg;
	int r;

	(void)name;
	(void)prefix;
	(void)uri;
	xml->pending = 0;
	if (xml->failed)
		return;
	xml->depth--;
	r = xml->handler->end(xml->arg);
	if (r < 0)
		fail(xml, r);
}

static void on_text(void *arg, const xmlChar *bytes, int len)
{
	struct cfs_xml *xml = arg;
	int r;

	xml->pending = 0;
	if (xml->failed || len <= 0)
		return;
	r = xml->handler->text(xml->arg, (const char *)bytes, (size_t)len);
	if (r < 0)
		fail(xml, r);
}

static void on_comment(void *arg, const xmlChar *text)
{
	struct cfs_xml *xml = arg;

	(void)text;
	xml->pending = 0;
}

static void on_instruction(void *arg, const xmlChar *target, const xmlChar *data)
{
	struct cfs_xml *xml = arg;

	(void)target;
	(void)data;
	xml->pending = 0;
}

static void on_doctype(
	void *arg, const xmlChar *name, const xmlChar *external_id, const xmlChar *system_id)
{
	(void)name;
	(void)external_id;
	(void)system_id;
	fail(arg, -EBADMSG);
}

/* What libxml2 has to say is in the parser's state too. Without this it goes to stderr. The type of
 * the second parameter differs between versions by a const. */
#if LIBXML_VERSION >= 21200
static void on_error(void *arg, const xmlError *error)
#else
static void on_error(void *arg, xmlErrorPtr error)
#endif
{
	(void)arg;
	(void)error;
}

static const xmlSAXHandler sax = {
	.initialized = XML_SAX2_MAGIC,
	.internalSubset = on_doctype,
	.startElementNs = on_begin,
	.endElementNs = on_end,
	.characters = on_text,
	.ignorableWhitespace = on_text,
	.cdataBlock = on_text,
	.comment = on_comment,
	.processingInstruction = on_instruction,
	.serror = on_error,
};

/* What libxml2 gives back may have held keys: STS answers in XML. */

static void wipe_free(void *block)
{
	if (block)
		OPENSSL_cleanse(block, malloc_usable_size(block));
	free(block);
}

static void *wipe_realloc(void *block, size_t size)
{
	size_t old = block ? malloc_usable_size(block) : 0;
	void *moved = malloc(size);

	if (!moved)
		return NULL;
	if (block)
		memcpy(moved, block, old < size ? old : size);
	wipe_free(block);
	return moved;
}

int cfs_xml_create(
	const struct cfs_xml_handler *handler, void *arg, size_t max, struct cfs_xml **ret_xml)
{
	xmlSAXHandler copy = sax; /* libxml2 takes it without const, and copies it */
	struct cfs_xml *xml;
	int r = -ENOMEM;

	/* For the whole process. Blocks from before are of the same heap. */
	if (xmlMemSetup(wipe_free, malloc, wipe_realloc, strdup) != 0)
		return -ENOMEM;
	xml = calloc(1, sizeof(*xml));
	if (!xml)
		goto out;
	xml->handler = handler;
	xml->arg = arg;
	xml->left = max;
	xml->parser = xmlCreatePushParserCtxt(&copy, xml, NULL, 0, NULL);
	if (!xml->parser)
		goto out;
	/* No XML_PARSE_NOENT, XML_PARSE_DTDLOAD or XML_PARSE_HUGE: libxml2's limits stay on. */
	if (xmlCtxtUseOptions(xml->parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC) != 0)
		goto out;
	*ret_xml = xml;
	xml = NULL;
	r = 0;
out:
	cfs_xml_destroy(xml);
	return r;
}

void cfs_xml_destroy(struct cfs_xml *xml)
{
	if (!xml)
		return;
	xmlFreeParserCtxt(xml->parser);
	free(xml);
}

/* What became of a call of xmlParseChunk. */
static int judge(struct cfs_xml *xml, int code)
{
	if (xml->failed)
		return xml->failed;
	if (code == XML_ERR_NO_MEMORY)
		xml->failed = -ENOMEM;
	else if (code != XML_ERR_OK || !xml->parser->wellFormed)
		xml->failed = -EBADMSG;
	else if (xml->pending > CFS_XML_PENDING_MAX)
		xml->failed = -EBADMSG;
	return xml->failed;
}

/* How many bytes at the beginning, counted in blocks, are characters that mean nothing but
 * themselves in any text: '+' to '~', where all of base64 is, without '<' and what may be of "]]>".
 */
static size_t plain_run(const char *bytes, size_t len)
{
	const unsigned char *at = (const unsigned char *)bytes;
	size_t run = 0;

	for (; len - run >= BLOCK; run += BLOCK) {
		uint8_t odd = 0;

		for (size_t i = 0; i < BLOCK; i++) {
			uint8_t c = at[run + i];

			odd |= (uint8_t)((uint8_t)(c - '+') > '~' - '+');
			odd |= (uint8_t)(c == '<');
			odd |= (uint8_t)(c == '>');
			odd |= (uint8_t)(c == ']');
		}
		if (odd)
			break;
	}
	return run;
}

/*
 * A screen is a hundred kilobytes of plain text in one element, and libxml2 looks at each byte of
 * it several times. So where the parser stands in text and holds nothing back, a long run of such
 * text goes straight to the handler. Returns its length.
 */
static size_t pass_run(struct cfs_xml *xml, const char *bytes, size_t len)
{
	const xmlParserInput *input = xml->parser->input;
	size_t run;

	if (xml->depth == 0 || xml->parser->instate != XML_PARSER_CONTENT || !input ||
		input->cur != input->end)
		return 0;
	run = plain_run(bytes, len);
	if (run > 0)
		on_text(xml, (const xmlChar *)bytes, (int)run);
	return run;
}

static int feed_slices(struct cfs_xml *xml, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t part = pass_run(xml, bytes, len);
		int r = xml->failed;

		if (part > 0) {
			bytes += part;
			len -= part;
			if (r < 0)
				return r;
			continue;
		}
		part = len < SLICE ? len : SLICE;
		xml->pending += part;
		r = judge(xml, xmlParseChunk(xml->parser, bytes, (int)part, 0));
		if (r < 0)
			return r;
		bytes += part;
		len -= part;
	}
	return 0;
}

int cfs_xml_feed(struct cfs_xml *xml, const char *bytes, size_t len)
{
	size_t whole;

	if (xml->failed || len == 0)
		return xml->failed;
	/* libxml2 guesses UTF-16, UTF-32 and EBCDIC from the first bytes, before any option of ours
	 * counts. None of those begins so, or does without NULs; and NUL is no XML. */
	if (!xml->begun && !strchr("< \t\r\n\xef", *bytes))
		return xml->failed = -EBADMSG;
	xml->begun = true;
	if (len > xml->left)
		return xml->failed = -EFBIG;
	xml->left -= len;
	/* What stands before a NUL is read, as it would be if it had come by itself. */
	whole = strnlen(bytes, len);
	if (feed_slices(xml, bytes, whole) == 0 && whole < len)
		xml->failed = -EBADMSG;
	return xml->failed;
}

int cfs_xml_end(struct cfs_xml *xml)
{
	if (xml->failed)
		return xml->failed;
	if (!xml->begun)
		return xml->failed = -EBADMSG;
	return judge(xml, xmlParseChunk(xml->parser, "", 0, 1));
}
