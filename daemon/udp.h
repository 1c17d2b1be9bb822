/* SPDX-License-Identifier: ISC */
/*
 * UDP over IPv6 in batches: recvmmsg and sendmmsg, with the address that a
 * datagram was sent to and the link it came in on (IPV6_PKTINFO, RFC 3542),
 * and with both named for what goes out.
 *
 * Sockets are never connected: a connected socket goes on using a route and
 * a source address that are gone.
 */
#ifndef NB6_DAEMON_UDP_H
#define NB6_DAEMON_UDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum {
	UDP_PAYLOAD_MAX = 65535, /* more than a datagram can hold: nothing is cut */
	UDP_SEND_PARTS = 3,
};

/*
 * A non-blocking IPv6-only socket bound to `address`, with IPV6_RECVPKTINFO
 * and a receive buffer of `rcvbuf` octets (beyond the system's limit where
 * we may, silently less where not); what may wait to be sent is much, likewise.
 * Returns it, or -errno. The address may come later: while it is not assigned, or tentative
 * (RFC 4862 section 5.4), nothing is received.
 */
int udp_open(const struct sockaddr_in6 *address, int rcvbuf);
/*
 * Is the address one of this host, and not tentative? The port does not count. True also if that
 * cannot be found out.
 */
bool udp_is_assigned(const struct sockaddr_in6 *address);
/* As udp_open(), and others that allow it, too, may have the port (SO_REUSEADDR). */
int udp_open_shared(const struct sockaddr_in6 *address, int rcvbuf);
/* The same for a socket that somebody else has bound. Returns 0 or -errno. */
int udp_adopt(int fd, int rcvbuf);
/*
 * A socket that sends from the same port as `fd` and never receives; `number`
 * sets several apart. What waits to be sent on one of them, at most `sndbuf` octets
 * of the kernel's, leaves the others all their room. Returns it or -errno.
 */
int udp_open_beside(int fd, uint8_t number, int sndbuf);
/*
 * A socket on the same port as `fd`, on all addresses, that receives what comes in by
 * this link alone, and by those in it where it is a VRF's: not `fd` any more.
 * It has no multicast. Needs CAP_NET_BIND_SERVICE for a low port, and
 * Linux 5.7 (before: CAP_NET_RAW, too). Returns it or -errno.
 */
int udp_open_on_link(int fd, const char *link, int rcvbuf);

/* From now on udp_receive() says how long each datagram has waited. Returns 0 or -errno. */
int udp_want_times(int fd);

/* Datagrams that the kernel dropped because the socket's receive queue was full; 0: unknown. */
uint32_t udp_queue_drops(int fd);

/* One datagram that came in; `data` is valid until the next receive. */
struct udp_datagram {
	struct sockaddr_in6 peer;
	struct in6_addr local; /* where it was sent to: unicast or multicast */
	int ifindex;           /* the link it came in on */
	uint64_t waited_us;    /* in the receive queue; 0 unless udp_want_times() was called */
	const uint8_t *data;
	size_t len;
};

/* Buffers for `most` datagrams at a time. NULL: no memory. */
struct udp_receiver;
struct udp_receiver *udp_receiver_new(unsigned most);
void udp_receiver_free(struct udp_receiver *receiver);

/*
 * Receive what is there, at most a batch. Returns the number (0: nothing
 * waits), or -errno for an error of the socket itself. What lacks its
 * IPV6_PKTINFO is left out. *datagrams is the receiver's.
 */
int udp_receive(struct udp_receiver *receiver, int fd, const struct udp_datagram **datagrams);

/*
 * One datagram to go out. The parts are borrowed until the flush: they may
 * lie in what the receiver holds.
 */
struct udp_outgoing {
	struct sockaddr_in6 to;
	struct in6_addr source; /* :: leaves it to the kernel */
	int ifindex; /* 0 leaves it to the routes: right for all but link-local and multicast */
	struct iovec part[UDP_SEND_PARTS];
	unsigned n_parts;
	uint64_t tag;  /* the caller's, for the failure callback */
	uint32_t flow; /* datagrams of one flow keep their order */
};

/* Called for a datagram that the kernel refused; error is positive. */
typedef void udp_failed_cb(void *arg, const struct udp_outgoing *datagram, int error);

struct udp_sender;
struct udp_sender *udp_sender_new(unsigned most);
void udp_sender_free(struct udp_sender *sender);

/* The place for one more, to be filled in, or NULL when full: flush first. */
struct udp_outgoing *udp_sender_add(struct udp_sender *sender);
/*
 * Send all that was added, and forget it; `failed` is called for those that
 * could not go (EAGAIN among them: the queue of the link is full). Those of
 * different flows may overtake each other: what can leave together does
 * (udp_runs.h). Returns how many went.
 */
unsigned udp_flush(struct udp_sender *sender, int fd, udp_failed_cb *failed, void *arg);

/* Send one datagram now. Returns 0 or -errno. */
int udp_send(int fd, const struct udp_outgoing *datagram);

#endif
