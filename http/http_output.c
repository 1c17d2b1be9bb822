/* SPDX-License-Identifier: ISC */
/*
 * The head of a reply and a small file are sent by one system call: a short file is read into
 * memory behind the head. A larger one follows by sendfile(2), and MSG_MORE holds the head back
 * until its first octets are there, so that they share a packet. Before a piece is sent, the kernel
 * is asked if it is in memory, because sendfile(2) would wait for the disk.
 */
#include "http/http_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/file_pages.h"

enum {
	ROOM_FIRST = 512,
	PIECE_SIZE = 256 * 1024, /* of a file, sent to one client in one turn of the loop */
	LOAD_SIZE = 512 * 1024,  /* loaded from the disk at a time */
	SMALL_FILE = 16 * 1024,  /* sent with its head, by one system call */
};

void http_output_init(struct http_output *o)
{
	*o = (struct http_output){.file_fd = -1};
}

void http_output_clear(struct http_output *o)
{
	free(o->octets);
	o->octets = NULL;
	o->len = o->at = o->room = 0;
	if (o->file_fd >= 0)
		close(o->file_fd);
	o->file_fd = -1;
	o->file_at = o->file_end = o->loaded_end = 0;
}

uint64_t http_output_waiting(const struct http_output *o)
{
	return http_output_in_memory(o) + (o->file_end - o->file_at);
}

size_t http_output_in_memory(const struct http_output *o)
{
	return o->len - o->at;
}

static int make_room(struct http_output *o, size_t more)
{
	size_t room = o->room ? o->room : ROOM_FIRST;
	char *grown;

	if (o->at > 0) {
		memmove(o->octets, o->octets + o->at, o->len - o->at);
		o->len -= o->at;
		o->at = 0;
	}
	while (room < o->len + more)
		room *= 2;
	if (room == o->room)
		return 0;
	grown = realloc(o->octets, room);
	if (!grown)
		return -ENOMEM;
	o->octets = grown;
	o->room = room;
	return 0;
}

int http_output_add(struct http_output *o, const char *octets, size_t len)
{
	int rc = len > 0 ? make_room(o, len) : 0;

	if (rc < 0 || len == 0)
		return rc;
	memcpy(o->octets + o->len, octets, len);
	o->len += len;
	return 0;
}

static int add_small_file(struct http_output *o, int fd, uint64_t first, size_t len)
{
	size_t done = 0;
	ssize_t n;

	if (make_room(o, len) < 0)
		return -ENOMEM;
	while (done < len) {
		n = pread(fd, o->octets + o->len + done, len - done, (off_t)(first + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		done += (size_t)n;
	}
	o->len += len;
	return 0;
}

int http_output_add_file(
	struct http_output *o, int fd, uint64_t first, uint64_t len, struct thread_pool *readers)
{
	int rc;

	if (len <= SMALL_FILE && (!readers || file_is_cached(fd, first, len))) {
		rc = add_small_file(o, fd, first, (size_t)len);
		close(fd);
		return rc;
	}
	o->file_fd = fd;
	o->file_at = first;
	o->file_end = first + len;
	o->readers = readers;
	o->loaded_end = first;
	return 0;
}

static int failure(void)
{
	return errno == EAGAIN || errno == EINTR ? -EAGAIN : -EPIPE;
}

static int send_memory(struct http_output *o, struct http_channel *channel)
{
	ssize_t n;

	if (o->at == o->len)
		return 0;
	n = http_channel_send(channel, o->octets + o->at, o->len - o->at, o->file_fd >= 0);
	if (n < 0)
		return failure();
	o->at += (size_t)n;
	o->sent += (uint64_t)n;
	return o->at == o->len ? 0 : -EAGAIN;
}

static size_t next_piece(const struct http_output *o, size_t max)
{
	uint64_t left = o->file_end - o->file_at;

	return left < max ? (size_t)left : max;
}

static int send_piece(struct http_output *o, struct http_channel *channel)
{
	size_t len = next_piece(o, PIECE_SIZE);
	ssize_t n;

	if (o->file_fd < 0)
		return 0;
	if (o->readers && o->file_at + len > o->loaded_end &&
		!file_is_cached(o->file_fd, o->file_at, len))
		return -EINPROGRESS;
	n = http_channel_send_file(channel, o->file_fd, o->file_at, len);
	if (n < 0)
		return failure();
	if (n == 0)
		return -EIO;
	o->file_at += (uint64_t)n;
	o->sent += (uint64_t)n;
	return o->file_at == o->file_end ? 0 : -EAGAIN;
}

int http_output_send(struct http_output *o, struct http_channel *channel)
{
	int rc = send_memory(o, channel);

	return rc == 0 ? send_piece(o, channel) : rc;
}

int http_output_load(
	struct http_output *o, struct file_load **load, void (*loaded)(void *arg), void *arg)
{
	size_t len = next_piece(o, LOAD_SIZE);
	int rc = file_load_start(load, o->readers, o->file_fd, o->file_at, len, loaded, arg);

	if (rc == 0)
		o->loaded_end = o->file_at + len;
	return rc;
}
