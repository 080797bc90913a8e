/* SPDX-License-Identifier: MIT */
#include "fs/tree/gallery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/evp.h>

#include "backends/base/html.h"
#include "backends/base/time.h"
#include "fs/base/clock.h"
#include "fs/cloud/clouds.h"
#include "fs/cloud/trouble.h"
#include "fs/node/node.h"
#include "fs/tree/assets.h"
#include "fs/tree/gallery_card.h"

#define STATES_MAX 32          /* offered by the filter; others are found by text */
#define STATE_MAX 63           /* bytes of such a state */
#define HEAP_STEP 8192         /* entries for which the heap gets memory at once */
#define COLLECT_STEP 1024      /* instances collected in a step */
#define CARDS_STEP 64          /* cards made in a step */
#define CARD_USUAL 1024        /* bytes of a card, about */
#define FOOT_ROOM (128 * 1024) /* kept for what comes after the cards */
#define HASH_TEXT_MAX 64       /* of a SHA-256, in base64 */

/*
 * The page is made in steps, one in each turn of the loop. First the instances are collected in a
 * heap, which has the one whose card comes next on top; so they are sorted no further than the page
 * has room for. Then the template is filled, some cards at a time. Meanwhile instances and clouds
 * may go and be replaced: a reference is held to each that is needed.
 */
struct page {
	struct cfs_cloud *clouds[CFS_CLOUDS_MAX];
	size_t n_clouds, cloud; /* the cloud whose instances are being collected */
	struct cfs_walk walk;   /* over them */
	struct cfs_entry **heap;
	size_t n_heap, room;
	size_t n_entries, n_left_out;
	char states[STATES_MAX][STATE_MAX + 1];
	size_t n_states;
	const char *template; /* what is yet to be filled */
	struct cfs_buf *buf;
	time_t now;
};

/* The index among the page's clouds of the one that the entry is of. */
static size_t cloud_index(const struct page *page, const struct cfs_entry *entry)
{
	size_t i = 0;

	while (&page->clouds[i]->catalogue->store.entries != entry->entries)
		i++;
	return i;
}

/*
 * The heap: entries of which none comes before the one at (i - 1) / 2.
 */

static bool has_picture(const struct page *page, const struct cfs_entry *entry)
{
	return cfs_gallery_card_has_picture(page->clouds[cloud_index(page, entry)], entry);
}

/* Pictures first; by cloud; and as people sort: "Web" beside "web". */
static bool comes_before(
	const struct page *page, const struct cfs_entry *x, const struct cfs_entry *y)
{
	int order;

	if (has_picture(page, x) != has_picture(page, y))
		return has_picture(page, x);
	if (x->entries != y->entries)
		return cloud_index(page, x) < cloud_index(page, y);
	order = strcasecmp(cfs_gallery_card_name(x), cfs_gallery_card_name(y));
	return order ? order < 0 : strcmp(x->id, y->id) < 0;
}

static int push(struct page *page, struct cfs_entry *entry)
{
	struct cfs_entry **heap;
	size_t i, parent;

	if (page->n_heap == page->room) {
		heap = reallocarray(page->heap, page->room + HEAP_STEP, sizeof(*heap));
		if (!heap)
			return -ENOMEM;
		page->heap = heap;
		page->room += HEAP_STEP;
	}
	for (i = page->n_heap++; i > 0; i = parent) {
		parent = (i - 1) / 2;
		if (!comes_before(page, entry, page->heap[parent]))
			break;
		page->heap[i] = page->heap[parent];
	}
	page->heap[i] = cfs_entry_ref(entry);
	return 0;
}

/* Takes the first out; the reference is the caller's. */
static struct cfs_entry *pop(struct page *page)
{
	struct cfs_entry *first = page->heap[0], *last = page->heap[--page->n_heap];
	size_t i = 0, child;

	for (; (child = 2 * i + 1) < page->n_heap; i = child) {
		if (child + 1 < page->n_heap &&
			comes_before(page, page->heap[child + 1], page->heap[child]))
			child++;
		if (!comes_before(page, page->heap[child], last))
			break;
		page->heap[i] = page->heap[child];
	}
	page->heap[i] = last;
	return first;
}

