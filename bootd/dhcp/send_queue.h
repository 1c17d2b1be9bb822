/* SPDX-License-Identifier: ISC */
/*
 * The answers of a batch, sent with one system call. Each is encoded in the buffer that it is
 * sent from:
 *
 *	send_queue_buffer() -> encode -> send_queue_take() -> send_queue_add() ... flush
 *
 * A buffer that is taken is not handed out again before the flush, whether its answer is added or
 * not: an answer can wait for a commit in between.
 */
#ifndef NB6_BOOTD_DHCP_SEND_QUEUE_H
#define NB6_BOOTD_DHCP_SEND_QUEUE_H

#include "bootd/dhcp/request.h"
#include "daemon/udp.h"

struct send_queue {
	struct udp_sender *sender;
	uint8_t (*buffer)[DHCP6_MESSAGE_MAX]; /* `max` of them: touched as far as used */
	unsigned max, taken;
	unsigned answers; /* to be sent */
	uint64_t failed;  /* could not be sent, since the start */
};

/* Returns 0 or -ENOMEM; fini in any case. A zeroed one is fine. */
int send_queue_init(struct send_queue *queue, unsigned max);
void send_queue_fini(struct send_queue *queue);

static inline bool send_queue_is_full(const struct send_queue *queue)
{
	return queue->taken == queue->max;
}

/* The next free buffer; the queue must not be full. */
struct wire_out send_queue_buffer(struct send_queue *queue);
/* That buffer is in use until the flush. */
void send_queue_take(struct send_queue *queue);
/* Queues the answer, which is in a buffer that is taken, to the sender of the datagram. */
void send_queue_add(struct send_queue *queue, const struct udp_datagram *datagram,
	const struct exchange_answer *answer);

/* Sends all by this socket; the queue is empty then. Failures are logged and counted. */
void send_queue_flush(struct send_queue *queue, int fd);

#endif
