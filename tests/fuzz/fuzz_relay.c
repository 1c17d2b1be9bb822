/* SPDX-License-Identifier: ISC */
/*
 * A datagram from anyone, through both directions of the relay: as a message
 * from a client link, as one from a relay below, as one from a server.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/log.h"
#include "dhcp6/message.h"
#include "relayd/config/relay_conf_read.h"
#include "relayd/packet/forward.h"
#include "relayd/packet/reply.h"
#include "relayd/view/trace_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct client_links links;
static struct link link_there = {.ifindex = 7, .flags = IFF_UP | IFF_RUNNING};
static struct link_address address = {.prefixlen = 64};

static void set_up(void)
{
	static struct link_table table;
	struct config_problems problems = {0};
	struct relay_conf *conf;

	log_open("fuzz", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	if (relay_conf_read_text("fuzz", "interfaces = {\"lan1\"}\nserver \"2001:db8::547\" {}\n",
		    &conf, &problems) < 0 ||
		link_table_init(&table, NULL, NULL) < 0 ||
		client_links_init(&links, &table, conf, -1) < 0)
		abort();
	inet_pton(AF_INET6, "2001:db8:1::1", &address.address);
	link_there.addresses = &address;
	links.registry.first->link = &link_there;
	links.registry.first->holder = 0;
	client_link_update(links.registry.first, conf, "router", true);
}

/* What goes to a server must be a Relay-forward with the very message in it. */
static void check_forward(const struct udp_datagram *d, const uint8_t *header, size_t header_len)
{
	uint8_t *whole = malloc(header_len + d->len);
	struct dhcp6_relay relay;
	struct wire_in inner;

	for (size_t i = 0; i < header_len; i++)
		whole[i] = header[i];
	for (size_t i = 0; i < d->len; i++)
		whole[header_len + i] = d->data[i];
	assert(dhcp6_relay_read(wire_in_of(whole, header_len + d->len), &relay) == 0);
	assert(dhcp6_option_find(relay.options, DHCP6_OPT_RELAY_MSG, &inner));
	assert(wire_left(&inner) == d->len);
	free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
	struct udp_datagram d = {.data = data, .len = size, .ifindex = 7};
	uint8_t header[FORWARD_HEADER_MAX];
	struct forward_policy strict = {.trusted = true};
	struct trace_message facts;
	struct reply reply;
	size_t len;

	if (!links.table)
		set_up();
	inet_pton(AF_INET6, "fe80::9", &d.peer.sin6_addr);
	inet_pton(AF_INET6, "ff02::1:2", &d.local);
	trace_message_read(&facts, &d.peer.sin6_addr, wire_in_of(data, size));
	trace_message_has_address(&facts, &d.local);
	trace_message_add_header(&facts, data, size, "fuzz");
	if (reply_decide(&links, &d, &reply) == RELAY_PASS)
		assert(reply.message.pos >= data && reply.message.end <= data + size);
	if (size < DHCP6_HEADER_LEN)
		return 0;
	if (forward_client_message(links.registry.first, &d, mac, header, &len) == RELAY_PASS)
		check_forward(&d, header, len);
	if (forward_relayed_message(links.registry.first, strict, &d, header, &len) == RELAY_PASS)
		check_forward(&d, header, len);
	return 0;
}
