/* SPDX-License-Identifier: MIT */
#include "backends/http/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <curl/curl.h>

#include "backends/base/text.h"
#include "backends/http/easy.h"
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
 *               that its completion comes from the next dispatch, like any other.
 *     failing   in http->failing: failed, and completed by the dispatch at work. Not in `failed`,
 *               so that a completion that starts another failing transfer does not keep this
 *               dispatch busy for ever.
 *
 * An easy handle serves one transfer. Reusing handles was measured to save nothing, because the
 * multi handle keeps connections and names, and the share keeps TLS sessions.
 *
 * A completion may do anything but destroy the engine: before it is called the transfer is idle and
 * the outcome is on the stack, and afterwards the transfer is not looked at. libcurl forgets a
 * queued result when its handle is removed, so a cancelled transfer has none.
 */

/* Taken from the epoll at once. It is level-triggered, so none is lost, and the next time it begins
 * with those that were not taken. */
#define EVENTS_MAX 4

struct cfs_http {
	CURLM *multi;
	struct cfs_http_shared shared;
	int epoll_fd;
	int timer_fd;
	int due_fd; /* an eventfd: libcurl wants to be called at once */
	struct cfs_transfer *running, *failed, *failing;
	size_t n_running, most_running;
	size_t idle_max; /* connections */
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

/* Sockets and the timer, as libcurl asks for them */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct cfs_http *http = arg;
	struct epoll_event event = {.data.fd = fd};
	int r;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		/* A socket that is already closed has left the epoll by itself. */
		epoll_ctl(http->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	r = epoll_ctl(http->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
	/* A descriptor that libcurl knows may be another socket by now, which the epoll does not
	 * have; or the reverse. */
	if (r < 0 && errno == ENOENT)
		r = epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, fd, &event);
	else if (r < 0 && errno == EEXIST)
		r = epoll_ctl(http->epoll_fd, EPOLL_CTL_MOD, fd, &event);
	/* Refusing ends the transfers, which is better than waiting for ever. */
	if (r < 0)
		return -1;
	if (!known)
		curl_multi_assign(http->multi, fd, http);
	return 0;
}

/* Arms the timer to fire in so many milliseconds; -1 is never. */
static void arm(struct cfs_http *http, long ms)
{
	struct itimerspec spec = {0};

	if (http->failed || http->shared.turns.first)
		ms = 0;
	/* Not by the timer, whose interrupt would cost more than making the request. */
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

/* To libcurl the limit is one of all connections: with fewer than there are busy ones it would close each
 * after its use. */
static void limit_connections(struct cfs_http *http)
{
	size_t most = CFS_HTTP_CONNECTIONS_KEPT, limit = http->n_running + http->idle_max - 1;

	if (most < http->most_running)
		most = http->most_running;
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)(limit < most ? limit : most));
}

static void run(struct cfs_http *http, struct cfs_transfer *transfer)
{
	link_to(&http->running, transfer);
	if (++http->n_running > http->most_running)
		http->most_running = http->n_running;
	limit_connections(http);
}

/* Makes the transfer idle, and wipes its request. */
static void end(struct cfs_transfer *transfer)
{
	struct cfs_http *http = transfer->http;

	unlink_from(transfer);
	cfs_http_turns_leave(&http->shared.turns, transfer);
	if (transfer->easy) {
		curl_multi_remove_handle(http->multi, transfer->easy);
		http->n_running--;
		limit_connections(http);
	}
	cfs_http_easy_destroy(transfer);
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

/* Starts the transfer again on a new connection. Nothing was sent yet. */
static bool start_afresh(struct cfs_transfer *transfer)
{
	CURLM *multi = transfer->http->multi;

	transfer->dirty = false;
	return curl_multi_remove_handle(multi, transfer->easy) == CURLM_OK &&
		curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
		curl_multi_add_handle(multi, transfer->easy) == CURLM_OK;
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
		cfs_http_easy_limit_silence(transfer->easy);
	outcome.fault = cfs_http_result(transfer, result, &message);
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	outcome.status = (int)status;
	if (message)
		set_message(transfer, message);
	complete(transfer, outcome);
}

/* The engine */

/* Idle connections must not use up the descriptors that others need. Half of what http.h allows: transfers that
 * end in one dispatch are all counted as running, and libcurl closes one connection at a time. */
static size_t connections_idle(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return CFS_HTTP_CONNECTIONS_KEPT;
	return files.rlim_cur < 16 ? 1 : (size_t)(files.rlim_cur / 8);
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
	cfs_http_turns_init(&http->shared.turns);
	cfs_http_kept_init(&http->shared.kept);
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
	http->shared.share = curl_share_init();
	if (!http->multi || !http->shared.share ||
		curl_share_setopt(
			http->shared.share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) ||
		curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket) ||
		curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) ||
		curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer) ||
		curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http))
		goto out;
	http->idle_max = connections_idle();
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
	if (http->shared.share)
		curl_share_cleanup(http->shared.share);
	cfs_http_kept_finish(&http->shared.kept);
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
	struct cfs_http_turns *turns = &http->shared.turns;
	struct cfs_transfer *transfer;
	CURLcode result;

	while (cfs_http_turns_go_on(turns) && (transfer = turns->first)) {
		cfs_http_turns_leave(turns, transfer);
		/* What was held back is given on from inside; libcurl does not end a transfer whose
		 * data is refused there. */
		result = curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
		if (result != CURLE_OK)
			complete_running(transfer, result);
	}
}

