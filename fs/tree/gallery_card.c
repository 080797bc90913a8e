/* SPDX-License-Identifier: MIT */
#include "fs/tree/gallery_card.h"

#include <string.h>

#include "backends/base/html.h"
#include "backends/base/time.h"

#define DAY 86400
#define HOUR 3600

/* The card that is being made, and what it is made of. */
struct card {
	struct cfs_buf *buf;
	const struct cfs_cloud *cloud;
	const struct cfs_entry *entry;
	time_t now;
};

/* The path of a file of an instance, or of its directory when file is "". */
static void add_path(const struct card *card, const char *file)
{
	cfs_html_add_step(card->buf, card->cloud->config->name);
	cfs_buf_addc(card->buf, '/');
	cfs_html_add_step(card->buf, card->entry->id);
	cfs_buf_addc(card->buf, '/');
	cfs_html_add_step(card->buf, file);
}

static void add_link(
	const struct card *card, const char *file, const char *attributes, const char *text)
{
	cfs_buf_adds(card->buf, "<a href=\"");
	add_path(card, file);
	cfs_buf_addf(card->buf, "\"%s>%s</a>", attributes, text);
}

static const char *field(const struct cfs_entry *entry, enum cfs_field field)
{
	return entry->instance ? cfs_instance_field(entry->instance, field) : "";
}

const char *cfs_gallery_card_name(const struct cfs_entry *entry)
{
	const char *name = field(entry, CFS_FIELD_NAME);

	return name[0] ? name : entry->id;
}

static const char *power_class(const struct cfs_entry *entry)
{
	static const char *const classes[] = {
		[CFS_POWER_UNKNOWN] = "unknown",
		[CFS_POWER_ON] = "on",
		[CFS_POWER_OFF] = "off",
		[CFS_POWER_CHANGING] = "changing",
		[CFS_POWER_GONE] = "off",
	};

	return classes[entry->instance ? entry->instance->power : CFS_POWER_UNKNOWN];
}

/* "312 days": since a time as RFC 3339 has it. */
static void add_age(const struct card *card, const char *launched)
{
	int64_t seconds;
	long long age;

	if (cfs_time_parse(launched, &seconds) < 0)
		return;
	age = (long long)(card->now - seconds);
	cfs_html_add_in(card->buf, " \302\267 <time datetime=\"", launched, "\" title=\"launched ");
	cfs_html_add_in(card->buf, "", launched, "\">");
	if (age >= 2 * DAY)
		cfs_buf_addf(card->buf, "%lld days</time>", age / DAY);
	else if (age >= 2 * HOUR)
		cfs_buf_addf(card->buf, "%lld hours</time>", age / HOUR);
	else
		cfs_buf_addf(card->buf, "%lld min</time>", age > 0 ? age / 60 : 0);
}

/* A live file that the gallery offers for an instance; of an action that gives a web page, the page
 * alone. */
static bool offered(const struct card *card, size_t i)
{
	const struct cfs_backend *backend = card->cloud->client->backend;
	const struct cfs_instance *instance = card->entry->instance;

	if (instance && !(instance->offers & UINT32_C(1) << i))
		return false;
	for (size_t j = 0; j < backend->n_live && !backend->live[i].page; j++)
		if (backend->live[j].page &&
			strcmp(backend->live[j].action, backend->live[i].action) == 0)
			return false;
	return true;
}

/* What the gallery shows of an instance: its picture, else a page, else nothing. */
static const struct cfs_live *find_shot(const struct card *card)
{
	const struct cfs_backend *backend = card->cloud->client->backend;
	const struct cfs_live *live = NULL;

	for (size_t i = 0; i < backend->n_live; i++) {
		if ((backend->live[i].image || backend->live[i].page) && offered(card, i) &&
			(!live || backend->live[i].image))
			live = &backend->live[i];
	}
	return live;
}

bool cfs_gallery_card_has_picture(const struct cfs_cloud *cloud, const struct cfs_entry *entry)
{
	const struct card card = {.cloud = cloud, .entry = entry};
	const struct cfs_live *live = find_shot(&card);

	return live && live->image;
}

/* Why there is nothing to show: the state, or if the machine is on, its type. */
static void add_absence(const struct card *card)
{
	const struct cfs_instance *instance = card->entry->instance;
	bool on = instance && instance->power == CFS_POWER_ON &&
		field(card->entry, CFS_FIELD_TYPE)[0];

	cfs_buf_adds(card->buf, "<div class=\"shot\"><span>");
	if (on)
		cfs_html_add_in(card->buf, "No picture: the cloud takes none of a ",
			field(card->entry, CFS_FIELD_TYPE), "");
	else
		cfs_html_add_in(card->buf, "No picture: the machine is ",
			field(card->entry, CFS_FIELD_STATE)[0] ? field(card->entry, CFS_FIELD_STATE)
							       : "not listed",
			"");
	cfs_buf_adds(card->buf, "</span></div>");
}

