/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/http_fixture.h"

#include <sys/stat.h>

int http_fixture_set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture || cfs_http_create(&fixture->http) < 0)
		return -1;
	fixture->server = server_start(NULL, false);
	call_init(&fixture->a, fixture->http);
	call_init(&fixture->b, fixture->http);
	*state = fixture;
	return 0;
}

int http_fixture_tear_down(void **state)
{
	struct fixture *fixture = *state;

	call_finish(&fixture->a);
	call_finish(&fixture->b);
	cfs_http_destroy(fixture->http);
	server_stop(fixture->server);
	free(fixture);
	return 0;
}

void start_path(struct call *call, const struct server *server, const char *path)
{
	char url[1024];

	call_start(call, url_of(url, sizeof(url), server, path), NULL, &patient);
}

bool is_open_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}
