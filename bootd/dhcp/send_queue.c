/* SPDX-License-Identifier: ISC */
/* One buffer per answer. sendmmsg() sends from these buffers, without a copy (daemon/udp.h). */
#include "bootd/dhcp/send_queue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"

int send_queue_init(struct send_queue *queue, unsigned max)
{
	*queue = (struct send_queue){
		.sender = udp_sender_new(max),
		.buffer = calloc(max, sizeof(*queue->buffer)),
		.max = max,
	};
	return queue->sender && queue->buffer ? 0 : -ENOMEM;
}

void send_queue_fini(struct send_queue *queue)
{
	udp_sender_free(queue->sender);
	free(queue->buffer);
}

struct wire_out send_queue_buffer(struct send_queue *queue)
{
	return wire_out_of(queue->buffer[queue->taken], DHCP6_MESSAGE_MAX);
}

void send_queue_take(struct send_queue *queue)
{
	queue->taken++;
}

void send_queue_add(struct send_queue *queue, const struct udp_datagram *datagram,
	const struct exchange_answer *answer)
{
	struct udp_outgoing *outgoing = udp_sender_add(queue->sender);

	*outgoing = (struct udp_outgoing){
		.to = {.sin6_family = AF_INET6,
			.sin6_port = htons(answer->port),
			.sin6_addr = answer->to,
			.sin6_scope_id = (uint32_t)answer->ifindex},
		.ifindex = answer->ifindex,
		.part = {{.iov_base = answer->out.buf, .iov_len = answer->out.len}},
		.n_parts = 1,
	};
	/* A relay gets the answer from the address that it sent to. */
	if (!IN6_IS_ADDR_MULTICAST(&datagram->local))
		outgoing->source = datagram->local;
	queue->answers++;
}

static void send_failed(void *arg, const struct udp_outgoing *datagram, int error)
{
	static struct log_limit limit;
	struct send_queue *queue = arg;
	char to[INET6_ADDRSTRLEN];

	queue->failed++;
	inet_ntop(AF_INET6, &datagram->to.sin6_addr, to, sizeof(to));
	log_limited(&limit, LOG_LEVEL_WARNING, "answer to %s port %u not sent: %s", to,
		ntohs(datagram->to.sin6_port), strerror(error));
}

void send_queue_flush(struct send_queue *queue, int fd)
{
	udp_flush(queue->sender, fd, send_failed, queue);
	queue->answers = queue->taken = 0;
}
