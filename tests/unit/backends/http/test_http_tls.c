/* SPDX-License-Identifier: MIT */
/* backends/http/http.h: whom the HTTP engine trusts. */
#include <fcntl.h>
#include <sys/resource.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "backends/http/result.h"
#include "tests/unit/support/http_client.h"

struct fixture {
	char dir[64];
	char ca_file[96];    /* what signed the server's certificate: itself */
	char other_file[96]; /* of the same names, but another key */
	struct server *server;
	struct cfs_http *http;
	struct call call;
};

/* A certificate for 127.0.0.1 that signs itself, written to path. */
static X509 *make_certificate(EVP_PKEY *key, const char *path)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_NAME_new();
	X509_EXTENSION *names =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
	FILE *file = fopen(path, "w");

	assert_non_null(certificate);
	assert_non_null(name);
	assert_non_null(names);
	assert_non_null(file);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				 (const unsigned char *)"consolefs test", -1, -1, 0),
		1);
	assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
	assert_int_equal(X509_set_subject_name(certificate, name), 1);
	assert_int_equal(X509_set_issuer_name(certificate, name), 1);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	assert_int_equal(X509_add_ext(certificate, names, -1), 1);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	assert_int_equal(fclose(file), 0);
	X509_EXTENSION_free(names);
	X509_NAME_free(name);
	return certificate;
}

