#include "fs/program/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/clock.h"
#include "fs/base/spawn.h"

#define START_MS_MAX 10000 /* until the simulator answers */
#define URL_MAX 128        /* bytes of its URL */

/* Machines of each cloud: enough for every kind there is. */
#define INSTANCES "12"

struct cfs_demo {
	pid_t pid;
	char *directory;
	char *ca_file, *log, *ready_file, *errors;
	char url[URL_MAX + 1];
	struct cfs_env env;
};

/* The simulator's own, for anybody to read: they open nothing else. */
static const struct {
	const char *name, *value;
} variables[] = {
	{"AWS_ACCESS_KEY_ID", "CONSOLEFSSIM"},
	{"AWS_SECRET_ACCESS_KEY", "consolefs-sim-secret"},
	{"TENCENTCLOUD_SECRET_ID", "CONSOLEFSSIM"},
	{"TENCENTCLOUD_SECRET_KEY", "consolefs-sim-secret"},
};

static const char *demo_get(void *arg, const char *name)
{
	const struct cfs_demo *demo = arg;
	size_t i;

	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (strcmp(variables[i].name, name) == 0)
			return variables[i].value;
	/* The simulator is every service that may be asked. */
	return strcmp(name, "AWS_ENDPOINT_URL") == 0 ? demo->url : NULL;
}

static int demo_read_file(void *arg, const char *path, struct cfs_buf *content)
{
	(void)arg, (void)path, (void)content;
	return -ENOENT;
}

const struct cfs_env *cfs_demo_env(const struct cfs_demo *demo)
{
	return &demo->env;
}

static int make_paths(struct cfs_demo *demo, struct cfs_buf *why)
{
	int r;

	demo->directory = strdup("/tmp/consolefs-demo-XXXXXX");
	if (!demo->directory)
		return -ENOMEM;
	if (!mkdtemp(demo->directory)) {
		r = -errno;
		cfs_buf_addf(why, "no directory for the simulator's files: %s", strerror(-r));
		free(demo->directory);
		demo->directory = NULL;
		return r;
	}
	if (asprintf(&demo->ca_file, "%s/ca.pem", demo->directory) < 0)
		demo->ca_file = NULL;
	if (asprintf(&demo->log, "%s/requests.log", demo->directory) < 0)
		demo->log = NULL;
	if (asprintf(&demo->ready_file, "%s/url", demo->directory) < 0)
		demo->ready_file = NULL;
	if (asprintf(&demo->errors, "%s/errors", demo->directory) < 0)
		demo->errors = NULL;
	return demo->ca_file && demo->log && demo->ready_file && demo->errors ? 0 : -ENOMEM;
}

/* The simulator installed or built beside this program, else the one in PATH. */
static void find_simulator(char *path, size_t size)
{
	static const char name[] = "consolefs-sim";
	ssize_t len = readlink("/proc/self/exe", path, size - sizeof(name));
	char *slash;

	if (len > 0) {
		path[len] = '\0';
		slash = strrchr(path, '/');
		if (slash) {
			strcpy(slash + 1, name);
			if (access(path, X_OK) == 0)
				return;
		}
	}
	strcpy(path, name);
}

/* Its stdio is not the terminal's: it outlives the command that started it. */
static int start_simulator(struct cfs_demo *demo)
{
	char path[4096];
	const char *argv[] = {path, "--port", "0", "--ready-file", demo->ready_file, "--ca-file",
		demo->ca_file, "--log", demo->log, "--instances", INSTANCES, "--aws-regions",
		"us-east-1,eu-west-1", "--tencent-regions", "ap-guangzhou,ap-singapore",
		"--die-with-parent", NULL};
	int errors, r;

	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): make_paths has made it */
	errors = open(demo->errors, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (errors < 0)
		return -errno;
	find_simulator(path, sizeof(path));
	r = cfs_spawn(argv, -1, errors, &demo->pid);
	close(errors);
	return r;
}

static int read_url(struct cfs_demo *demo)
{
	ssize_t n;
	int fd;

	fd = open(demo->ready_file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, demo->url, URL_MAX);
	close(fd);
	if (n <= 0 || demo->url[n - 1] != '\n')
		return -EBADMSG;
	demo->url[n - 1] = '\0';
	return 0;
}

/* Waits for the ready file to appear, or for the simulator to end. */
static int await_url(struct cfs_demo *demo, int inotify)
{
	struct pollfd fds[2] = {{.fd = inotify, .events = POLLIN}, {.events = POLLIN}};
	int64_t until = cfs_clock_ms() + START_MS_MAX, left = START_MS_MAX;
	char events[4096];
	int r = -EAGAIN;

	fds[1].fd = pidfd_open(demo->pid, 0);
	if (fds[1].fd < 0)
		return -errno;
	while (r == -EAGAIN && left > 0) {
		if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
			r = -errno;
		else if (access(demo->ready_file, F_OK) == 0)
			r = read_url(demo);
		else if (fds[1].revents)
			r = -ECHILD;
		else if (fds[0].revents && read(inotify, events, sizeof(events)) < 0)
			r = -errno;
		left = until - cfs_clock_ms();
	}
	close(fds[1].fd);
	return r == -EAGAIN ? -ETIMEDOUT : r;
}

