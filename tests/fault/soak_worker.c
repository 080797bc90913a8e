/* SPDX-License-Identifier: MIT */
/*
 * The readers of the soak: processes that open live files until together they have opened enough,
 * and write down for each open what came of it.
 *
 *     soak_worker LIST OUT PROGRESS PROCESSES OPENS SEED
 *
 * LIST has a line for each file, "OWNER PATH": the number of the one process that opens it, or *
 * for all that own none of their own kind. Process K appends records to OUT.K; one more process,
 * number PROCESSES, only lists and stats. PROGRESS holds the number of opens begun, 8 bytes, for
 * others to see.
 *
 * What a process does, and in which order, depends on SEED alone; what happens to it does not. An
 * open is one of a file, whatever becomes of it. It may be interrupted by a signal, or its process
 * killed in the middle. What is read is read again, sized and mapped, and must stay the same.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define DIGEST 32
#define PROCESSES_MAX 1024
#define CONTENT_MAX ((size_t)2 << 20) /* no live file is as large */
#define LINE 4096
#define OWNED_BY_ALL (-1)
#define LINK "InstanceVncUrl="
#define ERROR_ON_PAGE "class=\"bad\">"

enum kind { OPENED = 1, KILLED, ARMED, FLAG, LISTED, STATTED };

/* What was wrong with an open that succeeded. */
enum wrong { RIGHT, WRONG_SIZE, WRONG_AGAIN, WRONG_MAPPED, WRONG_READ, WRONG_LINKS };

/* As soak_judge.py reads it. */
struct record {
	uint64_t began_ns, ended_ns; /* the open alone, by the wall clock */
	uint64_t size;
	uint32_t file;
	uint16_t worker;
	uint8_t kind;
	uint8_t interrupted; /* a signal came before the open had returned */
	int32_t error;       /* errno of what was done, or 0 */
	int32_t wrong;
	int32_t value; /* of an open, whether it was woken, -1: not said; of a flag, itself */
	uint32_t sequence;
	unsigned char digest[DIGEST]; /* of the content, or of the link in it */
	char request[48];
	char region[32];
	char page[24]; /* the errno that vnc.html shows instead */
};

_Static_assert(sizeof(struct record) == 184, "soak_judge.py reads 184 bytes");

struct file {
	int owner;
	char *path;
	bool wakes, link;
};

struct worker {
	int number;
	struct file *files;
	size_t n_files;
	size_t *own, *shared;
	size_t n_own, n_shared;
	uint64_t random;
	uint64_t *progress;
	uint64_t opens;
	uint32_t sequence;
	char *content, *again; /* CONTENT_MAX each */
	FILE *out;
};

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
	(void)number;
	alarms = 1;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t draw(struct worker *worker, uint64_t below)
{
	worker->random ^= worker->random << 13;
	worker->random ^= worker->random >> 7;
	worker->random ^= worker->random << 17;
	return worker->random % below;
}

static void write_down(struct worker *worker, struct record *record)
{
	record->worker = (uint16_t)worker->number;
	record->sequence = worker->sequence++;
	if (fwrite(record, sizeof(*record), 1, worker->out) != 1)
		die("cannot write records");
}

static void digest(const char *data, size_t len, unsigned char *ret_digest)
{
	if (EVP_Digest(data, len, ret_digest, NULL, EVP_sha256(), NULL) != 1)
		exit(1);
}

