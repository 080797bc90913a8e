/* SPDX-License-Identifier: MIT */
/*
 * The HTTP engine against a server that sends any bytes. The first byte says whether all transfers
 * are under way at once ('p') or one after the other, the second in what pieces the server sends
 * ('0': whole answers). Then records, an answer each: a byte that says what is done with it, and its
 * bytes.
 *
 *     k c r   a GET; the connection is kept, ended or reset after the answer
 *     P       a POST, and the connection is kept
 *     a       a GET of which the caller refuses the first bytes
 *     x       a GET that is cancelled when all is sent
 *
 * Where an answer is plain HTTP/1.1, a model of that says what must come of it: all of it, or a
 * failure. What a server sends behind an answer is never a part of the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <curl/curl.h>

#include "backends/http/http.h"
#include "tests/fuzz/peer.h"

#define BODY_MAX (1024 * 1024)
#define ROUNDS_MAX 100000
#define IDLE_MAX 10000 /* milliseconds without anything to do before a transfer is taken to hang */
#define CHUNK_MAX (16 * 1024)
#define DESCRIPTORS 128 /* more than are used */

struct ask {
	struct cfs_transfer transfer;
	struct fuzz_peer_answer *answer;
	char how;
	struct cfs_buf body;
	unsigned done;
	bool refused, cancelled;
	struct cfs_http_outcome outcome;
	char message[256];
};

static struct fuzz_peer peer;
static size_t given; /* by this dispatch */

/* The model */

enum sure { UNSURE, GOOD, BAD };

struct expected {
	enum sure sure;
	int status;
	struct cfs_buf body;
};

struct head {
	int status;
	long length; /* -1: not said */
	bool chunked;
};

/* A line without its CRLF, of printable ASCII only. False: there is none such; *ret_whole says
 * whether there is any. */
static bool take_line(struct fuzz_input *input, char *line, size_t size, bool *ret_whole)
{
	const char *end = input->left ? memmem(input->at, input->left, "\r\n", 2) : NULL;
	size_t len = end ? (size_t)(end - input->at) : input->left;

	/* A line feed alone ends a line too, as libcurl reads it. */
	*ret_whole = end || (input->left && memchr(input->at, '\n', input->left));
	if (!end || len >= size)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (input->at[i] < ' ' || input->at[i] > '~')
			return false;
	}
	memcpy(line, input->at, len);
	line[len] = '\0';
	input->at += len + 2;
	input->left -= len + 2;
	return true;
}

static bool is_name(const char *line, const char *name)
{
	return strncasecmp(line, name, strlen(name)) == 0;
}

/* A header that the model knows the meaning of, or that has none. */
static bool take_header(struct head *head, const char *line)
{
	static const char *const dark[] = {"connection", "upgrade", "proxy", "content-l",
		"transfer", "te:", "trailer", "www-auth", "keep-alive"};
	static const char length[] = "Content-Length: ";
	const char *colon = strchr(line, ':');

	if (!colon || colon == line || colon[1] != ' ' ||
		strcspn(line, " \t\"(),/;<=>?@[\\]{}") < (size_t)(colon - line))
		return false;
	if (strncmp(line, length, strlen(length)) == 0 && head->length < 0 && !head->chunked) {
		const char *digits = line + strlen(length);
		size_t n = strspn(digits, "0123456789");

		head->length = strtol(digits, NULL, 10);
		return n > 0 && n < 9 && digits[n] == '\0';
	}
	if (strcmp(line, "Transfer-Encoding: chunked") == 0 && head->length < 0 && !head->chunked) {
		head->chunked = true;
		return true;
	}
	for (size_t i = 0; i < sizeof(dark) / sizeof(dark[0]); i++) {
		if (is_name(line, dark[i]))
			return false;
	}
	return true;
}

/* Up to the blank line. */
static enum sure take_head(struct fuzz_input *input, struct head *head)
{
	static const char version[] = "HTTP/1.1 ";
	char line[512];
	bool whole, first = true;

	*head = (struct head){.length = -1};
	for (;; first = false) {
		if (!take_line(input, line, sizeof(line), &whole))
			return whole ? UNSURE : BAD;
		if (first) {
			if (strncmp(line, version, strlen(version)) != 0 ||
				strspn(line + strlen(version), "0123456789") != 3 ||
				(line[12] && line[12] != ' '))
				return UNSURE;
			head->status = atoi(line + strlen(version));
			if (head->status < 100 || head->status > 599 || head->status == 101)
				return UNSURE;
		} else if (line[0] == '\0') {
			return GOOD;
		} else if (!take_header(head, line)) {
			return UNSURE;
		}
	}
}

static enum sure take_chunks(struct fuzz_input *input, struct cfs_buf *body)
{
	char line[16];
	bool whole;

