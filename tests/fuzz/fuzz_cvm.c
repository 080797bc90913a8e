/* SPDX-License-Identifier: MIT */
/*
 * Answers of Tencent Cloud's API 3.0, of CVM, STS and `region`: good ones, errors, and what is
 * neither. The first four bytes say what was asked, the HTTP status, how the answer is cut, and
 * what the sink refuses.
 */
#include <string.h>

#include "backends/tencent/cvm/account.h"
#include "backends/tencent/cvm/live.h"
#include "backends/tencent/tencent.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/host.h"

#define ID "ins-r9hr2upy"

static const struct cfs_live *live(enum cfs_verb verb, unsigned letter)
{
	if (verb != CFS_FETCH && verb != CFS_PROBE)
		return NULL;
	return &cfs_tencent_backend
			.live[letter == 'H' ? CFS_TENCENT_LIVE_VNC_PAGE : CFS_TENCENT_LIVE_VNC_URL];
}

/* L, M (not the first page), F, V, H, R, W, P: the letters that seeds begin with. */
static struct cfs_question question(unsigned letter)
{
	struct cfs_question asked = {.verb = CFS_LIST, .region = "ap-guangzhou", .token = ""};

	switch (letter) {
	case 'M':
		asked.token = "100";
		break;
	case 'F':
		asked.verb = CFS_FIND;
		break;
	case 'V':
	case 'H':
		asked.verb = CFS_FETCH;
		break;
	case 'R':
		asked.verb = CFS_REGIONS;
		asked.region = "";
		break;
	case 'W':
		asked.verb = CFS_WHOAMI;
		asked.region = "";
		break;
	case 'P':
		asked.verb = CFS_PROBE;
		break;
	default:
		break;
	}
	if (asked.verb == CFS_FIND || asked.verb == CFS_FETCH)
		asked.id = ID;
	asked.live = live(asked.verb, letter);
	return asked;
}

/* vnc_url is one line, a link that begins with the page; vnc.html holds no more markup than it has
 * of its own, in which there is one link, twice. */
static void check_link(const struct fuzz_outcome *outcome, bool page)
{
	const char *text = cfs_buf_text(&outcome->content), *line = strchr(text, '\n');

	MUST(strlen(text) == outcome->content.len);
	if (page) {
		MUST(strncmp(text, "<!DOCTYPE html>", 15) == 0);
		MUST(strstr(text, "</html>\n"));
		MUST(fuzz_is_utf8(text));
		return;
	}
	MUST_OF(strncmp(text, CFS_TENCENT_VNC_PAGE, strlen(CFS_TENCENT_VNC_PAGE)) == 0, text);
	MUST(line && line[1] == '\0');
	for (; text < line; text++)
		MUST(*text > ' ' && *text <= '~' && !strchr("\"'<>\\`", *text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 400, 401, 403, 404, 413, 429, 500, 502, 503, 0, -1};
	static struct cfs_account *account;
	struct fuzz_input input = fuzz_input(data, size);
	struct fuzz_question asked = {.backend = &cfs_tencent_backend};
	struct fuzz_outcome outcome;
	struct fuzz_secrets secrets = {0};
	unsigned letter;

	if (!account)
		account = fuzz_account(&cfs_tencent_backend);
	asked.account = account;
	letter = fuzz_byte(&input);
	asked.question = question(letter);
	asked.status = statuses[(fuzz_byte(&input) - '0') % (sizeof(statuses) / sizeof(int))];
	asked.cuts = fuzz_byte(&input) - '0';
	asked.refuses = fuzz_byte(&input) - '0';
	asked.refuses = asked.refuses < 10 ? asked.refuses : 0;
	fuzz_secrets_find(&secrets, &input, &input, FUZZ_JSON);
	fuzz_answer(&asked, &input, &outcome);
	fuzz_secrets_check(&secrets, outcome.error.code);
	fuzz_secrets_check(&secrets, outcome.error.message);
	fuzz_secrets_check(&secrets, outcome.error.request_id);
	if (outcome.error.fault == CFS_OK && asked.question.verb == CFS_FETCH)
		check_link(&outcome, letter == 'H');
	fuzz_outcome_finish(&outcome);
	fuzz_secrets_finish(&secrets);
	return 0;
}
