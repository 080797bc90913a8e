/* SPDX-License-Identifier: MIT */
#include "roles.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const roles[] = {SIM_ROLE_READER, SIM_ROLE_PARTNER, SIM_ROLE_CHAINED,
	SIM_ROLE_FEDERATED, SIM_ROLE_INSTANCE, SIM_ROLE_TASK, SIM_ROLE_OPERATOR};

bool sim_roles_parse(enum sim_cloud cloud, const char *arn, char ret_role[SIM_ROLE_SIZE])
{
	static const char *const prefixes[] = {
		[SIM_AWS] = "arn:aws:iam::" SIM_ACCOUNT ":role/",
		[SIM_TENCENT] = "qcs::cam::uin/" SIM_UIN ":roleName/",
	};
	size_t len = strlen(prefixes[cloud]);
	if (strncmp(arn, prefixes[cloud], len) != 0 || strlen(arn + len) >= SIM_ROLE_SIZE)
		return false;
	snprintf(ret_role, SIM_ROLE_SIZE, "%s", arn + len);
	return true;
}

bool sim_roles_exists(const char *role)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(roles[i], role) == 0)
			return true;
	}
	return false;
}

bool sim_roles_is_session_name(const char *name)
{
	for (const char *p = name; *p; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("_+=,.@-", *p))
			return false;
	}
	return true;
}

bool sim_roles_may(const char *role, const struct sim_session *caller, const char *external_id)
{
	if (strcmp(role, SIM_ROLE_READER) == 0)
		return true;
	if (strcmp(role, SIM_ROLE_PARTNER) == 0)
		return external_id && strcmp(external_id, SIM_EXTERNAL_ID) == 0;
	if (strcmp(role, SIM_ROLE_CHAINED) == 0)
		return caller && strcmp(caller->role, SIM_ROLE_READER) == 0;
	return false;
}

void sim_roles_add_arn(struct sim_buf *out, const struct sim_session *session)
{
	if (session->cloud == SIM_AWS)
		sim_buf_addf(out, "arn:aws:sts::" SIM_ACCOUNT ":assumed-role/%s/%s", session->role,
			session->name);
	else
		sim_buf_addf(out, "qcs::sts:" SIM_UIN ":assumed-role/%s", session->role);
}

void sim_roles_add_id(struct sim_buf *out, const struct sim_session *session)
{
	if (session->cloud == SIM_AWS) {
		sim_buf_adds(out, "AROA");
		for (size_t i = 0; i < 17; i++) {
			size_t len = strlen(session->role);
			char digit = i < len ? (char)toupper((unsigned char)session->role[i]) : 'X';
			sim_buf_add(out, &digit, 1);
		}
	} else {
		sim_buf_addf(out, "46116860184273%05zu", strlen(session->role));
	}
	sim_buf_addf(out, ":%s", session->name);
}

void sim_roles_add_caller(
	struct sim_buf *out, enum sim_cloud cloud, const struct sim_session *session)
{
	if (session)
		sim_roles_add_arn(out, session);
	else if (cloud == SIM_AWS)
		sim_buf_adds(out, "arn:aws:iam::" SIM_ACCOUNT ":user/" SIM_USER);
	else
		sim_buf_adds(out, "qcs::cam::uin/" SIM_UIN ":uin/" SIM_SUB_UIN);
}