	for (;;) {
		size_t len;

		if (!take_line(input, line, sizeof(line), &whole))
			return whole ? UNSURE : BAD;
		len = strspn(line, "0123456789abcdefABCDEF");
		if (len == 0 || len > 6 || line[len])
			return UNSURE;
		len = strtoul(line, NULL, 16);
		if (len == 0)
			return input->left >= 2 && memcmp(input->at, "\r\n", 2) == 0 ? GOOD
										     : UNSURE;
		if (input->left < len)
			return BAD;
		MUST(cfs_buf_add(body, input->at, len) == 0);
		input->at += len;
		input->left -= len;
		if (input->left < 2)
			return BAD;
		if (memcmp(input->at, "\r\n", 2) != 0)
			return UNSURE;
		input->at += 2;
		input->left -= 2;
	}
}

static void expect(const struct fuzz_peer_answer *answer, struct expected *ret)
{
	struct fuzz_input rest = answer->bytes;
	struct head head;

	*ret = (struct expected){.body = CFS_BUF_INIT(BODY_MAX)};
	do {
		ret->sure = take_head(&rest, &head);
		/* The beginning of what is no HTTP is no beginning of it. */
		if (ret->sure != GOOD || answer->bytes.left - rest.left > CHUNK_MAX)
			break;
		ret->status = head.status;
		if (head.status < 200 && (head.length >= 0 || head.chunked))
			ret->sure = UNSURE;
	} while (ret->sure == GOOD && head.status < 200);
	if (ret->sure == GOOD && answer->bytes.left - rest.left > CHUNK_MAX)
		ret->sure = UNSURE;
	if (ret->sure != GOOD)
		return;
	if (head.status == 204 || head.status == 304) {
		ret->sure = head.length < 0 && !head.chunked ? GOOD : UNSURE;
	} else if (head.chunked) {
		ret->sure = take_chunks(&rest, &ret->body);
	} else {
		size_t len = head.length < 0 ? rest.left : (size_t)head.length;

		ret->sure = len <= rest.left ? GOOD : BAD;
		if (ret->sure == GOOD && len > 0)
			MUST(cfs_buf_add(&ret->body, rest.at, len) == 0);
	}
	if (answer->then == 'r' && ret->sure == GOOD)
		ret->sure = UNSURE;
}

/* The transfers */

static int take_data(void *arg, const char *bytes, size_t len)
{
	struct ask *ask = arg;

	MUST(!ask->done && !ask->refused && !ask->cancelled && len > 0);
	MUST(ask->answer->asked > 0);
	MUST(given < CFS_HTTP_DISPATCH_BYTES);
	given += len;
	if (ask->how == 'a') {
		ask->refused = true;
		return -EBADMSG;
	}
	MUST(cfs_buf_add(&ask->body, bytes, len) == 0);
	return 0;
}

static void take_end(void *arg, const struct cfs_http_outcome *outcome)
{
	struct ask *ask = arg;

	MUST(!ask->done++ && !ask->cancelled);
	ask->outcome = *outcome;
	MUST(outcome->message && strlen(outcome->message) < sizeof(ask->message));
	strcpy(ask->message, outcome->message);
	MUST(!ask->transfer.request.url && !ask->transfer.request.body.data);
}

static void start(struct cfs_http *http, struct ask *ask, size_t i)
{
	static const struct cfs_http_handler handler = {.data = take_data, .done = take_end};
	static const struct cfs_http_options options = {.timeout_ms = 60000, .connect_ms = 60000};
	struct cfs_http_request request;
	char url[64], secret[32];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/%zu", peer.port, i);
	snprintf(secret, sizeof(secret), "hushhush%zu", i);
	cfs_http_request_init(&request, ask->how == 'P' ? "POST" : "GET");
	MUST(cfs_http_request_set_url(&request, url) == 0);
	MUST(cfs_http_request_add_header(&request, "Authorization", secret) == 0);
	if (ask->how == 'P')
		MUST(cfs_buf_adds(&request.body, "a=b") == 0);
	cfs_buf_init(&ask->body, BODY_MAX);
	cfs_http_start(http, &ask->transfer, &request, &options, &handler, ask);
	MUST(!ask->done);
}

static bool is_sent(const struct ask *ask)
{
	for (size_t i = 0; i < FUZZ_PEER_CONNECTIONS_MAX; i++) {
		const struct fuzz_peer_connection *connection = &peer.connections[i];

		if (connection->fd >= 0 && connection->answer == ask->answer)
			return connection->sent > ask->answer->bytes.left;
	}
	return false;
}

/* Until all of these have ended. */
static void run(struct cfs_http *http, struct ask *asks, size_t n)
{
	unsigned idle = 0;

	for (unsigned rounds = 0;; rounds++) {
		struct pollfd wait = {.fd = cfs_http_fd(http), .events = POLLIN};
		size_t left = 0;
		bool acted;

		MUST(rounds < ROUNDS_MAX);
		for (size_t i = 0; i < n; i++) {
			if (asks[i].how == 'x' && !asks[i].done && !asks[i].cancelled &&
				is_sent(&asks[i])) {
				cfs_http_cancel(&asks[i].transfer);
				asks[i].cancelled = true;
			}
			left += !asks[i].done && !asks[i].cancelled;
		}
		if (left == 0)
			return;
		given = 0;
		acted = poll(&wait, 1, 0) > 0;
		if (acted)
			cfs_http_dispatch(http);
		acted = fuzz_peer_act(&peer) || acted;
		if (acted)
			idle = 0;
		else if (idle++ > 1 && !fuzz_peer_give_up(&peer)) {
			MUST(idle < IDLE_MAX);
			poll(&wait, 1, 1);
		}
	}
}

