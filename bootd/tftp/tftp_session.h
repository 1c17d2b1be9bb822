/* SPDX-License-Identifier: ISC */
/*
 * One transfer with its socket, its file and its timer: what tftp_transfer.h
 * decides is done here.
 *
 *	new (socket bound and connected) -> begin -> ... -> over() called once -> free
 */
#ifndef NB6_BOOTD_TFTP_TFTP_SESSION_H
#define NB6_BOOTD_TFTP_TFTP_SESSION_H

#include "bootd/files/boot_file.h"
#include "bootd/tftp/tftp_transfer.h"
#include "daemon/udp.h"

struct loop;
struct loop_timer;
struct loop_watch;
struct tftp_session;

/* The transfer is over: look at its state, then free the session. */
typedef void tftp_session_over_fn(void *arg, struct tftp_session *session);

struct tftp_session {
	struct tftp_session *next, **link; /* the server's list */
	struct sockaddr_in6 peer;
	char path[FILE_PATH_SIZE];
	struct boot_file file;
	struct tftp_transfer transfer;
	uint64_t started_ms;
	uint8_t *asked; /* the request as it came, to know it when it comes again */
	size_t asked_len;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *timer;
	tftp_session_over_fn *over;
	void *over_arg;
};

/*
 * A session for the request in `datagram`, answered from the address that it
 * was sent to. Takes *file over when it succeeds. Returns 0 or a negative errno.
 */
int tftp_session_new(struct loop *loop, const struct udp_datagram *datagram,
	const struct tftp_request *request, const struct boot_file *file,
	const struct tftp_limits *limits, tftp_session_over_fn *over, void *over_arg,
	struct tftp_session **out);
void tftp_session_free(struct tftp_session *session);

/* Send the first packets. May end it at once. */
void tftp_session_begin(struct tftp_session *session);

/* Is this, octet for octet, the request that it was made for? */
bool tftp_session_is_for(const struct tftp_session *session, const struct udp_datagram *datagram);

/*
 * The same request came again. True: what was not acknowledged went out again,
 * or the copy was merely late. False: the client has begun anew.
 */
bool tftp_session_repeat(struct tftp_session *session);

/* End it, for the client is doing something else. */
void tftp_session_abandon(struct tftp_session *session, const char *why);

#endif
