/* SPDX-License-Identifier: MIT */
#include "fs/program/commas.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/text.h"
#include "fs/base/quote.h"
#include "fs/cloud/config.h"

#define SHOWN_MAX 128              /* bytes of an option in a message */
#define TEXT_MAX (128 * 1024)      /* bytes of an argument: the kernel allows no more */
#define SETTLED_MAX (2 * TEXT_MAX) /* every comma with a backslash */

/* The options of one -o. */
struct settling {
	cfs_commas_is_option *is_option;
	struct cfs_buf settled;
	char *list; /* the setting that may go on, "aws.filter"; NULL: the last option cannot */
	bool words; /* its values may be any words */
	bool typed; /* a person has written the options, and no helper of mount(8) */
	struct cfs_buf *why;
};

/* Options that ask for nothing here: devices, programs and set-user-id are always off, and the others
 * say when and by whom something is mounted. Only mount.fuse3(8) adds any of these itself. */
static bool means_nothing(const char *piece)
{
	static const char *const words[] = {
		"async", "auto", "defaults", "dev", "exec", "group", "owner", "suid", "users"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(piece, words[i]) == 0)
			return true;
	}
	return false;
}

/* The length of the piece at the beginning of a text, up to a comma that ends it. */
static size_t piece_length(const char *text, bool quotes)
{
	bool quoted = false;
	size_t len = 0;

	for (; text[len] && (quoted || text[len] != ','); len++) {
		if (text[len] == '\\' && text[len + 1])
			len++;
		else if (quotes && text[len] == '"')
			quoted = !quoted;
	}
	return len;
}

/* Appends the value of a setting without its quotes, and with a backslash before each comma. */
static int add_unquoted(struct cfs_buf *settled, const char *text)
{
	bool quoted = false;

	for (; *text; text++) {
		if (*text == '"') {
			quoted = !quoted;
			continue;
		}
		if (*text == ',')
			cfs_buf_addc(settled, '\\');
		cfs_buf_addc(settled, *text);
		if (*text == '\\' && text[1])
			cfs_buf_addc(settled, *++text);
	}
	return cfs_buf_error(settled) < 0 ? cfs_buf_error(settled) : quoted ? -EINVAL : 0;
}

static bool ends_in_backslash(const char *piece)
{
	size_t n = 0, len = strlen(piece);

	while (n < len && piece[len - 1 - n] == '\\')
		n++;
	return n % 2 == 1;
}

/* Begins what is wrong with an option: "-o aws.regions". */
static void name_option(struct settling *settling, const char *name, size_t len)
{
	char shown[SHOWN_MAX];

	cfs_text_line(shown, sizeof(shown), name, len);
	cfs_buf_addf(settling->why, "-o %s", shown);
}

/* Says how to write a comma. */
static void tell_how(struct settling *settling, const char *piece)
{
	char shown[SHOWN_MAX];

	cfs_text_line(shown, sizeof(shown), piece, strlen(piece));
	cfs_buf_addf(settling->why, "a value is written -o '%s=\"...,%s\"'", settling->list, shown);
}

static int refuse_piece(struct settling *settling, const char *piece, const char *what,
	const char *instead, const struct cfs_nearest *nearest)
{
	name_option(settling, settling->list, strlen(settling->list));
	cfs_buf_adds(settling->why, ": ");
	cfs_quote_add(settling->why, piece, strlen(piece));
	cfs_buf_addf(settling->why, " %s", what);
	if (nearest)
		cfs_nearest_add(nearest, settling->why);
	cfs_buf_addf(settling->why, "%s; ", instead);
	tell_how(settling, piece);
	return -EINVAL;
}

/* Whether a piece goes on with the list before it: 1 or 0; or a negative errno. */
static int goes_on(struct settling *settling, const char *piece)
{
	struct cfs_nearest nearest;

	if (!settling->list || !*piece || cfs_config_kind_of(piece) != CFS_NO_SETTING)
		return 0;
	cfs_nearest_init(&nearest, piece, strcspn(piece, "="));
	if (settling->is_option(piece, &nearest)) {
		if (!settling->typed || !settling->words || !means_nothing(piece))
			return 0;
		return refuse_piece(settling, piece,
			"may be a value, or a mount option, which would do nothing",
			": leave it out", NULL);
	}
	if (strchr(piece, '='))
		return refuse_piece(settling, piece, "is not a mount option",
			": give each setting an option of its own", &nearest);
	/* Names of regions have a dash or a digit, and of mount options hardly any. */
	if (nearest.word || (!settling->words && !strpbrk(piece, "-0123456789")))
		return refuse_piece(settling, piece, "is not a mount option", "", &nearest);
	return 1;
}

