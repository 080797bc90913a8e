#include "tls.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* SDKs take the service's name from the first label of the endpoint's. */
#define SUBJECTS \
	"DNS:localhost,DNS:ec2.localhost,DNS:cvm.localhost,DNS:sts.localhost,IP:127.0.0.1,IP:::1"
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

int sim_tls_init(struct sim_tls *tls)
{
	struct sim_tls made = {0};
	X509 *ca = NULL, *leaf = NULL;
	int r = -EIO;
	EVP_PKEY *ca_key = EVP_EC_gen("P-256");
	EVP_PKEY *leaf_key = EVP_EC_gen("P-256");
	if (!ca_key || !leaf_key)
		goto out;
	r = make_certificate(ca_key, "consolefs-sim test authority", NULL, ca_key, &ca);
	if (r < 0)
		goto out;
	r = make_certificate(leaf_key, "localhost", ca, ca_key, &leaf);
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
