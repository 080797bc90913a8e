#include "fs/cloud/guests.h"

#include <string.h>

#include "backends/base/text.h"

#define NAME_MAX_BYTES 64 /* of a name as it is written, its end beyond a comm's included */

/* updatedb(8) of plocate and mlocate; GNOME's, KDE's and Xfce's indexers and thumbnailers. */
const char cfs_guests_default[] =
	"updatedb*, plocate*, mlocate*, tracker-*, localsearch*, baloo*, gvfsd-metadata, tumblerd, "
	"thumbnail*, gdk-pixbuf-thumbnailer, gsf-office-thumbnailer, gst-thumbnailers*, "
	"glycin-thumbnailer, ffmpegthumbnailer*, evince-thumbnailer, papers-thumbnailer, "
	"totem-video-thumbnailer, totem-gst-thumbnailer, gnome-thumbnail*, recollindex, "
	"zeitgeist-fts, nepomuk*, akonadi_index*, strigi*";

static const char separators[] = ",: \t";

static const char *add(struct cfs_guests *guests, const char *name, size_t len)
{
	bool prefix = len > 0 && name[len - 1] == '*';

	len -= prefix;
	if (!cfs_text_is_token(name, len, NAME_MAX_BYTES, "._+-@"))
		return "holds something that is no command's name";
	if (guests->n == CFS_GUESTS_MAX)
		return "names too many commands";
	if (len > CFS_COMM_MAX) {
		len = CFS_COMM_MAX;
		prefix = false;
	}
	memcpy(guests->names[guests->n], name, len);
	guests->prefixes[guests->n++] = prefix;
	return NULL;
}

const char *cfs_guests_parse(const char *text, struct cfs_guests *ret_guests)
{
	struct cfs_guests guests = {.n = 0};
	const char *wrong = NULL;
	size_t len;

	for (text += strspn(text, separators); *text && !wrong; text += strspn(text, separators)) {
		len = strcspn(text, separators);
		wrong = add(&guests, text, len);
		text += len;
	}
	if (!wrong)
		*ret_guests = guests;
	return wrong;
}

static bool is_named(const struct cfs_guests *guests, const char *comm)
{
	const char *name;
	size_t i;

	for (i = 0; i < guests->n; i++) {
		name = guests->names[i];
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
