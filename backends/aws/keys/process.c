/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/keys/sources.h"
#include "backends/base/json.h"
#include "backends/base/words.h"
#include "backends/contract/json_keys.h"
#include "backends/contract/step.h"

/* Source: "Process credential provider" in the AWS SDKs and Tools reference guide. */
struct state {
	const char *profile;
	char **argv; /* until it is handed over */
};

static void destroy(void *arg)
{
	struct state *state = arg;

	free(state->argv);
	free(state);
}

static void read_output(const struct state *state, const struct cfs_step_answer *answer,
	int64_t now, struct cfs_step *step)
{
	static const struct cfs_json_keys names = {
		.id = "AccessKeyId",
		.secret = "SecretAccessKey",
		.token = "SessionToken",
		.expires = "Expiration",
		.may_last = true,
	};
	struct cfs_keys keys = CFS_KEYS_INIT;
	const cJSON *version;
	cJSON *json = NULL;
	int r = cfs_json_parse_object(answer->content, answer->len, &json);

	version = cJSON_GetObjectItemCaseSensitive(json, "Version");
	if (r == 0 && (!cJSON_IsNumber(version) || version->valuedouble != 1)) {
		cfs_step_failed(step, CFS_BAD_ANSWER,
			"credential_process of profile %.100s wrote keys of another Version than 1",
			state->profile);
		goto out;
	}
	if (r == 0)
		r = cfs_json_keys_read(&names, json, &keys);
	if (r == -EBADMSG)
		cfs_step_failed(step, CFS_BAD_ANSWER,
			"credential_process of profile %.100s did not write valid keys in JSON",
			state->profile);
	else
		cfs_step_keys(step, r, &keys, now, "credential_process of profile %.100s",
			state->profile);
out:
	cfs_json_wipe(json);
}

static void step(
	void *arg, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	static const char *const words[CFS_N_FAULTS] = {
		[CFS_TIMED_OUT] = "did not end in time",
		[CFS_TOO_LARGE] = "wrote too much",
		[CFS_REFUSED] = "could not be started",
	};
	struct state *state = arg;

	if (!answer) {
		cfs_step_process(ret_step, state->argv, CFS_AWS_PROCESS_TIMEOUT_MS);
		state->argv = NULL;
	} else if (answer->fault != CFS_OK) {
		cfs_step_failed(ret_step, answer->fault, "credential_process of profile %.100s %s",
			state->profile, words[answer->fault] ? words[answer->fault] : "failed");
	} else if (answer->status != 0) {
		/* Its stderr says why, but may hold secrets, so it is not shown. */
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED,
			"credential_process of profile %.100s ended with status %d", state->profile,
			answer->status);
	} else {
		read_output(state, answer, now, ret_step);
	}
}

bool cfs_aws_process_open(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	const char *command = cfs_aws_config_get_whole(config, profile, "credential_process");
	const char *foreign = cfs_aws_config_foreign(config, profile, "credential_process");
	struct state *state;
	char **argv = NULL;
	size_t n = 0;
	int r;

	(void)now;
	if (!command) {
		cfs_step_absent(ret_step, "profile %.100s has no credential_process", profile);
		return false;
	}
	if (foreign) {
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED,
			"credential_process of profile %.64s is not run as root, unless -o "
			"trust_files: %s",
			profile, foreign);
		return false;
	}
	r = cfs_words_split(command, true, &argv, &n);
	if (r == -ENOMEM) {
		cfs_step_errno(ret_step, r, "credential_process");
		return false;
	}
	if (r < 0 || n == 0) {
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED,
			"credential_process of profile %.100s %s", profile,
			r == -EFBIG ? "has too many words"
				    : "is not a command, or has an unclosed quote");
		free(argv);
		return false;
	}
	state = malloc(sizeof(*state));
	if (!state) {
		free(argv);
		cfs_step_errno(ret_step, -ENOMEM, "credential_process");
		return false;
	}
	*state = (struct state){.profile = profile, .argv = argv};
	*ret_source = (struct cfs_source){.step = step, .destroy = destroy, .state = state};
	return true;
}
