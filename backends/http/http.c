#include "backends/http/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "backends/base/text.h"
#include "backends/http/kept.h"
#include "backends/http/result.h"
#include "backends/http/url.h"

/*
 * libcurl's multi interface in its socket form. libcurl says which sockets it waits for and when it
 * wants to be called next; the sockets and a timer wait in one private epoll, whose descriptor is
 * all that the caller sees. Nothing here reads a clock.
 *
 * A transfer is in exactly one of these states, and `link` tells whether it is under way:
 *
 *     idle      link NULL. Before start; from the moment its completion is called; after cancel.
 *     running   in http->running, with an easy handle that libcurl has.
 *     failed    in http->failed: it could not even start. The timer is armed to fire at once, so
 *               that its completion comes from the next dispatch as every other does.
 *     failing   in http->failing: the failed of the dispatch at work. Apart from `failed`, so that
 *               a completion which starts what fails again does not keep that dispatch for ever.
 *
 * An easy handle serves one transfer: to keep handles for the next was measured to save nothing,
 * because connections and names are kept by the multi handle and TLS sessions by the share.
 *
 * A completion may do anything to any transfer but destroy the engine: the transfer is idle and the
 * outcome is on the stack before it is called, and nothing of the transfer is looked at after it.
 * libcurl forgets a queued result when its handle is removed, so a cancelled transfer has none.
 */

#define EVENTS_MAX 64     /* taken from the epoll at once; it is level-triggered, so none is lost */
#define CHUNK (16 * 1024) /* a TLS record is no longer, and OpenSSL hands out one at a time */
#define DATE_MAX 64       /* bytes of a Date header that can be a date */
#define CA_CACHE_S 60 /* a file of authorities is read again when it was last read so long ago */

_Static_assert(sizeof(((struct cfs_transfer *)0)->message) >= CURL_ERROR_SIZE,
	"libcurl writes as much into the message");

struct cfs_http {
	CURLM *multi;
	CURLSH *share; /* TLS sessions, for resumption between easy handles */
	int epoll_fd;
	int timer_fd;
	int due_fd;                /* an eventfd: libcurl wants to be called at once */
	struct cfs_http_kept kept; /* the sockets of all connections */
	struct cfs_transfer *running, *failed, *failing;
	/* Running, but not for the rest of this dispatch, in the order in which they go on. */
	struct cfs_transfer *paused, **paused_end;
	size_t given; /* bytes of answers, by this dispatch */
};

/* The headers of a transfer as libcurl takes them: nodes that borrow the request's text, so that no
 * further copy of it lies on the heap. */
struct header_list {
	struct curl_slist node[CFS_HTTP_HEADERS_MAX + 2];
	size_t n;
	char no_expect[sizeof("Expect:")];
	char no_type[sizeof("Content-Type:")];
};

/* Lists of transfers */

static void link_to(struct cfs_transfer **head, struct cfs_transfer *transfer)
{
	transfer->next = *head;
	transfer->link = head;
	if (*head)
		(*head)->link = &transfer->next;
	*head = transfer;
}

static void unlink_from(struct cfs_transfer *transfer)
{
	*transfer->link = transfer->next;
	if (transfer->next)
		transfer->next->link = transfer->link;
	transfer->next = NULL;
	transfer->link = NULL;
}

static void pause_it(struct cfs_transfer *transfer)
{
	struct cfs_http *http = transfer->http;

	transfer->next_paused = NULL;
	transfer->paused = http->paused_end;
	*http->paused_end = transfer;
	http->paused_end = &transfer->next_paused;
}

static void unpause(struct cfs_transfer *transfer)
{
	if (!transfer->paused)
		return;
	*transfer->paused = transfer->next_paused;
	if (transfer->next_paused)
		transfer->next_paused->paused = transfer->paused;
	else
		transfer->http->paused_end = transfer->paused;
	transfer->paused = NULL;
}

