/* SPDX-License-Identifier: ISC */
/*
 * The records of the side channels, kept until their datagrams are handled.
 *
 * A table of fixed size, four ways to a set. A new record takes the place of
 * the one with its own key, else of the oldest in its set: records of
 * datagrams that were never delivered (the socket was full) fade away by
 * themselves, and a flood of forged senders costs no memory.
 */
#include "frame/client_mac.h"

#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/log.h"
#include "daemon/mix.h"
#include "frame/client_mac_channel.h"
#include "netlink/link_table.h"

enum { SETS = 2048, WAYS = 4 };

struct slot {
	struct client_mac_record record;
	uint32_t stamp; /* 0: empty */
};

struct client_mac {
	enum client_mac_way way;
	struct mac_ebpf *ebpf;
	struct mac_packet *packet;
	uint64_t seed;
	uint32_t stamp;
	struct slot slot[SETS][WAYS];
};

static const char *const way_name[] = {
	[CLIENT_MAC_NONE] = "none",
	[CLIENT_MAC_EBPF] = "ebpf",
	[CLIENT_MAC_PACKET] = "packet-socket",
};

const char *client_mac_way_name(enum client_mac_way way)
{
	return way_name[way];
}

static unsigned set_of(const struct client_mac *cm, uint32_t ifindex, const uint8_t head[4],
	const struct in6_addr *source)
{
	uint32_t word;

	memcpy(&word, head, sizeof(word));
	return mix_in6(mix_u64(cm->seed, (uint64_t)ifindex << 32 | word), source) % SETS;
}

static bool is_for(const struct slot *slot, uint32_t ifindex, const uint8_t head[4],
	const struct in6_addr *source)
{
	return slot->stamp && slot->record.ifindex == ifindex &&
	       memcmp(slot->record.head, head, 4) == 0 &&
	       IN6_ARE_ADDR_EQUAL(&slot->record.source, source);
}

void client_mac_add(struct client_mac *cm, const struct client_mac_record *r)
{
	struct slot *set = cm->slot[set_of(cm, r->ifindex, r->head, &r->source)];
	struct slot *place = set;

	for (struct slot *slot = set; slot < set + WAYS; slot++) {
		if (is_for(slot, r->ifindex, r->head, &r->source)) {
			place = slot;
			break;
		}
		if (cm->stamp - slot->stamp > cm->stamp - place->stamp)
			place = slot;
	}
	if (++cm->stamp == 0)
		cm->stamp = 1;
	*place = (struct slot){.record = *r, .stamp = cm->stamp};
}

bool client_mac_find(const struct client_mac *cm, int ifindex, const struct in6_addr *source,
	const uint8_t *message, uint8_t mac[6])
{
	const struct slot *set;

	set = cm->slot[set_of(cm, (uint32_t)ifindex, message, source)];
	for (const struct slot *slot = set; slot < set + WAYS; slot++) {
		if (is_for(slot, (uint32_t)ifindex, message, source)) {
			memcpy(mac, slot->record.mac, 6);
			return true;
		}
	}
	return false;
}

bool client_mac_find_on(const struct client_mac *cm, const struct link *l,
	const struct in6_addr *source, const uint8_t *message, uint8_t mac[6])
{
	if (l->hw_type != ARPHRD_ETHER || l->mac_len != 6)
		return false;
	return client_mac_find(cm, l->ifindex, source, message, mac) ||
	       (l->master && client_mac_find(cm, l->master, source, message, mac));
}

static void open_best(struct client_mac *cm, int udp_fd, enum client_mac_way most)
{
	int rc = 0;

	if (most == CLIENT_MAC_EBPF) {
		rc = mac_ebpf_open(&cm->ebpf, udp_fd, cm);
		if (rc == 0) {
			cm->way = CLIENT_MAC_EBPF;
			log_info("client MAC addresses come from the frames, by an eBPF filter on "
				 "our own socket");
			return;
		}
	}
	if (most != CLIENT_MAC_NONE) {
		int ebpf_rc = rc;

		rc = mac_packet_open(&cm->packet, cm);
		if (rc == 0) {
			cm->way = CLIENT_MAC_PACKET;
			log_warning("client MAC addresses come by a packet socket, which slows "
				    "whatever this machine receives: eBPF is not to be had: %s",
				strerror(-ebpf_rc));
			return;
		}
		log_error("client MAC addresses cannot be read from the frames: eBPF: %s; packet "
			  "socket: %s",
			strerror(-ebpf_rc), strerror(-rc));
	}
}

struct client_mac *client_mac_new(int udp_fd, enum client_mac_way most)
{
	struct client_mac *cm = calloc(1, sizeof(*cm));

	if (!cm)
		return NULL;
	if (getrandom(&cm->seed, sizeof(cm->seed), GRND_NONBLOCK) < 0)
		cm->seed = (uintptr_t)cm;
	open_best(cm, udp_fd, most);
	return cm;
}

void client_mac_free(struct client_mac *cm)
{
	if (!cm)
		return;
	if (cm->ebpf)
		mac_ebpf_close(cm->ebpf);
	if (cm->packet)
		mac_packet_close(cm->packet);
	free(cm);
}

enum client_mac_way client_mac_way(const struct client_mac *cm)
{
	return cm->way;
}

void client_mac_drain(struct client_mac *cm)
{
	if (cm->ebpf)
		mac_ebpf_drain(cm->ebpf);
	else if (cm->packet)
		mac_packet_drain(cm->packet);
}
