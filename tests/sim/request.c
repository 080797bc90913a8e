/* SPDX-License-Identifier: MIT */
#include "request.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sim_request_finish(struct sim_request *request)
{
	if (!request)
		return;
	for (size_t i = 0; i < request->n_headers; i++) {
		free(request->headers[i].name);
		free(request->headers[i].value);
	}
	free(request->method);
	free(request->uri);
	sim_buf_finish(&request->body);
	*request = (struct sim_request){0};
}

int sim_request_add_header(struct sim_request *request, const char *name, const char *value)
{
	if (request->n_headers == SIM_HEADERS_MAX)
		return -E2BIG;
	struct sim_header header = {.name = strdup(name), .value = strdup(value)};
	if (!header.name || !header.value) {
		free(header.name);
		free(header.value);
		return -ENOMEM;
	}
	for (char *p = header.name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	request->headers[request->n_headers++] = header;
	return 0;
}

const char *sim_request_header(const struct sim_request *request, const char *name)
{
	for (size_t i = 0; i < request->n_headers; i++) {
		if (strcmp(request->headers[i].name, name) == 0)
			return request->headers[i].value;
	}
	return NULL;
}
