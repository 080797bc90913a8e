#include "fs/tree/failure_page.h"

#include <string.h>

#include "backends/base/html.h"
#include "backends/base/time.h"

#define LINE_MAX 1024 /* bytes of a title or of an advice */

static int add_row(struct cfs_buf *buf, const char *term, const char *text)
{
	int r;

	if (text[0] == '\0')
		return 0;
	r = cfs_buf_addf(buf, "<dt>%s</dt><dd>", term);
	if (r == 0)
		r = cfs_html_add(buf, text);
	return r == 0 ? cfs_buf_adds(buf, "</dd>\n") : r;
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
		r = cfs_buf_adds(buf, "<p>What to do: ");
		if (r == 0)
			r = cfs_html_add(buf, cfs_buf_text(&advice));
		if (r == 0)
			r = cfs_buf_adds(buf, ".</p>\n");
	}
	cfs_buf_finish(&advice);
	return r;
}

static int add_details(
	const struct cfs_node *node, const struct cfs_failure *failure, struct cfs_buf *buf)
{
	const struct cfs_instance *instance = node->entry->instance;
	const struct cfs_error *error = &failure->error;
	char when[CFS_TIME_TEXT];
	int r;

	cfs_time_format(failure->when.tv_sec, when);
	r = cfs_buf_adds(buf, "<dl>\n");
	if (r == 0)
		r = add_row(buf, "Instance", node->entry->id);
	if (r == 0 && instance)
		r = add_row(buf, "Name", cfs_instance_field(instance, CFS_FIELD_NAME));
	if (r == 0 && instance)
		r = add_row(buf, "State, as last listed",
			cfs_instance_field(instance, CFS_FIELD_STATE));
	if (r == 0)
		r = cfs_buf_addf(buf,
			"<dt>Error</dt><dd><strong class=\"bad\">%s</strong> (%s)</dd>\n",
			cfs_failure_errno_name(failure->number), strerror(failure->number));
	if (r == 0)
		r = add_row(buf, "Code", error->code);
	if (r == 0)
		r = add_row(buf, "Message", error->message);
	if (r == 0)
		r = add_row(buf, "Action", failure->action);
	if (r == 0)
		r = add_row(buf, "Request id", error->request_id);
	if (r == 0)
		r = add_row(buf, "Time", when);
	return r == 0 ? cfs_buf_adds(buf, "</dl>\n") : r;
}

int cfs_failure_page(
	const struct cfs_node *node, const struct cfs_failure *failure, struct cfs_buf *buf)
{
	int r;

	r = add_title(node, failure, buf);
	if (r == 0)
		r = add_advice(failure, buf);
	if (r == 0)
		r = add_details(node, failure, buf);
	if (r == 0)
		r = cfs_buf_addf(buf,
			"<nav aria-label=\"Next\"><a class=\"go\" href=\"%s\">Try again</a> "
			"<a href=\"info.json\">info.json</a> <a href=\"../status\">status of the "
			"cloud</a></nav>\n",
			node->live->name);
	return r == 0 ? cfs_html_end(buf) : r;
}
