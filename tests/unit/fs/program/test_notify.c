/* SPDX-License-Identifier: MIT */
/* fs/program/notify.h: what the service manager is told. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/program/notify.h"

/* A service manager: a bound socket, and the environment that names it. */
struct manager {
	int fd;
	char directory[64], path[96], name[108 + 2];
};

static const char *get(void *arg, const char *name)
{
	assert_string_equal(name, "NOTIFY_SOCKET");
	return arg;
}

static struct cfs_env env_of(const char *name)
{
	return (struct cfs_env){.get = get, .arg = (void *)(uintptr_t)name};
}

static int set_up(void **state)
{
	struct manager *manager = calloc(1, sizeof(*manager));

	assert_non_null(manager);
	strcpy(manager->directory, "/tmp/test_notify.XXXXXX");
	assert_non_null(mkdtemp(manager->directory));
	snprintf(manager->path, sizeof(manager->path), "%s/notify", manager->directory);
	manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	*state = manager;
	return manager->fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct manager *manager = *state;

	close(manager->fd);
	unlink(manager->path);
	rmdir(manager->directory);
	free(manager);
	return 0;
}

static void listen_at(struct manager *manager, const char *bytes, size_t len)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, bytes, len);
	assert_int_equal(bind(manager->fd, (struct sockaddr *)&address,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
		0);
}

static void assert_heard(struct manager *manager, const char *text)
{
	char heard[128];
	ssize_t n = recv(manager->fd, heard, sizeof(heard), 0);

	assert_int_equal(n, strlen(text));
	assert_memory_equal(heard, text, strlen(text));
}

static void a_socket_with_a_path_is_told(void **state)
{
	struct manager *manager = *state;
	struct cfs_env env = env_of(manager->path);

	listen_at(manager, manager->path, strlen(manager->path) + 1);
	assert_int_equal(cfs_notify(&env, CFS_NOTIFY_READY), 0);
	assert_int_equal(cfs_notify(&env, CFS_NOTIFY_STOPPING), 0);
	assert_heard(manager, "READY=1");
	assert_heard(manager, "STOPPING=1");
}

/* The longest there is: an abstract name has no NUL at its end, or it is another. */
static void a_socket_with_an_abstract_name_is_told(void **state)
{
	struct manager *manager = *state;
	struct cfs_env env = env_of(manager->name);

	memset(manager->name, 'x', 108);
	memcpy(manager->name + 1, manager->directory, strlen(manager->directory));
	manager->name[0] = '\0';
	listen_at(manager, manager->name, 108);
	manager->name[0] = '@';
	assert_int_equal(cfs_notify(&env, CFS_NOTIFY_RELOADING), 0);
	assert_heard(manager, "RELOADING=1");
	manager->name[107] = '\0';
	assert_int_equal(cfs_notify(&env, CFS_NOTIFY_READY), -ECONNREFUSED);
}

static void without_a_manager_nothing_is_done(void **state)
{
	struct cfs_env unset = env_of(NULL), empty = env_of("");

	(void)state;
	assert_int_equal(cfs_notify(&unset, CFS_NOTIFY_READY), 0);
	assert_int_equal(cfs_notify(&empty, CFS_NOTIFY_READY), 0);
}

static void what_names_no_socket_is_refused(void **state)
{
	static const char *const names[] = {"/", "@", "notify", "vsock:2:1234"};
	struct manager *manager = *state;
	struct cfs_env env;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		env = env_of(names[i]);
		assert_int_equal(cfs_notify(&env, CFS_NOTIFY_READY), -EINVAL);
	}
	/* One byte too many, for a path with its NUL and for an abstract name. */
	memset(manager->name, 'x', sizeof(manager->name));
	manager->name[0] = '/';
	manager->name[108] = '\0';
	env = env_of(manager->name);
	assert_int_equal(cfs_notify(&env, CFS_NOTIFY_READY), -EINVAL);
	manager->name[0] = '@';
	manager->name[108] = 'x';
	manager->name[109] = '\0';
	assert_int_equal(cfs_notify(&env, CFS_NOTIFY_READY), -EINVAL);
}

static void a_manager_that_is_gone_is_an_error(void **state)
{
	struct manager *manager = *state;
	struct cfs_env env = env_of(manager->path);

	assert_int_equal(cfs_notify(&env, CFS_NOTIFY_READY), -ENOENT);
}

/* What a manager hears next, and the descriptor that comes with it. */
static int hear(int fd, char *ret_text, size_t size)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {.iov_base = ret_text, .iov_len = size - 1};
	struct msghdr message = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
	int passed = -1;

	ret_text[n < 0 ? 0 : n] = '\0';
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&passed, CMSG_DATA(header), sizeof(passed));
	return passed;
}

static void a_descriptor_is_kept_before_it_returns(void **state)
{
	struct manager *manager = *state;
	struct cfs_env env;
	int pipes[2], status;
	pid_t pid;

	listen_at(manager, manager->path, strlen(manager->path) + 1);
	env = env_of(manager->path);
	assert_int_equal(fcntl(manager->fd, F_SETFL, 0), 0);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char text[64];
		int fd = hear(manager->fd, text, sizeof(text));

		if (strcmp(text, CFS_NOTIFY_STORE) != 0 || write(fd, "x", 1) != 1)
			_exit(1);
		fd = hear(manager->fd, text, sizeof(text));
		_exit(strcmp(text, "BARRIER=1") == 0 && fd >= 0 ? 0 : 2);
	}
	assert_int_equal(cfs_notify_with(&env, CFS_NOTIFY_STORE, pipes[1]), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(pipes[0], &status, 1), 1);
	close(pipes[0]);
	close(pipes[1]);
}

static void a_descriptor_needs_a_manager(void **state)
{
	struct cfs_env env = env_of(NULL);

	(void)state;
	assert_int_equal(cfs_notify_with(&env, CFS_NOTIFY_STORE, STDERR_FILENO), -ENOTCONN);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(a_socket_with_a_path_is_told),
		TEST(a_socket_with_an_abstract_name_is_told),
		cmocka_unit_test(without_a_manager_nothing_is_done),
		TEST(what_names_no_socket_is_refused),
		TEST(a_manager_that_is_gone_is_an_error),
		TEST(a_descriptor_is_kept_before_it_returns),
		cmocka_unit_test(a_descriptor_needs_a_manager),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
