/* SPDX-License-Identifier: ISC */
/*
 * Port 4011, where UEFI PXE asks the server that has offered a boot file without an address
 * (proxy.h). It works like dhcp_service.c, but no answer waits for a commit, because a proxy gives
 * no leases, and the link of the client is not known.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bootd/dhcp/exchange.h"
#include "bootd/dhcp/proxy.h"
#include "bootd/dhcp/send_queue.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/udp.h"

enum { BATCH = 16, RECEIVE_BUFFER = 1 << 20 };

struct boot_port {
	struct exchange *exchange;
	int fd;
	struct loop_watch *watch;
	struct udp_receiver *receiver;
	struct send_queue queue;
};

static void handle(struct boot_port *port, const struct udp_datagram *datagram)
{
	static struct log_limit limit;
	struct arrival arrival = {
		.source = datagram->peer.sin6_addr,
		.source_port = ntohs(datagram->peer.sin6_port),
		.at_boot_server = true,
		.ifindex = datagram->ifindex,
	};
	struct request r;
	enum exchange_drop drop = exchange_handle(port->exchange, &r, &arrival,
		wire_in_of(datagram->data, datagram->len), loop_now_ms(),
		send_queue_buffer(&port->queue));
	char peer[INET6_ADDRSTRLEN];

	if (drop == EXCHANGE_ANSWERED) {
		send_queue_take(&port->queue);
		send_queue_add(&port->queue, datagram, &r.answer);
		return;
	}
	log_limited_with(&limit, LOG_LEVEL_NOTICE,
		&(struct log_fields){.reason = exchange_drop_name(drop)},
		"no answer to %s on port %d: %s: %s",
		dhcp6_address_format(&datagram->peer.sin6_addr, peer), BOOT_SERVER_PORT,
		exchange_drop_name(drop), exchange_drop_text(drop));
}

static void readable(int fd, int what, void *arg)
{
	static struct log_limit limit;
	struct boot_port *port = arg;
	const struct udp_datagram *datagram;
	int n = udp_receive(port->receiver, fd, &datagram);

	(void)what;
	if (n < 0)
		log_limited(&limit, LOG_LEVEL_ERROR, "port %d: receive failed: %s",
			BOOT_SERVER_PORT, strerror(-n));
	for (int i = 0; i < n; i++)
		handle(port, &datagram[i]);
	send_queue_flush(&port->queue, fd);
}

/* The address between the brackets of a tftp:// URL; false if its host is a name. */
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

static bool is_elsewhere(const struct in6_addr *address)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = *address};

	return !udp_is_assigned(&at);
}

void boot_port_check_urls(const struct boot_config *config)
{
	struct in6_addr address;

	for (size_t i = 0; i < config->rules; i++) {
		const struct boot_rule *rule = &config->rule[i];

		if (address_of_url(rule->url, &address) && is_elsewhere(&address))
			log_warning(
				"%s:%u: boot \"%s\": url \"%s\": its host is no address of this "
				"machine; in subnets with addresses = proxy, UEFI PXE asks port "
				"%d of that host and fails (PXE-E16)",
				rule->file, rule->line, rule->name, rule->url, BOOT_SERVER_PORT);
	}
}

static int open_all(struct boot_port *port, struct loop *loop)
{
	struct sockaddr_in6 at = port->exchange->config->dhcp;

	at.sin6_port = htons(BOOT_SERVER_PORT);
	port->receiver = udp_receiver_new(BATCH);
	if (send_queue_init(&port->queue, BATCH) < 0 || !port->receiver)
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
	send_queue_fini(&port->queue);
	free(port);
}
