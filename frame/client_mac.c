/* SPDX-License-Identifier: ISC */
/*
 * Chooses one of the two side channels and looks up what it recorded.
 */
#include "frame/client_mac.h"

#include <errno.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/loop.h"
#include "frame/mac_channel.h"
#include "netlink/link_table.h"

struct client_mac {
	enum client_mac_method method;
	struct mac_ebpf *ebpf;
	struct mac_packet *packet;
	struct mac_records *records;
	struct loop_timer *settle_timer;
	bool settles; /* the timer is armed */
};

static const char *const method_name[] = {
	[CLIENT_MAC_NONE] = "none",
	[CLIENT_MAC_EBPF] = "ebpf",
	[CLIENT_MAC_PACKET] = "packet-socket",
};

const char *client_mac_method_name(enum client_mac_method method)
{
	return method_name[method];
}

static void open_best(struct client_mac *cm, int udp_fd, enum client_mac_method best)
{
	int rc = 0;

	if (best == CLIENT_MAC_EBPF) {
		rc = mac_ebpf_open(&cm->ebpf, udp_fd, cm->records);
		if (rc == 0) {
			cm->method = CLIENT_MAC_EBPF;
			log_info("client MACs: read from the frames by an eBPF filter on the "
				 "daemon's own socket");
			return;
		}
	}
	if (best != CLIENT_MAC_NONE) {
		int ebpf_rc = rc;

		rc = mac_packet_open(&cm->packet, cm->records);
		if (rc == 0) {
			cm->method = CLIENT_MAC_PACKET;
			log_warning("client MACs: read by a packet socket, which slows down every "
				    "packet that this machine receives; eBPF %s%s",
				ebpf_rc ? "is not available: " : "was not chosen",
				ebpf_rc ? strerror(-ebpf_rc) : "");
			return;
		}
		log_error("client MACs cannot be read from the frames: eBPF: %s; packet socket: %s",
			strerror(-ebpf_rc), strerror(-rc));
	}
}

struct client_mac *client_mac_new(int udp_fd, enum client_mac_method best)
{
	struct client_mac *cm = calloc(1, sizeof(*cm));

	if (!cm)
		return NULL;
	cm->records = mac_records_new();
	if (!cm->records) {
		free(cm);
		return NULL;
	}
	open_best(cm, udp_fd, best);
	return cm;
}

int client_mac_attach(struct client_mac *cm, int udp_fd)
{
	return cm->ebpf ? mac_ebpf_attach(cm->ebpf, udp_fd) : 0;
}

void client_mac_free(struct client_mac *cm)
{
	if (!cm)
		return;
	loop_timer_free(cm->settle_timer);
	if (cm->ebpf)
		mac_ebpf_close(cm->ebpf);
	if (cm->packet)
		mac_packet_close(cm->packet);
	mac_records_free(cm->records);
	free(cm);
}

enum client_mac_method client_mac_method(const struct client_mac *cm)
{
	return cm->method;
}

static void settle(void *arg)
{
	struct client_mac *cm = arg;

	cm->settles = !mac_ebpf_settle(cm->ebpf);
	if (cm->settles)
		loop_timer_arm(cm->settle_timer, MAC_EBPF_SETTLE_MS);
}

int client_mac_start(struct client_mac *cm, struct loop *loop)
{
	if (!cm->ebpf)
		return 0;
	cm->settle_timer = loop_timer_new(loop, settle, cm);
	return cm->settle_timer ? 0 : -ENOMEM;
}

void client_mac_drain(struct client_mac *cm)
{
	if (cm->packet)
		mac_packet_drain(cm->packet);
	if (!cm->ebpf)
		return;
	mac_ebpf_drain(cm->ebpf);
	if (cm->settle_timer && !cm->settles) {
		cm->settles = true;
		loop_timer_arm(cm->settle_timer, MAC_EBPF_SETTLE_MS);
	}
}

/* The ifindex that the side channels see. */
static int seen_ifindex(const struct link *l)
{
	return link_is_in_vrf(l) ? l->master : l->ifindex;
}

void client_mac_received(
	struct client_mac *cm, const struct link *l, int ifindex, size_t message_len)
{
	if (cm->ebpf)
		mac_ebpf_received(cm->ebpf, l ? seen_ifindex(l) : ifindex, message_len);
}

bool client_mac_sees(const struct client_mac *cm, const struct link *l)
{
	return cm->method != CLIENT_MAC_NONE && l->hw_type == ARPHRD_ETHER && l->mac_len == MAC_LEN;
}

bool client_mac_take(struct client_mac *cm, const struct link *l, const struct in6_addr *source,
	const uint8_t *message, uint8_t mac[6])
{
	enum mac_found found;

	if (!client_mac_sees(cm, l))
		return false;
	found = mac_records_take(cm->records, l->ifindex, source, message, mac);
	if (found == MAC_UNKNOWN && l->master)
		found = mac_records_take(cm->records, l->master, source, message, mac);
	return found == MAC_FOUND;
}

uint64_t client_mac_refused(const struct client_mac *cm, const struct link *l)
{
	return cm->ebpf ? mac_ebpf_refused(cm->ebpf, seen_ifindex(l)) : 0;
}

uint64_t client_mac_refused_total(const struct client_mac *cm)
{
	return cm->ebpf ? mac_ebpf_refused_total(cm->ebpf) : 0;
}
