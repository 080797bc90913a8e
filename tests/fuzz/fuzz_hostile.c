/* SPDX-License-Identifier: MIT */
/*
 * Whether one instance can hide the others. A listing has three instances, and the input is what
 * stands in one place of the second: a tag, its name, an address, its ID. The clouds escape what
 * would be markup ('<' in XML, '"' in JSON), and no more than that is done here.
 *
 * The first four bytes: the cloud (E, C), the place, how the answer is cut, how often the text
 * stands there.
 */
#include <string.h>

#include "backends/aws/aws.h"
#include "backends/tencent/tencent.h"
#include "tests/fuzz/answers.h"

#define BODY_MAX (4 * 1024 * 1024)
#define TEXT_MAX (512 * 1024)
#define CUT_TEXT_MAX (64 * 1024) /* where it may come byte by byte */
#define MARKUP 128               /* bytes around a text, at the most */
#define NEST_MAX 100 /* less than the elements that an XML document may have within each other */

/* What is before and behind the text. */
struct place {
	const char *before, *after;
};

static const struct place ec2_places[] = {
	{"<tagSet><item><key>note</key><value>", "</value></item></tagSet>"},
	{"<tagSet><item><key>", "</key><value>1</value></item></tagSet>"},
	{"<tagSet><item><key>Name</key><value>", "</value></item></tagSet>"},
	{"<instanceId>", "</instanceId>"},
	{"<instanceType>", "</instanceType>"},
	{"<instanceState><code>16</code><name>", "</name></instanceState>"},
	{"<instanceState><code>", "</code></instanceState>"},
	{"<placement><availabilityZone>", "</availabilityZone></placement>"},
	{"<privateIpAddress>", "</privateIpAddress>"},
	{"<networkInterfaceSet><item><ipv6AddressesSet><item><ipv6Address>",
		"</ipv6Address></item></ipv6AddressesSet></item></networkInterfaceSet>"},
	{"<launchTime>", "</launchTime>"},
	{"<architecture>", "</architecture>"},
	{"<keyName>", "</keyName>"},
	{"<somethingNew><a b='", "'/></somethingNew>"},
	{"<keyName><![CDATA[", "]]></keyName>"},
	{"<!--", "-->"},
};

static const struct place cvm_places[] = {
	{"\"Tags\":[{\"Key\":\"note\",\"Value\":\"", "\"}]"},
	{"\"Tags\":[{\"Key\":\"", "\",\"Value\":\"1\"}]"},
	{"\"InstanceName\":\"", "\""},
	{"\"InstanceId\":\"", "\""},
	{"\"InstanceType\":\"", "\""},
	{"\"InstanceState\":\"", "\""},
	{"\"Placement\":{\"Zone\":\"", "\"}"},
	{"\"PrivateIpAddresses\":[\"", "\"]"},
	{"\"IPv6Addresses\":[\"10.0.0.1\",\"", "\"]"},
	{"\"CreatedTime\":\"", "\""},
	{"\"ExpiredTime\":\"", "\""},
	{"\"SomethingNew\":{\"", "\":null}"},
};

/* A listing's own text. */
struct form {
	const char *begin, *end, *between;
	const char *first, *second, *third; /* `second` begins the hostile one */
	const char *close;
	const char *nest, *unnest;
	const struct place *places;
	size_t n_places;
	char forbidden, instead; /* what the cloud would escape */
};

static const struct form ec2 = {
	.begin = "<DescribeInstancesResponse><requestId>r</requestId><reservationSet>",
	.end = "</reservationSet></DescribeInstancesResponse>",
	.between = "",
	.first = "<item><instancesSet><item><instanceId>i-0aaaaaaaaaaaaaaaa</instanceId>"
		 "<instanceType>t3.nano</instanceType></item></instancesSet></item>",
	.second = "<item><instancesSet><item><instanceId>i-0bbbbbbbbbbbbbbbb</instanceId>",
	.third = "<item><instancesSet><item><instanceId>i-0cccccccccccccccc</instanceId>"
		 "<tagSet><item><key>Name</key><value>web</value></item></tagSet>"
		 "</item></instancesSet></item>",
	.close = "</item></instancesSet></item>",
	.nest = "<x>",
	.unnest = "</x>",
	.places = ec2_places,
	.n_places = sizeof(ec2_places) / sizeof(ec2_places[0]),
	.forbidden = '<',
	.instead = '(',
};

static const struct form cvm = {
	.begin = "{\"Response\":{\"TotalCount\":3,\"RequestId\":\"r\",\"InstanceSet\":[",
	.end = "]}}",
	.between = ",",
	.first = "{\"InstanceId\":\"ins-aaaaaaaa\",\"InstanceType\":\"S5\"}",
	.second = "{\"InstanceId\":\"ins-bbbbbbbb\",",
	.third = "{\"InstanceId\":\"ins-cccccccc\",\"InstanceName\":\"web\"}",
	.close = ",\"End\":0}",
	.nest = "[",
	.unnest = "]",
	.places = cvm_places,
	.n_places = sizeof(cvm_places) / sizeof(cvm_places[0]),
	.forbidden = '"',
	.instead = '\'',
};