static SSL_CTX *make_context(const char *path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	X509 *certificate = make_certificate(key, path);

	assert_non_null(key);
	assert_non_null(context);
	assert_int_equal(SSL_CTX_use_certificate(context, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
	assert_int_equal(SSL_CTX_set_session_id_context(context, (const unsigned char *)"t", 1), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture || cfs_http_create(&fixture->http) < 0)
		return -1;
	strcpy(fixture->dir, "/tmp/consolefs-test-http-XXXXXX");
	if (!mkdtemp(fixture->dir))
		return -1;
	snprintf(fixture->ca_file, sizeof(fixture->ca_file), "%s/ca.pem", fixture->dir);
	snprintf(fixture->other_file, sizeof(fixture->other_file), "%s/other.pem", fixture->dir);
	SSL_CTX_free(make_context(fixture->other_file));
	fixture->server = server_start(make_context(fixture->ca_file), false);
	call_init(&fixture->call, fixture->http);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	call_finish(&fixture->call);
	cfs_http_destroy(fixture->http);
	server_stop(fixture->server);
	unlink(fixture->ca_file);
	unlink(fixture->other_file);
	rmdir(fixture->dir);
	free(fixture);
	return 0;
}

static enum cfs_fault ask(struct fixture *f, const char *host, const struct server *server,
	const char *path, const char *ca_file)
{
	struct cfs_http_options options = patient;
	char url[256];

	options.ca_file = ca_file;
	snprintf(url, sizeof(url), "https://%s:%d%s", host, server->port, path);
	call_start(&f->call, url, NULL, &options);
	http_run_until(f->http, &f->call.done, 1);
	return f->call.outcome.fault;
}

static void a_server_that_is_trusted_is_asked(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 10; i++) {
		assert_int_equal(ask(f, "127.0.0.1", f->server, "/hello", f->ca_file), CFS_OK);
		assert_string_equal(cfs_buf_text(&f->call.body), "hello");
	}
	assert_int_equal(f->server->accepted, 1);
	assert_int_equal(ask(f, "127.0.0.1", f->server, "/bytes/1000000", f->ca_file), CFS_OK);
	assert_int_equal(f->call.body.len, 1000000);
}

/* In TLS 1.3 the handshake has ended for the client when the server finds no certificate. */
static void a_server_that_wants_a_certificate_says_so(void **state)
{
	static const struct {
		int version;
		const char *words;
	} rows[] = {
		{TLS1_2_VERSION, "may want a client certificate"},
		{TLS1_3_VERSION, "asks for a client certificate"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char ca_file[128];
		SSL_CTX *context;
		struct server *server;

		snprintf(ca_file, sizeof(ca_file), "%s/%zu.pem", f->dir, i);
		context = make_context(ca_file);
		SSL_CTX_set_verify(
			context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		assert_int_equal(SSL_CTX_set_max_proto_version(context, rows[i].version), 1);
		server = server_start(context, false);
		assert_int_equal(ask(f, "127.0.0.1", server, "/hello", ca_file), CFS_TLS);
		if (!strstr(f->call.message, rows[i].words))
			fail_msg("%s", f->call.message);
		server_stop(server);
		unlink(ca_file);
	}
}

/* Before the reader of the cloud's answers sees them. */
static void a_page_that_wants_a_certificate_says_so(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, "127.0.0.1", f->server, "/nginx", f->ca_file), CFS_TLS);
	assert_string_equal(f->call.message,
		"the server asks for a client certificate, and there is none to give");
	assert_int_equal(f->call.body.len, 0);
	assert_int_equal(f->call.outcome.aborted_by, 0);
	assert_int_equal(ask(f, "127.0.0.1", f->server, "/hello", f->ca_file), CFS_OK);
}

static void other_answers_want_no_certificate(void **state)
{
	static const struct {
		long status;
		const char *body;
		bool wants;
	} rows[] = {
		{400, "<html>\r\n<title>400 No required SSL certificate was sent</title>", true},
		{403, "<!DOCTYPE HTML PUBLIC>Reason: Cannot perform Post-Handshake Authentication.",
			true},
		{403, "<!DOCTYPE html><title>IIS 10.0 Detailed Error - 403.7 - Forbidden</title>",
			true},
		{403, "<html>\r\n<title>400 No required SSL certificate was sent</title>", false},
		{400, "<Response><Message>No required SSL certificate was sent</Message>", false},
		{400, "{\"message\":\"<html>No required SSL certificate was sent\"}", false},
		{400, "<html>", false},
		{400, "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(cfs_http_page_wants_certificate(
					 rows[i].status, rows[i].body, strlen(rows[i].body)),
			rows[i].wants);
}

static void a_server_that_is_not_trusted_is_told_nothing(void **state)
{
	struct fixture *f = *state;
	char missing[128];

	snprintf(missing, sizeof(missing), "%s/missing.pem", f->dir);
	assert_int_equal(ask(f, "127.0.0.1", f->server, "/hello", f->other_file), CFS_TLS);
	assert_int_equal(ask(f, "127.0.0.1", f->server, "/hello", missing), CFS_TLS);
	/* The system's authorities know nothing of it. */
	assert_int_equal(ask(f, "127.0.0.1", f->server, "/hello", NULL), CFS_TLS);
	assert_string_not_equal(f->call.message, "");
	assert_int_equal(f->call.outcome.status, 0);
	/* The certificate is for 127.0.0.1. */
	assert_int_equal(ask(f, "localhost", f->server, "/hello", f->ca_file), CFS_TLS);
	assert_int_equal(f->server->requests, 0);
}

static void a_connection_is_not_shared_with_who_trusts_others(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, "127.0.0.1", f->server, "/hello", f->ca_file), CFS_OK);
	assert_int_equal(ask(f, "127.0.0.1", f->server, "/hello", f->other_file), CFS_TLS);
	assert_int_equal(ask(f, "127.0.0.1", f->server, "/hello", NULL), CFS_TLS);
	assert_int_equal(f->server->requests, 1);
}

