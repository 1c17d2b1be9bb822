/* SPDX-License-Identifier: ISC */
/*
 * PEM files are read whole, at most 256 KiB, and parsed in memory: so errors of the file system and
 * of the contents do not mix. A key with a passphrase is refused, because nobody is there to enter
 * it.
 */
#include "tls/tls_certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 256 * 1024 };

const char *tls_openssl_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_get_error());

	ERR_clear_error();
	return reason ? reason : "no reason is known";
}

static int refuse(struct tls_problem *problem, int rc, const char *setting, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int refuse(struct tls_problem *problem, int rc, const char *setting, const char *fmt, ...)
{
	va_list ap;

	problem->setting = setting;
	va_start(ap, fmt);
	vsnprintf(problem->why, sizeof(problem->why), fmt, ap);
	va_end(ap);
	return rc;
}

/* --- files -------------------------------------------------------------------- */

/* *text is a BIO over memory that is freed with it. Returns 0 or -errno. */
static int read_file(const char *path, BIO **text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char block[16 * 1024];
	size_t len = 0;
	ssize_t n;
	int rc = 0;

	if (fd < 0)
		return -errno;
	*text = BIO_new(BIO_s_secmem());
	if (!*text)
		rc = -ENOMEM;
	while (rc == 0 && (n = read(fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = -errno;
		else if ((len += (size_t)n) > FILE_MAX)
			rc = -EFBIG;
		else if (BIO_write(*text, block, (int)n) != n)
			rc = -ENOMEM;
	}
	OPENSSL_cleanse(block, sizeof(block));
	close(fd);
	if (rc < 0) {
		BIO_free(*text);
		*text = NULL;
	}
	return rc;
}

static int refuse_file(struct tls_problem *problem, int rc, const char *setting, const char *path)
{
	static const char expected[] = "expected a PEM file that bootd's user can read";

	return refuse(problem, rc, setting, "\"%s\" cannot be read: %s; %s%s", path, strerror(-rc),
		expected,
		rc == -EACCES && strcmp(setting, "key") == 0
			? ", such as after chgrp netboot6-bootd and chmod 640"
			: "");
}

static int read_chain(struct tls_certificate *c, BIO *text, struct tls_problem *problem)
{
	X509 *next;

	ERR_clear_error();
	c->own = PEM_read_bio_X509(text, NULL, NULL, NULL);
	if (!c->own) {
		unsigned long error = ERR_peek_last_error();

		ERR_clear_error();
		return refuse(problem, -EINVAL, "certificate",
			ERR_GET_REASON(error) == PEM_R_NO_START_LINE
				? "\"%s\" has no certificate; expected PEM, which begins with "
				  "-----BEGIN CERTIFICATE-----"
				: "\"%s\" has a certificate that cannot be parsed; expected PEM, "
				  "such as netboot6 boot tls init makes",
			c->file);
	}
	while ((next = PEM_read_bio_X509(text, NULL, NULL, NULL))) {
		if (sk_X509_push(c->chain, next) > 0)
			continue;
		X509_free(next);
		return refuse(problem, -ENOMEM, "certificate", "out of memory");
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return refuse(problem, -EINVAL, "certificate",
			"\"%s\": certificate %d of its chain cannot be parsed: %s", c->file,
			sk_X509_num(c->chain) + 2, tls_openssl_reason());
	ERR_clear_error();
	return 0;
}

/* Called for a key with a passphrase. */
static int no_passphrase(char *buf, int size, int is_writing, void *arg)
{
	(void)buf, (void)size, (void)is_writing;
	*(bool *)arg = true;
	return -1;
}

static int parse_key(struct tls_certificate *c, BIO *text, struct tls_problem *problem)
{
	bool is_encrypted = false;

	c->key = PEM_read_bio_PrivateKey(text, NULL, no_passphrase, &is_encrypted);
	ERR_clear_error();
	if (is_encrypted)
		return refuse(problem, -EINVAL, "key",
			"\"%s\" is encrypted; expected a key without a passphrase, such as from "
			"openssl pkey -in FILE -out KEY",
			c->key_file);
	if (!c->key)
		return refuse(problem, -EINVAL, "key",
			"\"%s\" has no private key; expected PEM, which begins with "
			"-----BEGIN PRIVATE KEY-----",
			c->key_file);
	if (X509_check_private_key(c->own, c->key) == 1)
		return 0;
	ERR_clear_error();
	return refuse(problem, -EINVAL, "key",
		"\"%s\" is not the key of the certificate \"%s\"; expected the one that the "
		"certificate was made for",
		c->key_file, c->file);
}

static int read_key(struct tls_certificate *c, const struct tls_certificate *before,
	struct tls_problem *problem)
{
	BIO *text;
	int rc = read_file(c->key_file, &text);

	if (rc == -EACCES && before && before->key && X509_cmp(before->own, c->own) == 0 &&
		EVP_PKEY_up_ref(before->key) == 1) {
		c->key = before->key;
		return 0;
	}
	if (rc < 0)
		return refuse_file(problem, rc, "key", c->key_file);
	rc = parse_key(c, text, problem);
	BIO_free(text);
	return rc;
}

/* --- certificates ---------------------------------------------------------------- */

static int read_certificate(
	struct tls_certificate *c, const struct tls_files *files, struct tls_problem *problem)
{
	BIO *text;
	int rc;

	c->file = strdup(files->certificate);
	c->key_file = strdup(files->key ? files->key : files->certificate);
	c->chain = sk_X509_new_null();
	if (!c->file || !c->key_file || !c->chain)
		return refuse(problem, -ENOMEM, "certificate", "out of memory");
	rc = read_file(c->file, &text);
	if (rc < 0)
		return refuse_file(problem, rc, "certificate", c->file);
	rc = read_chain(c, text, problem);
	BIO_free(text);
	if (rc == 0)
		tls_facts_find(c->own, c->chain, &c->facts);
	return rc;
}

static int load(struct tls_certificate **out, const struct tls_files *files, bool with_key,
	const struct tls_certificate *before, struct tls_problem *problem)
{
	struct tls_certificate *c = calloc(1, sizeof(*c));
	int rc = c ? read_certificate(c, files, problem)
		   : refuse(problem, -ENOMEM, "certificate", "out of memory");

	if (rc == 0 && with_key)
		rc = read_key(c, before, problem);
	*out = rc == 0 ? c : NULL;
	if (rc < 0)
		tls_certificate_free(c);
	return rc;
}

int tls_certificate_load(struct tls_certificate **out, const struct tls_files *files,
	const struct tls_certificate *before, struct tls_problem *problem)
{
	return load(out, files, true, before, problem);
}

int tls_certificate_read(
	struct tls_certificate **out, const char *file, struct tls_problem *problem)
{
	const struct tls_files files = {.certificate = file};

	return load(out, &files, false, NULL, problem);
}

void tls_certificate_free(struct tls_certificate *c)
{
	if (!c)
		return;
	X509_free(c->own);
	sk_X509_pop_free(c->chain, X509_free);
	EVP_PKEY_free(c->key);
	free(c->file);
	free(c->key_file);
	free(c);
}
