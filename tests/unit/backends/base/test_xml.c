/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/buf.h"
#include "backends/base/scrub.h"
#include "backends/base/xml.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))
#define DOCUMENT_MAX (1024 * 1024)
#define BLOCK 64 /* the shortest text that may pass libxml2 by */

/* Writes down what is reported: "(name" "text" ")". */
struct record {
	struct cfs_buf text;
	int refuse; /* returned by `end` */
};

static int record_begin(void *arg, const char *name)
{
	struct record *record = arg;

	return cfs_buf_addf(&record->text, "(%s ", name);
}

static int record_text(void *arg, const char *bytes, size_t len)
{
	struct record *record = arg;

	return cfs_buf_add(&record->text, bytes, len);
}

static int record_end(void *arg)
{
	struct record *record = arg;

	return record->refuse ? record->refuse : cfs_buf_addc(&record->text, ')');
}

static const struct cfs_xml_handler recorder = {
	.begin = record_begin,
	.text = record_text,
	.end = record_end,
};

/* Feeds text[0..len) in pieces of `piece` bytes after a first one of `first` bytes. */
static int parse(const char *text, size_t len, size_t first, size_t piece, struct record *record)
{
	struct cfs_xml *xml;
	size_t part = first;
	int r;

	assert_int_equal(cfs_xml_create(&recorder, record, DOCUMENT_MAX, &xml), 0);
	r = cfs_xml_feed(xml, text, first);
	for (size_t at = first; r == 0 && at < len; at += part) {
		part = len - at < piece ? len - at : piece;
		r = cfs_xml_feed(xml, text + at, part);
	}
	if (r == 0)
		r = cfs_xml_end(xml);
	else
		assert_int_equal(cfs_xml_end(xml), r);
	assert_int_equal(cfs_xml_feed(xml, "<", 1), r ? r : -EBADMSG);
	cfs_xml_destroy(xml);
	return r;
}

static int parse_whole(const char *text, size_t len)
{
	struct record record = {.text = CFS_BUF_INIT(DOCUMENT_MAX)};
	int r = parse(text, len, len, len, &record);

	cfs_buf_finish(&record.text);
	return r;
}

/* The same, byte by byte and at every two-way split; all must agree. */
static int parse_all_ways(const char *text, size_t len, const char *expected)
{
	int result = parse_whole(text, len);

	for (size_t first = 0; first <= len; first++) {
		struct record record = {.text = CFS_BUF_INIT(DOCUMENT_MAX)};

		assert_int_equal(parse(text, len, first, first ? len : 1, &record), result);
		if (expected)
			assert_string_equal(cfs_buf_text(&record.text), expected);
		cfs_buf_finish(&record.text);
	}
	return result;
}

static void test_elements_and_text_at_every_split(void **state)
{
	static const char text[] =
		"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		"<!-- a comment -->\n"
		"<a:root xmlns:a='http://ec2.amazonaws.com/doc/2016-11-15/' x='y'>\r\n"
		"  <one>1 &amp; &lt;2&gt; &#233;&#x4e2d;</one><empty/>\xc3\xa9"
		"<![CDATA[<raw> & ]]]]><![CDATA[>]]><?pi x?></a:root>\n";

	(void)state;
	assert_int_equal(parse_all_ways(text, strlen(text),
				 "(root \n  (one 1 & <2> \xc3\xa9\xe4\xb8\xad)(empty )\xc3\xa9"
				 "<raw> & ]]>)"),
		0);
}

static void test_a_document_cut_anywhere_is_bad(void **state)
{
	static const char text[] = "<?xml version=\"1.0\"?><r xmlns=\"u\"><a>t&amp;</a><b/></r>";

	(void)state;
	for (size_t len = 0; len < strlen(text); len++) {
		struct record record = {.text = CFS_BUF_INIT(DOCUMENT_MAX)};

		assert_int_equal(parse(text, len, len / 2, 1, &record), -EBADMSG);
		cfs_buf_finish(&record.text);
	}
	assert_int_equal(parse_whole(text, strlen(text)), 0);
}