/* The next card, or none when it does not fit. */
static int add_next_card(struct page *page)
{
	size_t before = page->buf->len, max = page->buf->max;
	struct cfs_entry *entry = pop(page);
	int r;

	page->buf->max = max - FOOT_ROOM;
	cfs_gallery_card_add(page->buf, page->clouds[cloud_index(page, entry)], entry, page->now);
	page->buf->max = max;
	cfs_entry_unref(entry);
	r = cfs_buf_error(page->buf);
	if (r == -EFBIG) {
		cfs_buf_cut(page->buf, before);
		page->n_left_out = page->n_heap + 1;
		r = 0;
	}
	return r;
}

static int add_cards(struct page *page)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < CARDS_STEP && page->n_heap > 0 && page->n_left_out == 0;
		i++)
		r = add_next_card(page);
	for (unsigned i = 0; i < COLLECT_STEP && page->n_heap > 0 && page->n_left_out > 0; i++)
		cfs_entry_unref(page->heap[--page->n_heap]);
	if (r < 0 || page->n_heap > 0)
		return r < 0 ? r : 1;
	if (page->n_left_out > 0)
		cfs_buf_addf(page->buf,
			"<li class=\"notice\">%zu more instances do not fit on this page.</li>\n",
			page->n_left_out);
	return 0;
}

/* What keeps a cloud, or a part of it, from this page, and what to do about it. */
static void add_cloud_notice(struct page *page, const struct cfs_cloud *cloud)
{
	bool listed = cfs_catalogue_is_listed(cloud->catalogue);
	struct cfs_trouble trouble;
	bool troubled = cfs_trouble_find(cloud, &trouble);

	if (listed && !troubled)
		return;
	cfs_html_add_in(
		page->buf, "<p class=\"notice\"><strong>", cloud->config->name, "</strong>");
	if (troubled) {
		cfs_html_add_in(page->buf, ": ", trouble.what, "");
		if (trouble.todo[0])
			cfs_html_add_in(page->buf, ". To do: ", trouble.todo, "");
		cfs_buf_addc(page->buf, '.');
		cfs_buf_adds(page->buf,
			listed ? " What is shown may be older. <a href=\"" : " <a href=\"");
		cfs_html_add_step(page->buf, cloud->config->name);
		cfs_buf_adds(page->buf, "/status\">Its status says more</a>.</p>\n");
	} else {
		cfs_buf_adds(page->buf, " has not been listed yet. <a href=\"");
		cfs_html_add_step(page->buf, cloud->config->name);
		cfs_buf_adds(page->buf,
			"/\">Open its directory</a>, then come back and reload this page.</p>\n");
	}
}

static int add_notices(struct page *page)
{
	for (size_t i = 0; i < page->n_clouds; i++)
		add_cloud_notice(page, page->clouds[i]);
	return 0;
}

/* A wall without a card says so. */
static int add_empty(struct page *page)
{
	if (page->n_entries == 0)
		cfs_buf_adds(
			page->buf, "<p class=\"notice\">There are no instances to show.</p>\n");
	return 0;
}

static void add_option(struct page *page, const char *text)
{
	cfs_html_add_in(page->buf, "<option value=\"", text, "\">");
	cfs_html_add_in(page->buf, "", text, "</option>");
}

static int add_cloud_options(struct page *page)
{
	for (size_t i = 0; i < page->n_clouds; i++)
		add_option(page, page->clouds[i]->config->name);
	return 0;
}