/* Acts on sockets that are ready, as many as fit in this turn. */
static void act_on_ready(struct cfs_http *http)
{
	struct cfs_http_turns *turns = &http->shared.turns;
	struct epoll_event events[EVENTS_MAX];
	int n;

	do {
		n = epoll_wait(http->epoll_fd, events, EVENTS_MAX, 0);
		for (int i = 0; i < n; i++) {
			cfs_http_turns_spend(turns, CFS_HTTP_COST_OF_SOCKET);
			act(http, &events[i]);
		}
	} while (n == EVENTS_MAX && cfs_http_turns_go_on(turns));
}

void cfs_http_dispatch(struct cfs_http *http)
{
	struct cfs_transfer *transfer;
	CURLMsg *message;
	int n;

	http->shared.turns.spent = 0;
	http->shared.turns.dispatches++;
	resume(http);
	act_on_ready(http);
	while ((message = curl_multi_info_read(http->multi, &n))) {
		char *private = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		/* Gone with the handle, which the completion gives back. */
		complete_running((struct cfs_transfer *)private, message->data.result);
	}

	if (http->shared.turns.first)
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

/* Whether two connections to the transfer's server are idle, so that one is left if it takes the other. */
static bool has_spare(const struct cfs_http *http, const struct cfs_transfer *transfer)
{
	size_t open = cfs_http_kept_open(&http->shared.kept, transfer->origin), busy = 0;

	for (const struct cfs_transfer *other = http->running; other; other = other->next)
		busy += other->origin == transfer->origin;
	return open >= busy + 2;
}

void cfs_http_start(struct cfs_http *http, struct cfs_transfer *transfer,
	struct cfs_http_request *request, const struct cfs_http_options *options,
	const struct cfs_http_handler *handler, void *arg)
{
	struct cfs_http_options own = *options;
	bool loopback = false;
	CURLcode result;
	const char *why;

	*transfer = (struct cfs_transfer){.http = http,
		.shared = &http->shared,
		.handler = handler,
		.arg = arg,
		.direct = options->direct,
		.insecure = options->insecure,
		.request = *request};
	cfs_http_request_init(request, request->method);

	why = transfer->request.url ? cfs_http_url_check(transfer->request.url, options->direct,
					      options->insecure, &loopback)
				    : "no URL";
	if (why) {
		fail(http, transfer, CFS_REJECTED, why);
		return;
	}
	transfer->origin = cfs_http_kept_origin(transfer->request.url);
	own.fresh = options->fresh || (options->yields && !has_spare(http, transfer));
	result = cfs_http_easy_create(transfer, &own, options->direct || loopback);
	if (result == CURLE_OK && curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK) {
		cfs_http_easy_destroy(transfer);
		result = CURLE_OUT_OF_MEMORY;
	}
	if (result != CURLE_OK) {
		fail(http, transfer, result == CURLE_OUT_OF_MEMORY ? CFS_NO_MEMORY : CFS_REJECTED,
			curl_easy_strerror(result));
		return;
	}
	run(http, transfer);
}

void cfs_http_cancel(struct cfs_transfer *transfer)
{
	if (transfer && transfer->link)
		end(transfer);
}
