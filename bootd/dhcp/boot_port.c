/* SPDX-License-Identifier: ISC */
/* As dhcp_service.c, with less to do: nothing here waits, and no link tells anything. */
#include "bootd/dhcp/boot_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootd/dhcp/proxy.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/udp.h"

enum { BATCH = 16, RECEIVE_BUFFER = 1 << 20 };

struct boot_port {
	struct exchange *exchange;
	int fd;
	struct loop_watch *watch;
	struct udp_receiver *receiver;
	struct udp_sender *sender;
	uint8_t answer[BATCH][DHCP6_MESSAGE_MAX];
};

static void send_failed(void *arg, const struct udp_outgoing *datagram, int error)
{
	static struct log_limit limit;
	char to[INET6_ADDRSTRLEN];

	(void)arg;
	inet_ntop(AF_INET6, &datagram->to.sin6_addr, to, sizeof(to));
	log_limited(&limit, LOG_LEVEL_WARNING, "%s: an answer cannot be sent to its port %u: %s",
		to, ntohs(datagram->to.sin6_port), strerror(error));
}

/* To where it came from, from the address that was asked. */
static void queue(struct boot_port *port, const struct udp_datagram *datagram,
	const struct exchange_answer *answer)
{
	struct udp_outgoing *outgoing = udp_sender_add(port->sender);

	*outgoing = (struct udp_outgoing){
		.to = datagram->peer,
		.source = datagram->local,
		.ifindex = answer->ifindex,
		.part = {{.iov_base = answer->out.buf, .iov_len = answer->out.len}},
		.n_parts = 1,
	};
}

static void handle(struct boot_port *port, const struct udp_datagram *datagram,
	uint8_t buffer[DHCP6_MESSAGE_MAX])
{
	static struct log_limit limit;
	struct exchange_answer answer = {.out = wire_out_of(buffer, DHCP6_MESSAGE_MAX)};
	struct arrival arrival = {
		.source = datagram->peer.sin6_addr,
		.source_port = ntohs(datagram->peer.sin6_port),
		.at_boot_server = true,
		.ifindex = datagram->ifindex,
	};
	enum exchange_drop drop = exchange_handle(port->exchange, &arrival,
		wire_in_of(datagram->data, datagram->len), loop_now_ms(), &answer);
	char peer[INET6_ADDRSTRLEN];

	if (drop == EXCHANGE_ANSWERED) {
		queue(port, datagram, &answer);
		return;
	}
	inet_ntop(AF_INET6, &datagram->peer.sin6_addr, peer, sizeof(peer));
	log_limited(&limit, LOG_LEVEL_NOTICE,
		"%s: a datagram of %zu octets on port %d is not answered: %s", peer, datagram->len,
		BOOT_SERVER_PORT, exchange_drop_name(drop));
}

static void readable(int fd, int what, void *arg)
{
	static struct log_limit limit;
	struct boot_port *port = arg;
	const struct udp_datagram *datagram;
	int n = udp_receive(port->receiver, fd, &datagram);

	(void)what;
	if (n < 0)
		log_limited(&limit, LOG_LEVEL_ERROR, "port %d cannot be read: %s", BOOT_SERVER_PORT,
			strerror(-n));
	for (int i = 0; i < n; i++)
		handle(port, &datagram[i], port->answer[i]);
	udp_flush(port->sender, fd, send_failed, port);
}

/* The address between the brackets of a URL that UEFI PXE takes; false for a name. */
static bool address_of_url(const char *url, struct in6_addr *address)
{
	static const char start[] = "tftp://[";
	char text[INET6_ADDRSTRLEN];
	size_t len;

	if (strncmp(url, start, strlen(start)) != 0)
		return false;
	url += strlen(start);
	len = strcspn(url, "]");
	if (len >= sizeof(text))
		return false;
	memcpy(text, url, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, address) == 1;
}

/* What can be bound to is here; with any other answer there is nothing to say. */
static bool is_elsewhere(const struct in6_addr *address)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = *address};
	int fd = udp_open(&at, 0);

	if (fd >= 0)
		close(fd);
	return fd == -EADDRNOTAVAIL;
}

void boot_port_check_urls(const struct boot_config *config)
{
	struct in6_addr address;

	for (size_t i = 0; i < config->rules; i++) {
		const struct boot_rule *rule = &config->rule[i];

		if (address_of_url(rule->url, &address) && is_elsewhere(&address))
			log_warning("%s:%u: boot \"%s\": url \"%s\": it names no address of this "
				    "machine: where another server gives the addresses (proxy), "
				    "UEFI PXE asks port %d there, and fails (PXE-E16)",
				config->file, rule->line, rule->name, rule->url, BOOT_SERVER_PORT);
	}
}

static int open_all(struct boot_port *port, struct loop *loop)
{
	struct sockaddr_in6 at = port->exchange->config->dhcp;

	at.sin6_port = htons(BOOT_SERVER_PORT);
	port->receiver = udp_receiver_new(BATCH);
	port->sender = udp_sender_new(BATCH);
	if (!port->receiver || !port->sender)
		return -ENOMEM;
	port->fd = udp_open(&at, RECEIVE_BUFFER);
	if (port->fd < 0)
		return port->fd;
	port->watch = loop_watch_new(loop, port->fd, LOOP_READ, readable, port);
	if (!port->watch)
		return -ENOMEM;
	loop_watch_set_urgent(port->watch); /* as dhcp_service.c does */
	return 0;
}

int boot_port_new(struct boot_port **out, struct loop *loop, struct exchange *exchange)
{
	struct boot_port *port = calloc(1, sizeof(*port));
	int rc;

	*out = NULL;
	if (!port)
		return -ENOMEM;
	port->exchange = exchange;
	port->fd = -1;
	rc = open_all(port, loop);
	if (rc < 0) {
		boot_port_free(port);
		return rc;
	}
	*out = port;
	return 0;
}

void boot_port_free(struct boot_port *port)
{
	if (!port)
		return;
	loop_watch_free(port->watch);
	if (port->fd >= 0)
		close(port->fd);
	udp_receiver_free(port->receiver);
	udp_sender_free(port->sender);
	free(port);
}
