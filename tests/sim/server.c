/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd is driven from outside: its epoll descriptors, one for each port, are among those
 * that ours waits for.
 *
 * An exchange is a request and its answer. It begins when the request line is read (begin),
 * collects the body, is decided once all is there, and then either answered at once or suspended:
 * until its delay has passed (it stands in the heap of timers), or, when it hangs, for good. A
 * suspended connection is out of libmicrohttpd's sight, so its socket is watched here for the
 * client's going away; then it is resumed as dead and dropped. It ends in completed, which
 * libmicrohttpd calls exactly once for each exchange that has begun.
 *
 * An answer that a fault of the wire spoils is written from here too, while its connection is
 * suspended (writing); libmicrohttpd gets the connection back only to drop it.
 *
 * Invariants: an exchange is in the list of the suspended if and only if its connection is
 * suspended; in the heap if and only if it is suspended and waits for a time.
 */
#include "server.h"

#include "clock.h"
#include "log.h"
#include "wire.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 4096
#define CONNECTIONS_MAX 16384
#define CONNECTION_MEMORY (64 * 1024)
#define IDLE_S 300
#define EVENTS_MAX 64
#define NOT_QUEUED SIZE_MAX
#define NEVER (-1)
#define DATE_SIZE 64

struct exchange {
	struct sim_server *server;
	struct MHD_Connection *connection;
	struct sim_request request;
	struct sim_answer answer;
	bool started;
	bool too_large;
	bool decided;
	bool suspended;
	bool writing; /* suspended, and wire is under way */
	bool dead;    /* the client is gone, or the connection is not to be used again */
	struct sim_wire wire;
	int64_t due_ms;
	size_t heap_index;                /* or NOT_QUEUED */
	struct exchange *next, *previous; /* of the suspended */
};

enum { CLOUDS, METADATA, PORTS };

/* One port. */
struct listener {
	struct sim_server *server;
	struct MHD_Daemon *daemon; /* NULL: this port is not served */
	unsigned port;
};

struct sim_server {
	struct sim *sim;
	struct listener listeners[PORTS];
	int epoll_fd;
	int log_fd;
	struct exchange *suspended;
	struct exchange **heap; /* by due_ms */
	size_t heap_len, heap_cap;
};

static void heap_set(struct sim_server *server, size_t index, struct exchange *exchange)
{
	server->heap[index] = exchange;
	exchange->heap_index = index;
}

static void heap_sift(struct sim_server *server, size_t index, struct exchange *exchange)
{
	while (index > 0) {
		size_t parent = (index - 1) / 2;
		if (server->heap[parent]->due_ms <= exchange->due_ms)
			break;
		heap_set(server, index, server->heap[parent]);
		index = parent;
	}
	for (;;) {
		size_t child = 2 * index + 1;
		if (child >= server->heap_len)
			break;
		if (child + 1 < server->heap_len &&
			server->heap[child + 1]->due_ms < server->heap[child]->due_ms)
			child++;
		if (server->heap[child]->due_ms >= exchange->due_ms)
			break;
		heap_set(server, index, server->heap[child]);
		index = child;
	}
	heap_set(server, index, exchange);
}

static int heap_add(struct sim_server *server, struct exchange *exchange)
{
	if (server->heap_len == server->heap_cap) {
		size_t cap = server->heap_cap ? 2 * server->heap_cap : 64;
		struct exchange **heap = realloc(server->heap, cap * sizeof(struct exchange *));
		if (!heap)
			return -ENOMEM;
		server->heap = heap;
		server->heap_cap = cap;
	}
	server->heap_len++;
	heap_sift(server, server->heap_len - 1, exchange);
	return 0;
}

static void heap_remove(struct sim_server *server, struct exchange *exchange)
{
	size_t index = exchange->heap_index;
	if (index == NOT_QUEUED)
		return;
	exchange->heap_index = NOT_QUEUED;
	struct exchange *last = server->heap[--server->heap_len];
	if (last != exchange)
		heap_sift(server, index, last);
}