/* What libcurl asks for: sockets and a timer */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct cfs_http *http = arg;
	struct epoll_event event = {.data.fd = fd};
	int r;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		/* A socket that is closed already has left by itself. */
		epoll_ctl(http->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	r = epoll_ctl(http->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
	/* libcurl may know a number whose socket was replaced behind it, and the reverse. */
	if (r < 0 && errno == ENOENT)
		r = epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, fd, &event);
	else if (r < 0 && errno == EEXIST)
		r = epoll_ctl(http->epoll_fd, EPOLL_CTL_MOD, fd, &event);
	/* A refusal ends the transfers: better than one that waits for ever. */
	if (r < 0)
		return -1;
	if (!known)
		curl_multi_assign(http->multi, fd, http);
	return 0;
}

/* Arms the timer: milliseconds from now, -1 never. */
static void arm(struct cfs_http *http, long ms)
{
	struct itimerspec spec = {0};

	if (http->failed || http->paused)
		ms = 0;
	/* Not by the timer: its interrupt would cost more than to make the request does. */
	if (ms == 0) {
		eventfd_write(http->due_fd, 1);
		return;
	}
	if (ms > 0) {
		spec.it_value.tv_sec = ms / 1000;
		spec.it_value.tv_nsec = ms % 1000 * 1000000;
	}
	timerfd_settime(http->timer_fd, 0, &spec, NULL);
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
	(void)multi;
	arm(arg, ms);
	return 0;
}

/* What libcurl tells of a transfer */

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct cfs_transfer *transfer = arg;
	int fd;

	(void)purpose;
	/* The host was found to be a loopback name, or a metadata service may be asked: what it
	 * resolved to must be one. */
	if (cfs_http_url_is_plain(transfer->request.url) &&
		!cfs_http_url_is_loopback(&address->addr) &&
		!(transfer->direct && cfs_http_url_is_metadata(&address->addr))) {
		transfer->failed = CFS_REJECTED;
		return CURL_SOCKET_BAD;
	}
	/* libcurl would leave the socket open in the children of credential processes. */
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
		transfer->failed = CFS_NO_MEMORY;
	if (fd >= 0 && cfs_http_kept_add(&transfer->http->kept, fd) < 0) {
		transfer->failed = CFS_NO_MEMORY;
		close(fd);
		fd = -1;
	}
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int on_close_socket(void *arg, curl_socket_t fd)
{
	struct cfs_http *http = arg;

	cfs_http_kept_remove(&http->kept, fd);
	return close(fd);
}

/* Before a request is sent on a kept connection: what is there to be read already belongs to no
 * request, and would be taken for the answer to this one. */
static int on_request(void *arg, char *peer, char *own, int peer_port, int own_port)
{
	struct cfs_transfer *transfer = arg;
	struct curl_tlssessioninfo *tls = NULL;
	long made = 0;

	(void)peer;
	(void)own;
	(void)peer_port;
	curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &made);
	if (made > 0)
		return CURL_PREREQFUNC_OK;
	curl_easy_getinfo(transfer->easy, CURLINFO_TLS_SSL_PTR, &tls);
	transfer->dirty = cfs_http_kept_speaks(&transfer->http->kept, own_port) ||
		(tls && tls->backend == CURLSSLBACKEND_OPENSSL && tls->internals &&
			SSL_has_pending(tls->internals));
	return transfer->dirty ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static size_t on_header(char *bytes, size_t size, size_t len, void *arg)
{
	static const char date[] = "Date:", status[] = "HTTP/";
	struct cfs_transfer *transfer = arg;
	char text[DATE_MAX];
	time_t when;

	(void)size; /* always 1 */
	if (len > CFS_HTTP_ANSWER_HEADERS_MAX - transfer->header_bytes) {
		transfer->failed = CFS_TOO_LARGE;
		return CURL_WRITEFUNC_ERROR;
	}
	transfer->header_bytes += len;
	if (bytes[0] == '\r' || bytes[0] == '\n')
		transfer->headed = true;
	else if (len > strlen(status) && strncasecmp(bytes, status, strlen(status)) == 0)
		transfer->headed = false;
	if (len > strlen(date) && len - strlen(date) < sizeof(text) &&
		strncasecmp(bytes, date, strlen(date)) == 0) {
		memcpy(text, bytes + strlen(date), len - strlen(date));
		text[len - strlen(date)] = '\0';
		when = curl_getdate(text, NULL);
		if (when > 0)
			transfer->date = when;
	}
	return len;
}

