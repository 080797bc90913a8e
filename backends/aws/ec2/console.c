/* SPDX-License-Identifier: MIT */
#include "backends/aws/ec2/console.h"

#include <errno.h>
#include <string.h>

#include "backends/base/jpeg.h"

void cfs_aws_console_init(
	struct cfs_aws_console *console, const char *id, struct cfs_buf *content, bool image)
{
	*console = (struct cfs_aws_console){.id = id, .content = content, .image = image};
}

void cfs_aws_console_begin(struct cfs_aws_console *console, enum cfs_aws_place place)
{
	if (place != CFS_AT_CONSOLE_DATA)
		return;
	if (console->seen)
		console->bad = true;
	console->seen = true;
}

int cfs_aws_console_data(struct cfs_aws_console *console, const char *text, size_t len)
{
	int r;

	if (console->bad)
		return 0;
	r = cfs_base64_feed(&console->decoder, text, len, console->content);
	if (r != -EBADMSG)
		return r;
	/* The answer is read on to its end, and judged there. */
	console->bad = true;
	return 0;
}

void cfs_aws_console_end(
	struct cfs_aws_console *console, enum cfs_aws_place place, const char *text)
{
	if (place == CFS_AT_CONSOLE_DATA && cfs_base64_end(&console->decoder) < 0)
		console->bad = true;
	if (place != CFS_AT_CONSOLE_INSTANCE_ID)
		return;
	console->named = true;
	if (strcmp(text, console->id) != 0)
		console->mistaken = true;
}

void cfs_aws_console_judge(const struct cfs_aws_console *console, struct cfs_error *ret_error)
{
	const struct cfs_buf *content = console->content;
	const char *problem = console->image ? cfs_jpeg_check(content->data, content->len) : NULL;

	if (!console->named)
		cfs_error_set(ret_error, CFS_BAD_ANSWER, "the answer has no instance ID");
	else if (console->mistaken)
		cfs_error_set(ret_error, CFS_BAD_ANSWER, "the answer is for another instance");
	else if (console->bad)
		cfs_error_set(ret_error, CFS_BAD_ANSWER, "%s is not valid base64",
			console->image ? "imageData" : "output");
	else if (console->image && content->len == 0)
		cfs_error_set(ret_error, CFS_EMPTY, "imageData is empty");
	else if (problem)
		cfs_error_set(ret_error, CFS_BAD_ANSWER,
			"imageData is not a whole JPEG image: it %s", problem);
	else
		*ret_error = (struct cfs_error){.fault = CFS_OK};
}
