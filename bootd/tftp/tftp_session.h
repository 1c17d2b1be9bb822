/* SPDX-License-Identifier: ISC */
/*
 * One transfer with its socket, its file and its timer. tftp_transfer.h decides what to send; the
 * I/O is done here.
 *
 *	new (socket bound and connected) -> begin -> ... -> over() is called once -> free
 *
 * With single_port a session has no socket of its own: it sends from the listener's, which hands
 * it the client's packets with tftp_session_input().
 */
#ifndef NB6_BOOTD_TFTP_TFTP_SESSION_H
#define NB6_BOOTD_TFTP_TFTP_SESSION_H

#include "bootd/files/boot_file.h"
#include "bootd/tftp/tftp_transfer.h"
#include "daemon/udp.h"
#include "util/hash_table.h"

struct loop;
struct loop_timer;
struct loop_watch;
struct tftp_session;

/* The transfer is over: look at its state, then free the session. */
typedef void tftp_session_over_fn(void *arg, struct tftp_session *session);

struct tftp_session {
	struct tftp_session *next, *before; /* the server's list, by age */
	struct hash_node by_address;        /* the server's table, by the client's address */
	struct sockaddr_in6 peer;
	struct in6_addr local; /* the address that the request was sent to */
	int ifindex;           /* of a link-local client; else 0 */
	char path[FILE_PATH_SIZE];
	struct boot_file file;
	struct thread_pool *readers; /* of the file; NULL: it is read in the loop */
	struct file_load *load;      /* the next blocks come from the disk; or NULL */
	uint64_t loaded_end;         /* up to here they have come */
	struct tftp_transfer transfer;
	uint64_t started_ms;
	uint8_t *asked; /* the request as it came, to know it when it comes again */
	size_t asked_len;
	int fd; /* the listener's if it is_shared */
	bool is_shared, has_no_gso;
	struct loop_watch *watch;
	struct loop_timer *timer;
	uint64_t timer_ms; /* when it is due */
	tftp_session_over_fn *over;
	void *over_arg;
};

/* Where a session sends from. */
struct tftp_ports {
	int shared_fd;        /* the listener's socket: single_port; -1: a socket per session */
	uint16_t first, last; /* the range of its port; 0: any */
};

/*
 * A session for the request in `datagram`, answered from the address that it was sent to. On
 * success *file belongs to the session. Returns 0 or a negative errno.
 */
int tftp_session_new(struct loop *loop, const struct udp_datagram *datagram,
	const struct tftp_request *request, const struct boot_file *file,
	struct thread_pool *readers, const struct tftp_limits *limits,
	const struct tftp_ports *ports, tftp_session_over_fn *over, void *over_arg,
	struct tftp_session **out);
void tftp_session_free(struct tftp_session *session);

/* Send the first packets. May end it at once. */
void tftp_session_begin(struct tftp_session *session);

/* A packet of the client came to the shared socket. May end it. */
void tftp_session_input(struct tftp_session *session, const void *packet, size_t len);

/* Is this, octet for octet, the request that it was made for? */
bool tftp_session_is_for(const struct tftp_session *session, const struct udp_datagram *datagram);

/*
 * The same request came again, at `came_ms`. True: what was not acknowledged is sent again, or the
 * copy is only late. False: the client has started over.
 */
bool tftp_session_repeat(struct tftp_session *session, uint64_t came_ms);

/* End it, because the client does something else. */
void tftp_session_abandon(struct tftp_session *session, const char *why);

#endif
