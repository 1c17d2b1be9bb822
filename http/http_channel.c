/* SPDX-License-Identifier: ISC */
/*
 * On a plain socket each call is one system call, and a file goes from the page cache to the socket
 * by sendfile(2). A secure transport must see the octets: a file is read into one buffer, which all
 * connections share because nothing stays in it between two calls.
 */
#include "http/http_channel.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECORD = 16 * 1024 }; /* the plaintext of a TLS record, RFC 8446 section 5.1 */

int http_channel_open(struct http_channel *channel, int fd, const struct in6_addr *peer,
	const struct http_transport *transport)
{
	*channel = (struct http_channel){.fd = fd, .is_ready = true};
	if (!transport || !transport->ops)
		return 0;
	channel->ops = transport->ops;
	channel->is_ready = false;
	channel->session = transport->ops->open(transport->arg, fd, peer);
	if (channel->session)
		return 0;
	close(fd);
	channel->fd = -1;
	return -ENOMEM;
}

void http_channel_close(struct http_channel *channel)
{
	if (channel->ops)
		channel->ops->close(channel->session);
	close(channel->fd);
}

int http_channel_handshake(struct http_channel *channel, int *what)
{
	int rc = channel->is_ready ? 0 : channel->ops->handshake(channel->session, what);

	channel->is_ready = rc == 0;
	return rc;
}

ssize_t http_channel_receive(struct http_channel *channel, void *octets, size_t size)
{
	return channel->ops ? channel->ops->receive(channel->session, octets, size)
			    : recv(channel->fd, octets, size, 0);
}

ssize_t http_channel_send(
	struct http_channel *channel, const void *octets, size_t len, bool has_more)
{
	return channel->ops
		       ? channel->ops->send(channel->session, octets, len)
		       : send(channel->fd, octets, len, MSG_NOSIGNAL | (has_more ? MSG_MORE : 0));
}

/*
 * A send that is repeated after EAGAIN must have the same length again: each record has the most
 * octets that fit, counted from where the file was sent up to.
 */
static ssize_t send_records(struct http_channel *channel, int file_fd, uint64_t at, size_t len)
{
	static char record[RECORD];
	size_t done = 0, wanted;
	ssize_t n = 0;

	while (done < len) {
		wanted = len - done < RECORD ? len - done : RECORD;
		n = pread(file_fd, record, wanted, (off_t)(at + done));
		if (n != (ssize_t)wanted)
			return done > 0 ? (ssize_t)done : n < 0 ? -1 : 0;
		n = channel->ops->send(channel->session, record, wanted);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done > 0 ? (ssize_t)done : n;
}

ssize_t http_channel_send_file(struct http_channel *channel, int file_fd, uint64_t at, size_t len)
{
	off_t offset = (off_t)at;

	return channel->ops ? send_records(channel, file_fd, at, len)
			    : sendfile(channel->fd, file_fd, &offset, len);
}

bool http_channel_has_pending(const struct http_channel *channel)
{
	return channel->ops && channel->is_ready && channel->ops->has_pending(channel->session);
}

void http_channel_finish(struct http_channel *channel)
{
	if (channel->ops && channel->is_ready)
		channel->ops->finish(channel->session);
	shutdown(channel->fd, SHUT_WR);
}

const char *http_channel_why(const struct http_channel *channel, const char *otherwise)
{
	const char *why = channel->ops ? channel->ops->why(channel->session) : NULL;

	return why ? why : otherwise;
}