static int socket_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info ? info->connect_fd : -1;
}

/* What a suspended exchange waits for: events of its socket, and so many milliseconds, or NEVER. */
static int wait_for(struct exchange *exchange, int operation, uint32_t events, int64_t ms)
{
	struct sim_server *server = exchange->server;
	struct epoll_event event = {.events = events | EPOLLRDHUP, .data.ptr = exchange};
	heap_remove(server, exchange);
	if (ms != NEVER) {
		exchange->due_ms = sim_clock_monotonic_ms() + ms;
		if (heap_add(server, exchange) < 0)
			return -ENOMEM;
	}
	if (epoll_ctl(server->epoll_fd, operation, socket_of(exchange->connection), &event) < 0) {
		heap_remove(server, exchange);
		return -errno;
	}
	return 0;
}

static int suspend(struct exchange *exchange, int64_t ms)
{
	struct sim_server *server = exchange->server;
	int r = wait_for(exchange, EPOLL_CTL_ADD, 0, ms);
	if (r < 0)
		return r;
	exchange->next = server->suspended;
	if (exchange->next)
		exchange->next->previous = exchange;
	server->suspended = exchange;
	exchange->suspended = true;
	MHD_suspend_connection(exchange->connection);
	return 0;
}

static void resume(struct exchange *exchange)
{
	struct sim_server *server = exchange->server;
	heap_remove(server, exchange);
	epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, socket_of(exchange->connection), NULL);
	if (exchange->previous)
		exchange->previous->next = exchange->next;
	else
		server->suspended = exchange->next;
	if (exchange->next)
		exchange->next->previous = exchange->previous;
	exchange->next = exchange->previous = NULL;
	exchange->suspended = false;
	MHD_resume_connection(exchange->connection);
}

static void drop(struct exchange *exchange)
{
	exchange->dead = true;
	resume(exchange);
}

/* Writes more of an answer of the wire's, as much as can be written now. */
static void write_on(struct exchange *exchange)
{
	enum sim_wire_next next = SIM_WIRE_DONE;
	int r = sim_wire_step(&exchange->wire, &next);
	if (r == 0 && next == SIM_WIRE_BLOCKED)
		r = wait_for(exchange, EPOLL_CTL_MOD, EPOLLOUT, NEVER);
	else if (r == 0 && next == SIM_WIRE_PAUSE)
		r = wait_for(exchange, EPOLL_CTL_MOD, 0, exchange->wire.pace_ms);
	else if (r == 0 && exchange->wire.end == SIM_WIRE_HOLD)
		r = wait_for(exchange, EPOLL_CTL_MOD, EPOLLIN, NEVER);
	else
		r = -EPIPE;
	if (r < 0)
		drop(exchange);
}

/* The socket of a suspended connection has something to tell. */
static void on_event(struct exchange *exchange, uint32_t events)
{
	if (exchange->writing && events == EPOLLOUT)
		write_on(exchange);
	else /* it is gone; or asks again where nobody answers any more */
		drop(exchange);
}

static void on_time(struct exchange *exchange)
{
	if (exchange->writing)
		write_on(exchange);
	else
		resume(exchange);
}

static void *begin(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	if (!exchange)
		return NULL;
	const struct listener *listener = context;
	exchange->server = listener->server;
	exchange->request.plain = listener == &listener->server->listeners[METADATA];
	exchange->connection = connection;
	exchange->heap_index = NOT_QUEUED;
	exchange->request.uri = strdup(uri);
	return exchange;
}

static void completed(void *context, struct MHD_Connection *connection, void **exchange_slot,
	enum MHD_RequestTerminationCode why)
{
	struct exchange *exchange = *exchange_slot;
	(void)context;
	(void)connection;
	(void)why;
	if (!exchange)
		return;
	sim_request_finish(&exchange->request);
	sim_answer_finish(&exchange->answer);
	sim_wire_finish(&exchange->wire);
	free(exchange);
	*exchange_slot = NULL;
}

