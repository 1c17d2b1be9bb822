/* SPDX-License-Identifier: ISC */
/*
 * Captures for tests: the UDP datagrams over IPv6 in a pcap file (the classic
 * format, Ethernet), one after the other. Fragments and what is cut short are left out.
 */
#ifndef NB6_TESTS_UNIT_PCAP_FILE_H
#define NB6_TESTS_UNIT_PCAP_FILE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct pcap_file {
	FILE *file;
	bool swapped, nanoseconds;
	uint8_t frame[65536];
};

struct pcap_datagram {
	uint64_t at_ms;
	uint8_t mac[6]; /* the frame's source */
	struct in6_addr source, destination;
	uint16_t source_port, destination_port;
	const uint8_t *data; /* until the next one is read */
	size_t len;
};

/* Returns 0, -errno, or -EBADMSG for another format. */
int pcap_file_open(struct pcap_file *pcap, const char *path);
void pcap_file_close(struct pcap_file *pcap);

/* False at the end. */
bool pcap_file_next(struct pcap_file *pcap, struct pcap_datagram *datagram);

#endif
