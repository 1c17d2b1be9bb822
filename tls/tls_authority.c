/* SPDX-License-Identifier: ISC */
/*
 * The defaults are what every generation of firmware accepts: RSA, because iPXE before 2.0 has
 * nothing else; 3,072 bits, because EDK2 of 2025-11 to 2026-05 refuses 2,048; SHA-256. A
 * certificate is valid from a day before it was made, because firmware may take local time for UTC.
 */
#include "tls/tls_authority.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/text_buffer.h"

enum { RSA_BITS = 3072, DAY_S = 86400, SERIAL_LEN = 16, GUID_LEN = 16 };

struct authority {
	const struct tls_wish *wish;
	EVP_PKEY *ca_key, *key;
	X509 *ca, *own;
	char *why;
};

static int refuse(struct authority *a, int rc, const char *what, const char *reason)
{
	struct text_buffer why = text_buffer_of(a->why, TLS_WHY);

	text_add3(&why, what, ": ", reason);
	return rc;
}

/* --- files ------------------------------------------------------------------------- */

static int path_of(struct authority *a, const char *stem, const char *suffix, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s.%s", a->wish->directory, stem, suffix) < PATH_MAX
		       ? 0
		       : refuse(a, -ENAMETOOLONG, a->wish->directory, strerror(ENAMETOOLONG));
}

static int write_whole(int fd, const char *octets, size_t len, mode_t mode, gid_t group)
{
	/* The mode after the group: nobody else may read it in between. */
	if (write(fd, octets, len) != (ssize_t)len)
		return errno ? -errno : -EIO;
	if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) < 0)
		return -errno;
	return fchmod(fd, mode) < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Replace the file at once. The BIO is freed. */
static int put(struct authority *a, const char *stem, const char *suffix, BIO *text, mode_t mode,
	gid_t group)
{
	char path[PATH_MAX], aside[PATH_MAX + 16];
	char *octets = NULL;
	long len = text ? BIO_get_mem_data(text, &octets) : 0;
	int rc = len > 0 ? path_of(a, stem, suffix, path)
			 : refuse(a, -ENOMEM, stem, tls_openssl_reason());
	int fd;

	if (rc == 0) {
		snprintf(aside, sizeof(aside), "%s.new", path);
		unlink(aside);
		fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		rc = fd < 0 ? -errno : write_whole(fd, octets, (size_t)len, mode, group);
		if (fd >= 0)
			close(fd);
		if (rc == 0 && rename(aside, path) < 0)
			rc = -errno;
		if (rc < 0) {
			unlink(aside);
			refuse(a, rc, path, strerror(-rc));
		}
	}
	BIO_free(text);
	return rc;
}

static BIO *pem_of_key(EVP_PKEY *key)
{
	BIO *text = BIO_new(BIO_s_secmem());

	if (text && PEM_write_bio_PrivateKey(text, key, NULL, NULL, 0, NULL, NULL) == 1)
		return text;
	BIO_free(text);
	return NULL;
}

static BIO *pem_of(X509 *x)
{
	BIO *text = BIO_new(BIO_s_mem());

	if (text && PEM_write_bio_X509(text, x) == 1)
		return text;
	BIO_free(text);
	return NULL;
}

static BIO *der_of(X509 *x)
{
	BIO *text = BIO_new(BIO_s_mem());

	if (text && i2d_X509_bio(text, x) == 1)
		return text;
	BIO_free(text);
	return NULL;
}

static void put_le32(BIO *out, uint32_t value)
{
	const uint8_t octets[] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24)};

	BIO_write(out, octets, sizeof(octets));
}

/* EFI_SIGNATURE_LIST with one EFI_SIGNATURE_DATA, of type EFI_CERT_X509_GUID. */
static BIO *esl_of(X509 *x)
{
	static const uint8_t type[GUID_LEN] = {0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87,
		0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72};
	static const uint8_t owner[GUID_LEN] = {0x6e, 0x62, 0x36, 0x00, 0x74, 0x6c, 0x73, 0x40,
		0x80, 0x6e, 0x65, 0x74, 0x62, 0x6f, 0x6f, 0x74};
	enum { LIST_HEADER = GUID_LEN + 3 * 4 };
	BIO *der = der_of(x), *out = BIO_new(BIO_s_mem());
	char *octets;
	long len = der ? BIO_get_mem_data(der, &octets) : 0;

	if (len > 0 && out) {
		uint32_t signature = GUID_LEN + (uint32_t)len;

		BIO_write(out, type, sizeof(type));
		put_le32(out, LIST_HEADER + signature);
		put_le32(out, 0); /* SignatureHeaderSize */
		put_le32(out, signature);
		BIO_write(out, owner, sizeof(owner));
		BIO_write(out, octets, (int)len);
	}
	BIO_free(der);
	return out;
}

