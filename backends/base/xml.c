/* SPDX-License-Identifier: MIT */
#include "backends/base/xml.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlmemory.h>
#include <openssl/crypto.h>

#include "backends/base/scrub.h"

/* Bytes given to libxml2 at a time. Between slices CFS_XML_PENDING_MAX is checked. */
#define SLICE 4096
#define SCRUBBED_MAX (8 * SLICE)
#define BLOCK 128 /* bytes checked together: compilers vectorize the loop over them */

struct cfs_xml {
	xmlParserCtxtPtr parser;
	const struct cfs_xml_handler *handler;
	void *arg;
	size_t left;    /* bytes that may still come */
	size_t given;   /* bytes that libxml2 was given */
	size_t pending; /* bytes since libxml2 last reported something other than CDATA */
	struct cfs_scrub_xml scrub;
	struct cfs_buf scrubbed; /* a slice of which something was replaced */
	unsigned depth;
	bool begun;   /* the first byte has been checked */
	bool in_text; /* libxml2 would take plain text as that of an element */
	bool ended;
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
	if (xml->depth == CFS_XML_NESTING_MAX ||
		strnlen((const char *)name, CFS_XML_NAME_MAX + 1) > CFS_XML_NAME_MAX) {
		fail(xml, -EBADMSG);
		return;
	}
	if (++xml->depth > CFS_XML_DEPTH_MAX)
		return;
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
	if (xml->depth-- > CFS_XML_DEPTH_MAX)
		return;
	r = xml->handler->end(xml->arg);
	if (r < 0)
		fail(xml, r);
}

/* A piece of a CDATA section. Some versions of libxml2 report a section as it arrives and some when
 * it ends. All of its bytes stay pending, so that the limit is the same with every version. */
static void on_cdata(void *arg, const xmlChar *bytes, int len)
{
	struct cfs_xml *xml = arg;
	int r;

	if (xml->failed || len <= 0 || xml->depth > CFS_XML_DEPTH_MAX)
		return;
	r = xml->handler->text(xml->arg, (const char *)bytes, (size_t)len);
	if (r < 0)
		fail(xml, r);
}

