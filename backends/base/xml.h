/* SPDX-License-Identifier: MIT */
/*
 * A parser for XML that nobody vouches for, fed piece by piece as it arrives. It calls a handler for
 * each element and text, and ends with an error when the document passes a limit.
 *
 * It is libxml2's push parser with everything turned off that reaches outside the document: nothing
 * is loaded from the network or from a file, and a document with a DOCTYPE is refused where the
 * DOCTYPE begins, so the only entities are the five of XML itself. The text is read as UTF-8,
 * whatever encoding it declares, and what XML has no character for is replaced by U+FFFD before
 * libxml2 sees it (scrub.h), so that one odd byte does not end the document. No tree is built. Attributes and namespaces are not reported:
 * answers of AWS keep nothing in them.
 *
 * Answers may hold keys, so libxml2's memory is overwritten before it is freed. libxml2 prints no
 * messages, except one on stderr when there is no memory to create a parser.
 */
#ifndef CFS_BACKENDS_BASE_XML_H
#define CFS_BACKENDS_BASE_XML_H

#include <stddef.h>

#define CFS_XML_DEPTH_MAX 32 /* elements within each other that are reported; others are skipped */
#define CFS_XML_NESTING_MAX 128 /* elements within each other */
#define CFS_XML_NAME_MAX 128    /* bytes of an element's name */
/* Bytes without anything to report: a tag with its attributes, a comment, a CDATA section. libxml2
 * buffers these until it has seen their end. Other text is reported as it arrives. */
#define CFS_XML_PENDING_MAX (64 * 1024)

/* Each returns 0 to go on, or a negative errno that ends the parse. */
struct cfs_xml_handler {
	int (*begin)(void *arg, const char *name);
	/* A piece of the text of the innermost open element. Where a text is cut has no meaning. */
	int (*text)(void *arg, const char *bytes, size_t len);
	int (*end)(void *arg);
};

struct cfs_xml;

/* Reads a document of at most `max` bytes. feed and end call the handler. -ENOMEM. */
int cfs_xml_create(
	const struct cfs_xml_handler *handler, void *arg, size_t max, struct cfs_xml **ret_xml);
void cfs_xml_destroy(struct cfs_xml *xml);

/* 0; -EBADMSG if the document is not well-formed or passes a limit above, -EFBIG past `max`,
 * -ENOMEM; or what the handler returned. An error is final: every later call returns it again. */
int cfs_xml_feed(struct cfs_xml *xml, const char *bytes, size_t len);

/* The document ends here. Errors as for feed; -EBADMSG if the document is incomplete. Nothing can
 * be fed afterwards. */
int cfs_xml_end(struct cfs_xml *xml);

#endif
