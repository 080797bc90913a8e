/* SPDX-License-Identifier: MIT */
#include "sim.h"

#include "api3.h"
#include "clock.h"
#include "ec2.h"
#include "metadata.h"
#include "signin.h"
#include "sso.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int sim_init(struct sim *sim, const struct sim_options *options)
{
	*sim = (struct sim){.options = *options, .issued_fd = -1};
	sim->buckets.scale = options->rate_scale;
	sim->random = sim_crypto_mix(options->seed);
	int r = sim_crypto_random(sim->token_key, sizeof(sim->token_key));
	if (r == 0)
		r = sim_vnc_init(&sim->links);
	if (r == 0)
		r = sim_session_init(&sim->sessions);
	if (r == 0)
		r = sim_fleet_init(
			&sim->fleet, options->seed, options->instances, sim->options.regions);
	sim->fleet.plain = options->plain_names;
	if (r == 0 && options->screen_bytes)
		r = sim_pictures_init(
			&sim->pictures, &sim->fleet, options->screen_bytes, sim_shown_ms(sim));
	if (r < 0)
		sim_finish(sim);
	return r;
}

void sim_finish(struct sim *sim)
{
	if (!sim)
		return;
	sim_fleet_finish(&sim->fleet);
	sim_pictures_finish(&sim->pictures);
	sim_vnc_finish(&sim->links);
	sim_session_finish(&sim->sessions);
}

int64_t sim_now_ms(const struct sim *sim)
{
	return sim_clock_wall_ms() + sim->options.clock_offset_ms;
}

int64_t sim_shown_ms(const struct sim *sim)
{
	return sim->options.freeze_clock ? SIM_FROZEN_MS : sim_now_ms(sim);
}

struct sim_effect sim_pick_fault(
	struct sim *sim, enum sim_cloud cloud, const struct sim_record *record)
{
	struct sim_options *options = &sim->options;
	struct sim_effect effect = sim_fault_pick(options->faults, options->n_faults, &sim->random,
		cloud, record->action, record->region, record->instance);
	if (!options->fault_file)
		return effect;
	sim_fault_file_read(&sim->fault_file, options->fault_file);
	struct sim_effect other = sim_fault_pick(sim->fault_file.faults, sim->fault_file.count,
		&sim->random, cloud, record->action, record->region, record->instance);
	other.delay_ms += effect.delay_ms;
	effect.delay_ms = other.delay_ms;
	/* The first that decides; a delay is said only where none does. */
	return effect.kind != SIM_FAULT_NONE || !other.name[0] ? effect : other;
}

void sim_disclose(const struct sim *sim, const char *kind, const char *text)
{
	struct sim_buf line = {0};
	if (sim->issued_fd < 0)
		return;
	sim_buf_addf(&line, "%s %s\n", kind, text);
	if (line.failed || write(sim->issued_fd, line.data, line.len) != (ssize_t)line.len)
		fprintf(stderr, "consolefs-sim: cannot write to the file of what is issued\n");
	sim_buf_finish(&line);
}

bool sim_is_token(const char *text, const char *file, const char *otherwise)
{
	char *line = NULL;
	size_t size = 0;
	bool is = false;
	if (!file)
		return sim_crypto_equal(text, otherwise);
	FILE *stream = fopen(file, "re");
	if (stream && getline(&line, &size, stream) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		is = line[0] && sim_crypto_equal(text, line);
	}
	if (stream)
		fclose(stream);
	free(line);
	return is;
}

static void not_found(struct sim_answer *answer, unsigned status)
{
	answer->status = status;
	answer->content_type = "text/plain; charset=utf-8";
	sim_buf_adds(&answer->body, status == 405 ? "Method not allowed\n" : "Not found\n");
}

/* One address serves both clouds: the requests of API 3.0 are the ones with an X-TC- header. */
static bool is_api3(const struct sim_request *request)
{
	const char *authorization = sim_request_header(request, "authorization");
	for (size_t i = 0; i < request->n_headers; i++) {
		if (strncmp(request->headers[i].name, "x-tc-", 5) == 0)
			return true;
	}
	return authorization && strncmp(authorization, "TC3-", 4) == 0;
}

static void decide_path(
	struct sim *sim, const struct sim_request *request, struct sim_answer *answer)
{
	const char *query = strchr(request->uri, '?');
	size_t len = query ? (size_t)(query - request->uri) : strlen(request->uri);
	const struct path {
		const char *path, *method;
		void (*decide)(struct sim *sim, const struct sim_request *request,
			const char *query, struct sim_answer *answer);
	} paths[] = {
		{"/vnc", "GET", sim_vnc_redeem},
		{"/federation/credentials", "GET", sim_sso_portal},
		{"/token", "POST", sim_sso_token},
		{"/v1/token", "POST", sim_signin_token},
	};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (strlen(paths[i].path) != len || strncmp(request->uri, paths[i].path, len) != 0)
			continue;
		if (strcmp(request->method, paths[i].method) == 0)
			paths[i].decide(sim, request, query ? query + 1 : "", answer);
		else
			not_found(answer, 405);
		return;
	}
	if (strcmp(request->uri, "/") != 0)
		not_found(answer, 404);
	else if (strcmp(request->method, "POST") != 0)
		not_found(answer, 405);
	else if (is_api3(request))
		sim_api3_decide(sim, request, answer);
	else
		sim_query_decide(sim, request, answer);
}

void sim_decide(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer)
{
	if (sim_crypto_uuid(ret_answer->request_id) < 0) {
		ret_answer->status = 500;
		return;
	}
	if (sim->options.fleet_file)
		sim_fleet_read(&sim->fleet, sim->options.fleet_file);
	if (request->plain)
		sim_metadata_decide(sim, request, ret_answer);
	else
		decide_path(sim, request, ret_answer);
	if (ret_answer->body.failed) {
		sim_buf_finish(&ret_answer->body);
		ret_answer->status = 500;
	}
}
