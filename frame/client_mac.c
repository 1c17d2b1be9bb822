/* SPDX-License-Identifier: ISC */
/*
 * The records of the side channels, kept until their datagrams are handled.
 *
 * As many as can wait in the socket's buffer, and in the ring that brings them:
 * in the order of their arrival, the newest taking the place of the oldest, and
 * found by a hash. Records of datagrams that were never delivered (the socket
 * was full) fade away by themselves, and a flood of forged senders costs no memory.
 * A key is there once: where it comes again, the record before it is taken out.
 */
#include "frame/client_mac.h"

#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/log.h"
#include "daemon/mix.h"
#include "frame/mac_channel.h"
#include "netlink/link_table.h"

enum { KEPT = 16384, NONE = UINT16_MAX };

_Static_assert(KEPT < NONE, "a place fits 16 bits");

struct kept {
	struct client_mac_record record;
	uint16_t bucket; /* NONE: not in the table */
	uint16_t next;   /* in the bucket; NONE: the last */
};

struct client_mac {
	enum client_mac_method way;
	struct mac_ebpf *ebpf;
	struct mac_packet *packet;
	uint64_t seed;
	uint16_t newest;
	uint16_t bucket[KEPT]; /* the place of its first, NONE: empty */
	struct kept kept[KEPT];
};

static const char *const way_name[] = {
	[CLIENT_MAC_NONE] = "none",
	[CLIENT_MAC_EBPF] = "ebpf",
	[CLIENT_MAC_PACKET] = "packet-socket",
};

const char *client_mac_method_name(enum client_mac_method way)
{
	return way_name[way];
}

static uint16_t bucket_of(const struct client_mac *cm, uint32_t ifindex, const uint8_t head[4],
	const struct in6_addr *source)
{
	uint32_t word;

	memcpy(&word, head, sizeof(word));
	return (uint16_t)(mix_in6(mix_u64(cm->seed, (uint64_t)ifindex << 32 | word), source) %
			  KEPT);
}

static bool is_for(const struct client_mac_record *record, uint32_t ifindex, const uint8_t head[4],
	const struct in6_addr *source)
{
	return record->ifindex == ifindex && memcmp(record->head, head, 4) == 0 &&
	       IN6_ARE_ADDR_EQUAL(&record->source, source);
}

/* Where it is, or NONE. */
static uint16_t place_of(const struct client_mac *cm, uint16_t bucket, uint32_t ifindex,
	const uint8_t head[4], const struct in6_addr *source)
{
	uint16_t place = cm->bucket[bucket];

	while (place != NONE && !is_for(&cm->kept[place].record, ifindex, head, source))
		place = cm->kept[place].next;
	return place;
}

static void take_out(struct client_mac *cm, uint16_t place)
{
	struct kept *kept = &cm->kept[place];
	uint16_t *link;

	if (kept->bucket == NONE)
		return;
	for (link = &cm->bucket[kept->bucket]; *link != place;)
		link = &cm->kept[*link].next;
	*link = kept->next;
	kept->bucket = NONE;
}

static void put_in(struct client_mac *cm, uint16_t place, uint16_t bucket)
{
	cm->kept[place].bucket = bucket;
	cm->kept[place].next = cm->bucket[bucket];
	cm->bucket[bucket] = place;
}

static void forget_all(struct client_mac *cm)
{
	memset(cm->bucket, 0xff, sizeof(cm->bucket));
	for (size_t i = 0; i < KEPT; i++)
		cm->kept[i].bucket = NONE;
}

void client_mac_add(struct client_mac *cm, const struct client_mac_record *r)
{
	uint16_t bucket = bucket_of(cm, r->ifindex, r->head, &r->source);
	uint16_t before = place_of(cm, bucket, r->ifindex, r->head, &r->source);

	if (before != NONE)
		take_out(cm, before);
	cm->newest = (uint16_t)((cm->newest + 1) % KEPT);
	take_out(cm, cm->newest);
	cm->kept[cm->newest].record = *r;
	put_in(cm, cm->newest, bucket);
}

bool client_mac_find(const struct client_mac *cm, int ifindex, const struct in6_addr *source,
	const uint8_t *message, uint8_t mac[6])
{
	uint16_t bucket = bucket_of(cm, (uint32_t)ifindex, message, source);
	uint16_t place = place_of(cm, bucket, (uint32_t)ifindex, message, source);

	if (place != NONE)
		memcpy(mac, cm->kept[place].record.mac, 6);
	return place != NONE;
}

bool client_mac_find_on(const struct client_mac *cm, const struct link *l,
	const struct in6_addr *source, const uint8_t *message, uint8_t mac[6])
{
	if (l->hw_type != ARPHRD_ETHER || l->mac_len != 6)
		return false;
	return client_mac_find(cm, l->ifindex, source, message, mac) ||
	       (l->master && client_mac_find(cm, l->master, source, message, mac));
}

static void open_best(struct client_mac *cm, int udp_fd, enum client_mac_method most)
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

struct client_mac *client_mac_new(int udp_fd, enum client_mac_method most)
{
	struct client_mac *cm = calloc(1, sizeof(*cm));

	if (!cm)
		return NULL;
	forget_all(cm);
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

enum client_mac_method client_mac_method(const struct client_mac *cm)
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