static void test_hostile_documents_are_refused_at_every_split(void **state)
{
	static const char *const hostile[] = {
		"not xml",
		"{\"json\": true}",
		"<html><body>502 Bad Gateway<br></body></html>",
		"<a></b>",
		"<a/><b/>",
		"<a/>trailing",
		"<a>\x01",
		"<a/>&",
		"<a/>\xc3",
		"&lt;a/>",
		"\x01<a/>",
		"<a \x01/>",
		"<a x='1' x='2'/>",
		"<undeclared:a/>",
		"<!DOCTYPE a><a/>",
		"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
		"<!DOCTYPE a PUBLIC \"x\" \"http://127.0.0.1:1/x.dtd\"><a/>",
		"<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>",
		"<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/\"> %p;]><a/>",
		"<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
		"<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;\">]>"
		"<l>&d;</l>",
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(hostile); i++) {
		if (parse_all_ways(hostile[i], strlen(hostile[i]), NULL) != -EBADMSG)
			fail_msg("taken: %s", hostile[i]);
	}
}

#define BAD "\xef\xbf\xbd" /* U+FFFD */

static void test_what_is_no_character_is_replaced_at_every_split(void **state)
{
	static const struct {
		const char *in, *out;
	} texts[] = {
		{"a\x08z", "a" BAD "z"},
		{"\x01\x1f\x7f", BAD BAD "\x7f"},
		{"\t\n \r\n", "\t\n \n"},
		{"\xc3(", BAD "("},
		{"\xff\xfe", BAD BAD},
		{"\xed\xa0\x80", BAD BAD BAD},
		{"\xe4\xb8", BAD BAD},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
		{"\xf0\x9f\x98", BAD BAD BAD},
		{"\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd", BAD BAD BAD},
		{"\xf0\x9f\xbf\xbf", "\xf0\x9f\xbf\xbf"}, /* U+1FFFF, which XML has */
		{"&#8;&#x8;&#0;&#x0000000;", BAD BAD BAD BAD},
		{"&#xD83D;&#xde00;&#xFFFF;&#x110000;", BAD BAD BAD BAD},
		{"&#99999999999999999999;", BAD},
		{"&#x1F600;&#10;&#x9;", "\xf0\x9f\x98\x80\n\t"},
		{"&#000000000000000000000000000065;", "A"},
		{"R&D", "R&D"},
		{"&", "&"},
		{"&&amp;;", "&&;"},
		{"&amp;#8;", "&#8;"},
		{"&nbsp;&#;&#x;&#a;&#x8", "&nbsp;&#;&#x;&#a;&#x8"},
		{"&#X8;&AMP;", "&#X8;&AMP;"},
		{"&#x\x01;", "&#x" BAD ";"},
		{"&lt;&gt;&quot;&apos;", "<>\"'"},
		{"a]]>]]]>]>]]&gt;", "a]]>]]]>]>]]>"},
		{"![CDATA[&]]>", "![CDATA[&]]>"},
		{"<![CDATA[R&D &#8; \x08 <]] ]>]]]>]]>&", "R&D &#8; " BAD " <]] ]>]]]>&"},
		{"<!-- <![CDATA[ \x08-->&amp;", "&"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		char document[256], expected[256];

		snprintf(document, sizeof(document), "<r><a>%s</a><b>two</b></r>", texts[i].in);
		snprintf(expected, sizeof(expected), "(r (a %s)(b two))", texts[i].out);
		if (parse_all_ways(document, strlen(document), expected) != 0)
			fail_msg("refused: %s", texts[i].in);
	}
}

/* Long references are text, which is shown as it came. */
static void test_a_reference_has_a_limit(void **state)
{
	(void)state;
	for (size_t zeros = 50; zeros < 70; zeros++) {
		char document[160], expected[160], reference[96];

		snprintf(reference, sizeof(reference), "&#%0*d65;", (int)zeros, 0);
		snprintf(document, sizeof(document), "<a>%s</a>", reference);
		snprintf(expected, sizeof(expected), "(a %s)",
			strlen(reference) <= CFS_SCRUB_HELD_MAX ? "A" : reference);
		assert_int_equal(parse_all_ways(document, strlen(document), expected), 0);
	}
}

static void test_other_encodings_are_refused(void **state)
{
	static const char utf16[] = "\xff\xfe<\0a\0/\0>\0";
	static const char utf16_bare[] = "<\0a\0/\0>\0";
	static const char utf16_be[] = "\0<\0a\0/\0>";
	static const char ebcdic[] = "\x4c\x6f\xa7\x94\x93";
	static const char latin[] = "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>";
	static const char utf7[] = "<?xml version='1.0' encoding='UTF-7'?><a>+ADw-b/+AD4-</a>";
	struct record record = {.text = CFS_BUF_INIT(DOCUMENT_MAX)};

	(void)state;
	assert_int_equal(parse_all_ways(utf16, sizeof(utf16) - 1, NULL), -EBADMSG);
	assert_int_equal(parse_all_ways(utf16_bare, sizeof(utf16_bare) - 1, NULL), -EBADMSG);
	assert_int_equal(parse_all_ways(utf16_be, sizeof(utf16_be) - 1, NULL), -EBADMSG);
	assert_int_equal(parse_all_ways(ebcdic, sizeof(ebcdic) - 1, NULL), -EBADMSG);
	/* A declared encoding means nothing: the text is what its bytes are in UTF-8. */
	assert_int_equal(parse_all_ways(latin, sizeof(latin) - 1, "(a " BAD ")"), 0);
	assert_int_equal(parse(utf7, sizeof(utf7) - 1, 3, 5, &record), 0);
	assert_string_equal(cfs_buf_text(&record.text), "(a +ADw-b/+AD4-)");
	cfs_buf_finish(&record.text);
}

static void test_nul_is_a_control_character(void **state)
{
	(void)state;
	assert_int_equal(parse_all_ways("<a>\0</a>", 8, "(a " BAD ")"), 0);
	assert_int_equal(parse_all_ways("<a></a>\0", 8, NULL), -EBADMSG);
	assert_int_equal(parse_all_ways("\0<a></a>", 8, NULL), -EBADMSG);
}

static void nest(struct cfs_buf *text, int depth)
{
	for (int i = 0; i < depth; i++)
		assert_int_equal(cfs_buf_adds(text, "<a>x"), 0);
	for (int i = 0; i < depth; i++)
		assert_int_equal(cfs_buf_adds(text, "</a>"), 0);
}

static void test_depth_has_a_limit(void **state)
{
	struct cfs_buf text = CFS_BUF_INIT(DOCUMENT_MAX);

	(void)state;
	for (int depth = CFS_XML_NESTING_MAX; depth <= CFS_XML_NESTING_MAX + 1; depth++) {
		cfs_buf_clear(&text);
		nest(&text, depth);
		assert_int_equal(parse_whole(text.data, text.len),
			depth > CFS_XML_NESTING_MAX ? -EBADMSG : 0);
	}
	cfs_buf_finish(&text);
}

static void test_what_is_too_deep_is_skipped(void **state)
{
	struct cfs_buf text = CFS_BUF_INIT(DOCUMENT_MAX);
	struct cfs_buf expected = CFS_BUF_INIT(DOCUMENT_MAX);

	(void)state;
	cfs_buf_adds(&text, "<r>");
	nest(&text, CFS_XML_DEPTH_MAX + 7);
	cfs_buf_adds(&text, "<b>two</b></r>");
	cfs_buf_adds(&expected, "(r ");
	for (int i = 1; i < CFS_XML_DEPTH_MAX; i++)
		cfs_buf_adds(&expected, "(a x");
	for (int i = 1; i < CFS_XML_DEPTH_MAX; i++)
		cfs_buf_adds(&expected, ")");
	cfs_buf_adds(&expected, "(b two))");
	assert_int_equal(parse_all_ways(text.data, text.len, expected.data), 0);
	cfs_buf_finish(&text);
	cfs_buf_finish(&expected);
}

/* A document of `before`, n times 'x', and `after`. */
static int parse_padded(const char *before, size_t n, const char *after)
{
	struct cfs_buf text = CFS_BUF_INIT(2 * DOCUMENT_MAX);
	struct record record = {.text = CFS_BUF_INIT(DOCUMENT_MAX)};
	int r;

	assert_int_equal(cfs_buf_adds(&text, before), 0);
	assert_int_equal(cfs_buf_reserve(&text, n), 0);
	memset(text.data + text.len, 'x', n);
	text.len += n;
	assert_int_equal(cfs_buf_adds(&text, after), 0);
	r = parse(text.data, text.len, 10, 16384, &record);
	assert_int_equal(r, parse_whole(text.data, text.len));
	cfs_buf_finish(&text);
	cfs_buf_finish(&record.text);
	return r;
}

static void test_names_have_a_limit(void **state)
{
	(void)state;
	assert_int_equal(parse_padded("<", CFS_XML_NAME_MAX, "/>"), 0);
	assert_int_equal(parse_padded("<", CFS_XML_NAME_MAX + 1, "/>"), -EBADMSG);
}

static void test_huge_attributes_are_refused(void **state)
{
	(void)state;
	assert_int_equal(parse_padded("<a b='", 1000, "'/>"), 0);
	assert_int_equal(parse_padded("<a b='", 2 * CFS_XML_PENDING_MAX, "'/>"), -EBADMSG);
	assert_int_equal(parse_padded("<a b='", 2 * CFS_XML_PENDING_MAX, ""), -EBADMSG);
	assert_int_equal(parse_padded("<!--", 2 * CFS_XML_PENDING_MAX, "--><a/>"), -EBADMSG);
}

static void test_long_text_passes_but_not_a_long_cdata_section(void **state)
{
	(void)state;
	assert_int_equal(parse_padded("<a>", 12 * CFS_XML_PENDING_MAX, "</a>"), 0);
	assert_int_equal(parse_padded("<a><![CDATA[", CFS_XML_PENDING_MAX / 2, "]]></a>"), 0);
	assert_int_equal(
		parse_padded("<a><![CDATA[", 2 * CFS_XML_PENDING_MAX, "]]></a>"), -EBADMSG);
}

/* Whether libxml2 reports a section as it arrives differs between its versions. */
static void test_a_long_cdata_section_is_refused_wherever_it_is_cut(void **state)
{
	static const char begin[] = "<a><![CDATA[", end[] = "]]></a>";
	size_t len = strlen(begin) + 2 * CFS_XML_PENDING_MAX + strlen(end);
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, begin, strlen(begin));
	memcpy(text + len - strlen(end), end, strlen(end));
	for (size_t first = 1; first <= strlen(begin) + BLOCK; first++) {
		struct record record = {.text = CFS_BUF_INIT(DOCUMENT_MAX)};

		assert_int_equal(parse(text, len, first, 16384, &record), -EBADMSG);
		cfs_buf_finish(&record.text);
	}
	free(text);
}

