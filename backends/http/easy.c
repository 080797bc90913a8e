/* SPDX-License-Identifier: MIT */
#include "backends/http/easy.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "backends/http/result.h"
#include "backends/http/url.h"

#define CHUNK (16 * 1024) /* a TLS record is no longer, and OpenSSL hands out one at a time */
#define DATE_MAX 64       /* bytes of a Date header's value; longer ones are not dates */
#define SILENCES_MAX 4    /* readings of a body that bring nothing, in one dispatch */
#define CA_CACHE_S 60     /* how long a file of authorities is kept before it is read again */

_Static_assert(sizeof(((struct cfs_transfer *)0)->message) >= CURL_ERROR_SIZE,
	"libcurl writes as much into the message");

/* The headers of a transfer in libcurl's form. The nodes point to the request's text, so that there
 * is no further copy of it on the heap. */
struct header_list {
	struct curl_slist node[CFS_HTTP_HEADERS_MAX + 2];
	size_t n;
	char no_expect[sizeof("Expect:")];
	char no_type[sizeof("Content-Type:")];
};

/* Callbacks from libcurl */

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct cfs_transfer *transfer = arg;
	int fd;

	(void)purpose;
	/* Plain http is only for loopback hosts and metadata services, unless it is allowed: what
	 * the name has resolved to must be one. */
	if (!transfer->insecure && cfs_http_url_is_plain(transfer->request.url) &&
		!cfs_http_url_is_loopback(&address->addr) &&
		!(transfer->direct && cfs_http_url_is_metadata(&address->addr))) {
		transfer->failed = CFS_REJECTED;
		return CURL_SOCKET_BAD;
	}
	/* libcurl would leave the socket open in the children of credential processes. */
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
		transfer->failed = CFS_NO_MEMORY;
	if (fd >= 0 && cfs_http_kept_add(&transfer->shared->kept, fd, transfer->origin) < 0) {
		transfer->failed = CFS_NO_MEMORY;
		close(fd);
		fd = -1;
	}
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int on_close_socket(void *arg, curl_socket_t fd)
{
	struct cfs_http_shared *shared = arg;

	cfs_http_kept_remove(&shared->kept, fd);
	return close(fd);
}

/* Called before a request is sent. If there is something to read on a kept connection, it belongs
 * to no request, and would be taken for the answer to this one. */
static int on_request(void *arg, char *peer, char *own, int peer_port, int own_port)
{
	struct cfs_transfer *transfer = arg;
	struct curl_tlssessioninfo *tls = NULL;
	long made = 0;

	(void)peer;
	(void)own;
	(void)peer_port;
	curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &made);
	if (made > 0) {
		cfs_http_turns_spend(&transfer->shared->turns, CFS_HTTP_COST_OF_CONNECTION);
		return CURL_PREREQFUNC_OK;
	}
	curl_easy_getinfo(transfer->easy, CURLINFO_TLS_SSL_PTR, &tls);
	transfer->dirty = cfs_http_kept_speaks(&transfer->shared->kept, own_port) ||
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
	transfer->heard = true;
	cfs_http_turns_spend(&transfer->shared->turns, len + CFS_HTTP_COST_OF_LINE);
	if (len > CFS_HTTP_ANSWER_HEADERS_MAX - transfer->header_bytes ||
		++transfer->header_lines > CFS_HTTP_ANSWER_LINES_MAX) {
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

/* Looks at the first bytes of the body. */
static bool wants_certificate(struct cfs_transfer *transfer, const char *bytes, size_t len)
{
	long status = 0;

	if (transfer->bodied)
		return false;
	transfer->bodied = true;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return cfs_http_page_wants_certificate(status, bytes, len);
}

static size_t on_data(char *bytes, size_t size, size_t len, void *arg)
{
	struct cfs_transfer *transfer = arg;
	struct cfs_http_turns *turns = &transfer->shared->turns;
	int r;

	(void)size; /* always 1 */
	if (!cfs_http_turns_go_on(turns)) {
		cfs_http_turns_wait(turns, transfer);
		return CURL_WRITEFUNC_PAUSE;
	}
	transfer->heard = true;
	cfs_http_turns_spend(turns, len + CFS_HTTP_COST_OF_PIECE);
	/* A parser of the cloud's answers would only say that this is none. */
	if (wants_certificate(transfer, bytes, len)) {
		transfer->wants_certificate = true;
		transfer->failed = CFS_TLS;
		return CURL_WRITEFUNC_ERROR;
	}
	r = transfer->handler->data(transfer->arg, bytes, len);
	if (r == 0)
		return len;
	transfer->aborted_by = r;
	return CURL_WRITEFUNC_ERROR;
}

/* Called each time that libcurl has read what there was, up to 1.6 MB. What carries nothing, as an
 * extension of a chunk without end, it reads in one call as long as there is more. In one dispatch an
 * honest answer is read once or twice. */
static int on_progress(void *arg, curl_off_t all, curl_off_t now, curl_off_t up_all, curl_off_t up)
{
	struct cfs_transfer *transfer = arg;
	bool heard = transfer->heard;

	(void)all, (void)now, (void)up_all, (void)up;
	transfer->heard = false;
	if (heard || !transfer->headed ||
		transfer->silent_dispatch != transfer->shared->turns.dispatches) {
		transfer->silent_dispatch = transfer->shared->turns.dispatches;
		transfer->silences = 0;
		return 0;
	}
	return ++transfer->silences > SILENCES_MAX;
}

/* Options */

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
		/* To libcurl "Name:" removes a header of its own; "Name;" is one without a value.
		 */
		if (colon[1 + strspn(colon + 1, " \t")] == '\0')
			memcpy(colon, ";", 2);
		add_node(list, header);
	}
	add_node(list, strcpy(list->no_expect, no_expect));
	if (!has_type)
		add_node(list, strcpy(list->no_type, no_type));
	return list;
}

