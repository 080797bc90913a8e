#include "sim.h"

#include "clock.h"
#include "cvm.h"
#include "ec2.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int sim_init(struct sim *sim, const struct sim_options *options)
{
	*sim = (struct sim){.options = *options};
	sim->buckets.scale = options->rate_scale;
	sim->random = sim_crypto_mix(options->seed);
	int r = sim_crypto_random(sim->token_key, sizeof(sim->token_key));
	if (r == 0)
		r = sim_vnc_init(&sim->links);
	if (r == 0)
		r = sim_fleet_init(
			&sim->fleet, options->seed, options->instances, sim->options.regions);
	if (r < 0)
		sim_finish(sim);
	return r;
}

void sim_finish(struct sim *sim)
{
	if (!sim)
		return;
	sim_fleet_finish(&sim->fleet);
	sim_vnc_finish(&sim->links);
}

int64_t sim_shown_ms(const struct sim *sim)
{
	return sim->options.freeze_clock ? SIM_FROZEN_MS : sim_clock_wall_ms();
}

static void not_found(struct sim_answer *answer, unsigned status)
{
	answer->status = status;
	answer->content_type = "text/plain; charset=utf-8";
	sim_buf_adds(&answer->body, status == 405 ? "Method not allowed\n" : "Not found\n");
}

/* One address serves both clouds: CVM's requests are the ones with an X-TC- header. */
static bool is_cvm(const struct sim_request *request)
{
	const char *authorization = sim_request_header(request, "authorization");
	for (size_t i = 0; i < request->n_headers; i++) {
		if (strncmp(request->headers[i].name, "x-tc-", 5) == 0)
			return true;
	}
	return authorization && strncmp(authorization, "TC3-", 4) == 0;
}

void sim_decide(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer)
{
	const char *query = strchr(request->uri, '?');
	size_t path = query ? (size_t)(query - request->uri) : strlen(request->uri);
	if (sim_crypto_uuid(ret_answer->request_id) < 0) {
		ret_answer->status = 500;
		return;
	}
	if (path == 4 && strncmp(request->uri, "/vnc", 4) == 0) {
		if (strcmp(request->method, "GET") == 0)
			sim_vnc_redeem(sim, query ? query + 1 : "", ret_answer);
		else
			not_found(ret_answer, 405);
	} else if (strcmp(request->uri, "/") != 0) {
		not_found(ret_answer, 404);
	} else if (strcmp(request->method, "POST") != 0) {
		not_found(ret_answer, 405);
	} else if (is_cvm(request)) {
		sim_cvm_decide(sim, request, ret_answer);
	} else {
		sim_ec2_decide(sim, request, ret_answer);
	}
	if (ret_answer->body.failed) {
		sim_buf_finish(&ret_answer->body);
		ret_answer->status = 500;
	}
}
