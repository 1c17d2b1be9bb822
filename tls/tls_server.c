/* SPDX-License-Identifier: ISC */
/*
 * One TLS session per connection, over OpenSSL's own socket BIO on the connection's descriptor.
 * OpenSSL holds at most one record each way, and frees its buffers when they are empty
 * (SSL_MODE_RELEASE_BUFFERS).
 *
 * Why a handshake failed is what an operator needs to know: firmware shows nothing but "network
 * error". In TLS 1.3 the client judges our certificate when our side of the handshake is done, so
 * its alert may be the first thing that receive() finds.
 */
#include "tls/tls_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/log.h"
#include "daemon/loop.h"

struct tls_server {
	const char *service;
	struct tls_credentials *credentials;
	struct tls_stats stats;
	struct log_limit limit;
};

struct session {
	struct tls_server *server;
	struct tls_credentials *credentials;
	SSL *ssl;
	struct in6_addr peer;
	int fd;
	bool has_received; /* octets of a request */
	bool is_broken;
	const char *why;
};

/* --- what failed ------------------------------------------------------------------- */

#define REFUSED "the client refused the certificate: "

static const struct {
	int reason;
	const char *why;
} known[] = {
	{SSL_R_TLSV1_ALERT_UNKNOWN_CA,
		REFUSED "it does not trust its CA, which must be enrolled in the firmware"},
	{SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
		REFUSED "its name may not be that of the URL, or its key be too weak for the "
			"client"},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
		REFUSED "its CA may not be enrolled, or its name not be that of the URL"},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, REFUSED "it has expired by the client's clock"},
	{SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
		REFUSED "the client does not support its type of key"},
	{SSL_R_TLSV1_ALERT_DECRYPT_ERROR, REFUSED "a signature of it or of its CA is not valid"},
	{SSL_R_HTTP_REQUEST, "the client speaks plain HTTP to the HTTPS port"},
	{SSL_R_UNSUPPORTED_PROTOCOL, "the client has neither TLS 1.2 nor TLS 1.3"},
	{SSL_R_VERSION_TOO_LOW, "the client has neither TLS 1.2 nor TLS 1.3"},
	{SSL_R_NO_SHARED_CIPHER,
		"no cipher fits both the client and our certificates: the client may need one of "
		"another type (RSA or ECDSA)"},
	{SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
		"no signature algorithm fits both the client and our certificates: the client may "
		"need one of another type (RSA or ECDSA)"},
	{SSL_R_WRONG_VERSION_NUMBER, "what the client sent is not TLS"},
};

static bool is_refusal(const char *why)
{
	return strncmp(why, REFUSED, sizeof(REFUSED) - 1) == 0;
}

static const char *why_of(unsigned long error)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == known[i].reason)
			return known[i].why;
	return NULL;
}

/* A connection that ends before its first request; afterwards its owner reports the end. */
static void report(struct session *s)
{
	char peer[INET6_ADDRSTRLEN];

	s->server->stats.failed++;
	s->server->stats.mistrusted += is_refusal(s->why);
	log_limited(&s->server->limit, LOG_LEVEL_NOTICE, "%s: handshake with %s failed: %s",
		s->server->service, inet_ntop(AF_INET6, &s->peer, peer, sizeof(peer)), s->why);
}

/* The reply is in plain HTTP, as the request was; without reading that, closing would reset it. */
static void answer_plain_http(struct session *s)
{
	static const char text[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
				   "Content-Type: text/plain\r\nContent-Length: 35\r\n\r\n"
				   "this port takes https:// URLs only\n";
	char request[4096];

	while (recv(s->fd, request, sizeof(request), 0) > 0)
		;
	(void)!send(s->fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
}

/* EDK2 sends no alert. Who closes before it has seen the certificate, such as a scanner, has another reason. */
static const char *why_closed(const struct session *s)
{
	bool had_certificate = !SSL_is_init_finished(s->ssl) &&
			       (SSL_get_pending_cipher(s->ssl) || SSL_get_current_cipher(s->ssl));

	return had_certificate ? "the client closed the connection when it had the certificate, as "
				 "UEFI firmware does that does not trust its CA"
			       : "the client closed the connection";
}

static void fail(struct session *s, int ssl_error)
{
	unsigned long error = ERR_peek_error();

	if (s->is_broken)
		return;
	s->is_broken = true;
	s->why = why_of(error);
	if (!s->why)
		s->why = ssl_error == SSL_ERROR_SSL ? ERR_reason_error_string(error) : why_closed(s);
	if (!s->why)
		s->why = why_closed(s);
	if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST)
		answer_plain_http(s);
	ERR_clear_error();
	if (!s->has_received)
		report(s);
}

/* What a call of OpenSSL that has not succeeded is for recv() and send(). */
static ssize_t result_of(struct session *s, int returned)
{
	int error = SSL_get_error(s->ssl, returned);

	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		errno = EAGAIN;
		return -1;
	}
	if (error == SSL_ERROR_ZERO_RETURN)
		return 0;
	fail(s, error);
	errno = EPIPE;
	return -1;
}

