/* SPDX-License-Identifier: ISC */
/*
 * What a connection has still to send: octets in memory, and then a part of a file. The memory is
 * allocated when there is something to send and freed when it is sent, so an idle connection has
 * none; a download is a descriptor and two offsets.
 *
 * A file is sent by sendfile(2), or read a record at a time for an encrypted connection. If it were
 * mapped into memory, a file that somebody cuts short while it is served would kill the daemon with
 * SIGBUS.
 */
#ifndef NB6_HTTP_HTTP_OUTPUT_H
#define NB6_HTTP_HTTP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/http_channel.h"

struct file_load;
struct thread_pool;

struct http_output {
	char *octets;
	size_t len, at, room; /* of `octets`: `at` of them are sent */
	int file_fd;          /* owned; -1: no file */
	uint64_t file_at, file_end;
	struct thread_pool *readers; /* of the file; NULL: it is read in the loop */
	uint64_t loaded_end;         /* up to here a reader has brought it into memory */
	uint64_t sent; /* octets that the kernel has accepted; the owner sets it to 0 */
};

void http_output_init(struct http_output *output);
/* Frees what is not sent. */
void http_output_clear(struct http_output *output);

/* Append octets. Returns 0 or -ENOMEM. */
int http_output_add(struct http_output *output, const char *octets, size_t len);

/*
 * Append a part of a file, whose descriptor is the output's from now on (also on error). With
 * `readers`, what is not in memory is not waited for, see http_output_send(). Returns 0; -ENOMEM;
 * -EIO if a short part, which is read at once, cannot be read.
 */
int http_output_add_file(struct http_output *output, int fd, uint64_t first, uint64_t len,
	struct thread_pool *readers);

/* Octets that the kernel has not accepted yet; those in memory only. */
uint64_t http_output_waiting(const struct http_output *output);
size_t http_output_in_memory(const struct http_output *output);

/*
 * Send to the channel what it accepts, of a file at most one piece, so that a fast client does not
 * hold up the loop. Returns 0: all is sent; -EAGAIN: the rest follows when the socket is writable;
 * -EINPROGRESS: the next piece of the file is to be loaded from the disk first, with
 * http_output_load(); -EPIPE: the client has closed the connection; -EIO: the file became shorter.
 */
int http_output_send(struct http_output *output, struct http_channel *channel);

/*
 * Load the next piece by a reader, which calls loaded(). Returns 0 or -errno. *load is as in
 * file_load_start().
 */
int http_output_load(
	struct http_output *output, struct file_load **load, void (*loaded)(void *arg), void *arg);

#endif
