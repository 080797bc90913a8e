#include "backends/http/result.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS_FEW 4 /* so many are needed at once to make a connection, and a spare */

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

/* libcurl has one result for a handshake that failed and for one in which the connection broke off.
 * Only its words tell them apart; others are taken for a failure to verify. */
static bool handshake_broke_off(const struct cfs_transfer *transfer)
{
	/* The last two are of the connection before, which libcurl replaced by itself: of several
	 * failures it keeps the words of the first. */
	static const char *const words[] = {"SSL_connect: ", "unexpected eof",
		"Recv failure: ", "Send failure: ", "SSL_read: ", "SSL_write: "};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strstr(transfer->message, words[i]))
			return true;
	}
	return false;
}

/* Whether this process can open next to nothing more. Found out when what was opened in vain for
 * the transfer may have been closed again. */
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

/* Results that without descriptors say no more than that: libcurl takes a name for one that does
 * not resolve if there is none to ask by, and a file for a bad one if it cannot be opened. */
static bool may_lack_descriptors(CURLcode result)
{
	return result == CURLE_COULDNT_RESOLVE_HOST || result == CURLE_COULDNT_RESOLVE_PROXY ||
		result == CURLE_SSL_CACERT_BADFILE || result == CURLE_FAILED_INIT;
}

static enum cfs_fault fault_of(const struct cfs_transfer *transfer, CURLcode result)
{
	double first_byte = 0;
	long tunnel = 0;

	if (result != CURLE_OK && transfer->aborted_by)
		return cfs_fault_from_errno(transfer->aborted_by);
	/* Noticed by a callback, which is why libcurl gave up. */
	if (transfer->failed && (result == CURLE_WRITE_ERROR || result == CURLE_COULDNT_CONNECT))
		return transfer->failed;
	if (result == CURLE_COULDNT_CONNECT)
		return fault_of_connect(transfer->easy);
	if (may_lack_descriptors(result) && is_out_of_descriptors())
		return CFS_NO_MEMORY;
	if (result == CURLE_SSL_CONNECT_ERROR && handshake_broke_off(transfer))
		return CFS_RESET;
	/* A connection that ends within the headers is no failure to libcurl. */
	if (result == CURLE_OK && !transfer->headed)
		return CFS_RESET;
	/* Nor has it a result of its own for chunks that are none. */
	if (result == CURLE_RECV_ERROR && strstr(transfer->message, "chunk"))
		return CFS_BAD_ANSWER;
	/* Before 8.6, that is how libcurl says that a line of the answer is too long for it. */
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
