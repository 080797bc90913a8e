/* SPDX-License-Identifier: MIT */
#include "authorization.h"

#include <stddef.h>
#include <string.h>

bool sim_authorization_parse(
	const char *header, const char *algorithm, struct sim_authorization *ret_parts)
{
	struct sim_authorization *parts = ret_parts;
	size_t len = strlen(header);
	if (len >= sizeof(parts->text))
		return false;
	memset(parts, 0, sizeof(*parts));
	memcpy(parts->text, header, len + 1);
	char *rest = parts->text;
	const char *found = strsep(&rest, " ");
	if (!rest || strcmp(found, algorithm) != 0)
		return false;
	while (rest) {
		char *part = strsep(&rest, ",");
		part += strspn(part, " ");
		const char *name = strsep(&part, "=");
		if (!part)
			return false;
		if (strcmp(name, "Credential") == 0 && !parts->credential)
			parts->credential = part;
		else if (strcmp(name, "SignedHeaders") == 0 && !parts->signed_headers)
			parts->signed_headers = part;
		else if (strcmp(name, "Signature") == 0 && !parts->signature)
			parts->signature = part;
		else
			return false;
	}
	return parts->credential && parts->signed_headers && parts->signature;
}

bool sim_authorization_signs(const char *list, const char *name)
{
	size_t len = strlen(name);
	for (const char *p = list; *p;) {
		size_t word = strcspn(p, ";");
		if (word == len && strncmp(p, name, len) == 0)
			return true;
		p += word;
		p += *p == ';';
	}
	return false;
}

bool sim_authorization_sorted(const char *list)
{
	const char *previous = NULL;
	size_t previous_len = 0;
	for (const char *p = list; *p;) {
		size_t len = strcspn(p, ";");
		if (previous) {
			size_t both = len < previous_len ? len : previous_len;
			int order = strncmp(previous, p, both);
			if (order > 0 || (order == 0 && previous_len >= len))
				return false;
		}
		previous = p;
		previous_len = len;
		p += len;
		p += *p == ';';
	}
	return true;
}
