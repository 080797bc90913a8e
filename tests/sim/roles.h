/* SPDX-License-Identifier: MIT */
/* The roles of both clouds (see sim.h): who may have them, and what they are called. */
#ifndef SIM_ROLES_H
#define SIM_ROLES_H

#include "sim.h"

/* The name in arn:aws:iam::<account>:role/<name> or qcs::cam::uin/<uin>:roleName/<name>. False if
 * it is another text, or of another account. */
bool sim_roles_parse(enum sim_cloud cloud, const char *arn, char ret_role[SIM_ROLE_SIZE]);
bool sim_roles_exists(const char *role);
bool sim_roles_is_session_name(const char *name);

/* May the caller, a session or (NULL) the user, assume it with AssumeRole? */
bool sim_roles_may(const char *role, const struct sim_session *caller, const char *external_id);

void sim_roles_add_arn(struct sim_buf *out, const struct sim_session *session);
void sim_roles_add_id(struct sim_buf *out, const struct sim_session *session);
/* The caller's ARN; session NULL: the user's. */
void sim_roles_add_caller(
	struct sim_buf *out, enum sim_cloud cloud, const struct sim_session *session);

#endif
