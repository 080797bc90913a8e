#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "backends/aws/keys/json.h"
#include "backends/aws/keys/providers.h"
#include "backends/base/json.h"
#include "backends/base/words.h"

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
	struct cJSON *json = cfs_aws_json_parse(answer->content, answer->len);
	const struct cJSON *version = cJSON_GetObjectItemCaseSensitive(json, "Version");
	struct cfs_keys keys = CFS_KEYS_INIT;
	int r = -EBADMSG;

	if (json && (!cJSON_IsNumber(version) || version->valuedouble != 1))
		cfs_aws_step_say(step, CFS_STEP_FAILED, CFS_BAD_ANSWER,
			"the output of credential_process of profile %.100s is not of Version 1",
			state->profile);
	else if (json && (r = cfs_aws_json_keys(json, "SessionToken", &keys)) == 0)
		cfs_aws_step_keys(
			step, &keys, now, "credential_process of profile %.100s", state->profile);
	else if (r == -ENOMEM)
		cfs_aws_step_errno(step, r, "credential_process");
	else
		cfs_aws_step_say(step, CFS_STEP_FAILED, CFS_BAD_ANSWER,
			"the output of credential_process of profile %.100s is not JSON with keys "
			"and times as they should be",
			state->profile);
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
		cfs_aws_step_say(ret_step, CFS_STEP_PROCESS, CFS_OK, "%s", "");
		ret_step->argv = state->argv;
		ret_step->timeout_ms = CFS_AWS_PROCESS_TIMEOUT_MS;
		state->argv = NULL;
	} else if (answer->fault != CFS_OK) {
		cfs_aws_step_say(ret_step, CFS_STEP_FAILED, answer->fault,
			"credential_process of profile %.100s %s", state->profile,
			words[answer->fault] ? words[answer->fault] : "failed");
	} else if (answer->status != 0) {
		/* What it has to say is on its stderr, which may hold anything. */
		cfs_aws_step_say(ret_step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED,
			"credential_process of profile %.100s ended with status %d", state->profile,
			answer->status);
	} else {
		read_output(state, answer, now, ret_step);
	}
}

bool cfs_aws_provider_process_open(const struct cfs_aws_config *config, const char *profile,
	int64_t now, struct cfs_aws_machine *ret_machine, struct cfs_step *ret_step)
{
	const char *command = cfs_aws_config_get(config, profile, "credential_process");
	struct state *state;
	char **argv = NULL;
	size_t n = 0;
	int r;

	(void)now;
	if (!command) {
		cfs_aws_step_say(ret_step, CFS_STEP_ABSENT, CFS_OK,
			"profile %.100s has no credential_process", profile);
		return false;
	}
	r = cfs_words_split(command, &argv, &n);
	if (r == -ENOMEM) {
		cfs_aws_step_errno(ret_step, r, "credential_process");
		return false;
	}
	if (r < 0 || n == 0) {
		cfs_aws_step_say(ret_step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED,
			"credential_process of profile %.100s %s", profile,
			r == -EFBIG ? "has too many words"
				    : "is no command, or has a quote that is not closed");
		free(argv);
		return false;
	}
	state = malloc(sizeof(*state));
	if (!state) {
		free(argv);
		cfs_aws_step_errno(ret_step, -ENOMEM, "credential_process");
		return false;
	}
	*state = (struct state){.profile = profile, .argv = argv};
	*ret_machine = (struct cfs_aws_machine){.step = step, .destroy = destroy, .state = state};
	return true;
}
