/* SPDX-License-Identifier: MIT */
/* fs/base/process.h: runs a program and collects its output. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/process.h"
#include "tests/unit/support/fake_clock.h"

#define PATIENCE 20000

struct fixture {
	struct cfs_loop *loop;
	struct cfs_process process;
	struct cfs_timer pump;
	unsigned done, turns, descriptors;
	enum cfs_fault fault;
	int status;
	size_t len;
	char content[256];
	bool again; /* when it is done */
};

/* Descriptors of this process. */
static unsigned count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(directory);
	while (readdir(directory))
		n++;
	closedir(directory);
	return n;
}

static void turn(void *arg)
{
	struct fixture *f = arg;

	if (f->turns-- > 0)
		cfs_timer_start(f->loop, &f->pump, 0);
	else
		cfs_loop_stop(f->loop);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || cfs_loop_create(&f->loop) < 0)
		return -1;
	cfs_timer_init(&f->pump, turn, f);
	f->descriptors = count_descriptors();
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	cfs_process_cancel(&f->process);
	/* Nothing is left: no child, no descriptor. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(count_descriptors(), f->descriptors);
	cfs_loop_destroy(f->loop);
	free(f);
	return 0;
}

static void start(struct fixture *f, const char *script, long timeout_ms, size_t max);

static void done(void *arg, const struct cfs_step_answer *answer)
{
	struct fixture *f = arg;

	f->done++;
	f->fault = answer->fault;
	f->status = answer->status;
	f->len = answer->len;
	assert_int_equal(answer->content[answer->len], '\0');
	snprintf(f->content, sizeof(f->content), "%s", answer->content);
	cfs_loop_stop(f->loop);
	if (f->again) {
		f->again = false;
		start(f, "echo again", PATIENCE, 100);
	}
}

static void start(struct fixture *f, const char *script, long timeout_ms, size_t max)
{
	char sh[] = "sh", c[] = "-c", *copy = strdup(script);
	char *argv[] = {sh, c, copy, NULL};
	unsigned before = f->done;

	assert_non_null(copy);
	cfs_process_start(&f->process, f->loop, argv, NULL, timeout_ms, max, done, f);
	assert_int_equal(f->done, before);
	/* The strings are no longer needed. */
	memset(copy, 'x', strlen(copy));
	free(copy);
}

static void run(struct fixture *f, const char *script, long timeout_ms, size_t max)
{
	f->done = 0;
	start(f, script, timeout_ms, max);
	while (f->done == 0)
		assert_int_equal(cfs_loop_run(f->loop), 0);
	assert_int_equal(f->done, 1);
}

static void it_runs_in_the_directory_that_is_named(void **state)
{
	static const char *const directories[] = {"/dev", "/nonexistent"};
	char sh[] = "sh", c[] = "-c", pwd[] = "pwd", *here = getcwd(NULL, 0);
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		char *argv[] = {sh, c, pwd, NULL};

		f->done = 0;
		cfs_process_start(
			&f->process, f->loop, argv, directories[i], PATIENCE, 1000, done, f);
		while (f->done == 0)
			assert_int_equal(cfs_loop_run(f->loop), 0);
		assert_int_equal(f->fault, CFS_OK);
		f->content[strcspn(f->content, "\n")] = '\0';
		assert_string_equal(f->content, i == 0 ? "/dev" : here);
	}
	free(here);
}

static void its_output_and_status_are_told(void **state)
{
	struct fixture *f = *state;

	run(f, "echo hello; echo there", PATIENCE, 100);
	assert_int_equal(f->fault, CFS_OK);
	assert_int_equal(f->status, 0);
	assert_string_equal(f->content, "hello\nthere\n");
	run(f, "exit 7", PATIENCE, 100);
	assert_int_equal(f->fault, CFS_OK);
	assert_int_equal(f->status, 7);
	assert_int_equal(f->len, 0);
	run(f, "echo half; kill -KILL $$", PATIENCE, 100);
	assert_int_equal(f->fault, CFS_OK);
	assert_int_equal(f->status, 128 + SIGKILL);
	assert_string_equal(f->content, "half\n");
}

static void output_over_the_limit_ends_it(void **state)
{
	struct fixture *f = *state;

	run(f, "printf 0123456789", PATIENCE, 10);
	assert_int_equal(f->fault, CFS_OK);
	assert_int_equal(f->len, 10);
	run(f, "printf 01234567890", PATIENCE, 10);
	assert_int_equal(f->fault, CFS_TOO_LARGE);
	run(f, "exec yes", PATIENCE, 1000000);
	assert_int_equal(f->fault, CFS_TOO_LARGE);
}

static void much_output_arrives_whole(void **state)
{
	struct fixture *f = *state;

	run(f,
		"i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890; i=$((i+1)); "
		"done",
		PATIENCE, 1000000);
	assert_int_equal(f->fault, CFS_OK);
	assert_int_equal(f->len, 3000 * 32);
}