/* What the simulator said before it gave up. */
static void add_errors(const struct cfs_demo *demo, struct cfs_buf *why)
{
	char text[1024];
	ssize_t n;
	int fd;

	fd = open(demo->errors, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text));
	if (n > 0)
		cfs_buf_addf(why, ": %.*s", (int)n, text);
	close(fd);
}

int cfs_demo_start(struct cfs_demo **ret_demo, struct cfs_buf *why)
{
	struct cfs_demo *demo;
	int inotify = -1, r;

	demo = calloc(1, sizeof(*demo));
	if (!demo)
		return -ENOMEM;
	demo->env = (struct cfs_env){.get = demo_get, .read_file = demo_read_file, .arg = demo};
	r = make_paths(demo, why);
	if (r < 0)
		goto out;
	inotify = inotify_init1(IN_CLOEXEC);
	if (inotify < 0 ||
		inotify_add_watch(inotify, demo->directory, IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
		r = -errno;
		cfs_buf_addf(why, "inotify: %s", strerror(-r));
		goto out;
	}
	r = start_simulator(demo);
	if (r < 0) {
		cfs_buf_addf(
			why, "consolefs-sim, the simulated cloud, cannot be run: %s", strerror(-r));
		goto out;
	}
	r = await_url(demo, inotify);
	if (r < 0) {
		cfs_buf_addf(why, "consolefs-sim did not start (%s)", strerror(-r));
		add_errors(demo, why);
		goto out;
	}
	*ret_demo = demo;
out:
	if (inotify >= 0)
		close(inotify);
	if (r < 0)
		cfs_demo_stop(demo);
	return r;
}

void cfs_demo_stop(struct cfs_demo *demo)
{
	if (!demo)
		return;
	if (demo->pid > 0) {
		kill(demo->pid, SIGTERM);
		while (waitpid(demo->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (demo->directory) {
		/* One that was never made is not there to be removed. */
		unlink(demo->ca_file);
		unlink(demo->log);
		unlink(demo->ready_file);
		unlink(demo->errors);
		rmdir(demo->directory);
	}
	free(demo->ca_file);
	free(demo->log);
	free(demo->ready_file);
	free(demo->errors);
	free(demo->directory);
	free(demo);
}

static int configure(struct cfs_config *config, struct cfs_buf *why, const char *key,
	const char *value, const char *tail)
{
	char *text;
	int r;

	if (asprintf(&text, "%s=%s%s", key, value, tail) < 0)
		return -ENOMEM;
	r = cfs_config_option(config, text, why);
	free(text);
	return r;
}

int cfs_demo_configure(const struct cfs_demo *demo, struct cfs_config *config, struct cfs_buf *why)
{
	const struct {
		const char *key, *value, *tail;
	} settings[] = {
		{"aws.endpoint", demo->url, ""},
		{"aws.ca_file", demo->ca_file, ""},
		{"aws.regions", "us-east-1:eu-west-1", ""},
		{"tencent.endpoint", demo->url, ""},
		{"tencent.ca_file", demo->ca_file, ""},
		{"tencent.regions", "ap-guangzhou:ap-singapore", ""},
		{"tencent.vnc_page", demo->url, "/vnc?InstanceVncUrl="},
	};
	size_t i;
	int r = 0;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]) && r == 0; i++)
		r = configure(config, why, settings[i].key, settings[i].value, settings[i].tail);
	return r;
}

/* By find, which sees what is shown: a shell's glob finds the screenshot of a stopped machine too.
 */
void cfs_demo_explain(const struct cfs_demo *demo, const char *mountpoint)
{
	printf("Two simulated clouds are mounted at %s. Try:\n"
	       "\n"
	       "    ls %s/aws %s/tencent\n"
	       "    cat %s/aws/status\n"
	       "    xdg-open \"$(find %s/aws -name screenshot.jpg | head -n 1)\"\n"
	       "    echo > \"$(find %s/aws -name wake | head -n 1)\"\n"
	       "    cat $(find %s/tencent -name vnc_url)\n"
	       "    rsync -a %s/aws/ /tmp/screens/\n"
	       "\n"
	       "The same cloud by the AWS CLI:\n"
	       "\n"
	       "    AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s \\\n"
	       "    AWS_CA_BUNDLE=%s AWS_REGION=us-east-1 \\\n"
	       "    aws --endpoint-url %s ec2 describe-instances\n"
	       "\n"
	       "Every request it gets: tail -f %s\n"
	       "Unmount with: fusermount3 -u %s\n",
		mountpoint, mountpoint, mountpoint, mountpoint, mountpoint, mountpoint, mountpoint,
		mountpoint, variables[0].value, variables[1].value, demo->ca_file, demo->url,
		demo->log, mountpoint);
	fflush(stdout);
}