static size_t on_data(char *bytes, size_t size, size_t len, void *arg)
{
	struct cfs_transfer *transfer = arg;
	struct cfs_http *http = transfer->http;
	int r;

	(void)size; /* always 1 */
	/* libcurl goes on with a socket as long as it brings more: all the loop would wait for it.
	 */
	if (http->given >= CFS_HTTP_DISPATCH_BYTES) {
		pause_it(transfer);
		return CURL_WRITEFUNC_PAUSE;
	}
	http->given += len;
	r = transfer->handler->data(transfer->arg, bytes, len);
	if (r == 0)
		return len;
	transfer->aborted_by = r;
	return CURL_WRITEFUNC_ERROR;
}

/* The beginning and the end of a transfer */

static void add_node(struct header_list *list, char *text)
{
	if (list->n > 0)
		list->node[list->n - 1].next = &list->node[list->n];
	list->node[list->n++].data = text;
}

static struct header_list *make_list(struct cfs_http_request *request)
{
	static const char no_expect[] = "Expect:", no_type[] = "Content-Type:";
	struct header_list *list = calloc(1, sizeof(*list));
	bool has_type = false;

	if (!list)
		return NULL;
	for (size_t i = 0; i < request->n_headers; i++) {
		char *header = request->headers[i], *colon = strchr(header, ':');

		if (strncasecmp(header, no_type, strlen(no_type)) == 0)
			has_type = true;
		/* "Name:" takes a header of libcurl's own away; "Name;" sends one without value. */
		if (colon[1 + strspn(colon + 1, " \t")] == '\0')
			memcpy(colon, ";", 2);
		add_node(list, header);
	}
	add_node(list, strcpy(list->no_expect, no_expect));
	if (!has_type)
		add_node(list, strcpy(list->no_type, no_type));
	return list;
}

