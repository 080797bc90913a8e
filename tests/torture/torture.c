/* SPDX-License-Identifier: MIT */
/*
 * Runs the tests of a unit test program without memory, at every allocation in turn.
 *
 * Linked with a program's tests it takes the place of cmocka's runner. Each test runs alone in a
 * child: once as it is, to count what our code allocates, and then for every n twice more: with the
 * n-th allocation failing, and with all from the n-th on failing. What a test asserts cannot hold
 * then, so a failed assertion ends the child at once and proves nothing. These are findings:
 *
 *     - the child is killed by a signal, or by a sanitizer
 *     - the test passes, and memory is lost
 *     - the test neither passes nor fails: it hangs
 *
 * Allocations are those of fs/ and backends/, whose objects are linked with other names for them
 * (see symbols), and those of cJSON and libxml2 on their behalf. The tests' own helpers always have
 * memory.
 *
 * The environment: TORTURE_RUNS=N bounds the children of this program; of each test's allocations
 * as many are then failed, evenly spread. TORTURE_SECONDS=N bounds the processor time of each test's
 * children, as far as the first one tells what they take. TORTURE_TEST=NAME is the only test to run,
 * TORTURE_AT=N the only allocation to fail.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <curl/curl.h>
#include <libxml/parser.h>

#include "tests/torture/torture.h"

#define TESTS_MAX 128
#define TOLD_MAX 2       /* findings of a test that are told in full */
#define TOLD_BYTES 8000  /* of what a child said */
#define TIMEOUT_MS 20000 /* before a child that does nothing counts as hung, */
#define TURNS_MAX 10     /* and so many times that before one that is at work does */
#define PATIENCE_MS 200  /* that a test has for an event, once an allocation has failed */
#define CALL_MS 30000    /* that calls may take */
#define RUNS_PER_TEST_MIN 3

/* How a child ends by itself. Whatever else it ends with is a finding. */
enum end { PASSED = 0, FAILED = 40, LEAKED = 41, KILLED_BY_SANITIZER = 42 };

/* What fails. */
enum mode { NOTHING, ONE, ALL_FROM };

static const char *const mode_names[] = {
	[NOTHING] = "none", [ONE] = "only it", [ALL_FROM] = "it and all later ones"};

/* What is counted where the parent can read it. */
struct shared {
	atomic_long allocations;
	atomic_long failed;
};

static struct {
	enum mode mode; /* of this child */
	long at;
	bool tells; /* where the failing allocation was */
	bool child;
	struct shared *shared;
	long allocations, failed, runs, findings;
} torture;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's and others'
 * names */

/* Of the sanitizers, where those are linked. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));
void __sanitizer_print_stack_trace(void) __attribute__((weak));

/* What the linker puts in the place of another function, and what that is then called. */
int __real_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __real_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms);
int __real__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t n,
	CMFixtureFunction set_up, CMFixtureFunction tear_down);
int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t n,
	CMFixtureFunction set_up, CMFixtureFunction tear_down);

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/*
 * What the sanitizers are told. cmocka would catch signals and call them failed tests: its handlers
 * are refused. A child looks for leaks when there is something to learn from it.
 */
#define ASAN_OPTIONS \
	"exitcode=42:handle_segv=2:handle_sigbus=2:handle_sigfpe=2:handle_sigill=2:" \
	"handle_abort=2:allocator_may_return_null=1:detect_leaks=1:leak_check_at_exit=0"
#define UBSAN_OPTIONS "exitcode=42:print_stacktrace=1"

/* Whether this allocation is to fail. */
static bool fails(void)
{
	long n;

	if (!torture.child)
		return false;
	n = atomic_fetch_add(&torture.shared->allocations, 1) + 1;
	if (torture.mode == NOTHING || n < torture.at || (torture.mode == ONE && n > torture.at))
		return false;
	atomic_fetch_add(&torture.shared->failed, 1);
	if (torture.tells && n == torture.at && __sanitizer_print_stack_trace)
		__sanitizer_print_stack_trace();
	errno = ENOMEM;
	return true;
}