static void test_nothing_can_follow_the_end(void **state)
{
	struct record record = {.text = CFS_BUF_INIT(DOCUMENT_MAX)};
	struct cfs_xml *xml;

	(void)state;
	assert_int_equal(cfs_xml_create(&recorder, &record, DOCUMENT_MAX, &xml), 0);
	assert_int_equal(cfs_xml_feed(xml, "<a/>", 4), 0);
	assert_int_equal(cfs_xml_end(xml), 0);
	assert_int_equal(cfs_xml_feed(xml, " ", 1), -EBADMSG);
	assert_int_equal(cfs_xml_end(xml), -EBADMSG);
	cfs_xml_destroy(xml);
	cfs_buf_finish(&record.text);
}

static void test_the_whole_has_a_limit(void **state)
{
	(void)state;
	assert_int_equal(parse_padded("<a>", DOCUMENT_MAX - 7 - 16384, "</a>"), 0);
	assert_int_equal(parse_padded("<a>", DOCUMENT_MAX - 6, "</a>"), -EFBIG);
}

static void test_what_the_handler_returns_ends_the_parse(void **state)
{
	static const char text[] = "<a><b/><c/></a>";
	struct record record = {.text = CFS_BUF_INIT(DOCUMENT_MAX), .refuse = -ENOSPC};

	(void)state;
	assert_int_equal(parse(text, strlen(text), 1, 1, &record), -ENOSPC);
	assert_string_equal(cfs_buf_text(&record.text), "(a (b ");
	cfs_buf_finish(&record.text);
}

