/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include "crypto.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum arg_rule { ARG_NONE, ARG_NUMBER, ARG_OPTIONAL, ARG_TEXT, ARG_ANY };

static const struct kind {
	enum sim_fault_kind kind;
	const char *name;
	enum arg_rule arg;
	unsigned least, most; /* of a number */
	const char *actions;  /* NULL: every one */
} kinds[] = {
	{SIM_FAULT_DELAY, "delay", ARG_NUMBER, 0, SIM_FAULT_DELAY_MAX, NULL},
	{SIM_FAULT_HANG, "hang", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_RESET, "reset", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_STATUS, "status", ARG_NUMBER, 200, 599, NULL},
	{SIM_FAULT_GARBAGE, "garbage", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_CODE, "code", ARG_TEXT, 0, 0, NULL},
	{SIM_FAULT_THROTTLE, "throttle", ARG_OPTIONAL, 1, SIM_FAULT_RETRY_MAX, NULL},
	{SIM_FAULT_TRUNCATE, "truncate", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_BADBASE64, "badbase64", ARG_NONE, 0, 0,
		" GetConsoleScreenshot GetConsoleOutput "},
	{SIM_FAULT_NOTJPEG, "notjpeg", ARG_NONE, 0, 0, " GetConsoleScreenshot "},
	{SIM_FAULT_BADID, "badid", ARG_ANY, 0, 0, " DescribeInstances "},
	{SIM_FAULT_OVERSIZE, "oversize", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_EMPTY, "empty", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_CLOSE, "close", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_CUTHEADER, "cutheader", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_CUTBODY, "cutbody", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_CUTTLS, "cuttls", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_BADTLS, "badtls", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_STALL, "stall", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_DRIP, "drip", ARG_NUMBER, 1, SIM_FAULT_DELAY_MAX, NULL},
	{SIM_FAULT_LONGLENGTH, "longlength", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_SHORTLENGTH, "shortlength", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_BADCHUNK, "badchunk", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_NOLASTCHUNK, "nolastchunk", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_CHUNKS, "chunks", ARG_NUMBER, 1, SIM_FAULT_CHUNK_MAX, NULL},
	{SIM_FAULT_BIGHEADER, "bigheader", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_LONGHEADER, "longheader", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_INTERIM, "interim", ARG_NONE, 0, 0, NULL},
	{SIM_FAULT_TWICE, "twice", ARG_NONE, 0, 0, NULL},
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char known_actions[] =
	" DescribeInstances DescribeRegions GetConsoleScreenshot "
	"GetConsoleOutput DescribeInstanceVncUrl RedeemVnc "
	"GetCallerIdentity AssumeRole AssumeRoleWithWebIdentity "
	"MetadataToken MetadataRole MetadataCredentials MetadataOther "
	"ContainerCredentials GetRoleCredentials CreateToken CreateOAuth2Token * ";

static bool in_list(const char *list, const char *word)
{
	size_t len = strlen(word);
	for (const char *p = list; len && (p = strstr(p, word)); p += len) {
		if (p > list && p[-1] == ' ' && p[len] == ' ')
			return true;
	}
	return false;
}

const char *sim_fault_name(enum sim_fault_kind kind)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		if (kinds[i].kind == kind)
			return kinds[i].name;
	}
	return "";
}

bool sim_fault_of_wire(enum sim_fault_kind kind)
{
	return kind >= SIM_FAULT_CLOSE && kind <= SIM_FAULT_TWICE;
}

static bool take(const char *from, size_t len, char *ret_text, size_t size)
{
	if (len >= size)
		return false;
	memcpy(ret_text, from, len);
	ret_text[len] = '\0';
	return true;
}

static const char *parse_target(const char *text, size_t len, struct sim_fault *fault)
{
	if (strncmp(text, "aws/", 4) == 0) {
		fault->cloud = SIM_AWS;
		text += 4, len -= 4;
	} else if (strncmp(text, "tencent/", 8) == 0) {
		fault->cloud = SIM_TENCENT;
		text += 8, len -= 8;
	}
	const char *end = text + len;
	const char *at = memchr(text, '@', len);
	const char *target = at ? at : end;
	const char *percent = memchr(text, '%', (size_t)(target - text));
	const char *action_end = percent ? percent : target;
	if (!take(text, (size_t)(action_end - text), fault->action, sizeof(fault->action)))
		return "the action is too long";
	if (!in_list(known_actions, fault->action))
		return "unknown action";
	if (percent &&
		(percent + 1 == target ||
			!take(percent + 1, (size_t)(target - percent - 1), fault->region,
				sizeof(fault->region))))
		return "the region after % is empty or too long";
	if (at &&
		(at + 1 == end ||
			!take(at + 1, (size_t)(end - at - 1), fault->instance,
				sizeof(fault->instance))))
		return "the instance after @ is empty or too long";
	return NULL;
}

