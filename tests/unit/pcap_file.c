/* SPDX-License-Identifier: ISC */
/* Reading captures: see the header. */
#include "tests/unit/pcap_file.h"

#include <errno.h>
#include <string.h>

#include "dhcp6/wire.h"

enum { LINKTYPE_ETHERNET = 1, ETHERTYPE_V6 = 0x86dd, NEXT_HEADER_UDP = 17 };

static uint32_t number(const struct pcap_file *pcap, uint32_t value)
{
	return pcap->swapped ? __builtin_bswap32(value) : value;
}

int pcap_file_open(struct pcap_file *pcap, const char *path)
{
	uint32_t header[6];

	*pcap = (struct pcap_file){.file = fopen(path, "rbe")};
	if (!pcap->file)
		return -errno;
	if (fread(header, sizeof(header), 1, pcap->file) != 1)
		header[0] = 0;
	pcap->swapped = header[0] == 0xd4c3b2a1 || header[0] == 0x4d3cb2a1;
	pcap->nanoseconds = number(pcap, header[0]) == 0xa1b23c4d;
	if ((number(pcap, header[0]) != 0xa1b2c3d4 && !pcap->nanoseconds) ||
		number(pcap, header[5]) != LINKTYPE_ETHERNET) {
		pcap_file_close(pcap);
		return -EBADMSG;
	}
	return 0;
}

void pcap_file_close(struct pcap_file *pcap)
{
	if (pcap->file)
		fclose(pcap->file);
	pcap->file = NULL;
}

/* Ethernet, IPv6, UDP; false for anything else. */
static bool read_frame(struct wire_in in, struct pcap_datagram *datagram)
{
	const uint8_t *mac;
	uint16_t payload, udp;
	uint8_t next;

	wire_get_bytes(&in, 6);
	mac = wire_get_bytes(&in, 6);
	if (wire_get_u16(&in) != ETHERTYPE_V6)
		return false;
	wire_get_u32(&in); /* version, traffic class, flow */
	payload = wire_get_u16(&in);
	next = wire_get_u8(&in);
	wire_get_u8(&in); /* hop limit */
	datagram->source = wire_get_in6(&in);
	datagram->destination = wire_get_in6(&in);
	in = wire_get_sub(&in, payload);
	datagram->source_port = wire_get_u16(&in);
	datagram->destination_port = wire_get_u16(&in);
	udp = wire_get_u16(&in);
	wire_get_u16(&in); /* checksum */
	if (in.bad || next != NEXT_HEADER_UDP || udp < 8)
		return false;
	datagram->len = udp - 8u;
	datagram->data = wire_get_bytes(&in, datagram->len);
	if (in.bad)
		return false;
	memcpy(datagram->mac, mac, sizeof(datagram->mac));
	return true;
}

bool pcap_file_next(struct pcap_file *pcap, struct pcap_datagram *datagram)
{
	uint32_t record[4]; /* seconds, fraction, octets here, octets on the wire */

	while (fread(record, sizeof(record), 1, pcap->file) == 1) {
		uint32_t len = number(pcap, record[2]);

		if (len > sizeof(pcap->frame) || fread(pcap->frame, 1, len, pcap->file) != len)
			return false;
		datagram->at_ms = (uint64_t)number(pcap, record[0]) * 1000 +
				  number(pcap, record[1]) / (pcap->nanoseconds ? 1000000 : 1000);
		if (read_frame(wire_in_of(pcap->frame, len), datagram))
			return true;
	}
	return false;
}