/* Long runs of plain text are passed by libxml2, where it is done with what came before. */
static void test_long_text_reads_the_same_however_it_comes(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: it is no XML */
	} middles[] = {
		{"", ""},
		{"\r\n", "\n"},
		{"&#65;&amp;", "A&"},
		{"]] >", "]] >"},
		{"<x>y</x>", "(x y)"},
		{"<![CDATA[<]]>", "<"},
		{"<!-- - -->", ""},
		{"\xc3\xa9", "\xc3\xa9"},
		{"\x01", BAD},
		{"&", "&"},
		{"\xc3", BAD},
		{"&#8;", BAD},
		{"</x>", NULL},
	};
	static const size_t pieces[] = {1, 63, 64, 65, 300, 1000, 4096, 5000, 100000};
	enum { RUN = 9000 };
	char run[RUN + 1];

	(void)state;
	for (size_t i = 0; i < RUN; i++)
		run[i] = "ABCDwxyz0189+/=>"[i * 7 / 5 % 15];
	run[RUN] = '\0';
	for (size_t i = 0; i < N_ELEMENTS(middles); i++) {
		struct cfs_buf text = CFS_BUF_INIT(DOCUMENT_MAX);
		struct cfs_buf expected = CFS_BUF_INIT(DOCUMENT_MAX);

		assert_int_equal(cfs_buf_addf(&text, "<r><a>%s%s%s</a><b>%s</b></r>", run,
					 middles[i].in, run, run),
			0);
		assert_int_equal(cfs_buf_addf(&expected, "(r (a %s%s%s)(b %s))", run,
					 middles[i].out ? middles[i].out : "", run, run),
			0);
		for (size_t j = 0; j < N_ELEMENTS(pieces); j++) {
			struct record record = {.text = CFS_BUF_INIT(DOCUMENT_MAX)};
			size_t piece = pieces[j] < text.len ? pieces[j] : text.len;
			int r = parse(text.data, text.len, piece, piece, &record);

			assert_int_equal(r, middles[i].out ? 0 : -EBADMSG);
			if (r == 0)
				assert_string_equal(
					cfs_buf_text(&record.text), cfs_buf_text(&expected));
			cfs_buf_finish(&record.text);
		}
		cfs_buf_finish(&text);
		cfs_buf_finish(&expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements_and_text_at_every_split),
		cmocka_unit_test(test_a_document_cut_anywhere_is_bad),
		cmocka_unit_test(test_hostile_documents_are_refused_at_every_split),
		cmocka_unit_test(test_what_is_no_character_is_replaced_at_every_split),
		cmocka_unit_test(test_a_reference_has_a_limit),
		cmocka_unit_test(test_other_encodings_are_refused),
		cmocka_unit_test(test_nul_is_a_control_character),
		cmocka_unit_test(test_depth_has_a_limit),
		cmocka_unit_test(test_what_is_too_deep_is_skipped),
		cmocka_unit_test(test_names_have_a_limit),
		cmocka_unit_test(test_huge_attributes_are_refused),
		cmocka_unit_test(test_long_text_passes_but_not_a_long_cdata_section),
		cmocka_unit_test(test_a_long_cdata_section_is_refused_wherever_it_is_cut),
		cmocka_unit_test(test_nothing_can_follow_the_end),
		cmocka_unit_test(test_the_whole_has_a_limit),
		cmocka_unit_test(test_what_the_handler_returns_ends_the_parse),
		cmocka_unit_test(test_long_text_reads_the_same_however_it_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