static enum MHD_Result add_header(
	void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct exchange *exchange = context;
	(void)kind;
	if (sim_request_add_header(&exchange->request, name, value ? value : "") < 0)
		exchange->too_large = true;
	return MHD_YES;
}

static void decide(struct exchange *exchange)
{
	struct sim_server *server = exchange->server;
	struct sim_answer *answer = &exchange->answer;
	struct sim_record *record = &answer->record;
	if (exchange->too_large || exchange->request.body.failed) {
		answer->status = 413;
		answer->content_type = "text/plain";
	} else {
		sim_decide(server->sim, &exchange->request, answer);
	}
	answer->delay_ms += server->sim->options.latency_ms;
	record->status = answer->hang || answer->reset ? 0 : answer->status;
	record->bytes = answer->body.len;
	record->request_id = answer->request_id[0] ? answer->request_id : NULL;
	exchange->decided = true;
	int r = sim_log_write(server->log_fd, sim_now_ms(server->sim), record);
	if (r < 0)
		fprintf(stderr, "consolefs-sim: cannot write the log: %s\n", strerror(-r));
}

/* A body as it is sent: what is in the buffer first, then what the stream adds to it. */
static ssize_t read_body(void *context, uint64_t position, char *data, size_t size)
{
	struct exchange *exchange = context;
	struct sim_answer *answer = &exchange->answer;
	(void)position;
	while (answer->body.len == 0) {
		if (!answer->stream.state)
			return MHD_CONTENT_READER_END_OF_STREAM;
		int r = answer->stream.next(answer->stream.state, &answer->body);
		if (r < 0 || (r > 0 && answer->truncate))
			return MHD_CONTENT_READER_END_WITH_ERROR;
		if (r == 0) {
			answer->stream.destroy(answer->stream.state);
			answer->stream = (struct sim_stream){0};
		}
	}
	if (size > answer->body.len)
		size = answer->body.len;
	memcpy(data, answer->body.data, size);
	memmove(answer->body.data, answer->body.data + size, answer->body.len - size);
	answer->body.len -= size;
	return (ssize_t)size;
}

/* Half of the body, and then nothing: the connection is closed. */
static ssize_t read_half(void *context, uint64_t position, char *data, size_t size)
{
	const struct exchange *exchange = context;
	const struct sim_buf *body = &exchange->answer.body;
	uint64_t half = body->len / 2;
	if (position >= half)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (size > half - position)
		size = (size_t)(half - position);
	memcpy(data, body->data + position, size);
	return (ssize_t)size;
}

/* The clouds' clock is not this machine's, so libmicrohttpd's own header will not do. */
static void format_date(int64_t wall_ms, char ret_text[DATE_SIZE])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;
	ret_text[0] = '\0';
	if (gmtime_r(&seconds, &tm))
		strftime(ret_text, DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
	struct sim_answer *answer = &exchange->answer;
	struct MHD_Response *response;
	char date[DATE_SIZE];
	if (answer->stream.state)
		response = MHD_create_response_from_callback(
			MHD_SIZE_UNKNOWN, 64 * 1024, read_body, exchange, NULL);
	else if (answer->truncate)
		response = MHD_create_response_from_callback(
			answer->body.len, 16 * 1024, read_half, exchange, NULL);
	else /* the body lives as long as the exchange, which outlives the response */
		response = MHD_create_response_from_buffer(
			answer->body.len, answer->body.data, MHD_RESPMEM_PERSISTENT);
	if (!response)
		return NULL;
	format_date(sim_now_ms(exchange->server->sim), date);
	MHD_add_response_header(response, MHD_HTTP_HEADER_DATE, date);
	if (answer->header)
		MHD_add_response_header(response, answer->header, answer->header_value);
	if (answer->content_type)
		MHD_add_response_header(response, "Content-Type", answer->content_type);
	if (answer->server)
		MHD_add_response_header(response, "Server", answer->server);
	if (answer->request_id_header)
		MHD_add_response_header(response, answer->request_id_header, answer->request_id);
	return response;
}

