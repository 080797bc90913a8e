/* SPDX-License-Identifier: MIT */
#include "fs/node/failure_page.h"

#include <string.h>

#include "backends/base/html.h"
#include "backends/base/time.h"

#define LINE_MAX 1024 /* bytes of a title or of a piece of advice */

static void add_row(struct cfs_buf *buf, const char *term, const char *text)
{
	if (text[0] == '\0')
		return;
	cfs_buf_addf(buf, "<dt>%s</dt><dd>", term);
	cfs_html_add(buf, text);
	cfs_buf_adds(buf, "</dd>\n");
}

static int add_title(
	const struct cfs_node *node, const struct cfs_failure *failure, struct cfs_buf *buf)
{
	struct cfs_buf title = CFS_BUF_INIT(LINE_MAX);
	int r;

	r = cfs_buf_addf(
		&title, "No console of %s: %s", node->entry->id, strerror(failure->number));
	if (r == 0)
		r = cfs_html_begin(buf, cfs_buf_text(&title), "");
	cfs_buf_finish(&title);
	return r;
}

/* What to do, as a sentence. */
static int add_advice(const struct cfs_failure *failure, struct cfs_buf *buf)
{
	struct cfs_buf advice = CFS_BUF_INIT(LINE_MAX);
	int r;

	r = cfs_failure_advice(failure, &advice);
	if (r == 0 && advice.len > 0) {
		cfs_buf_adds(buf, "<p>What to do: ");
		cfs_html_add(buf, cfs_buf_text(&advice));
		cfs_buf_adds(buf, ".</p>\n");
		r = cfs_buf_error(buf);
	}
	cfs_buf_finish(&advice);
	return r;
}

static void add_details(
	const struct cfs_node *node, const struct cfs_failure *failure, struct cfs_buf *buf)
{
	const struct cfs_instance *instance = node->entry->instance;
	const struct cfs_error *error = &failure->error;
	char when[CFS_TIME_TEXT];

	cfs_time_format(failure->when.tv_sec, when);
	cfs_buf_adds(buf, "<dl>\n");
	add_row(buf, "Instance", node->entry->id);
	if (instance) {
		add_row(buf, "Name", cfs_instance_field(instance, CFS_FIELD_NAME));
		add_row(buf, "State, as last listed",
			cfs_instance_field(instance, CFS_FIELD_STATE));
	}
	cfs_buf_addf(buf, "<dt>Error</dt><dd><strong class=\"bad\">%s</strong> (%s)</dd>\n",
		cfs_failure_errno_name(failure->number), strerror(failure->number));
	add_row(buf, "Code", error->code);
	add_row(buf, "Message", error->message);
	add_row(buf, "Action", failure->action);
	add_row(buf, "Request id", error->request_id);
	add_row(buf, "Time", when);
	cfs_buf_adds(buf, "</dl>\n");
}

int cfs_failure_page(
	const struct cfs_node *node, const struct cfs_failure *failure, struct cfs_buf *buf)
{
	int r;

	r = add_title(node, failure, buf);
	if (r == 0)
		r = add_advice(failure, buf);
	if (r < 0)
		return r;
	add_details(node, failure, buf);
	cfs_buf_addf(buf,
		"<nav aria-label=\"Next\"><a class=\"go\" href=\"%s\">Try again</a> "
		"<a href=\"info.json\">info.json</a> <a href=\"../status\">status of the "
		"cloud</a></nav>\n",
		node->live->name);
	cfs_html_end(buf);
	return cfs_buf_error(buf);
}
