/*
 * XML from a stranger, as it arrives: libxml2's push parser behind limits.
 *
 * Nothing is loaded, from the network or from a file; no entity exists but the five of XML itself,
 * because a document with a DOCTYPE is refused where the DOCTYPE begins; the text is UTF-8 whatever
 * it declares; no tree is built. Attributes and namespaces are not reported: no answer of AWS puts
 * anything in them. Whatever memory libxml2 gives back is overwritten first. Its own messages go
 * nowhere, but for one on stderr when a parser cannot be made for lack of memory.
 */
#ifndef CFS_BACKENDS_BASE_XML_H
#define CFS_BACKENDS_BASE_XML_H

#include <stddef.h>

#define CFS_XML_DEPTH_MAX 32 /* elements within each other */
#define CFS_XML_NAME_MAX 128 /* bytes of an element's name */
/* Bytes of what libxml2 holds back until it has seen the end of it: a tag with its attributes, a
 * comment, a CDATA section. Plain text it passes on as it comes. */
#define CFS_XML_PENDING_MAX (64 * 1024)

/* Each returns 0 to go on, or a negative errno that ends the parse. */
struct cfs_xml_handler {
	int (*begin)(void *arg, const char *name);
	/* A piece of the text of the innermost open element: how it is cut means nothing. */
	int (*text)(void *arg, const char *bytes, size_t len);
	int (*end)(void *arg);
};

struct cfs_xml;

/* `max` bytes of a document are read. The handler is called from inside feed and end. -ENOMEM. */
int cfs_xml_create(
	const struct cfs_xml_handler *handler, void *arg, size_t max, struct cfs_xml **ret_xml);
void cfs_xml_destroy(struct cfs_xml *xml);

/* 0; -EBADMSG for what is no XML or passes a limit above, -EFBIG past `max`, -ENOMEM; or what the
 * handler returned. An error is final: every later call returns it too. */
int cfs_xml_feed(struct cfs_xml *xml, const char *bytes, size_t len);

/* No more is to come. Errors as of feed: -EBADMSG for a document that is not whole. */
int cfs_xml_end(struct cfs_xml *xml);

#endif
