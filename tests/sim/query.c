/* SPDX-License-Identifier: MIT */
/* The Query protocol: which of the services at one address is meant, and its form. */
#include "ec2.h"
#include "sts.h"

#include <errno.h>
#include <string.h>

void sim_query_decide(struct sim *sim, const struct sim_request *request, struct sim_answer *answer)
{
	struct sim_form form = {0};
	answer->status = 200;
	answer->content_type = "text/xml;charset=UTF-8";
	answer->server = "AmazonEC2";
	answer->request_id_header = "x-amzn-RequestId";
	answer->record.cloud = "aws";
	int r = sim_form_parse(request->body.data, request->body.len, &form);
	if (r == -EINVAL || r == -E2BIG) {
		sim_ec2_error(answer, 400, "MalformedQueryString",
			"The query string contains a syntax error.");
		return;
	}
	if (r < 0) {
		sim_ec2_error(answer, 500, "InternalError", "An internal error has occurred");
		return;
	}
	const char *version = sim_form_get(&form, "Version");
	if (version && strcmp(version, SIM_STS_VERSION) == 0)
		sim_sts_decide(sim, request, &form, answer);
	else
		sim_ec2_decide(sim, request, &form, answer);
	sim_form_finish(&form);
}