/* --- certificates ------------------------------------------------------------------ */

static bool add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;
	bool is_added;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	is_added = extension && X509_add_ext(x, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return is_added;
}

/* RFC 5280 section 4.1.2.2: unique, positive, at most 20 octets. */
static bool set_serial(X509 *x)
{
	uint8_t octets[SERIAL_LEN];
	BIGNUM *number;
	bool is_set;

	if (RAND_bytes(octets, sizeof(octets)) != 1)
		return false;
	octets[0] = (uint8_t)((octets[0] & 0x7f) | 0x40);
	number = BN_bin2bn(octets, sizeof(octets), NULL);
	is_set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
	BN_free(number);
	return is_set;
}

static bool set_name(X509 *x, const char *common_name)
{
	/* RFC 5280 appendix A.1: a common name has at most 64 characters. */
	return X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
		       (const unsigned char *)common_name, (int)strnlen(common_name, 64), -1,
		       0) == 1;
}

static X509 *new_certificate(EVP_PKEY *key, const char *common_name, int days)
{
	X509 *x = X509_new();

	if (x && X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
		X509_time_adj_ex(X509_getm_notBefore(x), -1, 0, NULL) &&
		X509_time_adj_ex(X509_getm_notAfter(x), days, 0, NULL) &&
		X509_set_pubkey(x, key) == 1 && set_name(x, common_name))
		return x;
	X509_free(x);
	return NULL;
}

static bool sign_ca(X509 *x, EVP_PKEY *key)
{
	return X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 &&
	       add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	       add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       add_extension(x, x, NID_subject_key_identifier, "hash") &&
	       X509_sign(x, key, EVP_sha256()) > 0;
}

/* "IP:2001:db8::69,DNS:boot.example.org" */
static char *alternative_names(const struct tls_wish *wish)
{
	uint8_t address[sizeof(struct in6_addr)];
	BIO *text = BIO_new(BIO_s_mem());
	char *octets, *copy = NULL;
	long len;

	for (size_t i = 0; text && i < wish->names; i++)
		BIO_printf(text, "%s%s:%s", i ? "," : "",
			inet_pton(AF_INET6, wish->name[i], address) == 1 ||
					inet_pton(AF_INET, wish->name[i], address) == 1
				? "IP"
				: "DNS",
			wish->name[i]);
	len = text ? BIO_get_mem_data(text, &octets) : 0;
	if (len > 0)
		copy = strndup(octets, (size_t)len);
	BIO_free(text);
	return copy;
}

static bool sign_server(struct authority *a)
{
	/* keyEncipherment is for the RSA key exchange of iPXE before 1.21. */
	const char *usage = a->wish->kind == TLS_KEY_RSA
				    ? "critical,digitalSignature,keyEncipherment"
				    : "critical,digitalSignature";
	char *names = alternative_names(a->wish);
	bool is_signed =
		names && X509_set_issuer_name(a->own, X509_get_subject_name(a->ca)) == 1 &&
		add_extension(a->own, a->ca, NID_basic_constraints, "critical,CA:FALSE") &&
		add_extension(a->own, a->ca, NID_key_usage, usage) &&
		add_extension(a->own, a->ca, NID_ext_key_usage, "serverAuth") &&
		add_extension(a->own, a->ca, NID_subject_alt_name, names) &&
		add_extension(a->own, a->ca, NID_subject_key_identifier, "hash") &&
		add_extension(a->own, a->ca, NID_authority_key_identifier, "keyid:always") &&
		X509_sign(a->own, a->ca_key, EVP_sha256()) > 0;

	free(names);
	return is_signed;
}

/* --- the authority ----------------------------------------------------------------- */

