/* SPDX-License-Identifier: MIT */
#include "backends/http/result.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define STATUS_FINAL_MIN 200     /* lower ones are interim (RFC 9110, section 15.2) */
#define PROXY_AUTHENTICATION 407 /* the HTTP status */
#define DESCRIPTORS_FEW 4        /* one more than are needed at once to make a connection */

/* From 8.6.0 a libcurl may say it that is newer than the one that this was built with. */
#if LIBCURL_VERSION_NUM < 0x080600
#define CURLE_TOO_LARGE ((CURLcode)100)
#endif

static const struct {
	CURLcode result;
	enum cfs_fault fault;
} faults[] = {
	{CURLE_OK, CFS_OK},
	{CURLE_COULDNT_RESOLVE_HOST, CFS_UNREACHABLE},
	{CURLE_COULDNT_RESOLVE_PROXY, CFS_UNREACHABLE},
	{CURLE_PROXY, CFS_UNREACHABLE},
	{CURLE_NO_CONNECTION_AVAILABLE, CFS_UNREACHABLE},
	{CURLE_OPERATION_TIMEDOUT, CFS_TIMED_OUT},
	{CURLE_SSL_CONNECT_ERROR, CFS_TLS},
	{CURLE_PEER_FAILED_VERIFICATION, CFS_TLS},
	{CURLE_SSL_CIPHER, CFS_TLS},
	{CURLE_SSL_CACERT_BADFILE, CFS_TLS},
	{CURLE_SSL_CLIENTCERT, CFS_TLS},
	{CURLE_PARTIAL_FILE, CFS_RESET},
	{CURLE_SEND_ERROR, CFS_RESET},
	{CURLE_RECV_ERROR, CFS_RESET},
	{CURLE_GOT_NOTHING, CFS_RESET},
	{CURLE_FILESIZE_EXCEEDED, CFS_TOO_LARGE},
	{CURLE_TOO_LARGE, CFS_TOO_LARGE},
	{CURLE_OUT_OF_MEMORY, CFS_NO_MEMORY},
	{CURLE_FAILED_INIT, CFS_NO_MEMORY},
};

static enum cfs_fault fault_of_connect(CURL *easy)
{
	long os_errno = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_errno);
	switch (os_errno) {
	case ECONNREFUSED:
		return CFS_REFUSED;
	case ETIMEDOUT:
		return CFS_TIMED_OUT;
	case ECONNRESET:
	case EPIPE:
		return CFS_RESET;
	default:
		return CFS_UNREACHABLE;
	}
}

/* libcurl has one result both for a handshake that failed and for one during which the connection
 * broke. Only its message tells them apart; any other message is taken for a failure to verify. */
static bool handshake_broke_off(const struct cfs_transfer *transfer)
{
	/* The last two are from an earlier connection that libcurl replaced by itself: it keeps the
	 * message of the first failure. */
	static const char *const words[] = {"SSL_connect: ", "unexpected eof",
		"Recv failure: ", "Send failure: ", "SSL_read: ", "SSL_write: "};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strstr(transfer->message, words[i]))
			return true;
	}
	return false;
}

static bool says(const struct cfs_transfer *transfer, const char *words)
{
	return strstr(transfer->message, words) != NULL;
}

/* Whether the server wanted a certificate of ours. In TLS 1.3 it says so after the handshake; before
 * that, it has no alert of its own for it. */
static bool wants_certificate(const struct cfs_transfer *transfer, CURLcode result)
{
	return transfer->wants_certificate || result == CURLE_SSL_CLIENTCERT ||
		says(transfer, "alert certificate required");
}

static bool may_want_certificate(const struct cfs_transfer *transfer)
{
	return says(transfer, "alert handshake failure") || says(transfer, "alert bad certificate");
}

bool cfs_http_page_wants_certificate(long status, const char *bytes, size_t len)
{
	static const char *const beginnings[] = {"<html", "<!DOCTYPE html"};
	static const struct {
		long status;
		const char *words;
	} pages[] = {
		{400, "No required SSL certificate was sent"},         /* nginx */
		{403, "Cannot perform Post-Handshake Authentication"}, /* Apache */
		{403, "403.7 - Forbidden"},                            /* IIS */
	};
	bool is_page = false;

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++) {
		size_t n = strlen(beginnings[i]);

		is_page = is_page || (len > n && strncasecmp(bytes, beginnings[i], n) == 0);
	}
	for (size_t i = 0; is_page && i < sizeof(pages) / sizeof(*pages); i++) {
		if (status == pages[i].status &&
			memmem(bytes, len, pages[i].words, strlen(pages[i].words)))
			return true;
	}
	return false;
}

/* A server does not ask for that, and a proxy may do so in both ways: for a tunnel to a server, and
 * for a request that is not encrypted. */
static bool is_denied_by_proxy(const struct cfs_transfer *transfer, CURLcode result)
{
	long tunnel = 0, status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return tunnel == PROXY_AUTHENTICATION ||
		(result == CURLE_OK && status == PROXY_AUTHENTICATION);
}

