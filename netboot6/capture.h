/* SPDX-License-Identifier: ISC */
/*
 * Captures, as tcpdump and Wireshark write them: pcap and pcapng, of Ethernet (with or without
 * VLAN tags), of "any" (Linux cooked, both versions) or of bare IP. The reader returns the UDP
 * datagrams over IPv6 and skips fragments and truncated packets.
 */
#ifndef NB6_NETBOOT6_CAPTURE_H
#define NB6_NETBOOT6_CAPTURE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcp6/wire.h"

enum { CAPTURE_INTERFACES = 64 };

struct capture {
	struct wire_in left; /* of the file, in memory */
	bool is_ng, is_little, is_nano;
	uint32_t link_type[CAPTURE_INTERFACES]; /* pcapng: by interface; pcap: the first */
	unsigned interfaces;
	unsigned packets; /* so far, as Wireshark numbers them */
};

struct capture_datagram {
	unsigned packet; /* its number */
	uint64_t at_ms;  /* pcap: since 1970; pcapng: 0 */
	bool has_mac;
	uint8_t mac[6]; /* the frame's source */
	struct in6_addr source, destination;
	uint16_t source_port, destination_port;
	const uint8_t *data; /* in the caller's octets */
	size_t len;
};

/* Begins with the octets of a file, which stay the caller's. Returns 0, or -EBADMSG for another
 * format. */
int capture_open(struct capture *capture, const void *octets, size_t len);

/* False at the end, or if the file is truncated here. */
bool capture_next(struct capture *capture, struct capture_datagram *datagram);

/* Reads a whole file into *octets, which the caller frees. Returns 0 or -errno. */
int capture_read_file(const char *path, uint8_t **octets, size_t *len);

#endif