void *torture_malloc(size_t size)
{
	return fails() ? NULL : malloc(size);
}

void *torture_calloc(size_t n, size_t size)
{
	return fails() ? NULL : calloc(n, size);
}

void *torture_realloc(void *memory, size_t size)
{
	return fails() ? NULL : realloc(memory, size);
}

void *torture_reallocarray(void *memory, size_t n, size_t size)
{
	return fails() ? NULL : reallocarray(memory, n, size);
}

void *torture_aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : aligned_alloc(alignment, size);
}

char *torture_strdup(const char *text)
{
	return fails() ? NULL : strdup(text);
}

char *torture_strndup(const char *text, size_t len)
{
	return fails() ? NULL : strndup(text, len);
}

int torture_asprintf(char **ret_text, const char *format, ...)
{
	va_list args;
	int n;

	if (fails())
		return -1;
	va_start(args, format);
	n = vasprintf(ret_text, format, args);
	va_end(args);
	return n;
}

char *torture_realpath(const char *path, char *resolved)
{
	return fails() ? NULL : realpath(path, resolved);
}

/* What libraries make for us is as likely to be missing. */

CURL *torture_curl_easy_init(void)
{
	return fails() ? NULL : curl_easy_init();
}

CURLM *torture_curl_multi_init(void)
{
	return fails() ? NULL : curl_multi_init();
}

CURLSH *torture_curl_share_init(void)
{
	return fails() ? NULL : curl_share_init();
}

CURLU *torture_curl_url(void)
{
	return fails() ? NULL : curl_url();
}

bool torture_in_vain;

/* How long a test that waits in vain may wait: the event is one that a failure has prevented. */
static int hurried(int timeout_ms)
{
	if (!torture.child || atomic_load(&torture.shared->failed) == 0)
		return timeout_ms;
	return timeout_ms < 0 || timeout_ms > PATIENCE_MS ? PATIENCE_MS : timeout_ms;
}

/* Tests wait so for what has an end. */
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	return __real_poll(fds, n, timeout_ms < 0 ? timeout_ms : hurried(timeout_ms));
}

/*
 * The loop waits so. That it sleeps for ever is a finding; not so that it sleeps until a call has
 * used up its time, or that the test says it may.
 */
int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
	bool ends = torture_in_vain || (timeout_ms >= 0 && timeout_ms <= CALL_MS);
	int n, hurry = ends ? hurried(timeout_ms) : timeout_ms;

	n = __real_epoll_wait(fd, events, max, hurry);
	if (n == 0 && hurry != timeout_ms)
		_exit(FAILED);
	return n;
}

/* In place of cmocka's, which its asserts call: what that would clean up with is no better off. */
void _fail(const char *const file, const int line)
{
	fprintf(stderr, "%s:%d: failed\n", file, line);
	_exit(FAILED);
}

/* In place of cmocka's, which compares with what there may be none of. */
void _assert_string_equal(
	const char *const a, const char *const b, const char *const file, const int line)
{
	if (!a || !b || strcmp(a, b) != 0)
		_fail(file, line);
}

/* What a program's tests share. */
struct group {
	const char *name;
	CMFixtureFunction set_up, tear_down;
};

/* In the child. Does not return. */
static void be_child(const struct group *group, const struct CMUnitTest *test)
{
	cJSON_Hooks hooks = {.malloc_fn = torture_malloc, .free_fn = free};
	int status;

	torture.child = true;
	cJSON_InitHooks(&hooks);
	status = __real__cmocka_run_group_tests(
		group->name, test, 1, group->set_up, group->tear_down);
	fflush(NULL);
	if (status != 0)
		_exit(FAILED);
	/* What libxml2 keeps for a process is no loss, and not this test's. */
	_exit(__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check() ? LEAKED
										     : PASSED);
}

