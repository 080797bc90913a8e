#include "fs/byname.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/text.h"

struct row {
	char *name;
	struct cfs_entry *entry;
	bool claims_id; /* the name ends in what is an id */
	bool is_shared; /* another instance has the same */
};

/* Rows in the order of their names, as of one version of the catalogue. */
struct cfs_byname {
	const struct cfs_catalogue *catalogue;
	uint64_t version; /* 0: not made yet */
	struct row *rows;
	size_t n;
};

int cfs_byname_create(const struct cfs_catalogue *catalogue, struct cfs_byname **ret_byname)
{
	struct cfs_byname *byname = calloc(1, sizeof(*byname));

	if (!byname)
		return -ENOMEM;
	byname->catalogue = catalogue;
	*ret_byname = byname;
	return 0;
}

static void clear(struct cfs_byname *byname)
{
	while (byname->n > 0)
		free(byname->rows[--byname->n].name);
	free(byname->rows);
	byname->rows = NULL;
	byname->version = 0;
}

void cfs_byname_destroy(struct cfs_byname *byname)
{
	if (!byname)
		return;
	clear(byname);
	free(byname);
}

void cfs_byname_clean(char out[CFS_BYNAME_MAX + 1], const char *name)
{
	const unsigned char *in = (const unsigned char *)name;
	size_t len = strlen(name), used = 0, n;

	for (; len > 0; in += n, len -= n) {
		n = cfs_text_utf8_length(in, len);
		if (n == 0 || *in == '/' || cfs_text_is_control(in, n)) {
			n = n ? n : 1;
			if (used == CFS_BYNAME_MAX)
				break;
			out[used++] = '_';
		} else {
			if (n > CFS_BYNAME_MAX - used)
				break;
			memcpy(out + used, in, n);
			used += n;
		}
	}
	out[used] = '\0';
	if (strcmp(out, ".") == 0 || strcmp(out, "..") == 0)
		memset(out, '_', used);
}

/* Whether the name is, or ends behind a hyphen in, what is an id of this cloud. */
static bool ends_in_id(const struct cfs_backend *backend, const char *name)
{
	const char *at = name;

	while (at) {
		if (backend->valid_id(at))
			return true;
		at = strchr(at, '-');
		at = at ? at + 1 : NULL;
	}
	return false;
}

static int add(void *arg, const struct cfs_entry *entry)
{
	struct cfs_byname *byname = arg;
	const struct cfs_backend *backend = cfs_catalogue_cloud(byname->catalogue)->backend;
	struct row *row = &byname->rows[byname->n];
	char name[CFS_BYNAME_MAX + 1];

	cfs_byname_clean(name, cfs_instance_field(entry->instance, CFS_FIELD_NAME));
	row->claims_id = ends_in_id(backend, name);
	row->name = strdup(name[0] ? name : entry->id);
	if (!row->name)
		return -ENOMEM;
	row->entry = (struct cfs_entry *)(uintptr_t)entry;
	byname->n++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct row *one = a, *other = b;
	int by_name = strcmp(one->name, other->name);

	return by_name ? by_name : one->claims_id - other->claims_id;
}

/* Of rows in order, equal names stand together, and those that get their id in any case behind the
 * others: they take nobody's name away. */
static void mark_shared(struct cfs_byname *byname)
{
	struct row *row, *last;
	size_t i;

	for (i = 1; i < byname->n; i++) {
		row = &byname->rows[i];
		last = row - 1;
		if (!row->claims_id && strcmp(last->name, row->name) == 0)
			last->is_shared = row->is_shared = true;
	}
}

/* The length of the name cut to max bytes at a character's edge. */
static size_t cut(const char *name, size_t max)
{
	size_t len = strlen(name);

	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)name[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static int append_id(struct row *row)
{
	const char *id = row->entry->id;
	struct cfs_buf name = CFS_BUF_INIT(CFS_BYNAME_MAX);
	int r;

	r = cfs_buf_add(&name, row->name, cut(row->name, CFS_BYNAME_MAX - 1 - strlen(id)));
	if (r == 0)
		r = cfs_buf_addf(&name, "-%s", id);
	if (r < 0) {
		cfs_buf_finish(&name);
		return r;
	}
	free(row->name);
	row->name = name.data;
	return 0;
}

/* Makes the rows anew if the catalogue has changed. */
static int update(struct cfs_byname *byname)
{
	uint64_t version = cfs_catalogue_version(byname->catalogue);
	size_t i, n = cfs_catalogue_size(byname->catalogue);
	int r;

	if (byname->version == version)
		return 0;
	clear(byname);
	byname->rows = calloc(n ? n : 1, sizeof(*byname->rows));
	if (!byname->rows)
		return -ENOMEM;
	r = cfs_catalogue_each(byname->catalogue, add, byname);
	qsort(byname->rows, byname->n, sizeof(*byname->rows), compare);
	mark_shared(byname);
	for (i = 0; i < byname->n && r == 0; i++)
		if (byname->rows[i].claims_id || byname->rows[i].is_shared)
			r = append_id(&byname->rows[i]);
	if (r < 0) {
		clear(byname);
		return r;
	}
	qsort(byname->rows, byname->n, sizeof(*byname->rows), compare);
	byname->version = version;
	return 0;
}

static int compare_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct row *)row)->name);
}

int cfs_byname_find(struct cfs_byname *byname, const char *name, struct cfs_entry **ret_entry)
{
	const struct row *row;
	int r;

	r = update(byname);
	if (r < 0)
		return r;
	row = bsearch(name, byname->rows, byname->n, sizeof(*byname->rows), compare_name);
	if (!row)
		return -ENOENT;
	*ret_entry = row->entry;
	return 0;
}

int cfs_byname_each(struct cfs_byname *byname,
	int (*fn)(void *arg, const char *name, const struct cfs_entry *entry), void *arg)
{
	size_t i;
	int r;

	r = update(byname);
	for (i = 0; i < byname->n && r == 0; i++)
		r = fn(arg, byname->rows[i].name, byname->rows[i].entry);
	return r;
}