/* The same for every transfer. */
static const struct {
	CURLoption option;
	long value;
} fixed[] = {
	{CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
	{CURLOPT_NOSIGNAL, 1},
	{CURLOPT_QUICK_EXIT, 1}, /* to cancel never waits for a resolver */
	{CURLOPT_FOLLOWLOCATION, 0},
	{CURLOPT_NETRC, CURL_NETRC_IGNORED},
	{CURLOPT_HTTP_CONTENT_DECODING, 0},
	{CURLOPT_PATH_AS_IS, 1}, /* as it was signed */
	{CURLOPT_SSL_VERIFYPEER, 1},
	{CURLOPT_SSL_VERIFYHOST, 2},
	{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
	{CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_S},
	{CURLOPT_TCP_NODELAY, 1},
	{CURLOPT_TCP_KEEPALIVE, 1},
	{CURLOPT_BUFFERSIZE, CHUNK},
	{CURLOPT_UPLOAD_BUFFERSIZE, CHUNK},
	{CURLOPT_HEADEROPT, CURLHEADER_SEPARATE}, /* no signature goes to a proxy */
	{CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
};

/* Sets an option that is a pointer or a number, unless one before it could not be set. */
#define SET(result, easy, option, value) \
	do { \
		if ((result) == CURLE_OK) \
			(result) = curl_easy_setopt(easy, option, value); \
	} while (0)

static CURLcode set_request(CURL *easy, struct cfs_transfer *transfer)
{
	struct cfs_http_request *request = &transfer->request;
	struct header_list *list = transfer->list;
	bool plain = cfs_http_url_is_plain(request->url);
	CURLcode result = CURLE_OK;

	SET(result, easy, CURLOPT_URL, request->url);
	SET(result, easy, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
	SET(result, easy, CURLOPT_HTTPHEADER, list->node);
	if (strcmp(request->method, "GET") != 0 || request->body.len > 0) {
		SET(result, easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
		SET(result, easy, CURLOPT_POSTFIELDS, cfs_buf_text(&request->body));
		SET(result, easy, CURLOPT_CUSTOMREQUEST, request->method);
	}
	SET(result, easy, CURLOPT_PRIVATE, transfer);
	SET(result, easy, CURLOPT_ERRORBUFFER, transfer->message);
	SET(result, easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	SET(result, easy, CURLOPT_OPENSOCKETDATA, transfer);
	SET(result, easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
	SET(result, easy, CURLOPT_CLOSESOCKETDATA, transfer->http);
	SET(result, easy, CURLOPT_PREREQFUNCTION, on_request);
	SET(result, easy, CURLOPT_PREREQDATA, transfer);
	SET(result, easy, CURLOPT_HEADERFUNCTION, on_header);
	SET(result, easy, CURLOPT_HEADERDATA, transfer);
	SET(result, easy, CURLOPT_WRITEFUNCTION, on_data);
	SET(result, easy, CURLOPT_WRITEDATA, transfer);
	return result;
}

static CURLcode set_options(
	CURL *easy, struct cfs_http *http, const struct cfs_http_options *options, bool direct)
{
	const char *system_file = curl_version_info(CURLVERSION_NOW)->cainfo;
	CURLcode result = CURLE_OK;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		SET(result, easy, fixed[i].option, fixed[i].value);
	SET(result, easy, CURLOPT_SHARE, http->share);
	SET(result, easy, CURLOPT_USERAGENT, "consolefs/" CONSOLEFS_VERSION);
	SET(result, easy, CURLOPT_TIMEOUT_MS, options->timeout_ms);
	SET(result, easy, CURLOPT_CONNECTTIMEOUT_MS, options->connect_ms);
	/* libcurl keeps a file of authorities that it has read, but not if there is a directory as
	 * well: it would read the system's file at each handshake. */
	if (options->ca_file)
		SET(result, easy, CURLOPT_CAINFO, options->ca_file);
	if (options->ca_file || system_file)
		SET(result, easy, CURLOPT_CAPATH, NULL);
	if (options->fresh)
		SET(result, easy, CURLOPT_FRESH_CONNECT, 1L);
	if (direct) {
		SET(result, easy, CURLOPT_PROXY, "");
		SET(result, easy, CURLOPT_NOPROXY, "*");
	}
	return result;
}

/* Makes the transfer idle, and wipes what it asked. */
static void end(struct cfs_transfer *transfer)
{
	struct cfs_http *http = transfer->http;

	unlink_from(transfer);
	unpause(transfer);
	if (transfer->easy) {
		curl_multi_remove_handle(http->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
		transfer->easy = NULL;
	}
	free(transfer->list);
	transfer->list = NULL;
	cfs_http_request_finish(&transfer->request);
}

/* Ends the transfer and calls its completion. */
static void complete(struct cfs_transfer *transfer, struct cfs_http_outcome outcome)
{
	const struct cfs_http_handler *handler = transfer->handler;
	char message[sizeof(transfer->message)];
	void *arg = transfer->arg;

	cfs_text_line(message, sizeof(message), transfer->message, strlen(transfer->message));
	outcome.message = message;
	end(transfer);
	handler->done(arg, &outcome);
}

static void set_message(struct cfs_transfer *transfer, const char *message)
{
	cfs_text_line(transfer->message, sizeof(transfer->message), message, strlen(message));
}

/* Nothing was sent: the same once more, on a connection of its own. */
static bool start_afresh(struct cfs_transfer *transfer)
{
	CURLM *multi = transfer->http->multi;

	transfer->dirty = false;
	return curl_multi_remove_handle(multi, transfer->easy) == CURLM_OK &&
		curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
		curl_multi_add_handle(multi, transfer->easy) == CURLM_OK;
}

/* Before a connection is kept. Whoever lives acknowledges what he is sent, however long he takes to
 * answer it; a path that is dead without a word, as after a change of networks, is noticed by that.
 * To make a connection has a limit of its own. On a kernel that does not know this one, the call's
 * own limits do. */
static void limit_silence(CURL *easy)
{
	static const unsigned limit = CFS_HTTP_UNACKNOWLEDGED_MS;
	curl_socket_t fd = CURL_SOCKET_BAD;
	long made = 0;

	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &made);
	if (made == 0)
		return;
	curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
	if (fd != CURL_SOCKET_BAD)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof(limit));
}

static void complete_running(struct cfs_transfer *transfer, CURLcode result)
{
	struct cfs_http_outcome outcome = {
		.date = transfer->date, .aborted_by = transfer->aborted_by};
	const char *message;
	long status = 0;

	if (result == CURLE_ABORTED_BY_CALLBACK && transfer->dirty && start_afresh(transfer))
		return;
	if (result == CURLE_OK)
		limit_silence(transfer->easy);
	outcome.fault = cfs_http_result(transfer, result, &message);
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	outcome.status = (int)status;
	if (message)
		set_message(transfer, message);
	complete(transfer, outcome);
}

/* The engine */

/* Idle connections shall not hold the descriptors that others need. */
static long connections_kept(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur / 4 > CFS_HTTP_CONNECTIONS_KEPT)
		return CFS_HTTP_CONNECTIONS_KEPT;
	return files.rlim_cur < 8 ? 1 : (long)(files.rlim_cur / 4);
}

int cfs_http_create(struct cfs_http **ret_http)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct cfs_http *http;
	int r = -ENOMEM;

	/* Counted by libcurl, one cleanup for each. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	http = calloc(1, sizeof(*http));
	if (!http) {
		curl_global_cleanup();
		return -ENOMEM;
	}
	http->timer_fd = http->due_fd = -1;
	http->paused_end = &http->paused;
	http->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (http->epoll_fd < 0) {
		r = -errno;
		goto out;
	}
	http->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	event.data.fd = http->timer_fd;
	if (http->timer_fd < 0 ||
		epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, http->timer_fd, &event) < 0) {
		r = -errno;
		goto out;
	}
	http->due_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	event.data.fd = http->due_fd;
	if (http->due_fd < 0 ||
		epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, http->due_fd, &event) < 0) {
		r = -errno;
		goto out;
	}
	http->multi = curl_multi_init();
	http->share = curl_share_init();
	if (!http->multi || !http->share ||
		curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) ||
		curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket) ||
		curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) ||
		curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer) ||
		curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) ||
		curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, connections_kept()))
		goto out;
	*ret_http = http;
	return 0;
out:
	cfs_http_destroy(http);
	return r;
}

void cfs_http_destroy(struct cfs_http *http)
{
	if (!http)
		return;
	while (http->running)
		end(http->running);
	while (http->failed)
		end(http->failed);
	while (http->failing)
		end(http->failing);
	if (http->multi)
		curl_multi_cleanup(http->multi);
	if (http->share)
		curl_share_cleanup(http->share);
	cfs_http_kept_finish(&http->kept);
	if (http->timer_fd >= 0)
		close(http->timer_fd);
	if (http->due_fd >= 0)
		close(http->due_fd);
	if (http->epoll_fd >= 0)
		close(http->epoll_fd);
	free(http);
	curl_global_cleanup();
}

int cfs_http_fd(const struct cfs_http *http)
{
	return http->epoll_fd;
}

static void act(struct cfs_http *http, const struct epoll_event *event)
{
	int fd = event->data.fd, ready = 0, running;
	uint64_t fired;

	if (fd == http->timer_fd || fd == http->due_fd) {
		if (read(fd, &fired, sizeof(fired)) == sizeof(fired))
			curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
		return;
	}
	/* Not CURL_CSELECT_ERR: what the server said before it broke off is yet to be read. */
	if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		ready |= CURL_CSELECT_IN;
	if (event->events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		ready |= CURL_CSELECT_OUT;
	curl_multi_socket_action(http->multi, fd, ready, &running);
}

/* Goes on with transfers that were paused, the longest first; they may be paused again. */
static void resume(struct cfs_http *http)
{
	struct cfs_transfer *transfer;
	CURLcode result;

	while (http->given < CFS_HTTP_DISPATCH_BYTES && (transfer = http->paused)) {
		unpause(transfer);
		/* What was held back is given on from inside; libcurl does not end a transfer whose
		 * data is refused there. */
		result = curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
		if (result != CURLE_OK)
			complete_running(transfer, result);
	}
}

void cfs_http_dispatch(struct cfs_http *http)
{
	struct epoll_event events[EVENTS_MAX];
	struct cfs_transfer *transfer;
	CURLMsg *message;
	int n;

	http->given = 0;
	resume(http);
	n = epoll_wait(http->epoll_fd, events, EVENTS_MAX, 0);
	for (int i = 0; i < n; i++)
		act(http, &events[i]);

	while ((message = curl_multi_info_read(http->multi, &n))) {
		char *private = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		/* Gone with the handle, which the completion gives back. */
		complete_running((struct cfs_transfer *)private, message->data.result);
	}

	if (http->paused)
		arm(http, 0);
	http->failing = http->failed;
	http->failed = NULL;
	if (http->failing)
		http->failing->link = &http->failing;
	while ((transfer = http->failing))
		complete(transfer, (struct cfs_http_outcome){.fault = transfer->failed});
}

static void fail(
	struct cfs_http *http, struct cfs_transfer *transfer, enum cfs_fault fault, const char *why)
{
	transfer->failed = fault;
	set_message(transfer, why);
	link_to(&http->failed, transfer);
	arm(http, 0);
}

void cfs_http_start(struct cfs_http *http, struct cfs_transfer *transfer,
	struct cfs_http_request *request, const struct cfs_http_options *options,
	const struct cfs_http_handler *handler, void *arg)
{
	bool loopback = false;
	CURLcode result;
	const char *why;
	CURL *easy;

	*transfer = (struct cfs_transfer){.http = http,
		.handler = handler,
		.arg = arg,
		.direct = options->direct,
		.request = *request};
	cfs_http_request_init(request, request->method);

	why = transfer->request.url
		? cfs_http_url_check(transfer->request.url, options->direct, &loopback)
		: "no URL";
	if (why) {
		fail(http, transfer, CFS_REJECTED, why);
		return;
	}
	transfer->list = make_list(&transfer->request);
	easy = curl_easy_init();
	if (!transfer->list || !easy) {
		curl_easy_cleanup(easy);
		fail(http, transfer, CFS_NO_MEMORY, "out of memory");
		return;
	}
	result = set_options(easy, http, options, options->direct || loopback);
	if (result == CURLE_OK)
		result = set_request(easy, transfer);
	if (result == CURLE_OK && curl_multi_add_handle(http->multi, easy) != CURLM_OK)
		result = CURLE_OUT_OF_MEMORY;
	if (result != CURLE_OK) {
		curl_easy_cleanup(easy);
		fail(http, transfer, result == CURLE_OUT_OF_MEMORY ? CFS_NO_MEMORY : CFS_REJECTED,
			curl_easy_strerror(result));
		return;
	}
	transfer->easy = easy;
	link_to(&http->running, transfer);
}

void cfs_http_cancel(struct cfs_transfer *transfer)
{
	if (transfer && transfer->link)
		end(transfer);
}