/* Where the picture goes, or what stands in its place. */
static void add_shot(const struct card *card)
{
	const struct cfs_live *live = find_shot(card);

	if (live && live->image)
		add_link(card, live->name, " class=\"shot\" data-img", "Take a picture");
	else if (live)
		add_link(card, live->name,
			" class=\"shot vnc\" target=\"_blank\" rel=\"noopener noreferrer\"",
			"<span><b>Open the console</b>No picture, VNC only: in a new "
			"tab</span>");
	else
		add_absence(card);
}

static void add_facts(const struct card *card)
{
	const struct cfs_cloud *cloud = card->cloud;
	const char *region = card->entry->region == CFS_REGION_UNKNOWN
		? ""
		: cfs_catalogue_region_name(cloud->catalogue, (size_t)card->entry->region);

	cfs_html_add_in(card->buf, "\n<p><code>", card->entry->id, "</code> \302\267 ");
	cfs_html_add_in(card->buf, "", cloud->config->name, region[0] ? " \302\267 " : "");
	cfs_html_add_in(card->buf, "", region, "</p>\n<p><span class=\"state ");
	cfs_buf_addf(card->buf, "%s\">", power_class(card->entry));
	cfs_html_add_in(card->buf, "",
		card->entry->instance ? field(card->entry, CFS_FIELD_STATE) : "not listed",
		"</span>");
	if (field(card->entry, CFS_FIELD_TYPE)[0])
		cfs_html_add_in(card->buf, " \302\267 ", field(card->entry, CFS_FIELD_TYPE), "");
	add_age(card, field(card->entry, CFS_FIELD_LAUNCHED));
	cfs_buf_adds(card->buf, "</p>\n");
}

static void add_links(const struct card *card)
{
	const struct cfs_backend *backend = card->cloud->client->backend;
	bool wakes = false;

	cfs_buf_adds(card->buf, "<p class=\"links\">");
	for (size_t i = 0; i < backend->n_live; i++) {
		const struct cfs_live *live = &backend->live[i];

		wakes = wakes || (live->wakes && offered(card, i));
		if (offered(card, i) && !live->image)
			add_link(card, live->name,
				live->page ? " target=\"_blank\" rel=\"noopener noreferrer\"" : "",
				live->name);
	}
	add_link(card, "info.json", "", "info.json");
	add_link(card, "error", "", "error");
	if (wakes) {
		cfs_buf_adds(card->buf, "</p>\n<p class=\"wake\"><code data-file=\"");
		add_path(card, "wake");
		cfs_buf_adds(card->buf, "\">echo &gt; ");
		add_path(card, "wake");
		cfs_buf_adds(card->buf, "</code>");
	}
	cfs_buf_adds(card->buf, "</p>\n");
}

/* What the search looks through beside what is shown. */
static void add_tags(const struct card *card)
{
	const struct cfs_instance *instance = card->entry->instance;
	struct cfs_pair tag;
	const char *at;

	if (!instance)
		return;
	at = cfs_instance_tags(instance);
	for (size_t i = 0; i < instance->n_tags; i++) {
		tag = cfs_instance_take_pair(&at);
		/* The name is shown already. */
		if (strcmp(tag.value, cfs_instance_field(instance, CFS_FIELD_NAME)) == 0)
			continue;
		cfs_html_add_in(card->buf, " ", tag.key, "=");
		cfs_html_add(card->buf, tag.value);
	}
	at = cfs_instance_addresses(instance);
	for (size_t i = 0; i < instance->n_addresses; i++)
		cfs_html_add_in(card->buf, " ", cfs_instance_take(&at), "");
}

void cfs_gallery_card_add(struct cfs_buf *buf, const struct cfs_cloud *cloud,
	const struct cfs_entry *entry, time_t now)
{
	const struct card card = {.buf = buf, .cloud = cloud, .entry = entry, .now = now};

	cfs_html_add_in(buf, "<li class=\"card\" data-c=\"", cloud->config->name, "\" data-s=\"");
	cfs_html_add_in(buf, "", field(entry, CFS_FIELD_STATE), "\" data-t=\"");
	add_tags(&card);
	cfs_buf_adds(buf, "\">\n");
	add_shot(&card);
	cfs_buf_adds(buf, "\n<h2><a href=\"");
	add_path(&card, "");
	cfs_html_add_in(buf, "\"><bdi>", cfs_gallery_card_name(entry), "</bdi></a></h2>");
	add_facts(&card);
	add_links(&card);
	cfs_buf_adds(buf, "</li>\n");
}