static int make_ca(struct authority *a)
{
	char name[80] = "netboot6 boot CA ", host[48] = "";
	int rc;

	gethostname(host, sizeof(host) - 1);
	strcat(name, host);
	a->ca_key = EVP_RSA_gen(RSA_BITS);
	a->ca = a->ca_key ? new_certificate(a->ca_key, name, TLS_CA_DAYS) : NULL;
	if (!a->ca || !sign_ca(a->ca, a->ca_key))
		return refuse(a, -ENOMEM, "CA", tls_openssl_reason());
	rc = put(a, "ca", "key", pem_of_key(a->ca_key), 0600, (gid_t)-1);
	if (rc == 0)
		rc = put(a, "ca", "der", der_of(a->ca), 0644, (gid_t)-1);
	if (rc == 0)
		rc = put(a, "ca", "esl", esl_of(a->ca), 0644, (gid_t)-1);
	/* Last: who finds it finds the others. */
	return rc == 0 ? put(a, "ca", "crt", pem_of(a->ca), 0644, (gid_t)-1) : rc;
}

/* -ENOENT: there is none. */
static int read_ca(struct authority *a)
{
	char crt[PATH_MAX], key[PATH_MAX];
	struct tls_files files = {crt, key};
	struct tls_certificate *c;
	struct tls_problem problem;
	int rc = path_of(a, "ca", "crt", crt);

	if (rc == 0)
		rc = path_of(a, "ca", "key", key);
	if (rc < 0)
		return rc;
	if (access(crt, F_OK) < 0 && errno == ENOENT)
		return -ENOENT;
	rc = tls_certificate_load(&c, &files, NULL, &problem);
	if (rc < 0) /* not -ENOENT: without its key a CA must not be replaced */
		return refuse(a, -EACCES, "CA", problem.why);
	a->ca = c->own;
	a->ca_key = c->key;
	c->own = NULL;
	c->key = NULL;
	tls_certificate_free(c);
	if (X509_check_ca(a->ca) >= 1)
		return 0;
	return refuse(a, -EINVAL, crt, "is not the certificate of a CA");
}

static int make_server(struct authority *a, struct tls_made *made)
{
	const struct group *group = a->wish->group ? getgrnam(a->wish->group) : NULL;
	int rc;

	a->key = a->wish->kind == TLS_KEY_RSA ? EVP_RSA_gen(RSA_BITS) : EVP_EC_gen("P-256");
	a->own = a->key ? new_certificate(a->key, a->wish->name[0], a->wish->days) : NULL;
	if (!a->own || !sign_server(a))
		return refuse(a, -EINVAL, "server certificate", tls_openssl_reason());
	made->has_group = group != NULL;
	rc = put(a, a->wish->stem, "key", pem_of_key(a->key), group ? 0640 : 0600,
		group ? group->gr_gid : (gid_t)-1);
	return rc == 0 ? put(a, a->wish->stem, "crt", pem_of(a->own), 0644, (gid_t)-1) : rc;
}

/* The names become a text for OpenSSL, in which a comma would begin another extension. */
static int check_names(struct authority *a)
{
	static const char octets[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789-.*";
	uint8_t address[sizeof(struct in6_addr)];

	for (size_t i = 0; i < a->wish->names; i++) {
		const char *name = a->wish->name[i];

		if (inet_pton(AF_INET6, name, address) != 1 &&
			(!*name || strlen(name) > 253 || name[strspn(name, octets)]))
			return refuse(a, -EINVAL, name,
				"is neither an address nor a DNS name such as boot.example.org");
	}
	return 0;
}

int tls_authority_init(const struct tls_wish *wish, struct tls_made *made, char why[TLS_WHY])
{
	struct authority a = {.wish = wish, .why = why};
	int rc = check_names(&a);

	*made = (struct tls_made){.has_new_ca = false};
	if (rc < 0)
		return rc;
	if (mkdir(wish->directory, 0755) < 0 && errno != EEXIST)
		return refuse(&a, -errno, wish->directory, strerror(errno));
	rc = read_ca(&a);
	if (rc == -ENOENT) {
		made->has_new_ca = true;
		rc = make_ca(&a);
	}
	if (rc == 0)
		rc = make_server(&a, made);
	EVP_PKEY_free(a.ca_key);
	EVP_PKEY_free(a.key);
	X509_free(a.ca);
	X509_free(a.own);
	ERR_clear_error();
	return rc;
}
