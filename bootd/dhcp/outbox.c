/* SPDX-License-Identifier: ISC */
/* One buffer per answer; sendmmsg() takes them as they are (daemon/udp.h). */
#include "bootd/dhcp/outbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"

int outbox_init(struct outbox *outbox, unsigned most)
{
	*outbox = (struct outbox){
		.sender = udp_sender_new(most),
		.buffer = calloc(most, sizeof(*outbox->buffer)),
		.most = most,
	};
	return outbox->sender && outbox->buffer ? 0 : -ENOMEM;
}

void outbox_fini(struct outbox *outbox)
{
	udp_sender_free(outbox->sender);
	free(outbox->buffer);
}

struct wire_out outbox_begin(struct outbox *outbox)
{
	return wire_out_of(outbox->buffer[outbox->answers], DHCP6_MESSAGE_MAX);
}

void outbox_add(struct outbox *outbox, const struct udp_datagram *datagram,
	const struct arrival *arrival, const struct exchange_answer *answer)
{
	struct udp_outgoing *outgoing = udp_sender_add(outbox->sender);

	*outgoing = (struct udp_outgoing){
		.to = {.sin6_family = AF_INET6,
			.sin6_port = htons(answer->port),
			.sin6_addr = answer->to,
			.sin6_scope_id = (uint32_t)answer->ifindex},
		.ifindex = answer->ifindex,
		.part = {{.iov_base = answer->out.buf, .iov_len = answer->out.len}},
		.n_parts = 1,
	};
	/* A relay hears from the address that it asked. */
	if (!arrival->multicast)
		outgoing->source = datagram->local;
	outbox->answers++;
}

static void send_failed(void *arg, const struct udp_outgoing *datagram, int error)
{
	static struct log_limit limit;
	struct outbox *outbox = arg;
	char to[INET6_ADDRSTRLEN];

	outbox->failed++;
	inet_ntop(AF_INET6, &datagram->to.sin6_addr, to, sizeof(to));
	log_limited(&limit, LOG_LEVEL_WARNING, "%s: an answer cannot be sent there: %s", to,
		strerror(error));
}

void outbox_flush(struct outbox *outbox, int fd)
{
	udp_flush(outbox->sender, fd, send_failed, outbox);
	outbox->answers = 0;
}