/* Reads to the end in pieces of a size of its own. The length, or -1. */
static ssize_t read_all(struct worker *worker, int fd, char *buf)
{
	size_t piece = 1 + draw(worker, 3) * 4096 + draw(worker, 65536), len = 0;
	for (;;) {
		if (len == CONTENT_MAX) {
			errno = EFBIG;
			return -1;
		}
		size_t room = CONTENT_MAX - len < piece ? CONTENT_MAX - len : piece;
		ssize_t n = read(fd, buf + len, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -1 : (ssize_t)len;
		len += (size_t)n;
	}
}

static bool is_mapped_the_same(int fd, const char *content, size_t len)
{
	if (len == 0)
		return true;
	void *map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return false;
	bool same = memcmp(map, content, len) == 0;
	munmap(map, len);
	return same;
}

/* The digest of the link that a file holds, which must be the same wherever it stands. */
static enum wrong find_links(char *content, size_t len, struct record *record)
{
	unsigned char other[DIGEST] = {0};
	bool found = false;
	content[len] = '\0';
	for (const char *at = content; (at = strstr(at, LINK));) {
		at += strlen(LINK);
		digest(at, strcspn(at, "\n\"'<>&; "), found ? other : record->digest);
		if (found && memcmp(other, record->digest, DIGEST) != 0)
			return WRONG_LINKS;
		found = true;
	}
	const char *error = strstr(content, ERROR_ON_PAGE);
	if (error) {
		error += strlen(ERROR_ON_PAGE);
		snprintf(record->page, sizeof(record->page), "%.*s", (int)strcspn(error, "<"),
			error);
	}
	return found != (error != NULL) ? RIGHT : WRONG_LINKS;
}

static enum wrong examine(
	struct worker *worker, const struct file *file, int fd, struct record *record)
{
	struct stat info;
	ssize_t len = read_all(worker, fd, worker->content);
	if (len < 0) {
		record->value = errno;
		return WRONG_READ;
	}
	record->size = (uint64_t)len;
	if (fstat(fd, &info) < 0 || info.st_size != len)
		return WRONG_SIZE;
	if (draw(worker, 4) == 0 &&
		(lseek(fd, 0, SEEK_SET) != 0 || read_all(worker, fd, worker->again) != len ||
			memcmp(worker->content, worker->again, (size_t)len) != 0))
		return WRONG_AGAIN;
	if (draw(worker, 4) == 0 && !is_mapped_the_same(fd, worker->content, (size_t)len))
		return WRONG_MAPPED;
	if (file->link)
		return find_links(worker->content, (size_t)len, record);
	digest(worker->content, (size_t)len, record->digest);
	return RIGHT;
}

static void get_text(int fd, const char *name, char *ret_text, size_t size)
{
	ssize_t n = fgetxattr(fd, name, ret_text, size - 1);
	ret_text[n < 0 ? 0 : n] = '\0';
}

static void set_alarm(unsigned us)
{
	struct itimerval timer = {.it_value.tv_usec = us};
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Nobody asks again at once what nobody answers: else an outage would use up the opens. */
static void be_patient(int error)
{
	const struct timespec pause = {.tv_nsec = error == ENOENT ? 20000000 : 200000000};
	if (error == ECONNREFUSED || error == EPROTO || error == ENOENT)
		nanosleep(&pause, NULL);
}

/* interrupt_us: when a signal is to come, 0: none. */
static void open_one(struct worker *worker, size_t index, unsigned interrupt_us)
{
	const struct file *file = &worker->files[index];
	struct record record = {.kind = OPENED, .file = (uint32_t)index, .value = -1};
	char woken[4];
	alarms = 0;
	if (interrupt_us)
		set_alarm(interrupt_us);
	record.began_ns = now_ns();
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);
	record.error = fd < 0 ? errno : 0;
	record.ended_ns = now_ns();
	record.interrupted = (uint8_t)alarms;
	if (interrupt_us)
		set_alarm(0);
	if (fd >= 0) {
		get_text(fd, "user.consolefs.request_id", record.request, sizeof(record.request));
		get_text(fd, "user.consolefs.region", record.region, sizeof(record.region));
		get_text(fd, "user.consolefs.woken", woken, sizeof(woken));
		if (woken[0])
			record.value = woken[0] == '1';
		record.wrong = examine(worker, file, fd, &record);
		if (close(fd) < 0)
			record.wrong = WRONG_READ;
	}
	write_down(worker, &record);
	be_patient(record.error);
}

/* A process that dies in its open. */
static void open_and_die(struct worker *worker, size_t index, unsigned after_us)
{
	struct record record = {.kind = KILLED, .file = (uint32_t)index, .began_ns = now_ns()};
	int status = 0;
	fflush(worker->out);
	pid_t pid = fork();
	if (pid < 0)
		die("cannot fork");
	if (pid == 0) {
		signal(SIGALRM, SIG_DFL);
		set_alarm(after_us);
		int fd = open(worker->files[index].path, O_RDONLY | O_CLOEXEC);
		_exit(fd < 0 ? 1 : 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	record.ended_ns = now_ns();
	record.value = WIFSIGNALED(status);
	write_down(worker, &record);
}

static void wake_path(const struct file *file, char *ret_path)
{
	snprintf(ret_path, LINE, "%s", file->path);
	strcpy(strrchr(ret_path, '/'), "/wake");
}

static void arm(struct worker *worker, size_t index)
{
	struct record record = {.kind = ARMED, .file = (uint32_t)index, .began_ns = now_ns()};
	char path[LINE + 8];
	wake_path(&worker->files[index], path);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1\n", 2) != 2)
		record.error = errno;
	if (fd >= 0 && close(fd) < 0)
		record.error = errno;
	record.ended_ns = now_ns();
	write_down(worker, &record);
}

static void read_flag(struct worker *worker, size_t index)
{
	struct record record = {.kind = FLAG, .file = (uint32_t)index, .began_ns = now_ns()};
	char path[LINE + 8], flag = 0;
	wake_path(&worker->files[index], path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &flag, 1) != 1)
		record.error = errno;
	if (fd >= 0)
		close(fd);
	record.value = flag == '1';
	record.ended_ns = now_ns();
	write_down(worker, &record);
}

static void do_one(struct worker *worker)
{
	bool own = worker->n_own && (!worker->n_shared || draw(worker, 10) < 6);
	size_t index = own ? worker->own[draw(worker, worker->n_own)]
			   : worker->shared[draw(worker, worker->n_shared)];
	bool wakes = worker->files[index].wakes;
	if (wakes && draw(worker, 10) == 0)
		arm(worker, index);
	if (draw(worker, 300) == 0)
		open_and_die(worker, index, 1000 + (unsigned)draw(worker, 20000));
	else
		open_one(worker, index,
			draw(worker, 60) == 0 ? 500 + (unsigned)draw(worker, 30000) : 0);
	if (wakes && own && draw(worker, 4) == 0)
		read_flag(worker, index);
}

/* Lists a directory, or stats a path, and notes how long it took. */
static void look(struct worker *worker, size_t file, const char *path, bool list)
{
	struct record record = {.kind = list ? LISTED : STATTED,
		.file = (uint32_t)file,
		.value = (int32_t)strlen(path),
		.began_ns = now_ns()};
	struct stat info;
	if (list) {
		DIR *dir = opendir(path);
		record.error = dir ? 0 : errno;
		while (dir && readdir(dir))
			record.size++;
		if (dir)
			closedir(dir);
	} else {
		record.error = stat(path, &info) < 0 ? errno : 0;
	}
	record.ended_ns = now_ns();
	write_down(worker, &record);
}

/* What people do while others read: directories of clouds and instances, and stat of anything. */
static void watch(struct worker *worker)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	char path[LINE];
	while (__atomic_load_n(worker->progress, __ATOMIC_RELAXED) < worker->opens) {
		size_t file = draw(worker, worker->n_files);
		snprintf(path, sizeof(path), "%s", worker->files[file].path);
		look(worker, file, path, false);
		*strrchr(path, '/') = '\0';
		look(worker, file, path, true);
		*strrchr(path, '/') = '\0';
		look(worker, file, path, true);
		strncat(path, "/by-name", sizeof(path) - strlen(path) - 1);
		look(worker, file, path, true);
		nanosleep(&pause, NULL);
	}
}

/* Also whose files no other process may open are its alone. */
static void choose_files(struct worker *worker)
{
	worker->own = calloc(worker->n_files, sizeof(size_t));
	worker->shared = calloc(worker->n_files, sizeof(size_t));
	if (!worker->own || !worker->shared)
		die("cannot start");
	for (size_t i = 0; i < worker->n_files; i++) {
		int owner = worker->files[i].owner;
		if (owner == worker->number)
			worker->own[worker->n_own++] = i;
		else if (owner == OWNED_BY_ALL)
			worker->shared[worker->n_shared++] = i;
	}
}

static void work(struct worker *worker, const char *out, int processes, uint64_t seed)
{
	struct sigaction action = {.sa_handler = on_alarm};
	char path[LINE];
	sigaction(SIGALRM, &action, NULL);
	snprintf(path, sizeof(path), "%s.%d", out, worker->number);
	worker->out = fopen(path, "w");
	worker->content = malloc(CONTENT_MAX + 1);
	worker->again = malloc(CONTENT_MAX + 1);
	worker->random = (seed + 1) * 0x9e3779b97f4a7c15u ^ ((uint64_t)worker->number + 1) << 32;
	if (!worker->out || !worker->content || !worker->again)
		die("cannot start");
	choose_files(worker);
	for (int i = 0; i < 20; i++)
		draw(worker, 2);
	if (worker->number == processes) {
		watch(worker);
	} else {
		while (__atomic_fetch_add(worker->progress, 1, __ATOMIC_RELAXED) < worker->opens)
			do_one(worker);
	}
	if (fclose(worker->out) != 0)
		die("cannot write records");
}

static struct file *read_list(const char *path, size_t *ret_count)
{
	struct file *files = NULL;
	size_t count = 0;
	char line[LINE];
	FILE *stream = fopen(path, "r");
	if (!stream)
		die(path);
	while (fgets(line, sizeof(line), stream)) {
		line[strcspn(line, "\n")] = '\0';
		char *space = strchr(line, ' ');
		struct file *more = realloc(files, (count + 1) * sizeof(*files));
		if (!more || !space || !strrchr(space, '/'))
			die("cannot read the list");
		files = more;
		struct file *file = &files[count++];
		const char *name = strrchr(space, '/') + 1;
		*file = (struct file){
			.owner = isdigit((unsigned char)line[0]) ? atoi(line) : OWNED_BY_ALL,
			.path = strdup(space + 1),
			.wakes = strcmp(name, "screenshot.jpg") == 0,
			.link = strncmp(name, "vnc", 3) == 0,
		};
		if (!file->path)
			die("cannot read the list");
	}
	fclose(stream);
	*ret_count = count;
	return files;
}

static uint64_t *map_progress(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(uint64_t)) < 0)
		die(path);
	uint64_t *map = mmap(NULL, sizeof(*map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die(path);
	close(fd);
	return map;
}

int main(int argc, char **argv)
{
	if (argc != 7) {
		fputs("usage: soak_worker LIST OUT PROGRESS PROCESSES OPENS SEED\n", stderr);
		return 2;
	}
	/* Nobody opens anything for a soak that has ended. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int processes = atoi(argv[4]), failed = 0;
	struct worker worker = {.opens = strtoull(argv[5], NULL, 10)};
	if (processes < 1 || processes > PROCESSES_MAX)
		return 2;
	worker.files = read_list(argv[1], &worker.n_files);
	worker.progress = map_progress(argv[3]);
	for (int i = 0; i <= processes; i++) {
		pid_t pid = fork();
		if (pid < 0)
			die("cannot fork");
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			worker.number = i;
			work(&worker, argv[2], processes, strtoull(argv[6], NULL, 10));
			_exit(0);
		}
	}
	for (int i = 0; i <= processes; i++) {
		int status = 0;
		if (wait(&status) < 0 || status != 0)
			failed = 1;
	}
	for (size_t i = 0; i < worker.n_files; i++)
		free(worker.files[i].path);
	free(worker.files);
	munmap(worker.progress, sizeof(*worker.progress));
	return failed;
}
