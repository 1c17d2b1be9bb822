/* SPDX-License-Identifier: ISC */
/*
 * The two side channels that bring the link-layer source address of clients' frames: an eBPF
 * socket filter (mac_ebpf.c) and a packet socket (mac_packet.c). Both write into the same table
 * of records and have the same interface: open, drain, close. client_mac.h chooses one of them.
 */
#ifndef NB6_FRAME_MAC_CHANNEL_H
#define NB6_FRAME_MAC_CHANNEL_H

#include <stdbool.h>

#include "frame/mac_records.h"

struct mac_ebpf;
struct mac_packet;

/* Each returns 0 or -errno: -EPERM or -EACCES without CAP_BPF, or without CAP_NET_RAW. */
int mac_ebpf_open(struct mac_ebpf **channel, int udp_fd, struct mac_records *records);
void mac_ebpf_drain(struct mac_ebpf *channel); /* move all records to the table */
void mac_ebpf_close(struct mac_ebpf *channel);
int mac_ebpf_attach(struct mac_ebpf *channel, int udp_fd); /* to one more socket */

int mac_packet_open(struct mac_packet **channel, struct mac_records *records);
void mac_packet_drain(struct mac_packet *channel);
void mac_packet_close(struct mac_packet *channel);

/*
 * The eBPF filter also limits the backlog of each link, see client_mac.h. It counts octets by
 * link; these report what left the socket's queue.
 */
void mac_ebpf_received(struct mac_ebpf *channel, int ifindex, size_t len);
/* To be called every MAC_EBPF_SETTLE_MS until it returns true: nothing is outstanding. */
enum { MAC_EBPF_SETTLE_MS = 1000 };
bool mac_ebpf_settle(struct mac_ebpf *channel);
uint64_t mac_ebpf_refused(const struct mac_ebpf *channel, int ifindex);
uint64_t mac_ebpf_refused_total(const struct mac_ebpf *channel);

#endif