/* The seconds for which a child has run, or was ready to run and had no processor. */
static double busy_s(pid_t pid)
{
	double ran = 0, queued = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%lf %lf", &ran, &queued) != 2)
		perror(path);
	if (file)
		fclose(file);
	return (ran + queued) / 1e9;
}

/*
 * The end of a child, or of one that had to be ended. A status as waitpid's. A child that sleeps for most of
 * the time hangs; one that is at work, on a machine that may be busy, hangs if it never ends.
 */
static int await(pid_t pid, bool *ret_hung)
{
	struct pollfd wait = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	double before = 0, now;
	int status, ready;

	*ret_hung = false;
	if (wait.fd < 0) {
		perror("pidfd_open");
		exit(2);
	}
	for (int turn = 0; turn < TURNS_MAX; turn++) {
		do
			ready = __real_poll(&wait, 1, TIMEOUT_MS);
		while (ready < 0 && errno == EINTR);
		now = busy_s(pid);
		if (ready != 0 || now - before < TIMEOUT_MS / 2000.)
			break;
		before = now;
	}
	if (ready == 0) {
		*ret_hung = true;
		/* Which tells where it stands. */
		kill(pid, SIGABRT);
		if (__real_poll(&wait, 1, TIMEOUT_MS) == 0)
			kill(pid, SIGKILL);
	}
	close(wait.fd);
	if (waitpid(pid, &status, 0) != pid) {
		perror("waitpid");
		exit(2);
	}
	return status;
}

/* What a child said, by its end: that is where a finding stands. */
static void tell(int log)
{
	static char text[TOLD_BYTES + 1];
	off_t size = lseek(log, 0, SEEK_END);
	ssize_t n = pread(log, text, TOLD_BYTES, size > TOLD_BYTES ? size - TOLD_BYTES : 0);

	if (n > 0)
		fwrite(text, 1, (size_t)n, stdout);
	putchar('\n');
}

/* Why this end is a finding, NULL: it is none. */
static const char *finding_of(int status, bool hung, char *text, size_t size)
{
	if (hung)
		return "hangs";
	if (WIFSIGNALED(status)) {
		snprintf(text, size, "killed by signal %d", WTERMSIG(status));
		return text;
	}
	switch (WEXITSTATUS(status)) {
	case PASSED:
	case FAILED:
		return NULL;
	case LEAKED:
		return "leaks";
	case KILLED_BY_SANITIZER:
		return "ended by a sanitizer";
	default:
		snprintf(text, size, "ended with status %d", WEXITSTATUS(status));
		return text;
	}
}

/* Runs a test in a child with that failing. Returns a finding or NULL; of `text`, or constant. */
static const char *run(const struct group *group, const struct CMUnitTest *test, enum mode mode,
	long at, bool tells, char *text, size_t size)
{
	int log = memfd_create("torture", MFD_CLOEXEC);
	const char *finding;
	bool hung;
	int status;
	pid_t pid;

	if (log < 0) {
		perror("memfd_create");
		exit(2);
	}
	atomic_store(&torture.shared->allocations, 0);
	atomic_store(&torture.shared->failed, 0);
	torture.mode = mode;
	torture.at = at;
	torture.tells = tells;
	torture.runs++;
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
		be_child(group, test);
	}
	status = await(pid, &hung);
	finding = finding_of(status, hung, text, size);
	if (mode == NOTHING && !finding && WEXITSTATUS(status) != PASSED)
		finding = "fails with all the memory";
	if (tells) {
		printf("%s: %s: allocation %ld, %s: %s\n", group->name, test->name, at,
			mode_names[mode], finding ? finding : "does not happen again");
		tell(log);
	}
	close(log);
	torture.failed += atomic_load(&torture.shared->failed) > 0;
	return finding;
}