/* Whether this process has hardly any file descriptor left. Those that the failed transfer had
 * opened may be closed by now, so it takes more than one to tell. */
static bool is_out_of_descriptors(void)
{
	int fds[DESCRIPTORS_FEW], n;

	for (n = 0; n < DESCRIPTORS_FEW; n++) {
		fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (fds[n] < 0)
			break;
	}
	for (int i = 0; i < n; i++)
		close(fds[i]);
	return n < DESCRIPTORS_FEW;
}

/* Results that may only mean a lack of file descriptors: without one, a name does not resolve and a
 * file of authorities cannot be opened. */
static bool may_lack_descriptors(CURLcode result)
{
	return result == CURLE_COULDNT_RESOLVE_HOST || result == CURLE_COULDNT_RESOLVE_PROXY ||
		result == CURLE_SSL_CACERT_BADFILE || result == CURLE_FAILED_INIT;
}

/* Whether an answer that libcurl takes for whole is none: its status is an interim one, or no status
 * at all, as in "HTTP/2xyz" where nobody asked for HTTP/2. */
static bool has_no_status(const struct cfs_transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return status < STATUS_FINAL_MIN;
}

static enum cfs_fault fault_of(const struct cfs_transfer *transfer, CURLcode result)
{
	double first_byte = 0;
	long tunnel = 0;

	if (result != CURLE_OK && transfer->aborted_by)
		return cfs_fault_from_errno(transfer->aborted_by);
	/* One of our callbacks found it, and made libcurl give up. */
	if (transfer->failed && (result == CURLE_WRITE_ERROR || result == CURLE_COULDNT_CONNECT))
		return transfer->failed;
	if (result == CURLE_COULDNT_CONNECT)
		return fault_of_connect(transfer->easy);
	if (may_lack_descriptors(result) && is_out_of_descriptors())
		return CFS_NO_MEMORY;
	if (wants_certificate(transfer, result))
		return CFS_TLS;
	if (is_denied_by_proxy(transfer, result))
		return CFS_PROXY_DENIED;
	if (result == CURLE_SSL_CONNECT_ERROR && handshake_broke_off(transfer))
		return CFS_RESET;
	/* To libcurl a connection that ends within the headers is not a failure. */
	if (result == CURLE_OK && !transfer->headed)
		return CFS_RESET;
	/* Of our callbacks only the one for progress does that, once the headers are there. */
	if (result == CURLE_ABORTED_BY_CALLBACK && transfer->headed)
		return CFS_BAD_ANSWER;
	if (result == CURLE_OK && has_no_status(transfer))
		return CFS_BAD_ANSWER;
	/* It has no result of its own for invalid chunks. */
	if (result == CURLE_RECV_ERROR && strstr(transfer->message, "chunk"))
		return CFS_BAD_ANSWER;
	/* Before 8.6, this is how libcurl reports that a line of the answer is too long. */
	curl_easy_getinfo(transfer->easy, CURLINFO_STARTTRANSFER_TIME, &first_byte);
	if (result == CURLE_OUT_OF_MEMORY && first_byte > 0)
		return CFS_TOO_LARGE;
	curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
	if (result == CURLE_RECV_ERROR && tunnel >= 300)
		return CFS_UNREACHABLE; /* a proxy would not go there */
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		if (faults[i].result == result)
			return faults[i].fault;
	}
	return CFS_BAD_ANSWER;
}

enum cfs_fault cfs_http_result(
	const struct cfs_transfer *transfer, CURLcode result, const char **ret_message)
{
	enum cfs_fault fault = fault_of(transfer, result);

	if (fault == CFS_OK)
		*ret_message = "";
	else if (fault == CFS_PROXY_DENIED)
		*ret_message = "the proxy asks for a user and a password (HTTP status 407)";
	else if (fault == CFS_TLS && wants_certificate(transfer, result))
		*ret_message =
			"the server asks for a client certificate, and there is none to give";
	else if (fault == CFS_TLS && may_want_certificate(transfer))
		*ret_message = "the server broke off the TLS handshake; it may want a client "
			       "certificate, and there is none to give";
	else if (result == CURLE_OK && fault == CFS_BAD_ANSWER)
		*ret_message = "the answer has no HTTP status";
	else if (result == CURLE_OK)
		*ret_message = "the connection ended within the headers of the answer";
	else if (fault == CFS_TOO_LARGE && !transfer->aborted_by)
		*ret_message = "the headers of the answer are too large";
	else if (fault == CFS_NO_MEMORY &&
		(transfer->failed == CFS_NO_MEMORY || is_out_of_descriptors()))
		*ret_message = "no file descriptor is left: raise the limit (ulimit -Hn)";
	/* A proxy's URL that cannot be parsed is quoted whole, and may hold its password. */
	else if (!transfer->message[0] || result == CURLE_COULDNT_RESOLVE_PROXY)
		*ret_message = curl_easy_strerror(result);
	else
		*ret_message = NULL;
	return fault;
}
