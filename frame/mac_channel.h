/* SPDX-License-Identifier: ISC */
/*
 * The two side channels that bring client MAC addresses, alike from outside:
 * opened, drained into client_mac_add(), closed.
 */
#ifndef NB6_FRAME_CLIENT_MAC_CHANNEL_H
#define NB6_FRAME_CLIENT_MAC_CHANNEL_H

struct client_mac;
struct mac_ebpf;
struct mac_packet;

/* Each returns 0 or -errno: -EPERM or -EACCES without the capability it needs (CAP_BPF;
 * CAP_NET_RAW). */
int mac_ebpf_open(struct mac_ebpf **channel, int udp_fd, struct client_mac *cm);
void mac_ebpf_drain(struct mac_ebpf *channel);
void mac_ebpf_close(struct mac_ebpf *channel);

int mac_packet_open(struct mac_packet **channel, struct client_mac *cm);
void mac_packet_drain(struct mac_packet *channel);
void mac_packet_close(struct mac_packet *channel);

#endif
