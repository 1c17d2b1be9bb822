/* SPDX-License-Identifier: ISC */
/*
 * What a connection has still to send: octets in memory, and then a part of a file. The memory is
 * allocated when there is something to send and freed when it is sent, so an idle connection has
 * none; a download is a descriptor and two offsets.
 *
 * A file is sent by sendfile(2) only. If it were mapped into memory, a file that somebody cuts
 * short while it is served would kill the daemon with SIGBUS.
 */
#ifndef NB6_HTTP_HTTP_OUTPUT_H
#define NB6_HTTP_HTTP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_output {
	char *octets;
	size_t len, at, room; /* of `octets`: `at` of them are sent */
	int file_fd;          /* owned; -1: no file */
	uint64_t file_at, file_end;
	uint64_t sent; /* octets that the kernel has accepted; the owner sets it to 0 */
};

void http_output_init(struct http_output *output);
/* Frees what is not sent. */
void http_output_clear(struct http_output *output);

/* Append octets. Returns 0 or -ENOMEM. */
int http_output_add(struct http_output *output, const char *octets, size_t len);

/*
 * Append a part of a file, whose descriptor is the output's from now on (also on error). Returns 0;
 * -ENOMEM; -EIO if a short part, which is read at once, cannot be read.
 */
int http_output_add_file(struct http_output *output, int fd, uint64_t first, uint64_t len);

/* Octets that the kernel has not accepted yet; those in memory only. */
uint64_t http_output_waiting(const struct http_output *output);
size_t http_output_in_memory(const struct http_output *output);

/*
 * Send to the socket what it accepts, of a file at most one piece, so that a fast client does not
 * hold up the loop. Returns 0: all is sent; -EAGAIN: the rest follows when the socket is writable;
 * -EPIPE: the client has closed the connection; -EIO: the file became shorter.
 */
int http_output_send(struct http_output *output, int socket_fd);

#endif
