/* SPDX-License-Identifier: ISC */
/*
 * The octets between an HTTP connection and its client: a TCP socket, or a secure transport such
 * as TLS on that socket. The engine knows nothing else about encryption; a transport implements the
 * calls below and is given to a listener (http_server_listen_secure()).
 */
#ifndef NB6_HTTP_HTTP_CHANNEL_H
#define NB6_HTTP_HTTP_CHANNEL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * One secure session per connection, on a non-blocking socket that the connection owns. receive()
 * and send() are like recv(2) and send(2): octets, 0 (the client has ended the session), or -1 and
 * errno, EAGAIN if the socket is not ready. After EAGAIN, send() is called again with the same
 * octets, perhaps with more behind them and perhaps at another address.
 */
struct http_transport_ops {
	/* NULL: no memory. */
	void *(*open)(void *arg, int fd, const struct in6_addr *peer);
	/* Returns 0: done, octets can be exchanged; -EAGAIN and LOOP_READ or LOOP_WRITE, what to
	 * wait for, in *what; another -errno: failed. */
	int (*handshake)(void *session, int *what);
	ssize_t (*receive)(void *session, void *octets, size_t size);
	ssize_t (*send)(void *session, const void *octets, size_t len);
	/* Octets are received and decrypted that receive() has not returned. */
	bool (*has_pending)(void *session);
	/* Tell the client that no more octets follow; receive() goes on. */
	void (*finish)(void *session);
	void (*close)(void *session);
	/* Why a call failed, for people; or NULL. Static. */
	const char *(*why)(void *session);
};

struct http_transport {
	const struct http_transport_ops *ops; /* NULL: the socket itself */
	void *arg;
};

struct http_channel {
	int fd;
	const struct http_transport_ops *ops; /* NULL: the socket itself */
	void *session;
	bool is_ready; /* the handshake is done */
};

/* `fd` is the channel's from now on. `transport` may be NULL. Returns 0, or -ENOMEM and `fd` is
 * closed. */
int http_channel_open(struct http_channel *channel, int fd, const struct in6_addr *peer,
	const struct http_transport *transport);
void http_channel_close(struct http_channel *channel);

/* As `handshake` above. */
int http_channel_handshake(struct http_channel *channel, int *what);

ssize_t http_channel_receive(struct http_channel *channel, void *octets, size_t size);
/* has_more: other octets follow at once, and may share a packet with these. */
ssize_t http_channel_send(
	struct http_channel *channel, const void *octets, size_t len, bool has_more);
/* Up to `len` octets of the file; 0: the file is shorter. Never waits for the client, but for the
 * disk if the octets are not in memory. */
ssize_t http_channel_send_file(struct http_channel *channel, int file_fd, uint64_t at, size_t len);
bool http_channel_has_pending(const struct http_channel *channel);
/* No more is sent; what the client sends can still be received. */
void http_channel_finish(struct http_channel *channel);
/* Why a call failed, or `otherwise` if nothing is known. */
const char *http_channel_why(const struct http_channel *channel, const char *otherwise);

#endif