static void when_its_time_is_up_it_is_killed_with_what_it_started(void **state)
{
	struct fixture *f = *state;
	int pipes[2], r;
	char script[64], byte;

	assert_int_equal(pipe(pipes), 0);
	/* Both have the write end open; when both are dead, the read end gets end of file. */
	snprintf(script, sizeof(script), "sleep 1000 >&%d & sleep 1000", pipes[1]);
	run(f, script, 50, 100);
	assert_int_equal(f->fault, CFS_TIMED_OUT);
	close(pipes[1]);
	do
		r = (int)read(pipes[0], &byte, 1);
	while (r < 0 && errno == EINTR);
	assert_int_equal(r, 0);
	close(pipes[0]);
}

/* A child that it left running still has its stdout open. */
static void its_end_is_enough(void **state)
{
	struct fixture *f = *state;
	char *end;
	long pid;

	run(f, "sleep 1000 & echo $!", PATIENCE, 100);
	assert_int_equal(f->fault, CFS_OK);
	pid = strtol(f->content, &end, 10);
	assert_int_equal(*end, '\n');
	assert_true(pid > 1);
	kill((pid_t)pid, SIGKILL);
}

static void what_cannot_be_started_is_refused(void **state)
{
	char name[] = "/nonexistent/program";
	char *argv[] = {name, NULL};
	struct fixture *f = *state;

	cfs_process_start(&f->process, f->loop, argv, NULL, PATIENCE, 100, done, f);
	assert_int_equal(f->done, 0);
	while (f->done == 0)
		assert_int_equal(cfs_loop_run(f->loop), 0);
	assert_int_equal(f->fault, CFS_REFUSED);
	assert_int_equal(f->len, 0);
}

static void it_has_no_stdin_and_its_stderr_goes_nowhere(void **state)
{
	struct fixture *f = *state;

	run(f, "wc -c; echo secret >&2; readlink /proc/self/fd/2", PATIENCE, 100);
	assert_string_equal(f->content, "0\n/dev/null\n");
}

/* A process group of its own, so that Ctrl-C at the terminal does not kill it, and killing its
 * group does not kill us. */
static void it_has_a_process_group_of_its_own(void **state)
{
	struct fixture *f = *state;

	run(f, "read -r pid _ _ _ group _ </proc/$$/stat; [ $pid = $group ] && echo own", PATIENCE,
		100);
	assert_string_equal(f->content, "own\n");
}

static void signals_are_not_blocked_in_it(void **state)
{
	struct fixture *f = *state;
	sigset_t all, old;

	sigfillset(&all);
	assert_int_equal(sigprocmask(SIG_BLOCK, &all, &old), 0);
	run(f, "grep SigBlk /proc/self/status", PATIENCE, 100);
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	assert_string_equal(f->content, "SigBlk:\t0000000000000000\n");
}

/* A program that writes to a pipe without a reader is killed by SIGPIPE, unless it inherits that
 * SIGPIPE is ignored. */
static void signals_are_not_ignored_in_it(void **state)
{
	struct fixture *f = *state;

	assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	run(f, "grep SigIgn /proc/self/status", PATIENCE, 100);
	assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	/* glibc ignores two signals of its own. */
	assert_int_equal(
		strtoull(f->content + strlen("SigIgn:"), NULL, 16) & 1 << (SIGPIPE - 1), 0);
}

static void it_can_be_cancelled(void **state)
{
	struct fixture *f = *state;

	cfs_process_cancel(&f->process);
	start(f, "echo begun; sleep 1000", PATIENCE, 100);
	cfs_process_cancel(&f->process);
	cfs_process_cancel(&f->process);
	start(f, "echo begun; sleep 1000", PATIENCE, 100);
	f->turns = 20;
	cfs_timer_start(f->loop, &f->pump, 0);
	assert_int_equal(cfs_loop_run(f->loop), 0);
	cfs_process_cancel(&f->process);
	f->turns = 20;
	cfs_timer_start(f->loop, &f->pump, 0);
	assert_int_equal(cfs_loop_run(f->loop), 0);
	assert_int_equal(f->done, 0);
}

static void another_may_be_started_when_it_is_done(void **state)
{
	struct fixture *f = *state;

	f->again = true;
	start(f, "echo first", PATIENCE, 100);
	while (f->done < 2)
		assert_int_equal(cfs_loop_run(f->loop), 0);
	assert_string_equal(f->content, "again\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(its_output_and_status_are_told),
		TEST(it_runs_in_the_directory_that_is_named),
		TEST(output_over_the_limit_ends_it),
		TEST(much_output_arrives_whole),
		TEST(when_its_time_is_up_it_is_killed_with_what_it_started),
		TEST(its_end_is_enough),
		TEST(what_cannot_be_started_is_refused),
		TEST(it_has_no_stdin_and_its_stderr_goes_nowhere),
		TEST(it_has_a_process_group_of_its_own),
		TEST(signals_are_not_blocked_in_it),
		TEST(signals_are_not_ignored_in_it),
		TEST(it_can_be_cancelled),
		TEST(another_may_be_started_when_it_is_done),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