static int compare_states(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void note_state(struct page *page, const char *state)
{
	size_t i = 0;

	while (i < page->n_states && strcmp(page->states[i], state) != 0)
		i++;
	if (i == page->n_states && i < STATES_MAX && state[0] && strlen(state) <= STATE_MAX)
		strcpy(page->states[page->n_states++], state);
}

static int add_state_options(struct page *page)
{
	qsort(page->states, page->n_states, sizeof(page->states[0]), compare_states);
	for (size_t i = 0; i < page->n_states; i++)
		add_option(page, page->states[i]);
	return 0;
}

static int add_count(struct page *page)
{
	cfs_buf_addf(page->buf, "%zu instance%s in %zu cloud%s", page->n_entries,
		page->n_entries == 1 ? "" : "s", page->n_clouds, page->n_clouds == 1 ? "" : "s");
	return 0;
}

static int add_time(struct page *page)
{
	char now[CFS_TIME_TEXT];

	cfs_time_format(page->now, now);
	cfs_buf_addf(page->buf, "<time datetime=\"%s\">%s</time>", now, now);
	return 0;
}

static int add_hash(struct page *page, const char *text)
{
	unsigned char digest[EVP_MAX_MD_SIZE], encoded[HASH_TEXT_MAX];
	unsigned int len;

	if (EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	EVP_EncodeBlock(encoded, digest, (int)len);
	return cfs_buf_adds(page->buf, (const char *)encoded);
}

static int add_style(struct page *page)
{
	return cfs_buf_adds(page->buf, cfs_asset_gallery_css);
}

static int add_style_hash(struct page *page)
{
	return add_hash(page, cfs_asset_gallery_css);
}

static int add_script(struct page *page)
{
	return cfs_buf_adds(page->buf, cfs_asset_gallery_js);
}

static int add_script_hash(struct page *page)
{
	return add_hash(page, cfs_asset_gallery_js);
}

/* What stands in double braces in the template. */
static const struct part {
	const char *name;
	/* 0, 1 when there is more of it, or a negative errno other than the buffer's own. */
	int (*add)(struct page *page);
} parts[] = {
	{"cards", add_cards},
	{"cloud options", add_cloud_options},
	{"count", add_count},
	{"empty", add_empty},
	{"notices", add_notices},
	{"script", add_script},
	{"script hash", add_script_hash},
	{"state options", add_state_options},
	{"style", add_style},
	{"style hash", add_style_hash},
	{"time", add_time},
};

static int add_part(struct page *page, const char *name, size_t len)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strlen(parts[i].name) == len && memcmp(parts[i].name, name, len) == 0)
			r = parts[i].add(page);
	}
	return r < 0 || cfs_buf_error(page->buf) == 0 ? r : cfs_buf_error(page->buf);
}

/* 1 when there is more to fill. */
static int fill(struct page *page)
{
	const char *at, *end;
	int r;

	while ((at = strstr(page->template, "{{")) && (end = strstr(at, "}}"))) {
		cfs_buf_add(page->buf, page->template, (size_t)(at - page->template));
		page->template = at;
		r = add_part(page, at + 2, (size_t)(end - at - 2));
		if (r != 0)
			return r;
		page->template = end + 2;
	}
	cfs_buf_adds(page->buf, page->template);
	return cfs_buf_error(page->buf);
}

/* Room for a large page at once: to grow is to copy all there is. Without it the page may still
 * fit. */
static void presize(struct page *page)
{
	size_t usual = FOOT_ROOM + page->n_entries * CARD_USUAL;

	(void)cfs_buf_presize(page->buf, usual < page->buf->max ? usual : page->buf->max);
}

/* Some of the instances. 1 while there may be more. */
static int collect(struct page *page)
{
	struct cfs_entry *entry;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < COLLECT_STEP && page->cloud < page->n_clouds; i++) {
		if (!page->walk.link)
			cfs_catalogue_walk(page->clouds[page->cloud]->catalogue, &page->walk);
		entry = cfs_walk_next(&page->walk);
		if (!entry) {
			cfs_walk_stop(&page->walk);
			page->cloud++;
			continue;
		}
		page->n_entries++;
		note_state(page, cfs_instance_field(entry->instance, CFS_FIELD_STATE));
		r = push(page, entry);
	}
	if (r == 0 && page->cloud == page->n_clouds)
		presize(page);
	return r < 0 ? r : page->cloud < page->n_clouds;
}

static void end(void *state)
{
	struct page *page = state;

	if (!page)
		return;
	cfs_walk_stop(&page->walk);
	while (page->n_heap > 0)
		cfs_entry_unref(page->heap[--page->n_heap]);
	while (page->n_clouds > 0)
		cfs_cloud_unref(page->clouds[--page->n_clouds]);
	free(page->heap);
	free(page);
}

static int begin(const struct cfs_node *node, void **ret_state)
{
	struct page *page = calloc(1, sizeof(*page));

	if (!page)
		return -ENOMEM;
	page->template = cfs_asset_gallery_html;
	page->now = cfs_clock_wall().tv_sec;
	for (struct cfs_cloud *cloud = cfs_nodes_clouds(node->nodes)->first; cloud;
		cloud = cloud->next)
		page->clouds[page->n_clouds++] = cfs_cloud_ref(cloud);
	*ret_state = page;
	return 0;
}

static int step(void *state, struct cfs_buf *buf)
{
	struct page *page = state;
	int r = 0;

	page->buf = buf;
	if (page->cloud < page->n_clouds)
		r = collect(page);
	return r == 0 ? fill(page) : r;
}

const struct cfs_generator cfs_gallery_generator = {
	.begin = begin,
	.step = step,
	.end = end,
};