/* Options that are the same for every transfer. */
static const struct {
	CURLoption option;
	long value;
} fixed[] = {
	{CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
	{CURLOPT_NOSIGNAL, 1},
	{CURLOPT_QUICK_EXIT, 1}, /* cancelling never waits for a resolver */
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
	{CURLOPT_HEADEROPT, CURLHEADER_SEPARATE}, /* so that no signature is sent to a proxy */
	{CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
};

/* Sets an option, unless setting an earlier one has failed. */
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
	SET(result, easy, CURLOPT_CLOSESOCKETDATA, transfer->shared);
	SET(result, easy, CURLOPT_PREREQFUNCTION, on_request);
	SET(result, easy, CURLOPT_PREREQDATA, transfer);
	SET(result, easy, CURLOPT_HEADERFUNCTION, on_header);
	SET(result, easy, CURLOPT_HEADERDATA, transfer);
	SET(result, easy, CURLOPT_WRITEFUNCTION, on_data);
	SET(result, easy, CURLOPT_WRITEDATA, transfer);
	SET(result, easy, CURLOPT_NOPROGRESS, 0L);
	SET(result, easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(result, easy, CURLOPT_XFERINFODATA, transfer);
	return result;
}

static CURLcode set_options(
	CURL *easy, CURLSH *share, const struct cfs_http_options *options, bool direct)
{
	const char *system_file = curl_version_info(CURLVERSION_NOW)->cainfo;
	CURLcode result = CURLE_OK;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		SET(result, easy, fixed[i].option, fixed[i].value);
	SET(result, easy, CURLOPT_SHARE, share);
	SET(result, easy, CURLOPT_USERAGENT, "consolefs/" CONSOLEFS_VERSION);
	SET(result, easy, CURLOPT_TIMEOUT_MS, options->timeout_ms);
	SET(result, easy, CURLOPT_CONNECTTIMEOUT_MS, options->connect_ms);
	/* libcurl keeps a file of authorities that it has read, unless a directory is set too: then
	 * it would read the system's file at each handshake. */
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

CURLcode cfs_http_easy_create(
	struct cfs_transfer *transfer, const struct cfs_http_options *options, bool direct)
{
	CURLcode result = CURLE_OUT_OF_MEMORY;
	CURL *easy = curl_easy_init();

	transfer->list = make_list(&transfer->request);
	if (transfer->list && easy)
		result = set_options(easy, transfer->shared->share, options, direct);
	if (result == CURLE_OK)
		result = set_request(easy, transfer);
	if (result == CURLE_OK) {
		transfer->easy = easy;
		return CURLE_OK;
	}
	curl_easy_cleanup(easy);
	free(transfer->list);
	transfer->list = NULL;
	return result;
}

void cfs_http_easy_destroy(struct cfs_transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	transfer->easy = NULL;
	free(transfer->list);
	transfer->list = NULL;
}

/* Connecting has a limit of its own. If the kernel does not support this one, the limits of the
 * whole transfer remain. */
void cfs_http_easy_limit_silence(CURL *easy)
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