static const char *parse_kind(const char *text, size_t len, struct sim_fault *fault)
{
	const char *equals = memchr(text, '=', len);
	char name[SIM_FAULT_TEXT];
	if (!take(text, equals ? (size_t)(equals - text) : len, name, sizeof(name)))
		return "the kind is too long";
	const struct kind *kind = NULL;
	for (size_t i = 0; i < N_KINDS; i++) {
		if (strcmp(kinds[i].name, name) == 0)
			kind = &kinds[i];
	}
	if (!kind)
		return "unknown kind";
	fault->kind = kind->kind;
	if (equals &&
		!take(equals + 1, len - (size_t)(equals - text) - 1, fault->arg,
			sizeof(fault->arg)))
		return "the argument is too long";
	if (kind->actions && strcmp(fault->action, "*") != 0 &&
		!in_list(kind->actions, fault->action))
		return "this kind does not apply to this action";
	switch (kind->arg) {
	case ARG_NONE:
		return equals ? "this kind takes no argument" : NULL;
	case ARG_TEXT:
		return fault->arg[0] ? NULL : "this kind needs an argument";
	case ARG_ANY:
		return equals ? NULL : "this kind needs an argument";
	case ARG_OPTIONAL:
		if (!equals)
			return NULL;
		break;
	case ARG_NUMBER:
		break;
	}
	char *end;
	errno = 0;
	unsigned long number = strtoul(fault->arg, &end, 10);
	if (!isdigit((unsigned char)fault->arg[0]) || *end || errno || number < kind->least ||
		number > kind->most)
		return "the argument is no number in range";
	fault->number = (unsigned)number;
	return NULL;
}

static const char *parse_limit(const char *text, struct sim_fault *fault)
{
	char *end;
	errno = 0;
	if (text[0] == 'x') {
		if (!isdigit((unsigned char)text[1]))
			return "xN needs a number";
		fault->left = strtoull(text + 1, &end, 10);
		return *end || errno ? "xN needs a number" : NULL;
	}
	fault->share = strtod(text, &end);
	if (!(isdigit((unsigned char)text[0]) || text[0] == '.') || *end || errno ||
		!(fault->share >= 0 && fault->share <= 1))
		return "the share is no number from 0 to 1";
	return NULL;
}

const char *sim_fault_parse(const char *text, struct sim_fault *ret_fault)
{
	struct sim_fault fault = {.cloud = -1, .share = 1, .left = UINT64_MAX};
	const char *colon = strchr(text, ':');
	if (!colon)
		return "it has no :KIND";
	const char *wrong = parse_target(text, (size_t)(colon - text), &fault);
	if (wrong)
		return wrong;
	const char *kind = colon + 1;
	const char *limit = strchr(kind, ':');
	wrong = parse_kind(kind, limit ? (size_t)(limit - kind) : strlen(kind), &fault);
	if (!wrong && limit)
		wrong = parse_limit(limit + 1, &fault);
	if (wrong)
		return wrong;
	*ret_fault = fault;
	return NULL;
}

static bool applies(enum sim_fault_kind kind, const char *action)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		if (kinds[i].kind == kind)
			return !kinds[i].actions || in_list(kinds[i].actions, action);
	}
	return false;
}

static bool matches(const struct sim_fault *fault, enum sim_cloud cloud, const char *action,
	const char *region, const char *instance)
{
	if (fault->cloud >= 0 && fault->cloud != (int)cloud)
		return false;
	if (strcmp(fault->action, "*") != 0 && strcmp(fault->action, action) != 0)
		return false;
	if (fault->region[0] && strcmp(fault->region, region) != 0)
		return false;
	if (fault->instance[0] && strcmp(fault->instance, instance) != 0)
		return false;
	return applies(fault->kind, action);
}

struct sim_effect sim_fault_pick(struct sim_fault *faults, size_t count, uint64_t *random,
	enum sim_cloud cloud, const char *action, const char *region, const char *instance)
{
	struct sim_effect effect = {.arg = "", .name = ""};
	for (size_t i = 0; i < count; i++) {
		struct sim_fault *fault = &faults[i];
		if (!matches(fault, cloud, action, region, instance) || fault->left == 0)
			continue;
		if (fault->kind != SIM_FAULT_DELAY && effect.kind != SIM_FAULT_NONE)
			continue;
		*random = sim_crypto_mix(*random);
		if ((double)(*random >> 11) * 0x1p-53 >= fault->share)
			continue;
		if (fault->left != UINT64_MAX)
			fault->left--;
		if (fault->kind == SIM_FAULT_DELAY) {
			effect.delay_ms += fault->number;
			if (effect.kind == SIM_FAULT_NONE)
				effect.name = sim_fault_name(SIM_FAULT_DELAY);
			continue;
		}
		effect.kind = fault->kind;
		effect.arg = fault->arg;
		effect.number = fault->number;
		effect.name = sim_fault_name(fault->kind);
	}
	return effect;
}

static void read_rules(struct sim_fault_file *file, FILE *stream)
{
	char line[4 * SIM_FAULT_TEXT];
	while (fgets(line, sizeof(line), stream)) {
		line[strcspn(line, "\n")] = '\0';
		if (!line[0])
			continue;
		const char *wrong = file->count == SIM_FAULTS_MAX
			? "there are too many"
			: sim_fault_parse(line, &file->faults[file->count]);
		if (wrong)
			fprintf(stderr, "consolefs-sim: --fault-file: \"%s\": %s\n", line, wrong);
		else
			file->count++;
	}
}

void sim_fault_file_read(struct sim_fault_file *file, const char *path)
{
	struct stat info;
	if (stat(path, &info) < 0) {
		*file = (struct sim_fault_file){0};
		return;
	}
	if (file->inode == info.st_ino && file->changed.tv_sec == info.st_mtim.tv_sec &&
		file->changed.tv_nsec == info.st_mtim.tv_nsec)
		return;
	*file = (struct sim_fault_file){.inode = info.st_ino, .changed = info.st_mtim};
	FILE *stream = fopen(path, "re");
	if (!stream)
		return;
	read_rules(file, stream);
	fclose(stream);
}
