/* SPDX-License-Identifier: MIT */
/*
 * Answers of EC2, and of STS about its caller: good ones, errors, and what is neither. The first
 * four bytes say what was asked, the HTTP status, how the answer is cut, and what the sink refuses.
 */
#include <string.h>

#include "backends/aws/aws.h"
#include "backends/aws/ec2/live.h"
#include "backends/base/jpeg.h"
#include "tests/fuzz/answers.h"

#define ID "i-0123456789abcdef0"

static const struct cfs_live *const screenshot = &cfs_aws_live[CFS_AWS_LIVE_SCREENSHOT];
static const struct cfs_live *const output = &cfs_aws_live[CFS_AWS_LIVE_LOG];

/* L, F, S, O, R, W, P, Q: the letters that seeds begin with. */
static struct cfs_question question(unsigned letter)
{
	struct cfs_question asked = {.verb = CFS_LIST, .region = "us-east-1", .token = ""};

	switch (letter) {
	case 'F':
		asked.verb = CFS_FIND;
		asked.id = ID;
		break;
	case 'S':
	case 'O':
		asked.verb = CFS_FETCH;
		asked.id = ID;
		asked.live = letter == 'S' ? screenshot : output;
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
	case 'Q':
		asked.verb = CFS_PROBE;
		asked.live = letter == 'P' ? screenshot : output;
		break;
	default:
		break;
	}
	return asked;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 400, 401, 403, 404, 412, 413, 429, 500, 502, 503, 504,
		0, 100, 204, 301, 418, 599, 999, -1};
	static struct cfs_account *account;
	struct fuzz_input input = fuzz_input(data, size);
	struct fuzz_question asked = {.backend = &cfs_aws_backend};
	struct fuzz_outcome outcome;

	if (!account)
		account = fuzz_account(&cfs_aws_backend);
	asked.account = account;
	asked.question = question(fuzz_byte(&input));
	asked.status =
		statuses[(fuzz_byte(&input) - '0') % (sizeof(statuses) / sizeof(statuses[0]))];
	asked.cuts = fuzz_byte(&input) - '0';
	asked.refuses = fuzz_byte(&input) - '0';
	asked.refuses = asked.refuses < 10 ? asked.refuses : 0;
	fuzz_answer(&asked, &input, &outcome);
	if (outcome.error.fault == CFS_OK && asked.question.live == screenshot &&
		asked.question.verb == CFS_FETCH)
		MUST(!cfs_jpeg_check(outcome.content.data, outcome.content.len));
	fuzz_outcome_finish(&outcome);
	return 0;
}