/* The answer goes out from here, beginning in the next turn of the loop. */
static enum MHD_Result send_by_wire(struct exchange *exchange)
{
	struct sim_answer *answer = &exchange->answer;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	char date[DATE_SIZE];
	int r = 1;
	while (answer->stream.state && r > 0)
		r = answer->stream.next(answer->stream.state, &answer->body);
	format_date(sim_now_ms(exchange->server->sim), date);
	if (r < 0 ||
		sim_wire_init(&exchange->wire, answer, date, info ? info->tls_session : NULL,
			socket_of(exchange->connection)) < 0)
		return MHD_NO;
	exchange->writing = true;
	return suspend(exchange, 0) < 0 ? MHD_NO : MHD_YES;
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
	if (exchange->answer.wire != SIM_FAULT_NONE)
		return send_by_wire(exchange);
	if (exchange->answer.reset) {
		/* Dissolving the association makes Linux send a RST, whatever TLS still has to say.
		 */
		struct sockaddr none = {.sa_family = AF_UNSPEC};
		if (connect(socket_of(exchange->connection), &none, sizeof(none)) < 0)
			perror("consolefs-sim: cannot reset a connection");
		return MHD_NO;
	}
	struct MHD_Response *response = make_response(exchange);
	if (!response)
		return MHD_NO;
	enum MHD_Result result =
		MHD_queue_response(exchange->connection, exchange->answer.status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *data, size_t *data_len,
	void **exchange_slot)
{
	struct exchange *exchange = *exchange_slot;
	(void)context;
	(void)path;
	(void)version;
	if (!exchange || exchange->dead)
		return MHD_NO;
	if (!exchange->started) {
		exchange->started = true;
		exchange->request.method = strdup(method);
		if (!exchange->request.method || !exchange->request.uri)
			return MHD_NO;
		MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header, exchange);
		return MHD_YES;
	}
	if (*data_len) {
		if (exchange->request.body.len + *data_len > SIM_BODY_MAX)
			exchange->too_large = true;
		else
			sim_buf_add(&exchange->request.body, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	if (!exchange->decided) {
		decide(exchange);
		bool hang = exchange->answer.hang;
		if (hang || exchange->answer.delay_ms)
			return suspend(exchange,
				       hang ? NEVER : (int64_t)exchange->answer.delay_ms) < 0
				? MHD_NO
				: MHD_YES;
	}
	return send_answer(exchange);
}

static int open_socket(unsigned port, unsigned *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	socklen_t len = sizeof(address);
	int one = 1, r;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
		bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, BACKLOG) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* A thousand clients wait at once: as many descriptors as the system allows. */
static void raise_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Clients that hang up in the middle are part of the job; only what a debugger wants is printed. */
__attribute__((format(printf, 2, 0))) static void note(
	void *context, const char *format, va_list args)
{
	(void)context;
	if (getenv("CONSOLEFS_SIM_DEBUG"))
		vfprintf(stderr, format, args);
}

/* tls NULL: plain http. */
static int listen_on(struct sim_server *server, struct listener *listener, unsigned port,
	const struct sim_tls *tls)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = server};
	struct MHD_OptionItem secrets[] = {
		{MHD_OPTION_HTTPS_MEM_KEY, 0, tls ? tls->key : NULL},
		{MHD_OPTION_HTTPS_MEM_CERT, 0, tls ? tls->chain : NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	listener->server = server;
	int fd = open_socket(port, &listener->port);
	if (fd < 0)
		return fd;
	listener->daemon =
		MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
				MHD_USE_SUPPRESS_DATE_NO_CLOCK | (tls ? MHD_USE_TLS : 0),
			0, NULL, NULL, handle, listener, MHD_OPTION_EXTERNAL_LOGGER, note, NULL,
			MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_ARRAY, tls ? secrets : secrets + 2,
			MHD_OPTION_URI_LOG_CALLBACK, begin, listener, MHD_OPTION_NOTIFY_COMPLETED,
			completed, NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_END);
	if (!listener->daemon) {
		close(fd);
		return -EIO;
	}
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -EIO;
	return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, info->epoll_fd, &event) < 0 ? -errno : 0;
}