/* --- the transport ----------------------------------------------------------------- */

static void close_session(void *session)
{
	struct session *s = session;

	SSL_free(s->ssl);
	tls_credentials_free(s->credentials);
	free(s);
}

static void *open_session(void *arg, int fd, const struct in6_addr *peer)
{
	struct tls_server *server = arg;
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	*s = (struct session){.server = server,
		.credentials = tls_credentials_hold(server->credentials),
		.ssl = tls_credentials_connect(server->credentials),
		.peer = *peer,
		.fd = fd};
	if (s->ssl && SSL_set_fd(s->ssl, fd) == 1)
		return s;
	ERR_clear_error();
	close_session(s);
	return NULL;
}

static int handshake(void *session, int *what)
{
	struct session *s = session;
	int rc, error;

	ERR_clear_error();
	rc = SSL_accept(s->ssl);
	if (rc == 1)
		return 0;
	error = SSL_get_error(s->ssl, rc);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		*what = error == SSL_ERROR_WANT_READ ? LOOP_READ : LOOP_WRITE;
		return -EAGAIN;
	}
	fail(s, error);
	return -EPROTO;
}

static ssize_t receive(void *session, void *octets, size_t size)
{
	struct session *s = session;
	size_t n;
	int rc;

	ERR_clear_error();
	rc = SSL_read_ex(s->ssl, octets, size, &n);
	if (rc != 1)
		return result_of(s, rc);
	s->server->stats.handshakes += !s->has_received;
	s->has_received = true;
	return (ssize_t)n;
}

static ssize_t send_octets(void *session, const void *octets, size_t len)
{
	struct session *s = session;
	size_t n;
	int rc;

	ERR_clear_error();
	rc = SSL_write_ex(s->ssl, octets, len, &n);
	return rc == 1 ? (ssize_t)n : result_of(s, rc);
}

static bool has_pending(void *session)
{
	return SSL_pending(((struct session *)session)->ssl) > 0;
}

static void finish(void *session)
{
	struct session *s = session;

	if (s->is_broken)
		return;
	ERR_clear_error();
	SSL_shutdown(s->ssl);
	ERR_clear_error();
}

static const char *why(void *session)
{
	return ((struct session *)session)->why;
}

static const struct http_transport_ops ops = {
	.open = open_session,
	.handshake = handshake,
	.receive = receive,
	.send = send_octets,
	.has_pending = has_pending,
	.finish = finish,
	.close = close_session,
	.why = why,
};

/* --- the server -------------------------------------------------------------------- */

struct tls_server *tls_server_new(const char *service)
{
	struct tls_server *server = calloc(1, sizeof(*server));

	if (server)
		server->service = service;
	return server;
}

void tls_server_free(struct tls_server *server)
{
	if (!server)
		return;
	tls_credentials_free(server->credentials);
	free(server);
}

void tls_server_set(struct tls_server *server, struct tls_credentials *credentials)
{
	tls_credentials_free(server->credentials);
	server->credentials = credentials;
}

const struct tls_credentials *tls_server_credentials(const struct tls_server *server)
{
	return server->credentials;
}

struct http_transport tls_server_transport(struct tls_server *server)
{
	return (struct http_transport){&ops, server};
}

void tls_server_get_stats(const struct tls_server *server, struct tls_stats *out)
{
	*out = server->stats;
}