static void on_text(void *arg, const xmlChar *bytes, int len)
{
	struct cfs_xml *xml = arg;

	xml->pending = 0;
	on_cdata(xml, bytes, len);
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

/* Without a handler libxml2 prints its errors on stderr. The parameter is const since 2.12. The
 * parser must not be stopped in here: old versions free what they are still using. */
#if LIBXML_VERSION >= 21200
static void on_error(void *arg, const xmlError *error)
#else
static void on_error(void *arg, xmlErrorPtr error)
#endif
{
	struct cfs_xml *xml = arg;

	if (!xml->failed && error->level >= XML_ERR_ERROR)
		xml->failed = error->code == XML_ERR_NO_MEMORY ? -ENOMEM : -EBADMSG;
}

static const xmlSAXHandler sax = {
	.initialized = XML_SAX2_MAGIC,
	.internalSubset = on_doctype,
	.startElementNs = on_begin,
	.endElementNs = on_end,
	.characters = on_text,
	.ignorableWhitespace = on_text,
	.cdataBlock = on_cdata,
	.comment = on_comment,
	.processingInstruction = on_instruction,
	.serror = on_error,
};

/* libxml2's memory may have held keys, since STS answers in XML. */

static void wipe_free(void *block)
{
	if (block)
		explicit_bzero(block, malloc_usable_size(block));
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

static int allocators_set;

/* For the whole process, and before libxml2 allocates anything: it must not free with one allocator
 * what it got from another. Nothing else here uses libxml2. */
static void set_allocators(void)
{
	allocators_set = xmlMemSetup(wipe_free, malloc, wipe_realloc, strdup);
}

int cfs_xml_create(
	const struct cfs_xml_handler *handler, void *arg, size_t max, struct cfs_xml **ret_xml)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	xmlSAXHandler copy = sax; /* libxml2 wants it without const, and makes a copy */
	struct cfs_xml *xml;
	int r = -ENOMEM;

	if (pthread_once(&once, set_allocators) != 0 || allocators_set != 0)
		return -ENOMEM;
	xml = calloc(1, sizeof(*xml));
	if (!xml)
		goto out;
	xml->handler = handler;
	xml->arg = arg;
	xml->left = max;
	cfs_buf_init(&xml->scrubbed, SCRUBBED_MAX);
	xml->parser = xmlCreatePushParserCtxt(&copy, xml, NULL, 0, NULL);
	if (!xml->parser)
		goto out;
	/* Without XML_PARSE_NOENT, XML_PARSE_DTDLOAD and XML_PARSE_HUGE libxml2's own limits hold. */
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
	cfs_buf_wipe(&xml->scrubbed);
	OPENSSL_cleanse(&xml->scrub, sizeof(xml->scrub));
	free(xml);
}

/* The result of a call of xmlParseChunk. */
static int check(struct cfs_xml *xml, int code)
{
	if (xml->failed)
		return xml->failed;
	if (code == XML_ERR_NO_MEMORY)
		xml->failed = -ENOMEM;
	else if (code != XML_ERR_OK || xml->pending > CFS_XML_PENDING_MAX)
		xml->failed = -EBADMSG;
	return xml->failed;
}

/* Whether a byte can be something other than text. What cannot is ASCII from '+' on, which includes
 * all of base64, without '<' and the characters of "]]>". Bytes that are not ASCII are negative. */
static inline uint8_t may_be_other(signed char c)
{
	return (uint8_t)((c < '+') | (c == '<') | (c == '>') | (c == ']'));
}

/* The number of bytes at the beginning that can only be text. Inlined, so that it is compiled for
 * the processor that each caller is for. */
static inline __attribute__((always_inline)) size_t count_plain(const char *bytes, size_t len)
{
	const signed char *at = (const signed char *)bytes;
	size_t run = 0;

	for (; len - run >= BLOCK; run += BLOCK) {
		uint8_t other = 0;

		for (size_t i = 0; i < BLOCK; i++)
			other |= may_be_other(at[run + i]);
		if (other)
			break;
	}
	while (run < len && !may_be_other(at[run]))
		run++;
	return run;
}

#if defined(__x86_64__) || defined(__i386__)
__attribute__((target("avx2"))) static size_t count_plain_avx2(const char *bytes, size_t len)
{
	return count_plain(bytes, len);
}
#endif

static size_t plain_run(const char *bytes, size_t len)
{
#if defined(__x86_64__) || defined(__i386__)
	if (__builtin_cpu_supports("avx2"))
		return count_plain_avx2(bytes, len);
#endif
	return count_plain(bytes, len);
}

/* Whether libxml2 has read all it was given, and so buffers nothing. */
static bool nothing_buffered(const struct cfs_xml *xml)
{
#if LIBXML_VERSION >= 21400 /* which deprecates xmlByteConsumed */
	unsigned long position;

	return xmlCtxtGetInputPosition(xml->parser, 0, NULL, NULL, NULL, &position) == 0 &&
		position == xml->given;
#else
	long position = xmlByteConsumed(xml->parser);

	return position >= 0 && (unsigned long)position == xml->given;
#endif
}

/* Gives libxml2 bytes that have been scrubbed, one or more. */
static int give(struct cfs_xml *xml, const char *bytes, size_t len)
{
	int r;

	xml->pending += len;
	xml->given += len;
	r = check(xml, xmlParseChunk(xml->parser, bytes, (int)len, 0));
	if (r < 0)
		return r;
	/* It is inside an element, and not inside a tag or a comment, of which it would buffer what
	 * it has seen. Of a CDATA section it does not buffer the beginning, "<![CDATA[". */
	xml->in_text = xml->depth > 0 && nothing_buffered(xml) && bytes[len - 1] != '[';
	return 0;
}

/* Gives libxml2 what was scrubbed. What is held has its place before all that is to come. */
static int give_scrubbed(struct cfs_xml *xml)
{
	int r = 0;

	if (xml->scrubbed.len > 0)
		r = give(xml, xml->scrubbed.data, xml->scrubbed.len);
	if (xml->scrub.n_held > 0)
		xml->in_text = false;
	return r;
}

static int feed_slice(struct cfs_xml *xml, const char *bytes, size_t len)
{
	bool clean;

	cfs_buf_clear(&xml->scrubbed);
	xml->failed = cfs_scrub_xml(&xml->scrub, bytes, len, &xml->scrubbed, &clean);
	if (xml->failed)
		return xml->failed;
	return clean ? give(xml, bytes, len) : give_scrubbed(xml);
}

/* How much of the bytes to give to libxml2 at a time: to the end of the last tag, if there is one,
 * so that the text behind it need not be given. */
static size_t slice_len(const char *bytes, size_t len)
{
	size_t most = len < SLICE ? len : SLICE;
	const char *tag_end = memrchr(bytes, '>', most);

	return tag_end ? (size_t)(tag_end - bytes) + 1 : most;
}

/* A screenshot is a hundred kilobytes of text in one element, and libxml2 reads each byte several
 * times. So long runs of plain text go straight to the handler. */
static int feed_slices(struct cfs_xml *xml, const char *bytes, size_t len)
{
	size_t part;

	for (; len > 0; bytes += part, len -= part) {
		int r;

		part = xml->in_text ? plain_run(bytes, len) : 0;
		if (part > 0) {
			on_text(xml, (const xmlChar *)bytes, (int)part);
			r = xml->failed;
		} else {
			part = slice_len(bytes, len);
			r = feed_slice(xml, bytes, part);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int cfs_xml_feed(struct cfs_xml *xml, const char *bytes, size_t len)
{
	if (xml->failed || len == 0)
		return xml->failed;
	/* libxml2 guesses UTF-16, UTF-32 and EBCDIC from the first bytes, whatever its options say.
	 * All of them begin otherwise, or contain NULs, which are replaced. */
	if (xml->ended || (!xml->begun && !strchr("< \t\r\n\xef", *bytes)))
		return xml->failed = -EBADMSG;
	xml->begun = true;
	if (len > xml->left)
		return xml->failed = -EFBIG;
	xml->left -= len;
	return feed_slices(xml, bytes, len);
}

int cfs_xml_end(struct cfs_xml *xml)
{
	if (xml->failed)
		return xml->failed;
	if (!xml->begun || xml->ended)
		return xml->failed = -EBADMSG;
	xml->ended = true;
	cfs_buf_clear(&xml->scrubbed);
	xml->failed = cfs_scrub_xml_end(&xml->scrub, &xml->scrubbed);
	if (xml->failed || give_scrubbed(xml) < 0)
		return xml->failed;
	return check(xml, xmlParseChunk(xml->parser, "", 0, 1));
}