int sim_server_create(
	struct sim *sim, const struct sim_tls *tls, int log_fd, struct sim_server **ret_server)
{
	const struct sim_options *options = &sim->options;
	struct sim_server *server = calloc(1, sizeof(*server));
	int r;
	if (!server)
		return -ENOMEM;
	server->sim = sim;
	server->log_fd = log_fd;
	raise_limit();
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll_fd < 0) {
		r = -errno;
		goto out;
	}
	r = listen_on(server, &server->listeners[CLOUDS], options->port, tls);
	if (r == 0 && options->metadata_file)
		r = listen_on(server, &server->listeners[METADATA], options->metadata_port, NULL);
out:
	if (r < 0)
		sim_server_destroy(server);
	else
		*ret_server = server;
	return r;
}

unsigned sim_server_port(const struct sim_server *server)
{
	return server->listeners[CLOUDS].port;
}

unsigned sim_server_metadata_port(const struct sim_server *server)
{
	return server->listeners[METADATA].port;
}

/* Milliseconds until something must be done without an event, or -1. */
static int next_timeout(const struct sim_server *server)
{
	int64_t least = -1;
	for (size_t i = 0; i < PORTS; i++) {
		MHD_UNSIGNED_LONG_LONG daemon_ms = 0;
		struct MHD_Daemon *daemon = server->listeners[i].daemon;
		if (!daemon || MHD_get_timeout(daemon, &daemon_ms) != MHD_YES)
			continue;
		if (least < 0 || daemon_ms < (MHD_UNSIGNED_LONG_LONG)least)
			least = daemon_ms > INT_MAX ? INT_MAX : (int64_t)daemon_ms;
	}
	if (server->heap_len) {
		int64_t wait = server->heap[0]->due_ms - sim_clock_monotonic_ms();
		if (wait < 0)
			wait = 0;
		if (least < 0 || wait < least)
			least = wait;
	}
	return least > INT_MAX ? INT_MAX : (int)least;
}

int sim_server_run(struct sim_server *server, int stop_fd)
{
	struct epoll_event events[EVENTS_MAX];
	struct epoll_event stop = {.events = EPOLLIN, .data.ptr = NULL};
	if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, stop_fd, &stop) < 0)
		return -errno;
	for (;;) {
		int n = epoll_wait(server->epoll_fd, events, EVENTS_MAX, next_timeout(server));
		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n; i++) {
			struct exchange *exchange = events[i].data.ptr;
			if (!exchange)
				return 0;
			if (events[i].data.ptr == server)
				continue;
			on_event(exchange, events[i].events);
		}
		int64_t now = sim_clock_monotonic_ms();
		while (server->heap_len && server->heap[0]->due_ms <= now)
			on_time(server->heap[0]);
		for (size_t i = 0; i < PORTS; i++) {
			struct MHD_Daemon *daemon = server->listeners[i].daemon;
			if (daemon && MHD_run(daemon) != MHD_YES)
				return -EIO;
		}
	}
}

void sim_server_destroy(struct sim_server *server)
{
	if (!server)
		return;
	while (server->suspended)
		drop(server->suspended);
	for (size_t i = 0; i < PORTS; i++) {
		if (server->listeners[i].daemon)
			MHD_stop_daemon(server->listeners[i].daemon);
	}
	if (server->epoll_fd >= 0)
		close(server->epoll_fd);
	free(server->heap);
	free(server);
}
