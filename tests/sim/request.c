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

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Decodes in place. */
static int decode(char *text)
{
	char *out = text;
	for (const char *p = text; *p; p++) {
		if (*p == '+') {
			*out++ = ' ';
		} else if (*p == '%') {
			int high = hex_digit(p[1]);
			int low = high < 0 ? -1 : hex_digit(p[2]);
			if (low < 0 || (high == 0 && low == 0))
				return -EINVAL;
			*out++ = (char)(high << 4 | low);
			p += 2;
		} else {
			*out++ = *p;
		}
	}
	*out = '\0';
	return 0;
}

int sim_form_parse(const char *text, size_t len, struct sim_form *ret_form)
{
	struct sim_form form = {0};
	int r = -ENOMEM;
	if (len && memchr(text, '\0', len))
		return -EINVAL;
	size_t pieces = 1;
	for (size_t i = 0; i < len; i++)
		pieces += text[i] == '&';
	if (pieces > SIM_PARAMS_MAX)
		return -E2BIG;
	form.text = malloc(len + 1);
	form.params = calloc(pieces, sizeof(*form.params));
	if (!form.text || !form.params)
		goto out;
	if (len)
		memcpy(form.text, text, len);
	form.text[len] = '\0';
	char *rest = form.text;
	r = 0;
	while (rest && r == 0) {
		char *piece = strsep(&rest, "&");
		if (!*piece)
			continue;
		struct sim_param *param = &form.params[form.count++];
		param->name = strsep(&piece, "=");
		param->value = piece ? piece : param->name + strlen(param->name);
		r = decode(param->name);
		if (r == 0)
			r = decode(param->value);
	}
out:
	if (r < 0) {
		sim_form_finish(&form);
		return r;
	}
	*ret_form = form;
	return 0;
}

void sim_form_finish(struct sim_form *form)
{
	if (!form)
		return;
	free(form->text);
	free(form->params);
	*form = (struct sim_form){0};
}

const char *sim_form_get(const struct sim_form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++) {
		if (strcmp(form->params[i].name, name) == 0)
			return form->params[i].value;
	}
	return NULL;
}

void sim_answer_finish(struct sim_answer *answer)
{
	if (!answer)
		return;
	sim_buf_finish(&answer->body);
	if (answer->stream.state)
		answer->stream.destroy(answer->stream.state);
	answer->stream = (struct sim_stream){0};
}

bool sim_answer_fault(struct sim_answer *answer, const struct sim_effect *effect)
{
	static const unsigned char garbage[] = {0x7f, 'E', 'L', 'F', 0, 0xff, 0xfe, '<', '{', '"',
		0x80, 0xc3, 0x28, '\r', '\n', 0, 1, 2, 3, '>'};
	answer->delay_ms += effect->delay_ms;
	answer->record.fault = effect->name;
	switch (effect->kind) {
	case SIM_FAULT_HANG:
		answer->hang = true;
		return true;
	case SIM_FAULT_RESET:
		answer->reset = true;
		return true;
	case SIM_FAULT_STATUS:
		/* What a proxy or load balancer in between would say. */
		answer->status = effect->number;
		answer->content_type = "text/html";
		answer->server = "awselb/2.0";
		answer->request_id_header = NULL;
		if (effect->number != 204 && effect->number != 304)
			sim_buf_addf(&answer->body,
				"<html>\r\n<head><title>%u</title></head>\r\n<body>\r\n"
				"<center><h1>%u</h1></center>\r\n</body>\r\n</html>\r\n",
				effect->number, effect->number);
		return true;
	case SIM_FAULT_GARBAGE:
		answer->status = 200;
		sim_buf_add(&answer->body, garbage, sizeof(garbage));
		return true;
	case SIM_FAULT_TRUNCATE:
		answer->truncate = true;
		return false;
	case SIM_FAULT_NONE:
	case SIM_FAULT_DELAY:
	case SIM_FAULT_CODE:
	case SIM_FAULT_THROTTLE:
	case SIM_FAULT_BADBASE64:
	case SIM_FAULT_NOTJPEG:
	case SIM_FAULT_BADID:
	case SIM_FAULT_OVERSIZE:
	case SIM_FAULT_EMPTY:
		break;
	}
	return false;
}
