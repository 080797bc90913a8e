/* SPDX-License-Identifier: MIT */
#include "log.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int sim_log_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : fd;
}

static void add_text(struct sim_buf *line, const char *name, const char *value)
{
	sim_buf_addf(line, ",\"%s\":", name);
	sim_buf_add_json(line, value);
}

int sim_log_write(int fd, int64_t wall_ms, const struct sim_record *record)
{
	char time[SIM_TIME_TEXT];
	struct sim_buf line = {0};
	int r = 0;
	if (fd < 0)
		return 0;
	sim_clock_format(wall_ms, 1, time);
	sim_buf_addf(&line, "{\"time\":\"%s\"", time);
	add_text(&line, "cloud", record->cloud ? record->cloud : "");
	add_text(&line, "action", record->action);
	add_text(&line, "region", record->region);
	add_text(&line, "instance", record->instance);
	sim_buf_addf(&line, ",\"wakeup\":%s,\"status\":%u", record->wakeup ? "true" : "false",
		record->status);
	add_text(&line, "code", record->code);
	add_text(&line, "signature", record->signature);
	if (record->role[0])
		add_text(&line, "role", record->role);
	if (record->sha256[0])
		add_text(&line, "sha256", record->sha256);
	if (record->request_id)
		add_text(&line, "request_id", record->request_id);
	if (record->fault && record->fault[0])
		add_text(&line, "fault", record->fault);
	sim_buf_addf(&line, ",\"bytes\":%zu,\"at_us\":%lld}\n", record->bytes,
		(long long)sim_clock_wall_us());
	if (line.failed) {
		r = -ENOMEM;
		goto out;
	}
	ssize_t written = write(fd, line.data, line.len);
	if (written < 0)
		r = -errno;
	else if ((size_t)written != line.len)
		r = -EIO;
out:
	sim_buf_finish(&line);
	return r;
}