/* What the markup of a place itself would be ended by, in a text from a stranger. */
static bool ends_place(const struct place *place, char c)
{
	return (strstr(place->before, "='") && c == '\'') ||
		(strstr(place->before, "CDATA") && c == ']') ||
		(strstr(place->before, "<!--") && c == '-');
}

static void add_text(const struct form *form, const struct place *place,
	const struct fuzz_input *text, struct cfs_buf *body)
{
	size_t len = text->left;

	/* It would escape the quotation mark behind the text. */
	while (form == &cvm && len > 0 && text->at[len - 1] == '\\')
		len--;
	for (size_t i = 0; i < len; i++) {
		char c = text->at[i];

		if (c == form->forbidden)
			c = form->instead;
		cfs_buf_addc(body, ends_place(place, c) ? ' ' : c);
	}
}

static void add_nest(const struct form *form, size_t depth, struct cfs_buf *body)
{
	cfs_buf_adds(body, form == &cvm ? "\"Deep\":" : "");
	for (size_t i = 0; i < depth; i++)
		cfs_buf_adds(body, form->nest);
	for (size_t i = 0; i < depth; i++)
		cfs_buf_adds(body, form->unnest);
}

static void add_hostile(const struct form *form, unsigned letter, unsigned times,
	const struct fuzz_input *text, struct cfs_buf *body)
{
	const struct place *place = &form->places[letter % form->n_places];

	cfs_buf_adds(body, form->second);
	if (letter == 'N') {
		add_nest(form, text->left < NEST_MAX ? text->left : NEST_MAX, body);
	} else {
		for (unsigned i = 0; i <= times; i++) {
			cfs_buf_adds(body, i ? form->between : "");
			cfs_buf_adds(body, place->before);
			add_text(form, place, text, body);
			cfs_buf_adds(body, place->after);
		}
	}
	cfs_buf_adds(body, form->close);
}

/* What is given of a whole listing with a hostile instance, or without it. */
static void read_listing(const struct form *form, struct fuzz_question *asked,
	const struct cfs_buf *hostile, struct fuzz_outcome *ret_outcome)
{
	struct cfs_buf body = CFS_BUF_INIT(2 * BODY_MAX);
	struct fuzz_input input;

	cfs_buf_adds(&body, form->begin);
	cfs_buf_adds(&body, form->first);
	cfs_buf_adds(&body, form->between);
	cfs_buf_add(&body, cfs_buf_text(hostile), hostile->len);
	cfs_buf_adds(&body, hostile->len ? form->between : "");
	cfs_buf_adds(&body, form->third);
	cfs_buf_adds(&body, form->end);
	MUST(cfs_buf_error(&body) == 0);
	input = fuzz_input((const uint8_t *)body.data, body.len);
	fuzz_answer(asked, &input, ret_outcome);
	cfs_buf_finish(&body);
}

static void check_others(const struct fuzz_outcome *with, const struct fuzz_outcome *without)
{
	const char *third = strstr(cfs_buf_text(&without->given), "power");
	size_t first_len, third_len;

	third = strchr(third, '\n') + 1;
	first_len = (size_t)(third - without->given.data);
	third_len = without->given.len - first_len;
	MUST_OF(with->error.fault == CFS_OK, with->error.message);
	MUST(with->given.len >= first_len + third_len);
	MUST_OF(memcmp(with->given.data, without->given.data, first_len) == 0, with->given.data);
	MUST_OF(memcmp(with->given.data + with->given.len - third_len, third, third_len) == 0,
		with->given.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cfs_buf nothing;
	static struct cfs_account *accounts[2];
	struct fuzz_input input = fuzz_input(data, size);
	bool is_cvm = fuzz_byte(&input) == 'C';
	unsigned letter = fuzz_byte(&input), cuts = fuzz_byte(&input) - '0', times;
	const struct form *form = is_cvm ? &cvm : &ec2;
	struct fuzz_question asked = {
		.backend = is_cvm ? &cfs_tencent_backend : &cfs_aws_backend,
		.question = {.verb = CFS_LIST, .region = is_cvm ? "ap-guangzhou" : "us-east-1"},
		.status = 200,
	};
	struct cfs_buf hostile = CFS_BUF_INIT(BODY_MAX);
	struct fuzz_outcome with, without;

	times = fuzz_byte(&input) - '0';
	/* A whole answer has a limit. */
	times = times > 'z' - '0' ? 0 : times * times;
	if (times * (input.left + MARKUP) > (cuts ? CUT_TEXT_MAX : TEXT_MAX))
		times = 0;
	if (!accounts[is_cvm])
		accounts[is_cvm] = fuzz_account(asked.backend);
	asked.account = accounts[is_cvm];
	asked.question.token = "";
	add_hostile(form, letter, times, &input, &hostile);
	MUST(cfs_buf_error(&hostile) == 0);
	read_listing(form, &asked, &nothing, &without);
	asked.cuts = cuts;
	read_listing(form, &asked, &hostile, &with);
	check_others(&with, &without);
	fuzz_outcome_finish(&with);
	fuzz_outcome_finish(&without);
	cfs_buf_finish(&hostile);
	return 0;
}
