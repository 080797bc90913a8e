/* SPDX-License-Identifier: MIT */
#include "form.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

bool sim_form_fits(const char *name, const char *pattern)
{
	for (;;) {
		size_t len = strcspn(pattern, ".");
		size_t name_len = strcspn(name, ".");
		if (len == 1 && pattern[0] == 'N') {
			if (name[0] < '1' || name[0] > '9' ||
				strspn(name, "0123456789") != name_len)
				return false;
		} else if (len != name_len || strncmp(name, pattern, len) != 0) {
			return false;
		}
		pattern += len;
		name += name_len;
		if (*pattern != *name)
			return false;
		if (!*pattern)
			return true;
		pattern++;
		name++;
	}
}