/* There is a descriptor for the connection, and then none for the file. */
static void a_file_of_authorities_that_cannot_be_opened_is_not_bad(void **state)
{
	struct fixture *f = *state;
	struct rlimit limit, few;
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(next >= 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	close(next);
	few = limit;
	few.rlim_cur = (rlim_t)next + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(ask(f, "127.0.0.1", f->server, "/hello", f->ca_file), CFS_NO_MEMORY);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(ask(f, "127.0.0.1", f->server, "/hello", f->ca_file), CFS_OK);
}

static void the_environment_adds_no_authority(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(setenv("SSL_CERT_FILE", f->ca_file, 1), 0);
	assert_int_equal(setenv("CURL_CA_BUNDLE", f->ca_file, 1), 0);
	assert_int_equal(ask(f, "127.0.0.1", f->server, "/hello", f->other_file), CFS_TLS);
	assert_int_equal(unsetenv("SSL_CERT_FILE") + unsetenv("CURL_CA_BUNDLE"), 0);
	assert_int_equal(f->server->requests, 0);
}

static void a_session_is_resumed_by_the_next_connection(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(f, "127.0.0.1", f->server, "/close", f->ca_file), CFS_OK);
	assert_int_equal(f->server->accepted, 3);
	assert_int_equal(f->server->resumed, 2);
}

static void what_nobody_asked_for_is_no_answer_to_the_next(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(f, "127.0.0.1", f->server, "/twice", f->ca_file), CFS_OK);
		assert_int_equal(f->call.body.len, 70000);
		assert_int_equal(ask(f, "127.0.0.1", f->server, "/hello", f->ca_file), CFS_OK);
		assert_string_equal(cfs_buf_text(&f->call.body), "hello");
	}
	/* Those that have nothing to say are used again. */
	assert_int_equal(f->server->accepted, 4);
	assert_int_equal(f->server->requests, 6);
}

static void tls_before_1_2_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct server *old;
	SSL_CTX *context;

	snprintf(path, sizeof(path), "%s/ca.pem", f->dir);
	context = make_context(path);
	assert_int_equal(SSL_CTX_set_cipher_list(context, "DEFAULT@SECLEVEL=0"), 1);
	assert_int_equal(SSL_CTX_set_min_proto_version(context, TLS1_VERSION), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION), 1);
	old = server_start(context, false);
	assert_int_equal(ask(f, "127.0.0.1", old, "/hello", path), CFS_TLS);
	assert_int_equal(old->requests, 0);
	server_stop(old);
}

static void a_broken_handshake_is_a_reset(void **state)
{
	struct fixture *f = *state;
	struct server *slams = server_start(NULL, true);

	for (int i = 0; i < 10; i++) {
		if (ask(f, "127.0.0.1", slams, "/hello", f->ca_file) != CFS_RESET)
			fail_msg("%s", f->call.message);
	}
	server_stop(slams);
}

static void an_answer_that_breaks_off_is_a_reset(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, "127.0.0.1", f->server, "/truncate", f->ca_file), CFS_RESET);
	assert_int_equal(ask(f, "127.0.0.1", f->server, "/reset", f->ca_file), CFS_RESET);
	assert_int_equal(ask(f, "127.0.0.1", f->server, "/nothing", f->ca_file), CFS_RESET);
	/* Not so a kept connection that was closed meanwhile. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(f, "127.0.0.1", f->server, "/once", f->ca_file), CFS_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_that_is_trusted_is_asked),
		TEST(a_server_that_wants_a_certificate_says_so),
		TEST(a_page_that_wants_a_certificate_says_so),
		cmocka_unit_test(other_answers_want_no_certificate),
		TEST(a_server_that_is_not_trusted_is_told_nothing),
		TEST(a_connection_is_not_shared_with_who_trusts_others),
		TEST(a_file_of_authorities_that_cannot_be_opened_is_not_bad),
		TEST(the_environment_adds_no_authority),
		TEST(a_session_is_resumed_by_the_next_connection),
		TEST(what_nobody_asked_for_is_no_answer_to_the_next),
		TEST(tls_before_1_2_is_refused),
		TEST(a_broken_handshake_is_a_reset),
		TEST(an_answer_that_breaks_off_is_a_reset),
	};

	isolate();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
