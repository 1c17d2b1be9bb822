/* SPDX-License-Identifier: ISC */
/*
 * Which certificate a client gets: for each type of key the first one whose names have the server
 * name that the client sends (RFC 6066 section 3), or else the first one of that type. Of those
 * OpenSSL takes one that the client's ciphers and signature algorithms allow. Firmware mostly sends
 * no server name, because the host of its URL is an address.
 */
#include "tls/tls_credentials.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_KINDS = TLS_KEY_OTHER + 1 };

struct tls_credentials {
	unsigned holders;
	SSL_CTX *ctx;
	size_t n;
	struct tls_certificate *at[];
};

/* --- the choice -------------------------------------------------------------------- */

static const struct tls_certificate *choose(
	const struct tls_credentials *credentials, enum tls_key_kind kind, const char *name)
{
	const struct tls_certificate *first = NULL;

	for (size_t i = 0; i < credentials->n; i++) {
		const struct tls_certificate *c = credentials->at[i];

		if (c->facts.kind != kind)
			continue;
		if (name && X509_check_host(c->own, name, 0, 0, NULL) == 1)
			return c;
		if (!first)
			first = c;
	}
	return first;
}

/* SSL_CTX_set_cert_cb(): 1 for success. */
static int choose_certificates(SSL *ssl, void *arg)
{
	const struct tls_credentials *credentials = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	SSL_certs_clear(ssl);
	for (int kind = 0; kind < KEY_KINDS; kind++) {
		const struct tls_certificate *c =
			choose(credentials, (enum tls_key_kind)kind, name);

		if (c && SSL_use_cert_and_key(ssl, c->own, c->key, c->chain, 1) != 1)
			return 0;
	}
	return 1;
}

/* HTTP/1.1 if the client offers it; a client that offers others only goes on without (RFC 7301). */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned in_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl, (void)arg;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) !=
		OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* --- the context ------------------------------------------------------------------- */

static SSL_CTX *new_context(struct tls_credentials *credentials)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_dh_auto(ctx, 1); /* iPXE before 1.21 has no elliptic curves */
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	SSL_CTX_set_cert_cb(ctx, choose_certificates, credentials);
	return ctx;
}

/* OpenSSL refuses a certificate that is too weak for the policy of this system. */
static int check_policy(struct tls_credentials *credentials, size_t i, struct tls_problem *problem)
{
	const struct tls_certificate *c = credentials->at[i];

	if (SSL_CTX_use_cert_and_key(credentials->ctx, c->own, c->key, c->chain, 1) == 1)
		return 0;
	problem->setting = "certificate";
	snprintf(problem->why, sizeof(problem->why),
		"\"%s\" (%s) is refused by OpenSSL's policy on this system: %s; expected RSA of "
		"2048 bits or more, or ECDSA P-256",
		c->file, c->facts.key, tls_openssl_reason());
	return -EINVAL;
}

static int load_all(struct tls_credentials *credentials, const struct tls_files *files, size_t n,
	const struct tls_credentials *before, struct tls_problem *problem)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		const struct tls_certificate *old = NULL;

		for (size_t k = 0; before && k < before->n && !old; k++)
			if (strcmp(before->at[k]->file, files[i].certificate) == 0)
				old = before->at[k];
		problem->which = i;
		rc = tls_certificate_load(&credentials->at[i], &files[i], old, problem);
		credentials->n += rc == 0;
		if (rc == 0)
			rc = check_policy(credentials, i, problem);
	}
	return rc;
}

bool tls_is_built(void)
{
	return true;
}

int tls_credentials_load(struct tls_credentials **out, const struct tls_files *files, size_t n,
	const struct tls_credentials *before, struct tls_problem *problem)
{
	struct tls_credentials *credentials =
		calloc(1, sizeof(*credentials) + n * sizeof(struct tls_certificate *));
	int rc;

	*out = NULL;
	*problem = (struct tls_problem){.setting = "certificate", .why = "out of memory"};
	if (!credentials)
		return -ENOMEM;
	credentials->holders = 1;
	credentials->ctx = new_context(credentials);
	rc = credentials->ctx ? load_all(credentials, files, n, before, problem) : -ENOMEM;
	if (rc < 0) {
		tls_credentials_free(credentials);
		return rc;
	}
	*out = credentials;
	return 0;
}

SSL *tls_credentials_connect(struct tls_credentials *credentials)
{
	return SSL_new(credentials->ctx);
}

struct tls_credentials *tls_credentials_hold(struct tls_credentials *credentials)
{
	credentials->holders++;
	return credentials;
}

void tls_credentials_free(struct tls_credentials *credentials)
{
	if (!credentials || --credentials->holders > 0)
		return;
	SSL_CTX_free(credentials->ctx);
	for (size_t i = 0; i < credentials->n; i++)
		tls_certificate_free(credentials->at[i]);
	free(credentials);
}

size_t tls_credentials_count(const struct tls_credentials *credentials)
{
	return credentials->n;
}

const struct tls_certificate *tls_credentials_at(
	const struct tls_credentials *credentials, size_t i)
{
	return credentials->at[i];
}
