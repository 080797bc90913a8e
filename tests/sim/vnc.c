/* SPDX-License-Identifier: MIT */
#include "vnc.h"

#include "clock.h"
#include "form.h"
#include "screen.h"
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sim_vnc_init(struct sim_links *links)
{
	links->ring = calloc(SIM_LINKS_MAX, sizeof(*links->ring));
	return links->ring ? 0 : -ENOMEM;
}

void sim_vnc_finish(struct sim_links *links)
{
	if (!links)
		return;
	free(links->ring);
	links->ring = NULL;
}

static void add_url(struct sim_buf *out, const char *region, const char *token)
{
	sim_buf_addf(out, "wss://%s-vnc.consolefs-sim.invalid:26789/vnc?s=%s", region, token);
}

int sim_vnc_make(struct sim *sim, const struct sim_instance *instance, struct sim_buf *ret_value)
{
	unsigned char bytes[SIM_TOKEN_BYTES];
	struct sim_buf token = {0}, url = {0};
	const struct sim_regions *regions = &sim->options.regions[SIM_TENCENT];
	int r = sim_crypto_random(bytes, sizeof(bytes));
	if (r < 0)
		return r;
	sim_buf_add_base64(&token, bytes, sizeof(bytes), 0);
	if (!token.failed)
		add_url(&url, regions->names[instance->region], token.data);
	if (token.failed || url.failed) {
		r = -ENOMEM;
		goto out;
	}
	sim_buf_add_percent(ret_value, url.data);
	sim_disclose(sim, "link", token.data);
	struct sim_link *link = &sim->links.ring[sim->links.next];
	sim->links.next = (sim->links.next + 1) % SIM_LINKS_MAX;
	snprintf(link->token, sizeof(link->token), "%s", token.data);
	link->index = instance->index;
	link->made_ms = sim_clock_monotonic_ms();
	link->used = false;
out:
	sim_buf_finish(&token);
	sim_buf_finish(&url);
	return r;
}

static struct sim_link *find_link(struct sim *sim, const char *url)
{
	const char *token = strstr(url, "/vnc?s=");
	if (!token || !token[7])
		return NULL;
	for (size_t i = 0; i < SIM_LINKS_MAX; i++) {
		struct sim_link *link = &sim->links.ring[i];
		if (link->token[0] && strcmp(link->token, token + 7) == 0)
			return link;
	}
	return NULL;
}

static void page(struct sim_answer *answer, unsigned status, const char *title, const char *text)
{
	answer->status = status;
	answer->content_type = "text/html; charset=utf-8";
	sim_buf_addf(&answer->body,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
		"<title>%s</title>\n<style>body{background:#101418;color:#dde;font:16px "
		"sans-serif;text-align:center}img{border:1px solid #445}</style></head>\n"
		"<body>\n<h1>%s</h1>\n%s\n</body>\n</html>\n",
		title, title, text);
}

static void gone(struct sim_answer *answer, const char *code, const char *text)
{
	snprintf(answer->record.code, sizeof(answer->record.code), "%s", code);
	page(answer, 410, "This link is no longer valid", text);
}

static int show_console(
	struct sim *sim, const struct sim_instance *instance, struct sim_answer *answer)
{
	struct sim_buf jpeg = {0}, text = {0};
	struct sim_display *display = &sim->fleet.displays[SIM_TENCENT][instance->index];
	struct sim_screen screen = {
		.instance = instance,
		.awake = true,
		.shown_ms = sim_shown_ms(sim),
		.count = sim->options.freeze_clock ? 0 : ++display->draws,
	};
	int r = sim_screen_draw(&screen, &jpeg);
	if (r < 0)
		goto out;
	sim_buf_addf(&text,
		"<p>Connected. This console belongs to %s.</p>\n<img width=\"800\" "
		"height=\"600\" alt=\"console\" src=\"data:image/jpeg;base64,",
		instance->id);
	sim_buf_add_base64(&text, jpeg.data, jpeg.len, 0);
	sim_buf_adds(&text, "\">");
	if (text.failed) {
		r = -ENOMEM;
		goto out;
	}
	page(answer, 200, instance->id, text.data);
out:
	sim_buf_finish(&jpeg);
	sim_buf_finish(&text);
	return r;
}

static void judge_link(struct sim *sim, const char *url, struct sim_answer *answer)
{
	struct sim_instance instance;
	struct sim_link *link = find_link(sim, url);
	if (!link) {
		gone(answer, "Unknown", "<p>No such link was given out.</p>");
		return;
	}
	sim_fleet_get(&sim->fleet, SIM_TENCENT, link->index, &instance);
	snprintf(answer->record.instance, sizeof(answer->record.instance), "%s", instance.id);
	snprintf(answer->record.region, sizeof(answer->record.region), "%s",
		sim->options.regions[SIM_TENCENT].names[instance.region]);
	if (link->used) {
		gone(answer, "Used", "<p>It has been used, and each link works once.</p>");
	} else if (sim_clock_monotonic_ms() - link->made_ms > SIM_LINK_MS) {
		gone(answer, "Expired", "<p>It has expired: links live for 15 seconds.</p>");
	} else {
		link->used = true;
		if (show_console(sim, &instance, answer) < 0)
			page(answer, 500, "Internal error", "");
	}
}

void sim_vnc_redeem(struct sim *sim, const struct sim_request *request, const char *query,
	struct sim_answer *answer)
{
	struct sim_form form = {0};
	struct sim_buf value = {0};
	answer->record.cloud = "tencent";
	snprintf(answer->record.action, sizeof(answer->record.action), "RedeemVnc");
	struct sim_effect effect = sim_pick_fault(sim, SIM_TENCENT, &answer->record);
	(void)request;
	if (sim_answer_fault(answer, &effect))
		return;
	if (sim_form_parse(query, strlen(query), &form) < 0) {
		page(answer, 400, "Bad request", "<p>The query cannot be read.</p>");
		return;
	}
	const char *url = sim_form_get(&form, "InstanceVncUrl");
	if (!url) {
		page(answer, 400, "Bad request", "<p>InstanceVncUrl is missing.</p>");
		goto out;
	}
	sim_buf_add_percent(&value, url);
	if (!value.failed)
		sim_crypto_sha256_hex(value.data, value.len, answer->record.sha256);
	judge_link(sim, url, answer);
out:
	sim_buf_finish(&value);
	sim_form_finish(&form);
}
