/* SPDX-License-Identifier: ISC */
/*
 * The TFTP server: first boot files for firmware. It only reads files, never writes.
 * RFC 1350, 2347 (options), 2348 (blksize), 2349 (timeout, tsize), 7440 (windowsize).
 *
 * Each transfer has a socket of its own, bound to the address that the request was sent to and
 * connected to the client; or all share the listener's (single_port), for firewalls that know no
 * more of TFTP than its port.
 *
 * Requests can be forged. Until its first ACK a transfer is unproven: it sends little, lives
 * briefly, and makes room for a new request when there are too many.
 */
#ifndef NB6_BOOTD_TFTP_TFTP_SERVER_H
#define NB6_BOOTD_TFTP_TFTP_SERVER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "bootd/files/boot_file.h"

struct loop;
struct tftp_server;

/* 0 stands for the default. */
struct tftp_options {
	unsigned block_size_max; /* 1428: an IPv6 packet of 1480 octets; the path may lower it */
	unsigned window_max;     /* 64 blocks */
	unsigned transfers_max;  /* 2000 at a time */
	unsigned transfers_per_client;  /* 8 at a time */
	bool single_port;               /* answer from the port of the request */
	/* Backslashes are slashes, and a file that is missing is looked for in lower case. */
	bool windows_paths;
	/* The largest block of this client, if it is smaller than the above; 0: it is not. */
	unsigned (*block_size_of)(void *arg, const struct in6_addr *client); /* may be NULL */
	void *block_size_arg;
	uint16_t first_port, last_port; /* the range of the transfers' ports; 0: any */
};

/* Since the start, except `active`. */
struct tftp_stats {
	uint64_t active;
	uint64_t started, done, failed, probed;
	uint64_t refused;       /* because of one of the limits */
	uint64_t not_found;     /* no such file, or one that is not served */
	uint64_t malformed;     /* datagrams that are not a TFTP request */
	uint64_t repeated;      /* copies of requests that are being served */
	uint64_t bytes;         /* of files, acknowledged */
	uint64_t retransmitted; /* packets that were sent again */
	uint64_t displaced;     /* unproven transfers that made room for a new request */
};

/*
 * `files` is the owner's and must outlive the server. NULL: out of memory.
 * Nothing is served before one of the listen calls.
 */
struct tftp_server *tftp_server_new(
	struct loop *loop, const struct boot_files *files, const struct tftp_options *options);
void tftp_server_free(struct tftp_server *server); /* running transfers fail; NULL is fine */

/* Serve at this address (port 0: any). Returns 0 or a negative errno of bind() and the like. */
int tftp_server_listen(struct tftp_server *server, const struct sockaddr_in6 *at);

/* The same on a bound UDP socket, which belongs to the server from now on (also on error). */
int tftp_server_listen_fd(struct tftp_server *server, int fd);

void tftp_server_get_stats(const struct tftp_server *server, struct tftp_stats *out);

#endif