/* Runs a test with that failing, and tells what comes of it if it should not. */
static void try(const struct group *group, const struct CMUnitTest *test, enum mode mode, long at,
	unsigned *told)
{
	char text[64];
	const char *finding = run(group, test, mode, at, false, text, sizeof(text));

	if (!finding)
		return;
	torture.findings++;
	if ((*told)++ < TOLD_MAX)
		run(group, test, mode, at, true, text, sizeof(text));
	else
		printf("%s: %s: allocation %ld, %s: %s\n", group->name, test->name, at,
			mode_names[mode], finding);
}

static long number(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtol(text, NULL, 10) : otherwise;
}

/* Fails so many of the n allocations of a test, evenly spread. */
static void fail_some(const struct group *group, const struct CMUnitTest *test, long n, long some)
{
	long only = number("TORTURE_AT", 0);
	unsigned told = 0;

	if (some > n)
		some = n;
	for (long i = 0; i < some; i++) {
		long at = only ? only : 1 + i * n / some;

		try(group, test, ONE, at, &told);
		try(group, test, ALL_FROM, at, &told);
		if (only)
			return;
	}
}

/* The processor time of the children that have ended. */
static double spent_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* How many allocations of a test are failed, of so many that it makes and in a run of so long. Of a large test
 * few are enough: it repeats itself. */
static long share_of(long allocations, double took_s, size_t n_tests)
{
	long runs = number("TORTURE_RUNS", 0), seconds = number("TORTURE_SECONDS", 0);
	long share = allocations;

	/* Two runs for each. */
	if (runs > 0)
		share = runs / 2 / (long)n_tests;
	if (seconds > 0 && (double)share * 2 * took_s > (double)seconds)
		share = (long)((double)seconds / 2 / took_s);
	return share < RUNS_PER_TEST_MIN ? RUNS_PER_TEST_MIN : share;
}

/* The sanitizers read their options when the program starts: it starts once more. */
static int set_options(void)
{
	char *const argv[] = {program_invocation_name, NULL};
	char path[PATH_MAX + 1];
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX);
	const char *set = getenv("UBSAN_OPTIONS");

	if (set && strcmp(set, UBSAN_OPTIONS) == 0)
		return 0;
	if (len > 0 && setenv("ASAN_OPTIONS", ASAN_OPTIONS, true) == 0 &&
		setenv("UBSAN_OPTIONS", UBSAN_OPTIONS, true) == 0) {
		path[len] = '\0';
		execv(path, argv);
	}
	perror("/proc/self/exe");
	return -1;
}

/* In place of cmocka's. */
int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t n,
	CMFixtureFunction set_up, CMFixtureFunction tear_down)
{
	const struct group group = {
		.name = program_invocation_short_name, .set_up = set_up, .tear_down = tear_down};
	const char *only = getenv("TORTURE_TEST");
	double took_s[TESTS_MAX] = {0}, before;
	long counts[TESTS_MAX] = {0};
	unsigned told = 0;
	size_t n_run = 0;

	(void)name;
	alarm(0); /* a limit of the program's own: children have theirs */
	if (set_options() < 0)
		return 2;
	if (n > TESTS_MAX) {
		fprintf(stderr, "more than %d tests\n", TESTS_MAX);
		return 2;
	}
	torture.shared = mmap(NULL, sizeof(*torture.shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (torture.shared == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	for (size_t i = 0; i < n; i++) {
		if (!tests[i].name || (only && strcmp(only, tests[i].name) != 0))
			continue;
		n_run++;
		before = spent_s();
		try(&group, &tests[i], NOTHING, 0, &told);
		took_s[i] = spent_s() - before;
		counts[i] = atomic_load(&torture.shared->allocations);
		torture.allocations += counts[i];
	}
	for (size_t i = 0; i < n; i++)
		fail_some(&group, &tests[i], counts[i], share_of(counts[i], took_s[i], n));
	printf("%s: %zu tests, %ld allocations, %ld runs without one, %ld findings\n", group.name,
		n_run, torture.allocations, torture.failed, torture.findings);
	return torture.findings > 0 || n_run == 0;
}
