/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* SDKs take the service's name from the first label of the endpoint's. The name outside of
 * localhost is for those who test with a name server of their own. */
#define SUBJECTS \
	"DNS:localhost,DNS:ec2.localhost,DNS:cvm.localhost,DNS:sts.localhost," \
	"DNS:consolefs-sim.test,IP:127.0.0.1,IP:::1"
#define DAY_S (24l * 60 * 60)

static int add_extension(X509 *certificate, X509V3_CTX *context, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, context, nid, value);
	if (!extension)
		return -EIO;
	int r = X509_add_ext(certificate, extension, -1) == 1 ? 0 : -EIO;
	X509_EXTENSION_free(extension);
	return r;
}

static int set_serial(X509 *certificate)
{
	unsigned char bytes[16];
	BIGNUM *number = NULL;
	int r = -EIO;
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return -EIO;
	bytes[0] &= 0x7f;
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	if (number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)))
		r = 0;
	BN_free(number);
	return r;
}

static int set_names(X509 *certificate, EVP_PKEY *key, const char *name, X509 *issuer)
{
	X509_NAME *subject = X509_get_subject_name(certificate);
	if (X509_set_version(certificate, X509_VERSION_3) != 1 || set_serial(certificate) < 0 ||
		!X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) ||
		!X509_gmtime_adj(X509_getm_notAfter(certificate), 365 * DAY_S) ||
		X509_set_pubkey(certificate, key) != 1 ||
		X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
			(const unsigned char *)name, -1, -1, 0) != 1 ||
		X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) != 1)
		return -EIO;
	return 0;
}

/* issuer NULL: it signs itself, and is an authority. */
static int make_certificate(
	EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key, X509 **ret_certificate)
{
	static const struct extension {
		int nid;
		const char *value;
	} authority[] = {{NID_subject_key_identifier, "hash"},
		{NID_authority_key_identifier, "keyid:always"},
		{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
		{NID_key_usage, "critical,keyCertSign,cRLSign"}, {0}},
	  server[] = {{NID_subject_key_identifier, "hash"},
		  {NID_authority_key_identifier, "keyid:always"},
		  {NID_basic_constraints, "critical,CA:FALSE"},
		  {NID_key_usage, "critical,digitalSignature"}, {NID_ext_key_usage, "serverAuth"},
		  {NID_subject_alt_name, SUBJECTS}, {0}};
	const struct extension *extensions = issuer ? server : authority;
	X509V3_CTX context;
	int r = -ENOMEM;
	X509 *certificate = X509_new();
	if (!certificate)
		goto out;
	if (!issuer)
		issuer = certificate;
	r = set_names(certificate, key, name, issuer);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	for (; extensions->nid && r == 0; extensions++)
		r = add_extension(certificate, &context, extensions->nid, extensions->value);
	if (r == 0 && X509_sign(certificate, issuer_key, EVP_sha256()) <= 0)
		r = -EIO;
out:
	if (r < 0)
		X509_free(certificate);
	else
		*ret_certificate = certificate;
	return r;
}

/* The content of a memory BIO as a string of its own. */
static char *copy_text(BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	if (len <= 0)
		return NULL;
	return strndup(data, (size_t)len);
}

static char *certificates_pem(X509 *first, X509 *second)
{
	char *text = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	if (bio && PEM_write_bio_X509(bio, first) == 1 &&
		(!second || PEM_write_bio_X509(bio, second) == 1))
		text = copy_text(bio);
	BIO_free(bio);
	return text;
}

static char *key_pem(EVP_PKEY *key)
{
	char *text = NULL;
	BIO *bio = BIO_new(BIO_s_secmem());
	if (bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1)
		text = copy_text(bio);
	BIO_free(bio);
	return text;
}

static int make_authority(X509 **ret_ca, EVP_PKEY **ret_key)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	int r = key ? make_certificate(key, "consolefs-sim test authority", NULL, key, ret_ca)
		    : -EIO;
	if (r < 0)
		EVP_PKEY_free(key);
	else
		*ret_key = key;
	return r;
}

static int write_authority(const char *path, X509 *ca, EVP_PKEY *key)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "w");
	int r = stream ? 0 : -errno;
	if (stream) {
		if (PEM_write_PrivateKey(stream, key, NULL, NULL, 0, NULL, NULL) != 1 ||
			PEM_write_X509(stream, ca) != 1)
			r = -EIO;
		if (fclose(stream) != 0 && r == 0)
			r = -errno;
	} else if (fd >= 0) {
		close(fd);
	}
	return r;
}

static int read_authority(const char *path, X509 **ret_ca, EVP_PKEY **ret_key)
{
	FILE *stream = fopen(path, "re");
	int r = 0;
	if (!stream)
		return -errno;
	EVP_PKEY *key = PEM_read_PrivateKey(stream, NULL, NULL, NULL);
	X509 *ca = key ? PEM_read_X509(stream, NULL, NULL, NULL) : NULL;
	if (!key || !ca || X509_check_private_key(ca, key) != 1) {
		X509_free(ca);
		EVP_PKEY_free(key);
		r = -EINVAL;
	} else {
		*ret_ca = ca;
		*ret_key = key;
	}
	fclose(stream);
	return r;
}

static int get_authority(const char *file, X509 **ret_ca, EVP_PKEY **ret_key)
{
	int r = file ? read_authority(file, ret_ca, ret_key) : -ENOENT;
	if (r != -ENOENT)
		return r;
	r = make_authority(ret_ca, ret_key);
	return r == 0 && file ? write_authority(file, *ret_ca, *ret_key) : r;
}

int sim_tls_init(struct sim_tls *tls, const char *authority_file)
{
	struct sim_tls made = {0};
	X509 *ca = NULL, *leaf = NULL;
	EVP_PKEY *ca_key = NULL, *leaf_key = NULL;
	int r = get_authority(authority_file, &ca, &ca_key);
	if (r < 0)
		goto out;
	leaf_key = EVP_EC_gen("P-256");
	r = leaf_key ? make_certificate(leaf_key, "localhost", ca, ca_key, &leaf) : -EIO;
	if (r < 0)
		goto out;
	made.ca = certificates_pem(ca, NULL);
	made.chain = certificates_pem(leaf, ca);
	made.key = key_pem(leaf_key);
	r = made.ca && made.chain && made.key ? 0 : -ENOMEM;
out:
	X509_free(leaf);
	X509_free(ca);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(ca_key);
	if (r < 0)
		sim_tls_finish(&made);
	else
		*tls = made;
	return r;
}

void sim_tls_finish(struct sim_tls *tls)
{
	if (!tls)
		return;
	if (tls->key)
		OPENSSL_cleanse(tls->key, strlen(tls->key));
	free(tls->ca);
	free(tls->chain);
	free(tls->key);
	*tls = (struct sim_tls){0};
}