/* Every byte given is one of the answer's, in its order. */
static void check_bytes(const struct ask *ask)
{
	const struct fuzz_input *from = &ask->answer->bytes;
	const char *at = from->at, *end = at + from->left;

	for (size_t i = 0; i < ask->body.len; i++) {
		at = at < end ? memchr(at, ask->body.data[i], (size_t)(end - at)) : NULL;
		MUST_OF(at, cfs_buf_text(&ask->body));
		at++;
	}
}

static void check_expected(const struct ask *ask)
{
	struct expected expected;

	expect(ask->answer, &expected);
	if (expected.sure == BAD)
		MUST_OF(ask->outcome.fault != CFS_OK, cfs_buf_text(&ask->body));
	if (expected.sure == GOOD && !ask->refused) {
		MUST_OF(ask->outcome.fault == CFS_OK, ask->message);
		MUST(ask->outcome.status == expected.status);
		MUST(ask->body.len == expected.body.len);
		MUST(memcmp(cfs_buf_text(&ask->body), cfs_buf_text(&expected.body),
			     ask->body.len) == 0);
	}
	cfs_buf_finish(&expected.body);
}

static void check(const struct ask *ask, size_t i)
{
	const struct cfs_http_outcome *outcome = &ask->outcome;
	char secret[32];

	check_bytes(ask);
	if (ask->cancelled)
		return;
	MUST(outcome->fault >= CFS_OK && outcome->fault < CFS_N_FAULTS);
	MUST(outcome->fault != CFS_TIMED_OUT && outcome->fault != CFS_REFUSED);
	MUST(outcome->status >= 0 && outcome->status <= 999);
	MUST(outcome->date >= 0);
	MUST_OF(fuzz_is_line(ask->message), ask->message);
	snprintf(secret, sizeof(secret), "hushhush%zu", i);
	if (!memmem(ask->answer->bytes.at, ask->answer->bytes.left, secret, strlen(secret)))
		MUST_OF(!strstr(ask->message, secret), ask->message);
	MUST(outcome->aborted_by == (ask->refused ? -EBADMSG : 0));
	if (ask->refused)
		MUST(outcome->fault == CFS_BAD_ANSWER);
	if (outcome->fault == CFS_OK) {
		/* None is the answer to what was not asked. */
		MUST(ask->answer->asked > 0);
		MUST_OF(!*ask->message, ask->message);
		MUST(outcome->status >= 200);
	} else {
		MUST(*ask->message);
	}
	check_expected(ask);
}

static size_t take_answers(struct fuzz_input *input, struct ask *asks)
{
	struct fuzz_input record;
	size_t n = 0;

	while (n < FUZZ_PEER_ANSWERS_MAX && fuzz_next(input, FUZZ_SEPARATOR, &record)) {
		asks[n] = (struct ask){.answer = &peer.answers[n]};
		asks[n].how = (char)fuzz_byte(&record);
		if (!strchr("kcrPax", asks[n].how))
			asks[n].how = 'k';
		peer.answers[n] = (struct fuzz_peer_answer){
			.bytes = record, .then = strchr("cr", asks[n].how) ? asks[n].how : 'k'};
		n++;
	}
	peer.n_answers = n;
	return n;
}

/* Descriptors that are open, of the first. */
static unsigned count_open(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct ask asks[FUZZ_PEER_ANSWERS_MAX];
	struct cfs_http *http = NULL;
	bool parallel = fuzz_byte(&input) == 'p';
	unsigned n_open;
	size_t n;

	if (!peer.fd) {
		MUST(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
		fuzz_peer_listen(&peer);
	}
	peer.piece = fuzz_byte(&input);
	peer.piece = peer.piece <= '0' ? 0 : peer.piece - '0';
	peer.piece *= peer.piece;
	/* So that an answer is not sent in too many pieces. */
	if (peer.piece > 0 && input.left / peer.piece > 2000)
		peer.piece = 0;
	n_open = count_open();
	MUST(cfs_http_create(&http) == 0);
	n = take_answers(&input, asks);
	for (size_t i = 0; i < n; i++) {
		start(http, &asks[i], i);
		if (!parallel)
			run(http, &asks[i], 1);
	}
	run(http, asks, n);
	for (size_t i = 0; i < n; i++)
		check(&asks[i], i);
	cfs_http_destroy(http);
	fuzz_peer_reset(&peer);
	MUST(count_open() == n_open);
	for (size_t i = 0; i < n; i++)
		cfs_buf_finish(&asks[i].body);
	return 0;
}
