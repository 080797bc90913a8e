/* SPDX-License-Identifier: MIT */
#include "fs/cloud/guests.h"

#include <string.h>

#include "backends/base/text.h"

#define NAME_MAX_BYTES 64 /* of a name as it is written, which may be longer than a comm */

/* updatedb(8) of plocate and mlocate; GNOME's, KDE's and Xfce's indexers and thumbnailers. */
const char cfs_guests_default[] =
	"updatedb*, plocate*, mlocate*, tracker-*, localsearch*, baloo*, gvfsd-metadata, tumblerd, "
	"thumbnail*, gdk-pixbuf-thumbnailer, gsf-office-thumbnailer, gst-thumbnailers*, "
	"glycin-thumbnailer, ffmpegthumbnailer*, evince-thumbnailer, papers-thumbnailer, "
	"totem-video-thumbnailer, totem-gst-thumbnailer, gnome-thumbnail*, recollindex, "
	"zeitgeist-fts, nepomuk*, akonadi_index*, strigi*";

_Static_assert(NAME_MAX_BYTES == 64 && CFS_GUESTS_MAX == 128, "the messages say so");

static const char separators[] = ",: \t";

static const char *add(struct cfs_guests *guests, const char *name, size_t len)
{
	bool prefix = len > 0 && name[len - 1] == '*';

	len -= prefix;
	if (!cfs_text_is_token(name, len, NAME_MAX_BYTES, "._+-@"))
		return "is not a command name: it has at most 64 letters, digits and '._+-@', and "
		       "may "
		       "end in '*'";
	if (guests->n == CFS_GUESTS_MAX)
		return "is one command too many: at most 128";
	if (len > CFS_COMM_MAX) {
		len = CFS_COMM_MAX;
		prefix = false;
	}
	memcpy(guests->names[guests->n], name, len);
	guests->prefixes[guests->n++] = prefix;
	return NULL;
}

const char *cfs_guests_parse(const char *text, struct cfs_guests *ret_guests, const char **ret_name,
	size_t *ret_name_len)
{
	struct cfs_guests guests = {.n = 0};
	const char *wrong;
	size_t len;

	for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
		len = strcspn(text, separators);
		wrong = add(&guests, text, len);
		if (wrong) {
			*ret_name = text;
			*ret_name_len = len;
			return wrong;
		}
		text += len;
	}
	*ret_guests = guests;
	return NULL;
}

static bool is_named(const struct cfs_guests *guests, const char *comm)
{
	for (size_t i = 0; i < guests->n; i++) {
		const char *name = guests->names[i];

		if (guests->prefixes[i] ? strncmp(comm, name, strlen(name)) == 0
					: strcmp(comm, name) == 0)
			return true;
	}
	return false;
}

bool cfs_guests_match(const struct cfs_guests *guests, const struct cfs_caller *caller)
{
	return is_named(guests, caller->comm) || is_named(guests, caller->worker);
}