/* Appends SECTION.KEY=VALUE. */
static int add_setting(struct settling *settling, const char *piece, enum cfs_setting_kind kind)
{
	size_t name = strcspn(piece, "=");
	int r;

	if (!piece[name]) {
		name_option(settling, piece, name);
		cfs_buf_adds(settling->why, " needs a value: ");
		name_option(settling, piece, name);
		cfs_buf_adds(settling->why, "=VALUE");
		return -EINVAL;
	}
	if (ends_in_backslash(piece)) {
		name_option(settling, piece, name);
		cfs_buf_adds(settling->why,
			" ends in a backslash. mount(8) ends an option at a comma all the same: "
			"write the value in double quotes");
		return -EINVAL;
	}
	r = add_unquoted(&settling->settled, piece);
	if (r == -EINVAL) {
		name_option(settling, piece, name);
		cfs_buf_adds(settling->why, " has an unclosed quote");
	}
	if (r < 0 || kind == CFS_ONE_VALUE)
		return r;
	settling->list = strndup(piece, name);
	settling->words = kind == CFS_WORDS;
	return settling->list ? 0 : -ENOMEM;
}

static int settle_piece(struct settling *settling, const char *piece, bool first)
{
	enum cfs_setting_kind kind = cfs_config_kind_of(piece);
	int r = goes_on(settling, piece);

	if (r < 0)
		return r;
	if (!first)
		cfs_buf_adds(&settling->settled, r == 1 ? "\\," : ",");
	if (r == 1)
		return cfs_buf_adds(&settling->settled, piece);
	free(settling->list);
	settling->list = NULL;
	return kind == CFS_NO_SETTING ? cfs_buf_adds(&settling->settled, piece)
				      : add_setting(settling, piece, kind);
}

static int settle(struct settling *settling, const char *text)
{
	int r = 0;

	cfs_buf_clear(&settling->settled);
	for (bool first = true; r == 0; first = false) {
		size_t len = piece_length(text, cfs_config_kind_of(text) != CFS_NO_SETTING);
		char *piece = strndup(text, len);

		r = piece ? settle_piece(settling, piece, first) : -ENOMEM;
		free(piece);
		text += len;
		if (!*text++)
			break;
	}
	free(settling->list);
	settling->list = NULL;
	if (r == -EFBIG) {
		cfs_buf_adds(settling->why, "the options are too long");
		r = -EINVAL;
	}
	return r;
}

/* Whether the argument after this one belongs to it. */
static bool has_argument(const char *arg)
{
	static const char *const options[] = {"-c", "--config", "--into", "--log-level"};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(arg, options[i]) == 0)
			return true;
	}
	return false;
}

/* Whether there is no source: helpers of mount(8) always name one, and people hardly ever. */
static bool is_typed(int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			n++;
		else if (has_argument(argv[i]) || strcmp(argv[i], "-o") == 0)
			i++;
	}
	return n < 2;
}

static int add_argument(struct fuse_args *args, const char *arg)
{
	return fuse_opt_add_arg(args, arg) < 0 ? -ENOMEM : 0;
}

/* Adds an argument whose options begin there. */
static int add_options(
	struct settling *settling, struct fuse_args *args, const char *arg, const char *options)
{
	struct cfs_buf whole = CFS_BUF_INIT(SETTLED_MAX + 2);
	int r = settle(settling, options);

	if (r == 0)
		r = cfs_buf_add(&whole, arg, (size_t)(options - arg));
	if (r == 0)
		r = cfs_buf_adds(&whole, cfs_buf_text(&settling->settled));
	if (r == 0)
		r = add_argument(args, cfs_buf_text(&whole));
	cfs_buf_finish(&whole);
	return r;
}

int cfs_commas_settle(int argc, char **argv, cfs_commas_is_option *is_option,
	struct fuse_args *ret_args, struct cfs_buf *why)
{
	struct settling settling = {.is_option = is_option,
		.settled = CFS_BUF_INIT(SETTLED_MAX),
		.typed = is_typed(argc, argv),
		.why = why};
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	bool all = false; /* of the rest none is an option */
	int r = 0;

	for (int i = 0; i < argc && r == 0; i++) {
		bool last = i + 1 == argc;

		all = all || strcmp(argv[i], "--") == 0;
		if (!all && i > 0 && strncmp(argv[i], "-o", 2) == 0 && argv[i][2]) {
			r = add_options(&settling, &args, argv[i], argv[i] + 2);
			continue;
		}
		r = add_argument(&args, argv[i]);
		if (r < 0 || all || last || i == 0)
			continue;
		if (strcmp(argv[i], "-o") == 0) {
			i++;
			r = add_options(&settling, &args, argv[i], argv[i]);
		} else if (has_argument(argv[i])) {
			i++;
			r = add_argument(&args, argv[i]);
		}
	}
	cfs_buf_finish(&settling.settled);
	if (r < 0) {
		fuse_opt_free_args(&args);
		return r;
	}
	*ret_args = args;
	return 0;
}
